"""Views of buffers against NumPy's: the same elements for every transpose, broadcast, shape and index."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib.stride_tricks import as_strided

from chainrule.native.planning.buffers import Buffer, Home, View, c_strides

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=5)


def whole(shape: tuple[int, ...], row_axis: int | None = None) -> View:
    """All of a buffer in C order."""
    buffer = Buffer(Home.ARENA, 0, np.dtype(np.int64), math.prod(shape))
    return View(buffer, shape, c_strides(shape), 0, row_axis)


def numbers(view: View) -> Any:
    """What the view shows of a buffer that holds 0, 1, 2, ..."""
    memory = np.arange(view.buffer.size)
    strides = [8 * stride for stride in view.strides]
    return as_strided(memory[view.offset :], view.shape, strides, writeable=False)


def counted(shape: tuple[int, ...]) -> Any:
    return np.arange(math.prod(shape)).reshape(shape)


def assert_equal(view: View, array: Any) -> None:
    assert view.shape == array.shape
    np.testing.assert_array_equal(numbers(view), array)


@st.composite
def views(draw: Any) -> tuple[View, Any]:
    """A view after a transpose, a broadcast or a slice, and the same of NumPy."""
    shape = draw(SHAPES)
    view, array = whole(shape), counted(shape)
    axes = tuple(draw(st.permutations(range(len(shape)))))
    view, array = view.transpose(axes), array.transpose(axes)
    if draw(st.booleans()):
        wider = (*draw(hnp.array_shapes(min_dims=0, max_dims=1, max_side=3)), *array.shape)
        view, array = view.broadcast_to(wider), np.broadcast_to(array, wider)
    if array.ndim and draw(st.booleans()):
        step = draw(st.sampled_from([1, 2, -1, -2]))
        view, array = view.index(((None, None, step),)), array[::step]
    return view, array


@given(SHAPES)
def test_strides_of_c_order(shape: tuple[int, ...]) -> None:
    assert c_strides(shape) == tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    assert_equal(whole(shape), counted(shape))


@given(st.data())
def test_transposes(data: Any) -> None:
    view, array = data.draw(views())
    axes = tuple(data.draw(st.permutations(range(array.ndim))))
    assert_equal(view.transpose(axes), array.transpose(axes))


@given(st.data())
def test_broadcasts(data: Any) -> None:
    view, array = data.draw(views())
    shape = data.draw(hnp.broadcastable_shapes(array.shape, min_dims=array.ndim, max_dims=5, max_side=4))
    try:
        wanted = np.broadcast_to(array, shape)
    except ValueError:  # an axis of the view would have to shrink
        return
    assert_equal(view.broadcast_to(shape), wanted)


@given(st.data())
def test_basic_indices(data: Any) -> None:
    view, array = data.draw(views())
    index = data.draw(hnp.basic_indices(array.shape, allow_newaxis=True, max_dims=6))
    index = index if isinstance(index, tuple) else (index,)
    wanted = array[index]
    if not np.size(wanted):
        return
    entries = tuple((one.start, one.stop, one.step) if isinstance(one, slice) else one for one in index)
    assert_equal(view.index(entries), np.asarray(wanted))


@given(st.data())
def test_shapes_that_strides_can_express(data: Any) -> None:
    """Where the elements lie in another order than they are counted, there is no such view, as in NumPy."""
    view, array = data.draw(views())
    factors = [factor for length in array.shape for factor in data.draw(st.sampled_from(factorisations(length)))]
    shape = []
    for factor in factors:
        if shape and data.draw(st.booleans()):
            shape[-1] *= factor
        else:
            shape.append(factor)
    made = view.reshape(tuple(shape))
    assert (made is not None) == is_view_in_numpy(array, tuple(shape))
    if made is not None:
        assert_equal(made, array.reshape(shape))


def factorisations(length: int) -> list[list[int]]:
    """Ways to write a length as a product of two, or of itself."""
    return [[length], *([a, length // a] for a in range(1, length + 1) if not length % a)]


def is_view_in_numpy(array: Any, shape: tuple[int, ...]) -> bool:
    try:
        np.reshape(array, shape, copy=False)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("made", "shape"),
    [
        (whole((2, 3)).transpose((1, 0)), (6,)),
        (whole((2, 3)).transpose((1, 0)), (2, 3)),
        (whole((2, 3, 4)).transpose((0, 2, 1)), (2, 12)),
        (whole((3,)).broadcast_to((2, 3)), (6,)),
        (whole((4, 6)).index(((None, None, None), (0, 5, 1))), (20,)),
        (whole((4,)).index(((None, None, -1),)).broadcast_to((2, 4)), (8,)),
    ],
)
def test_a_shape_that_needs_a_copy_is_none(made: View, shape: tuple[int, ...]) -> None:
    assert made.reshape(shape) is None


@pytest.mark.parametrize(
    ("view", "array"),
    [
        (whole((4,)).index(((None, None, -1),)).reshape((2, 2)), np.array([[3, 2], [1, 0]])),
        (whole(()).broadcast_to((6,)).reshape((2, 3)), np.zeros((2, 3))),
        (whole((2, 3, 4)).transpose((2, 0, 1)).reshape((4, 6)), counted((6, 4)).T),
        (whole((1,)).reshape(()), np.array(0)),
    ],
)
def test_shapes_of_views_that_need_no_copy(view: View | None, array: Any) -> None:
    assert view is not None
    assert_equal(view, array)


# The axis of the rows -------------------------------------------------------------------------------------------------


def test_the_axis_of_the_rows_moves_with_the_others() -> None:
    view = whole((5, 3, 2), row_axis=0)
    assert view.transpose((2, 0, 1)).row_axis == 1
    assert view.broadcast_to((4, 5, 3, 2)).row_axis == 1
    assert view.index((Ellipsis, 0)).row_axis == 0
    assert view.index((None, (None, None, None), 1)).row_axis == 1
    assert view.reshape((5, 6)).row_axis == 0  # type: ignore[union-attr]
    assert view.reshape((1, 5, 2, 3)).row_axis == 1  # type: ignore[union-attr]


def test_an_integer_index_takes_the_rows_away() -> None:
    assert whole((5, 3), row_axis=0).index((2,)).row_axis is None


def test_rows_must_stay_whole() -> None:
    """A tile holds some of the rows: no axis may run over rows and something else."""
    view = whole((5, 3), row_axis=0)
    assert view.reshape((15,)) is None
    assert view.reshape((3, 5)) is None


def test_the_size_of_a_buffer_in_bytes() -> None:
    assert Buffer(Home.LEAF, 0, np.dtype(np.float32), 6).nbytes == 24
