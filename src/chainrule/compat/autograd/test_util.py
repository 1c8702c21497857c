"""Derivatives held against finite differences, with autograd's conventions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.compat.autograd.core import as_differentiable, make_jvp, make_vjp
from chainrule.compat.autograd.vspaces import vspace
from chainrule.compat.autograd.wrap_util import unary_to_nary
from chainrule.transforms import check

__all__ = [
    "check_equivalent",
    "check_grads",
    "check_jvp",
    "check_vjp",
    "combo_check",
    "make_numerical_jvp",
    "scalar_close",
]

TOL = 1e-6
RTOL = 1e-6
EPS = 1e-6


def scalar_close(a: Any, b: Any) -> bool:
    """Whether two numbers agree to a millionth, absolute or relative.

    >>> scalar_close(1.0, 1.0 + 1e-8)
    True
    """
    return bool(abs(a - b) < TOL or abs(a - b) / abs(a + b) < RTOL)


def make_numerical_jvp(f: Callable[[Any], Any], x: Any) -> Callable[[Any], Any]:
    """The derivative of a function along a direction, by central differences."""
    x = as_differentiable(x)
    inputs, outputs = vspace(x), vspace(f(x))

    def jvp(v: Any) -> Any:
        after = f(inputs.add(x, inputs.scalar_mul(v, EPS / 2)))
        before = f(inputs.add(x, inputs.scalar_mul(v, -EPS / 2)))
        return outputs.scalar_mul(outputs.add(after, outputs.scalar_mul(before, -1.0)), 1 / EPS)

    return jvp


def check_vjp(f: Callable[[Any], Any], x: Any) -> None:
    """Check the first derivative in reverse mode."""
    check.check_grads(f, as_differentiable(x), order=1, modes=("rev",))


def check_jvp(f: Callable[[Any], Any], x: Any) -> None:
    """Check the first derivative in forward mode."""
    check.check_grads(f, as_differentiable(x), order=1, modes=("fwd",))


def check_equivalent(x: Any, y: Any) -> None:
    """Check that two values have the same structure, shapes, dtypes and numbers.

    Raises
    ------
    AssertionError
    """
    first, second = vspace(x), vspace(y)
    if first != second:
        raise AssertionError(f"the values live in different spaces: {first} and {second}")
    v = first.randn()
    if not scalar_close(first.inner_prod(x, v), first.inner_prod(y, v)):
        raise AssertionError(f"the values differ:\n{x}\n{y}")


@unary_to_nary
def check_grads(f: Callable[[Any], Any], x: Any, modes: Sequence[str] | None = None, order: int = 2) -> None:
    """Check derivatives up to an order: ``check_grads(f, argnum, modes=, order=)(*args)``.

    Raises
    ------
    DerivativeCheckError
        An `AssertionError`, if a derivative disagrees with finite differences.

    Examples
    --------
    >>> check_grads(lambda x: x ** 3)(2.0)
    """
    modes = tuple(modes or ("fwd", "rev"))
    x = as_differentiable(x)
    check.check_grads(f, x, order=1, modes=modes)
    if order > 1 and "fwd" in modes:
        tangent = _named("jvp", f, lambda x, v: make_jvp(f, x)(v)[1])
        check_grads(tangent, (0, 1), modes, order=order - 1)(x, vspace(x).randn())
    if order > 1 and "rev" in modes:
        gradient = _named("vjp", f, lambda x, g: make_vjp(f, x)[0](g))
        check_grads(gradient, (0, 1), modes, order=order - 1)(x, vspace(f(x)).randn())


def _named(prefix: str, f: Callable[..., Any], product: Callable[..., Any]) -> Callable[..., Any]:
    product.__name__ = f"{prefix}_{getattr(f, '__name__', 'function')}"
    return product


def combo_check(fun: Callable[..., Any], *settings: Any, **named_settings: Any) -> Callable[..., None]:
    """Check a function on all combinations of candidates for its arguments.

    >>> combo_check(lambda x, power: x ** power)([1.0, 2.0], power=[1, 2, 3])
    """

    def check_all(*candidates: Any, **named_candidates: Any) -> None:
        for args in itertools.product(*candidates):
            for values in itertools.product(*named_candidates.values()):
                kwargs = dict(zip(named_candidates, values, strict=True))
                check_grads(fun, *settings, **named_settings)(*args, **kwargs)

    return check_all
