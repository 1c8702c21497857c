"""The one minimum of a convex loss: models without hidden layers, with a penalty on their weights.

The minimum is searched for on standardised features, where a step is as long in one direction as in another, with the
penalty of the features' own scale: the objective stays what it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.estimators.scaling import Scaling
from chainrule.learn.lbfgs import lbfgs
from chainrule.learn.models import Architecture, Network
from chainrule.structure import flatten
from chainrule.transforms.gradient import value_and_grad
from chainrule.transforms.jacobians import hvp
from chainrule.transforms.jit import jit

__all__ = ["SOLVERS", "Minimum", "minimise_convex"]

SOLVERS = ("newton-cg", "lbfgs")

#: A step is halved at most so often before rounding is blamed.
_HALVINGS = 40


@dataclass(frozen=True)
class Minimum:
    """Where the loss is lowest.

    Attributes
    ----------
    coef : array of shape (d,) or (d, outputs)
        For the features as they are.
    intercept : array of shape () or (outputs,)
    iterations : int
    converged : bool
    """

    coef: Any
    intercept: Any
    iterations: int
    converged: bool


def minimise_convex(
    architecture: Architecture,
    X: Any,
    y: Any,
    weight: Any,
    *,
    l2: float,
    solver: str,
    tol: float,
    max_iter: int,
    start: tuple[Any, Any] | None = None,
) -> Minimum:
    """Minimise the weighted mean of the rows' losses + l2/2 Σ w² over the weights, not over the biases.

    Parameters
    ----------
    architecture : Architecture
        Without hidden layers and penalties.
    X : array of shape (n, d), float64
    y : array
        What `Network.encode` returns.
    weight : array of shape (n,) or None
    l2 : float
    solver : {"newton-cg", "lbfgs"}
        Newton's method, with conjugate gradients and products with the Hessian; or L-BFGS.
    tol : float
        The largest element of the gradient, on standardised features, at which the search ends.
    max_iter : int
    start : tuple of coef and intercept, optional

    Returns
    -------
    Minimum

    Examples
    --------
    >>> X, y = np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 2.0, 4.0])
    >>> found = minimise_convex(
    ...     Architecture("regression", inputs=1), X, y, None, l2=0.0, solver="newton-cg", tol=1e-9, max_iter=50
    ... )
    >>> found.coef.round(6), found.iterations
    (array([2.]), 1)
    """
    if architecture.hidden or architecture.l1 or architecture.l2:
        raise ConfigError(
            "the loss of this architecture is not convex, or has a penalty of its own",
            fix="give an architecture without hidden layers, with l1=0 and l2=0",
        )
    scaling = Scaling.of(X, weight, centers=architecture.fit_intercept)
    data = (scaling.apply(X), y, np.ones(len(X)) if weight is None else weight)
    params = Network(architecture).init(np.random.default_rng(0), data[0])
    if start is not None:
        params = _scaled(params, start, scaling)
    strength = l2 / scaling.scale**2
    strength = strength if params["W1"].ndim == 1 else strength[:, None]
    if solver == "lbfgs":
        loss = _penalised(Network(architecture))
        found = lbfgs(lambda q, *rows: loss(q, strength, *rows), params, data, max_iter=max_iter, tol=tol)
        params, iterations, converged = found.params, found.epochs, found.stopped == "converged"
    else:
        params, iterations, converged = _newton(_functions(architecture), params, (strength, *data), tol, max_iter)
    coef = (params["W1"].T / scaling.scale).T
    return Minimum(coef, params.get("b1", 0.0) - scaling.mean @ coef, iterations, converged)


def _scaled(params: Any, start: tuple[Any, Any], scaling: Scaling) -> Any:
    """Coefficients for the features as they are, on the scale of the search."""
    coef = start[0].reshape(params["W1"].shape)
    following = {"W1": (coef.T * scaling.scale).T}
    if "b1" in params:
        following["b1"] = np.reshape(start[1], params["b1"].shape) + scaling.mean @ coef
    return following


def _penalised(network: Network) -> Callable[..., Any]:
    def loss(params: Any, strength: Any, X: Any, y: Any, weight: Any) -> Any:
        return network.loss(params, X, y, weight) + np.sum(strength * params["W1"] ** 2) / 2

    return loss


@lru_cache(maxsize=64)
def _functions(architecture: Architecture) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Compiled: loss with gradient, and the product of the Hessian with a direction. Made once per architecture."""
    loss = _penalised(Network(architecture))

    def product(params: Any, direction: Any, *data: Any) -> Any:
        return hvp(lambda at: loss(at, *data), (params,), (direction,))

    return jit(value_and_grad(loss)), jit(product)


def _newton(
    functions: tuple[Callable[..., Any], Callable[..., Any]], params: Any, data: tuple[Any, ...], tol: float, limit: int
) -> tuple[Any, int, bool]:
    """Newton's method with a line search; directions by conjugate gradients.

    Source: J. Nocedal, S. Wright, Numerical Optimization (2006), algorithm 7.1.

    Returns
    -------
    params, iterations, converged
    """
    value_and_gradient, product = functions
    _, structure = flatten(params)

    def at(vector: Any) -> Any:
        leaves, place = [], 0
        for leaf in flatten(params)[0]:
            size = np.size(leaf)
            leaves.append(vector[place : place + size].reshape(np.shape(leaf)))
            place += size
        return structure.unflatten(leaves)

    def loss_at(vector: Any) -> tuple[float, Any]:
        value, gradient = value_and_gradient(at(vector), *data)
        return float(value), _vector(gradient)

    def curved(here: Any, direction: Any) -> Any:
        return _vector(product(here, at(direction), *data))

    now = _vector(params)
    value, gradient = loss_at(now)
    for iteration in range(limit):
        if np.abs(gradient).max() <= tol:
            return at(now), iteration, True
        step = _conjugate_gradients(partial(curved, at(now)), gradient)
        slope, length = float(gradient @ step), 1.0
        for _ in range(_HALVINGS):
            next_value, next_gradient = loss_at(now + length * step)
            # Close to the minimum the loss shows nothing but rounding; then the gradient tells what is progress.
            hidden = abs(next_value - value) <= 1e-13 * (abs(value) + 1e-300)
            if next_value <= value + 1e-4 * length * slope or (
                hidden and np.linalg.norm(next_gradient) < np.linalg.norm(gradient)
            ):
                break
            length /= 2
        else:
            return at(now), iteration + 1, True  # no step along a descent direction is lower: this is rounding
        now, value, gradient = now + length * step, next_value, next_gradient
    return at(now), limit, bool(np.abs(gradient).max() <= tol)


def _conjugate_gradients(product: Callable[[Any], Any], gradient: Any) -> Any:
    """A direction s with H s ≈ −gradient, the closer, the nearer the minimum is."""
    norm = float(np.linalg.norm(gradient))
    wanted = min(0.1, norm) * norm
    step = np.zeros_like(gradient)
    residual, direction = -gradient, -gradient
    squared = norm**2
    for _ in range(20 * len(gradient) + 10):
        curved = product(direction)
        curvature = float(direction @ curved)
        if curvature <= 1e-16 * float(direction @ direction):  # flat: nothing more to be learnt along here
            break
        length = squared / curvature
        step = step + length * direction
        residual = residual - length * curved
        before, squared = squared, float(residual @ residual)
        if squared**0.5 <= wanted:
            break
        direction = residual + squared / before * direction
    return step if step.any() else -gradient


def _vector(params: Any) -> Any:
    return np.concatenate([np.asarray(leaf, np.float64).reshape(-1) for leaf in flatten(params)[0]])
