"""Containers of arrays as one vector, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.structure import flatten as _flatten

__all__ = ["flatten", "flatten_func"]


def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """A nested list, tuple or dict of arrays as one vector.

    Parameters
    ----------
    value : container of arrays and numbers
        They may be traced. Dicts are taken in the order of their sorted keys.

    Returns
    -------
    vector : array of shape (n,)
    unflatten : callable
        From such a vector back to a container like `value`.

    Examples
    --------
    >>> vector, unflatten = flatten({"w": np.ones((1, 2)), "b": 0.0})
    >>> vector
    array([0., 1., 1.])
    >>> unflatten(vector + 1)["w"]
    array([[2., 2.]])
    """
    leaves, structure = _flatten(value)
    shapes = [np.shape(leaf) for leaf in leaves]
    dtypes = [leaf.dtype if hasattr(leaf, "dtype") else np.asarray(leaf).dtype for leaf in leaves]
    ends = np.cumsum([0, *[int(np.prod(shape)) for shape in shapes]]).tolist()

    def unflatten(vector: Any) -> Any:
        parts = []
        for shape, dtype, start, end in zip(shapes, dtypes, ends[:-1], ends[1:], strict=True):
            part = vector[start:end].reshape(shape) if shape else vector[start]
            if part.dtype.kind == "c" and dtype.kind == "f":
                part = np.real(part)
            parts.append(part)
        return structure.unflatten(parts)

    if not leaves:
        return np.zeros(0), unflatten
    return np.concatenate([np.ravel(leaf) for leaf in leaves]), unflatten


def flatten_func(func: Callable[..., Any], example: Any) -> tuple[Callable[..., Any], Callable[[Any], Any], Any]:
    """A function of a container as a function of vectors, the way back, and the vector of the example.

    >>> squared, unflatten, vector = flatten_func(lambda p: [2 * p[0]], [np.ones(2)])
    >>> squared(vector)
    array([2., 2.])
    """
    vector, unflatten = flatten(example)

    def of_vector(x: Any, *args: Any) -> Any:
        return flatten(func(unflatten(x), *args))[0]

    return of_vector, unflatten, vector
