"""Looking at shape, dtype and text of traced arrays, which takes no number out of the graph."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes
from chainrule.graph.node import Node
from chainrule.ops.joining import as_array
from chainrule.ops.record import function


@function(np.shape, differentiable=False)
def shape(a: Any) -> tuple[int, ...]:
    """The lengths of the axes."""
    lengths: tuple[int, ...] = as_array(a).shape
    return lengths


@function(np.ndim, differentiable=False)
def ndim(a: Any) -> int:
    """The number of axes."""
    return len(shape(a))


@function(np.size, differentiable=False)
def size(a: Any, axis: Any = None) -> int:
    """The number of elements, of the whole array or along axes."""
    array = as_array(a)
    count = 1
    for i in normalize_axes(axis if axis is None else _axes(axis), array.ndim):
        count *= array.shape[i]
    return count


def _axes(axis: Any) -> tuple[int, ...]:
    return tuple(map(operator.index, axis)) if isinstance(axis, (tuple, list)) else (operator.index(axis),)


def _type_of(value: Any) -> Any:
    """What NumPy's promotion sees of an argument."""
    if not isinstance(value, Node):
        return value
    return value.kind(0) if isinstance(value.kind, type) else value.dtype


@function(np.result_type, differentiable=False)
def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype that arguments are promoted to."""
    return np.result_type(*[_type_of(value) for value in arrays_and_dtypes])


@function(np.can_cast, differentiable=False)
def can_cast(from_: Any, to: Any, casting: Any = "safe") -> bool:
    """Whether one dtype can be converted to another under a rule."""
    return np.can_cast(_type_of(from_), _type_of(to), casting)


def _number(value: Any) -> Any:
    return value.value if isinstance(value, Node) else value


@function(np.array2string, differentiable=False)
def array2string(a: Any, *args: Any, **kwargs: Any) -> str:
    """The present numbers as text. Printing is no leak."""
    return np.array2string(np.asarray(_number(a)), *args, **kwargs)


@function(np.array_repr, differentiable=False)
def array_repr(arr: Any, *args: Any, **kwargs: Any) -> str:
    """The present numbers as text, as ``repr`` shows them."""
    return np.array_repr(np.asarray(_number(arr)), *args, **kwargs)


@function(np.array_str, differentiable=False)
def array_str(a: Any, *args: Any, **kwargs: Any) -> str:
    """The present numbers as text, as ``str`` shows them."""
    return np.array_str(np.asarray(_number(a)), *args, **kwargs)
