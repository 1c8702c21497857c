"""NumPy's functions that call the user's function on parts of an array: those calls are traced as well."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes
from chainrule.graph.node import Node
from chainrule.ops.comparison import logical_not, logical_or
from chainrule.ops.creation import zeros_like
from chainrule.ops.indexing import set_index, take_index
from chainrule.ops.joining import as_array, stack
from chainrule.ops.record import Example, Sampler, example, function
from chainrule.ops.shaping import moveaxis, reshape, transpose
from chainrule.trace.record import to_node
from chainrule.trace.tracer import Tracer


def _call(user_function: Callable[..., Any], x: Any, *args: Any, **kwargs: Any) -> Any:
    """Call the user's function on a traced value, or on an array where nothing is traced."""
    if isinstance(x, Node):
        return to_node(user_function(Tracer(x), *args, **kwargs))
    return as_array(user_function(x, *args, **kwargs))


def _along_axis_examples(s: Sampler) -> list[Example]:
    return [
        Example((s.normal(2, 3),), prepare=lambda x: (lambda row: np.sum(row * row), 1, x)),
        Example((s.normal(2, 3),), prepare=lambda x: (lambda column: column[::-1] * 2.0, 0, x)),
        Example((s.normal(3),), prepare=lambda x: (np.max, 0, x)),
    ]


@function(np.apply_along_axis, examples=_along_axis_examples)
def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function on every one-dimensional slice along an axis."""
    arr = as_array(arr)
    axis = normalize_axes(axis, arr.ndim)[0]
    lined_up = moveaxis(arr, axis, -1)
    before = lined_up.shape[:-1]
    if 0 in before:
        raise ValueError(f"an array of shape {arr.shape} has no slices along axis {axis}")
    results = [_call(func1d, lined_up[place], *args, **kwargs) for place in np.ndindex(before)]
    inner = results[0].shape
    joined = reshape(stack(results), (*before, *inner))
    order = [*range(axis), *range(len(before), joined.ndim), *range(axis, len(before))]
    return transpose(joined, order) if joined.ndim else joined


@function(
    np.piecewise,
    examples=lambda s: [
        example(s.distinct(4), [np.array([True, False, True, False])], [lambda x: x * x, 2.0]),
        example(s.distinct(3), [np.array([True, False, False]), np.array([False, True, False])], [np.sin, -1.0]),
    ],
)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """A function of its own wherever a condition holds; zero, or one function more, where none does."""
    x = as_array(x)
    conditions = list(condlist) if isinstance(condlist, (list, tuple)) else [condlist]
    pieces = list(funclist)
    if len(pieces) not in (len(conditions), len(conditions) + 1):
        raise ValueError(f"there are {len(pieces)} functions for {len(conditions)} conditions")
    otherwise = pieces.pop() if len(pieces) > len(conditions) else 0.0
    masks = [condition if isinstance(condition, Node) else np.asarray(condition, bool) for condition in conditions]
    remaining = logical_not(functools.reduce(logical_or, masks))
    result: Any = zeros_like(x)
    for mask, piece in zip([remaining, *masks], [otherwise, *pieces], strict=True):
        part = take_index(x, mask)
        if part.size:
            result = set_index(result, mask, _call(piece, part, *args, **kw) if callable(piece) else piece)
    return result
