"""Giving rules to primitives, one for each argument or one for all."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from chainrule.compat.autograd.primitives import Rules, leaves_like
from chainrule.errors import NonDifferentiableError
from chainrule.structure import flatten

__all__ = [
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "register_notrace",
]


def rules_of(fun: Any) -> Rules:
    try:
        rules: Rules = fun._rules
    except AttributeError:
        raise TypeError(
            f"{getattr(fun, '__name__', fun)!r} is not a primitive: wrap it with primitive(...) before giving it rules"
        ) from None
    return rules


def defvjp_argnums(fun: Callable[..., Any], vjpmaker: Callable[..., Any]) -> None:
    """Give a primitive the rule ``vjpmaker(argnums, ans, args, kwargs)``, which returns ``g -> gradients``."""
    rules_of(fun).vjp = vjpmaker


def defvjp_argnum(fun: Callable[..., Any], vjpmaker: Callable[..., Any]) -> None:
    """Give a primitive the rule ``vjpmaker(argnum, ans, args, kwargs)``, which returns ``g -> gradient``."""

    def vjp(argnums: Sequence[int], ans: Any, args: Any, kwargs: Any) -> Callable[[Any], list[Any]]:
        makers = [vjpmaker(argnum, ans, args, kwargs) for argnum in argnums]
        return lambda g: [maker(g) for maker in makers]

    defvjp_argnums(fun, vjp)


def defvjp(
    fun: Callable[..., Any], *vjpmakers: Callable[..., Any] | None, argnums: Iterable[int] | None = None
) -> None:
    """Give a primitive one reverse-mode rule for each argument.

    Parameters
    ----------
    fun : callable
        Made by `primitive`.
    *vjpmakers : callable or None
        ``vjpmaker(ans, *args, **kwargs)`` returns a function from the upstream gradient to the gradient of the
        argument. None: the gradient is zero.
    argnums : sequence of int, optional
        The positions of the arguments; 0, 1, ... by default.
    """
    rules = rules_of(fun)
    makers = dict(zip(argnums if argnums is not None else itertools.count(), vjpmakers, strict=False))
    _require_callable(makers.values(), rules.name)

    def vjp(argnum: int, ans: Any, args: Any, kwargs: Any) -> Callable[[Any], Any]:
        if argnum not in makers:
            raise NonDifferentiableError(
                f"the vector-Jacobian product of {rules.name} is not defined for argument {argnum}",
                fix="give defvjp a rule for it, or None where the gradient is zero",
            )
        maker = makers[argnum]
        return (lambda g: None) if maker is None else maker(ans, *args, **kwargs)

    defvjp_argnum(fun, vjp)


def _require_callable(makers: Iterable[Any], name: str) -> None:
    for maker in makers:
        if maker is not None and maker != "same" and not callable(maker):
            raise TypeError(f"a rule of {name} must be a function or None, not {maker!r}")


def defjvp_argnums(fun: Callable[..., Any], jvpmaker: Callable[..., Any]) -> None:
    """Give a primitive the forward rule ``jvpmaker(argnums, gs, ans, args, kwargs)``, which returns the tangent."""
    rules_of(fun).jvp = jvpmaker


def defjvp_argnum(fun: Callable[..., Any], jvpmaker: Callable[..., Any]) -> None:
    """Give a primitive the forward rule ``jvpmaker(argnum, g, ans, args, kwargs)``; tangents are summed."""

    def jvp(argnums: Sequence[int], gs: Sequence[Any], ans: Any, args: Any, kwargs: Any) -> Any:
        structure = flatten(ans)[1]
        totals: list[Any] | None = None
        for argnum, g in zip(argnums, gs, strict=True):
            leaves = leaves_like(jvpmaker(argnum, g, ans, args, kwargs), ans, None, "the tangent of a primitive")
            totals = list(leaves) if totals is None else [a + b for a, b in zip(totals, leaves, strict=True)]
        return None if totals is None else structure.unflatten(totals)

    defjvp_argnums(fun, jvp)


def defjvp(
    fun: Callable[..., Any], *jvpfuns: Callable[..., Any] | str | None, argnums: Iterable[int] | None = None
) -> None:
    """Give a primitive one forward-mode rule for each argument.

    Parameters
    ----------
    fun : callable
        Made by `primitive`.
    *jvpfuns : callable, "same" or None
        ``jvpfun(g, ans, *args, **kwargs)`` returns the tangent. ``"same"``: the function is linear in that
        argument. None: the tangent is zero.
    argnums : sequence of int, optional
    """
    rules = rules_of(fun)
    makers = dict(zip(argnums if argnums is not None else itertools.count(), jvpfuns, strict=False))
    _require_callable(makers.values(), rules.name)

    def jvp(argnum: int, g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        if argnum not in makers:
            raise NonDifferentiableError(
                f"the Jacobian-vector product of {rules.name} is not defined for argument {argnum}",
                fix="give defjvp a rule for it, or None where the tangent is zero",
            )
        rule: Any = makers[argnum]
        if rule is None:
            return None
        return _with(fun, args, argnum, g, kwargs) if rule == "same" else rule(g, ans, *args, **kwargs)

    defjvp_argnum(fun, jvp)


def def_linear(fun: Callable[..., Any]) -> None:
    """Tell that a primitive is linear in each of its arguments, which gives its forward rule."""
    defjvp_argnum(fun, lambda argnum, g, ans, args, kwargs: _with(fun, args, argnum, g, kwargs))


def _with(fun: Callable[..., Any], args: tuple[Any, ...], argnum: int, g: Any, kwargs: dict[str, Any]) -> Any:
    return fun(*args[:argnum], g, *args[argnum + 1 :], **kwargs)


def register_notrace(trace_type: Any, fun: Callable[..., Any]) -> None:
    """Make a primitive's result carry no gradient."""
    rules_of(fun).constant = True
