"""The gradient of a model on its data, held against finite differences before training begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.structure import flatten, map_leaves
from chainrule.transforms.calling import Arguments
from chainrule.transforms.gradient import value_and_grad

__all__ = ["GradientCheck", "check_gradients"]

#: Steps of the differences, as parts of the size of the parameters: small ones round, large ones cross kinks of relu.
_STEPS = (1e-4, 1e-5, 1e-6)


@dataclass(frozen=True)
class GradientCheck:
    """What `check_gradients` found.

    Attributes
    ----------
    names : tuple of str
        Of the leaves of the parameters.
    exact, numeric : tuple of float
        For each leaf the slope of the loss along a random direction, from the gradient and from differences.
    errors : tuple of float
        Their relative differences.
    tolerance : float
    """

    names: tuple[str, ...]
    exact: tuple[float, ...]
    numeric: tuple[float, ...]
    errors: tuple[float, ...]
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether all slopes agree."""
        return all(error <= self.tolerance for error in self.errors)

    def __str__(self) -> str:
        width = max([len(name) for name in self.names] + [9])
        lines = [f"{'parameter':<{width}}  {'gradient':>13}  {'differences':>13}  {'error':>8}"]
        for name, exact, numeric, error in zip(self.names, self.exact, self.numeric, self.errors, strict=True):
            mark = "" if error <= self.tolerance else "  ✗"
            lines.append(f"{name:<{width}}  {exact:>13.6e}  {numeric:>13.6e}  {error:>8.1e}{mark}")
        return "\n".join(lines)


def check_gradients(
    loss: Callable[..., Any], params: Any, data: tuple[Any, ...] = (), *, seed: int = 0, tolerance: float = 1e-4
) -> GradientCheck:
    """Compare the gradient of a loss with finite differences, along a random direction for each leaf of the parameters.

    Parameters
    ----------
    loss : callable
        ``loss(params, *data)``.
    params : array or container of arrays
        The point; real numbers.
    data : tuple of arrays, default ()
    seed : int, default 0
        Of the directions.
    tolerance : float, default 1e-4
        The largest relative error that passes. Where a relu bends between two points, differences are off by
        about 1e-6.

    Returns
    -------
    GradientCheck

    Notes
    -----
    Everything is computed in float64. The central difference is taken with three steps, and the one that agrees best
    counts: a wrong gradient agrees with none.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.learn.gradient_check import check_gradients
    >>> def loss(params, x, y):
    ...     return np.mean((np.tanh(x * params["w"]) - y) ** 2)
    >>> check = check_gradients(loss, {"w": 0.5}, (np.array([1.0, 2.0]), np.array([0.0, 1.0])))
    >>> check.passed
    True
    """
    params, data = map_leaves(_in_double, params), map_leaves(_in_double, tuple(data))
    Arguments(loss, (params, *data), 0).require_differentiable()
    leaves, structure = flatten(params)
    value, gradient = value_and_grad(loss)(params, *data)
    rng = np.random.default_rng(seed)
    exact, numeric, errors = [], [], []
    for position, slope_of in enumerate(flatten(gradient)[0]):
        leaf = np.asarray(leaves[position])
        direction = rng.standard_normal(leaf.shape)
        direction /= max(float(np.linalg.norm(direction)), 1e-300)
        slope = float(np.sum(slope_of * direction))

        def along(step: float, position: int = position, leaf: Any = leaf, direction: Any = direction) -> float:
            moved = [*leaves[:position], leaf + step * direction, *leaves[position + 1 :]]
            return float(loss(structure.unflatten(moved), *data))

        size = max(float(np.linalg.norm(leaf)), 1.0)
        found = [(along(h * size) - along(-h * size)) / (2 * h * size) for h in _STEPS]
        # A slope of zero is compared with what rounding of the loss can look like.
        least = float(np.finfo(np.float64).eps) * abs(float(value)) / (min(_STEPS) * size * tolerance)
        error, best = min((abs(one - slope) / max(abs(one), abs(slope), least, 1e-300), one) for one in found)
        exact.append(slope)
        numeric.append(best)
        errors.append(error)
    return GradientCheck(tuple(_names(structure)), tuple(exact), tuple(numeric), tuple(errors), tolerance)


def _in_double(leaf: Any) -> Any:
    array = leaf if hasattr(leaf, "dtype") else np.asarray(leaf)
    return array.astype(np.float64) if array.dtype.kind == "f" else leaf


def _names(structure: Any) -> list[str]:
    """W1 for ['W1'], layers[0].W for what lies deeper."""
    names = []
    for path in structure.paths():
        is_key = path.startswith("['") and path.endswith("']") and path.count("[") == 1
        names.append(path[2:-2] if is_key else path or "params")
    return names
