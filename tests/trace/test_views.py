"""Views: what NumPy lets share memory is seen and written through; what it may copy refuses to go stale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import StaleViewError

X = np.arange(12.0).reshape(3, 4) + 1


def write_to_base_seen_through_slice(v: Any) -> Any:
    view = v[1:, ::2]
    v[1, 0] = 100.0
    v[2] *= 3
    return view


def write_through_slice_seen_in_base(v: Any) -> Any:
    view = v[1:, ::2]
    view[0] = 50.0
    view += 1
    return v


def view_of_a_view(v: Any) -> Any:
    inner = v[1:][:, 1:]
    inner[0, 0] = 7.0
    v[2, 3] = 9.0
    return v * 1.0, inner * 1.0


def through_a_transpose(v: Any) -> Any:
    t = v.T
    t[0] = 5.0
    v[2, 3] = 8.0
    return v * 1.0, t * 1.0


def slice_of_a_transpose(v: Any) -> Any:
    part = v.T[1:3]
    part *= 2
    return v


def swapped_axes(v: Any) -> Any:
    s = np.swapaxes(v, 0, 1)
    s[3, 2] = -1.0
    return v


def two_views_of_one_base(v: Any) -> Any:
    a, b = v[:2], v[1:]
    a[1] = 3.0
    b[0, 0] += 10.0
    return a * 1.0, b * 1.0


def rows_from_iteration(v: Any) -> Any:
    for i, row in enumerate(v):
        row *= i
    return v


def a_new_axis(v: Any) -> Any:
    column = v[:, None, 0]
    column += 1
    return v


def negative_steps(v: Any) -> Any:
    backwards = v[::-1, ::-1]
    backwards[0, 0] = 77.0
    return v


def a_transposed_vector(v: Any) -> Any:
    row = v[0]
    row.T[1] = 4.0
    return v


def a_matrix_transpose(v: Any) -> Any:
    v.mT[0] = 4.0
    return v


def views_outlive_their_base_name(v: Any) -> Any:
    view = (v * 1.0)[1]
    view[0] = 3.0
    return view


def everything_through_ellipsis(v: Any) -> Any:
    view = v[...]
    view[0] = 2.0
    return v


def array_index_is_a_copy(v: Any) -> Any:
    rows = v[[0, 1]]
    rows[0] = 100.0
    v[1] = 50.0
    return v * 1.0, rows * 1.0


def mask_index_is_a_copy(v: Any) -> Any:
    chosen = v[v > 3]
    chosen += 100.0
    return v


def arithmetic_is_a_copy(v: Any) -> Any:
    w = +v
    w[0] = 3.0
    return v


CASES = [
    write_to_base_seen_through_slice, write_through_slice_seen_in_base, view_of_a_view, through_a_transpose,
    slice_of_a_transpose, swapped_axes, two_views_of_one_base, rows_from_iteration, a_new_axis, negative_steps,
    a_transposed_vector, a_matrix_transpose, views_outlive_their_base_name, everything_through_ellipsis,
    array_index_is_a_copy, mask_index_is_a_copy, arithmetic_is_a_copy,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_views_behave_as_in_numpy_and_carry_the_right_derivative(case: Callable[..., Any]) -> None:
    expected, _ = cr.structure.flatten(case(X.copy()))
    for node, value in zip(cr.trace(case, X).outputs, expected, strict=True):
        np.testing.assert_array_equal(node.value, value)
    cr.check_grads(case, X)


def reshaped(v: Any) -> Any:
    return v.reshape(-1)


def raveled(v: Any) -> Any:
    return v.ravel()


def squeezed(v: Any) -> Any:
    return np.squeeze(v[None])


def reshaped_slice(v: Any) -> Any:
    return v.reshape(2, 6)[0]


def transposed_reshape(v: Any) -> Any:
    return v.reshape(2, 6).T[:3]


@pytest.mark.parametrize("make", [reshaped, raveled, reshaped_slice, transposed_reshape])
def test_what_may_be_view_or_copy_goes_stale_when_its_base_is_assigned_to(make: Callable[..., Any]) -> None:
    def f(v: Any) -> Any:
        w = make(v)
        v[0, 0] = 5.0
        return np.sum(w)

    with pytest.raises(StaleViewError) as caught:
        cr.grad(f)(X)
    assert "was assigned to since" in caught.value.what
    assert "test_views.py" in caught.value.where
    assert "return np.sum(w)" in caught.value.where
    assert "copy it before" in caught.value.fix


@pytest.mark.parametrize("make", [reshaped, raveled, reshaped_slice])
def test_writing_into_what_may_be_view_or_copy_is_refused(make: Callable[..., Any]) -> None:
    def f(v: Any) -> Any:
        w = make(v)
        w[0] = 5.0
        return np.sum(v)

    with pytest.raises(StaleViewError, match="may be a view or a copy of another array"):
        cr.grad(f)(X)


def test_a_copy_of_a_reshaped_array_is_free() -> None:
    def f(v: Any) -> Any:
        w = v.reshape(-1).copy()
        w[0] = 100.0
        v[0, 1] = 50.0
        return np.sum(w) + np.sum(v)

    assert cr.value_and_grad(f)(X)[0] == f(X.copy())
    cr.check_grads(f, X)


def test_a_reshaped_array_may_be_used_as_long_as_nobody_assigns() -> None:
    def f(v: Any) -> Any:
        w = v.reshape(-1)
        total = np.sum(w[:3])
        v[0, 0] = 5.0
        return total + v[0, 0]

    assert cr.value_and_grad(f)(X)[0] == f(X.copy())


def test_views_that_nobody_holds_any_more_do_not_slow_the_base_down() -> None:
    def f(v: Any) -> Any:
        for i in range(200):
            v[i % 4] = v[(i + 1) % 4] * 0.5
        assert len(v._views or ()) < 10
        return np.sum(v)

    cr.grad(f)(np.ones((4, 2)))
