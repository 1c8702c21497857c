"""`check_grads`: derivatives held against finite differences, in both modes and to any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import DerivativeCheckError
from chainrule.structure import flatten
from chainrule.transforms.calling import function_name
from chainrule.transforms.products import jvp, vjp

__all__ = ["check_grads"]


def check_grads(
    fun: Callable[..., Any],
    *args: Any,
    order: int = 2,
    modes: Sequence[str] = ("rev", "fwd"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
    seed: int = 0,
) -> None:
    """Compare a function's derivatives with central finite differences along random directions.

    Parameters
    ----------
    fun : callable
        Differentiable at the point, with floating-point results.
    *args : arrays or containers
        The point. Integer and Boolean leaves are held fixed.
    order : int, default 2
        Up to which order: the derivative of the derivative is checked in the same way.
    modes : sequence of {"rev", "fwd"}, default both
    atol, rtol : float, optional
        Tolerances; by default 1e-6 (float64) or 1e-2 (float32), each order ten times wider.
    eps : float, optional
        Step of the finite differences; by default the cube root of the machine epsilon.
    seed : int, default 0
        Of the random directions.

    Raises
    ------
    DerivativeCheckError
        If a derivative disagrees, or a gradient differs from its argument in structure, shape or dtype.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.check_grads(lambda x: np.sum(np.sin(x) ** 2), np.array([0.3, 0.7]))
    >>> @cr.custom_vjp
    ... def wrong(x):
    ...     return x * x
    >>> wrong.defvjp(lambda x: (x * x, x), lambda x, g: (2.002 * x * g,))
    >>> try:
    ...     cr.check_grads(wrong, 1.0, order=1, modes=("rev",))
    ... except cr.errors.DerivativeCheckError as error:
    ...     print(error.what.split(":")[0])
    the reverse mode of wrong disagrees with finite differences
    """
    unknown = set(modes) - {"rev", "fwd"}
    if unknown:
        raise ValueError(f"modes are 'rev' and 'fwd', not {', '.join(map(repr, sorted(unknown)))}")
    leaves, structure = flatten(args)
    moving = [i for i, leaf in enumerate(leaves) if np.asarray(leaf).dtype.kind in "fc"]

    def of_moving(*values: Any) -> Any:
        whole = list(leaves)
        for i, value in zip(moving, values, strict=True):
            whole[i] = value
        result, _ = flatten(fun(*structure.unflatten(whole)))
        return tuple(part for part in result if _is_inexact(part))

    of_moving.__name__ = function_name(fun)
    point = [np.asarray(leaves[i]) for i in moving]
    single = any(leaf.dtype in (np.float32, np.complex64) for leaf in point)
    tolerance = 1e-2 if single else 1e-6
    step = eps or float(np.finfo(np.float32 if single else np.float64).eps) ** (1 / 3)
    checker = _Checker(
        np.random.default_rng(seed), atol or tolerance, rtol or tolerance, step, function_name(fun), tuple(modes)
    )
    checker.check(of_moving, point, order)


def _is_inexact(value: Any) -> bool:
    dtype = value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype
    return dtype.kind in "fc"


class _Checker:
    """One call of `check_grads`: tolerances, step and the source of directions."""

    #: Two independent directions: an error that is orthogonal to both has probability zero.
    directions = 2

    def __init__(
        self, rng: np.random.Generator, atol: float, rtol: float, step: float, name: str, modes: tuple[str, ...]
    ) -> None:
        self.rng, self.atol, self.rtol, self.step = rng, atol, rtol, step
        self.name, self.modes = name, modes

    def random_like(self, value: Any) -> Any:
        array = np.asarray(value)
        direction = self.rng.standard_normal(array.shape)
        if array.dtype.kind == "c":
            direction = direction + 1j * self.rng.standard_normal(array.shape)
        return np.asarray(direction).astype(array.dtype)

    def check(self, fun: Callable[..., Any], point: list[Any], order: int, widen: float = 1.0) -> None:
        for number in range(self.directions):
            direction = [self.random_like(leaf) for leaf in point]
            numeric = self._difference(fun, point, direction)
            if "fwd" in self.modes:
                _, tangent = jvp(fun, point, direction)
                for exact, approximate in zip(tangent, numeric, strict=True):
                    self._compare(exact, approximate, "forward", number, widen)
            if "rev" in self.modes:
                self._check_reverse(fun, point, direction, numeric, number, widen)
        if order > 1:
            self._check_next_order(fun, point, order, widen)

    def _difference(self, fun: Callable[..., Any], point: list[Any], direction: list[Any]) -> list[Any]:
        """(f(x + hv) − f(x − hv)) / 2h"""
        forward = fun(*[x + (self.step * v).astype(x.dtype) for x, v in zip(point, direction, strict=True)])
        backward = fun(*[x - (self.step * v).astype(x.dtype) for x, v in zip(point, direction, strict=True)])
        return [(np.asarray(a) - np.asarray(b)) / (2 * self.step) for a, b in zip(forward, backward, strict=True)]

    def _check_reverse(
        self,
        fun: Callable[..., Any],
        point: list[Any],
        direction: list[Any],
        numeric: list[Any],
        number: int,
        widen: float,
    ) -> None:
        value, pull_back = vjp(fun, *point)
        upstream = tuple(self.random_like(part) for part in value)
        gradients = pull_back(upstream)
        for x, g in zip(point, gradients, strict=True):
            if np.shape(g) != x.shape or np.asarray(g).dtype != x.dtype:
                raise DerivativeCheckError(
                    f"the reverse mode of {self.name} gives a gradient of shape {np.shape(g)}, {np.asarray(g).dtype} "
                    f"for an argument of shape {x.shape}, {x.dtype}",
                    fix="a gradient has the shape and dtype of its argument",
                )
        with np.errstate(all="ignore"):
            along = sum(float(np.real(np.sum(g * v))) for g, v in zip(gradients, direction, strict=True))
            across = sum(float(np.real(np.sum(u * d))) for u, d in zip(upstream, numeric, strict=True))
            scale = sum(float(np.sum(np.abs(u * d))) for u, d in zip(upstream, numeric, strict=True))
        self._compare(along, across, "reverse", number, widen, scale)

    def _compare(self, exact: Any, numeric: Any, mode: str, number: int, widen: float, scale: float = 0.0) -> None:
        exact, numeric = np.asarray(exact), np.asarray(numeric)
        if exact.shape != numeric.shape:
            raise DerivativeCheckError(
                f"the {mode} mode of {self.name} gives shape {exact.shape}, where the function has {numeric.shape}"
            )
        size = max(float(np.max(np.abs(numeric), initial=0.0)), scale * 0.1)
        with np.errstate(all="ignore"):
            difference = np.abs(exact - numeric)
        bad = ~(difference <= widen * (self.atol + self.rtol * size))
        if bad.any():
            worst = np.unravel_index(int(np.argmax(np.where(np.isnan(difference), np.inf, difference))), exact.shape)
            raise DerivativeCheckError(
                f"the {mode} mode of {self.name} disagrees with finite differences: {exact[worst]:.6g} is not "
                f"{numeric[worst]:.6g}, along direction {number}"
                + (f" at index {tuple(int(i) for i in worst)}" if exact.shape else ""),
                fix="the derivative rule is wrong, or the function is not smooth at this point",
            )

    def _check_next_order(self, fun: Callable[..., Any], point: list[Any], order: int, widen: float) -> None:
        """The derivative along a fixed direction is a function itself."""
        if "fwd" in self.modes:
            direction = [self.random_like(leaf) for leaf in point]
            self.check(lambda *x: tuple(jvp(fun, x, direction)[1]), point, order - 1, widen * 10)
        if "rev" in self.modes:
            upstream = [self.random_like(part) for part in vjp(fun, *point)[0]]
            count = len(point)
            # The rule is a function of the upstream gradient too, and may be wrong in that alone.
            self.check(
                lambda *x: tuple(vjp(fun, *x[:count])[1](tuple(x[count:]))), [*point, *upstream], order - 1, widen * 10
            )
