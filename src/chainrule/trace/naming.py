"""Names for traced values that no variable of the user's code gives, as in a loop over layers."""

from __future__ import annotations

from typing import Any

from chainrule.trace.source import assigned_name
from chainrule.trace.tracer import Tracer

__all__ = ["named"]


def named(value: Any, name: str) -> Any:
    """Call a traced value by a name, as if a variable of the traced function held it.

    Parameters
    ----------
    value : object
        What is not traced is handed on.
    name : str
        The user's variables come first; only a part of an argument, such as ``params['W1']``, is called anew.

    Returns
    -------
    object
        The value itself.

    Examples
    --------
    >>> import chainrule as cr
    >>> print(cr.trace(lambda x: named(x * x, "square") + 1, 3.0))
    <lambda>(x: float64)
      square = x * x       : float64
      %0     = square + 1  : float64
      return %0
    """
    if type(value) is Tracer:
        node = value._node
        if node.name is None:
            node.name = assigned_name(node) or name
        elif node.local_name is None:
            node.local_name = name
    return value
