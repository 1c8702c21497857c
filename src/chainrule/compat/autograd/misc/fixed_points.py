"""Fixed points, differentiated by the implicit function theorem instead of through the iterations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.compat.autograd.core import make_vjp
from chainrule.compat.autograd.primitives import primitive
from chainrule.compat.autograd.rules import defvjp
from chainrule.compat.autograd.vspaces import vspace

__all__ = ["fixed_point"]


@primitive
def fixed_point(
    f: Callable[[Any], Callable[[Any], Any]],
    a: Any,
    x0: Any,
    distance: Callable[[Any, Any], float],
    tol: float,
) -> Any:
    """The point x = f(a)(x), found by iteration from `x0`.

    Parameters
    ----------
    f : callable
        ``f(a)`` is the function that is iterated; it must be a contraction.
    a : array or container
        What the gradient is taken with respect to.
    x0 : array or container
    distance : callable
        ``distance(x, previous)``
    tol : float
        Iteration stops when the distance is no larger.

    Notes
    -----
    With J the Jacobian of f(a) at x, the gradient with respect to `a` is u ∂f/∂a, where u = g + u J is itself a
    fixed point.

    Examples
    --------
    >>> from chainrule.compat.autograd import grad
    >>> def root(a):
    ...     return fixed_point(lambda a: lambda x: 0.5 * (x + a / x), a, 1.0, lambda x, y: abs(x - y), 1e-10)
    >>> float(round(grad(root)(4.0), 6))
    0.25
    """
    step = f(a)
    previous, x = x0, step(x0)
    while distance(x, previous) > tol:
        previous, x = x, step(x)
    return x


def _adjoint_step(f: Callable[[Any], Callable[[Any], Any]]) -> Callable[[Any], Callable[[Any], Any]]:
    """The iteration u → g + u J, as a function of the point and of g."""

    def step_of(parameters: Any) -> Callable[[Any], Any]:
        a, x, g = parameters
        vjp_of_x, _ = make_vjp(f(a), x)
        space = vspace(x)
        return lambda u: space.add(vjp_of_x(u), g)

    return step_of


def _vjp_of_a(ans: Any, f: Any, a: Any, x0: Any, distance: Any, tol: Any) -> Callable[[Any], Any]:
    def vjp(g: Any) -> Any:
        vjp_of_a, _ = make_vjp(lambda a: f(a)(ans), a)
        return vjp_of_a(fixed_point(_adjoint_step(f), (a, ans, g), vspace(x0).zeros(), distance, tol))

    return vjp


defvjp(fixed_point, None, _vjp_of_a, None)
