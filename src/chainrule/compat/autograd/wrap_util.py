"""From operators on functions of one argument to operators that take ``argnum``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["unary_to_nary"]


def unary_to_nary(unary_operator: Callable[..., Any]) -> Callable[..., Any]:
    """Give an operator ``op(fun, x)`` the form ``op(fun, argnum=0)(*args, **kwargs)``.

    Parameters
    ----------
    unary_operator : callable
        ``unary_operator(fun, x, *settings, **named_settings)`` for a function of one argument.

    Returns
    -------
    callable
        ``operator(fun, argnum=0, *settings, **named_settings)``, which returns a function of ``(*args, **kwargs)``.
        With a tuple or list of positions, `unary_operator` sees a tuple of arguments as its one argument.

    Examples
    --------
    >>> @unary_to_nary
    ... def double(fun, x):
    ...     return fun(2 * x)
    >>> double(lambda x, y: x - y, 1)(10, 1)
    8
    """

    @functools.wraps(unary_operator)
    def nary_operator(fun: Callable[..., Any], argnum: Any = 0, *settings: Any, **named_settings: Any) -> Any:
        if type(argnum) not in (int, tuple, list):
            raise AssertionError(f"argnum must be an int, or a tuple or list of them, not {argnum!r}")
        several = not isinstance(argnum, int)

        def applied(*args: Any, **kwargs: Any) -> Any:
            def unary(x: Any) -> Any:
                changed = list(args)
                if several:
                    for position, value in zip(argnum, x, strict=True):
                        changed[position] = value
                else:
                    changed[argnum] = x
                return fun(*changed, **kwargs)

            unary.__name__ = _name_of(fun)
            x = tuple(args[i] for i in argnum) if several else args[argnum]
            return unary_operator(unary, x, *settings, **named_settings)

        operator_name, name = _name_of(unary_operator), _name_of(fun)
        applied.__name__ = f"{operator_name}_of_{name}_wrt_argnum_{argnum}"
        applied.__doc__ = (
            f"The {operator_name} of {name} with respect to argument {argnum}; it takes the same arguments."
        )
        return applied

    return nary_operator


def _name_of(fun: Any) -> str:
    return getattr(fun, "__name__", None) or "[unknown name]"
