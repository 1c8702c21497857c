"""The space a value lives in: its shape and dtype, its zero and its basis, for arrays and containers of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from chainrule.structure import Structure, flatten
from chainrule.trace.tracer import Tracer

__all__ = ["ArrayVSpace", "ComplexArrayVSpace", "ContainerVSpace", "SparseObject", "VSpace", "vspace"]


class VSpace:
    """Base class of vector spaces.

    Attributes
    ----------
    size : int
        Number of real dimensions.
    iscomplex : bool
    """

    mappings: ClassVar[dict[type, Callable[[Any], VSpace]]] = {}
    iscomplex = False
    size: int

    def zeros(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define zeros()")

    def ones(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define ones()")

    def standard_basis(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} does not define standard_basis()")

    def randn(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define randn()")

    def add(self, x: Any, y: Any) -> Any:
        return x + y

    def mut_add(self, x: Any, y: Any) -> Any:
        """The sum; `x` may be None, for zero."""
        return self.add(self.zeros() if x is None else x, y)

    def scalar_mul(self, x: Any, a: Any) -> Any:
        return x * a

    def inner_prod(self, x: Any, y: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define inner_prod()")

    def covector(self, x: Any) -> Any:
        return x

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}_{self.__dict__}"

    @classmethod
    def register(cls, value_type: type, vspace_maker: Callable[[Any], VSpace] | None = None) -> None:
        """Say which space the values of a type live in."""
        VSpace.mappings[value_type] = vspace_maker or cls


class ArrayVSpace(VSpace):
    """Real arrays of one shape and dtype."""

    def __init__(self, value: Any) -> None:
        self.shape: tuple[int, ...] = np.shape(value) if not isinstance(value, Tracer) else value.shape
        self.dtype: np.dtype[Any] = value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype

    @property
    def size(self) -> int:  # type: ignore[override]
        return int(np.prod(self.shape))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def zeros(self) -> Any:
        return np.zeros(self.shape, self.dtype)

    def ones(self) -> Any:
        return np.ones(self.shape, self.dtype)

    def standard_basis(self) -> Iterator[Any]:
        for index in np.ndindex(*self.shape):
            unit = self.zeros()
            unit[index] = 1
            yield unit

    def randn(self) -> Any:
        return np.asarray(np.random.standard_normal(self.shape)).astype(self.dtype)  # noqa: NPY002  (np.random.seed)

    def inner_prod(self, x: Any, y: Any) -> Any:
        return np.sum(x * y)


class ComplexArrayVSpace(ArrayVSpace):
    """Complex arrays, as a space of twice as many real dimensions."""

    iscomplex = True

    @property
    def size(self) -> int:  # type: ignore[override]
        return 2 * int(np.prod(self.shape))

    def ones(self) -> Any:
        return np.full(self.shape, 1 + 1j, self.dtype)

    def standard_basis(self) -> Iterator[Any]:
        for unit in super().standard_basis():
            yield unit
            yield unit * 1j

    def randn(self) -> Any:
        return (super().randn() + 1j * super().randn()).astype(self.dtype)

    def inner_prod(self, x: Any, y: Any) -> Any:
        return np.real(np.sum(np.conj(x) * y))

    def covector(self, x: Any) -> Any:
        return np.conj(x)


class ContainerVSpace(VSpace):
    """Nested lists, tuples and dicts of arrays."""

    def __init__(self, value: Any) -> None:
        leaves, self.structure = flatten(value)
        self.spaces = [vspace(leaf) for leaf in leaves]

    @property
    def size(self) -> int:  # type: ignore[override]
        return sum(space.size for space in self.spaces)

    @property
    def shape(self) -> Any:
        """A container of the spaces of the leaves."""
        return self.structure.unflatten(self.spaces)

    def _map(self, method: str, *values: Any) -> Any:
        columns = [flatten(value)[0] for value in values]
        return self.structure.unflatten(
            getattr(space, method)(*leaves) for space, *leaves in zip(self.spaces, *columns, strict=True)
        )

    def zeros(self) -> Any:
        return self._map("zeros")

    def ones(self) -> Any:
        return self._map("ones")

    def randn(self) -> Any:
        return self._map("randn")

    def standard_basis(self) -> Iterator[Any]:
        for position, space in enumerate(self.spaces):
            for unit in space.standard_basis():
                leaves = [other.zeros() for other in self.spaces]
                leaves[position] = unit
                yield self.structure.unflatten(leaves)

    def add(self, x: Any, y: Any) -> Any:
        return self._map("add", x, y)

    def scalar_mul(self, x: Any, a: Any) -> Any:
        return self._map("scalar_mul", x, self.structure.unflatten([a] * len(self.spaces)))

    def inner_prod(self, x: Any, y: Any) -> Any:
        return sum(flatten(self._map("inner_prod", x, y))[0])

    def covector(self, x: Any) -> Any:
        return self._map("covector", x)


class SparseObject:
    """A gradient that is added to a dense one by a function: ``mut_add(dense)`` returns the sum."""

    __slots__ = ("mut_add", "vs")

    def __init__(self, vs: VSpace, mut_add: Callable[[Any], Any]) -> None:
        self.vs = vs
        self.mut_add = mut_add


def vspace(value: Any) -> VSpace:
    """The space that a value, traced or plain, lives in.

    Raises
    ------
    TypeError
        For integers, strings and whatever else has no derivative.

    Examples
    --------
    >>> vspace(np.ones(3)).zeros()
    array([0., 0., 0.])
    """
    kind = type(value)
    if kind in VSpace.mappings:
        return VSpace.mappings[kind](value)
    if _is_container(value):
        return ContainerVSpace(value)
    dtype = getattr(value, "dtype", None)
    if kind is float or kind is complex:
        dtype = np.dtype(kind)
    if dtype is None or (dtype.kind not in "fc" and not hasattr(value, "__len__")):
        raise TypeError(f"{value!r} of type {kind.__name__} has no vector space: it cannot be differentiated by")
    return ComplexArrayVSpace(value) if dtype.kind == "c" else ArrayVSpace(value)


def _is_container(value: Any) -> bool:
    structure: Structure = flatten(value)[1]
    return structure.kind is not None


VSpace.register(SparseObject, lambda value: value.vs)
