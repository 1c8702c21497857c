"""Traced values, under autograd's names for them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from chainrule.structure import map_leaves
from chainrule.trace.tracer import Tracer

__all__ = ["Box", "getval", "isbox", "notrace_primitive"]

#: A traced value. autograd has a class of boxes for each type; here containers are not boxed.
Box = Tracer


def isbox(x: Any) -> bool:
    """Whether a value is traced."""
    return type(x) is Tracer


def getval(x: Any) -> Any:
    """The plain number or array behind a traced value, in containers too; it carries no gradient."""
    return map_leaves(lambda leaf: leaf._look()[()] if type(leaf) is Tracer else leaf, x)


def notrace_primitive(fun: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function see plain values only; its result carries no gradient.

    >>> from chainrule.compat.autograd import grad
    >>> rounded = notrace_primitive(round)
    >>> float(grad(lambda x: x * rounded(x))(2.6))
    3.0
    """

    @functools.wraps(fun)
    def on_values(*args: Any, **kwargs: Any) -> Any:
        return fun(*getval(args), **getval(kwargs))

    return on_values


# autograd's users look at the number in a box by ``x._value``.
Tracer._value = property(getval)  # type: ignore[attr-defined]
