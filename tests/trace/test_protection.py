"""Arrays that a traced function uses must not change before they are read: small ones are copied, large ones locked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import TraceLeakError

LARGE = 10_000  # float64: more than 32 KiB


def large() -> Any:
    return np.ones((LARGE, 2))


def test_changing_a_small_array_later_has_no_effect_on_what_was_recorded() -> None:
    def f(x: Any) -> Any:
        scale = np.array([1.0, 2.0])
        y = x * scale
        scale[:] = 100.0
        return np.sum(y)

    np.testing.assert_array_equal(cr.grad(f)(np.ones(2)), [1, 2])


def test_changing_a_large_array_after_its_use_raises_instead_of_changing_the_result() -> None:
    data = large()

    def f(x: Any) -> Any:
        y = np.sum(data @ x)
        data[0] = 100.0
        return y

    with pytest.raises(TraceLeakError) as caught:
        cr.grad(f)(np.ones(2))
    assert "takes part in a traced computation was assigned to" in caught.value.what
    assert caught.value.where.endswith("data[0] = 100.0")
    assert "a = a.copy()" in caught.value.fix
    data[0] = 3.0


@pytest.mark.parametrize("operation", [lambda a: a.sort(), lambda a: a.fill(0), lambda a: a.__iadd__(1)])
def test_other_changes_in_place_of_a_large_array_raise_too(operation: Any) -> None:
    data = np.ones(LARGE)

    def f(x: Any) -> Any:
        y = np.sum(data * x)
        operation(data)
        return y

    with pytest.raises(TraceLeakError):
        cr.grad(f)(1.0)


def test_a_large_array_is_writeable_again_after_the_call() -> None:
    data = large()
    cr.grad(lambda x: np.sum(data @ x))(np.ones(2))
    data[0] = 3.0
    assert data.flags.writeable


def test_a_large_array_is_writeable_again_after_an_exception() -> None:
    data = large()

    def f(x: Any) -> Any:
        y = np.sum(data @ x)
        raise RuntimeError(f"in the middle of {y.shape}")

    with pytest.raises(RuntimeError, match="in the middle"):
        cr.grad(f)(np.ones(2))
    data[0] = 3.0


def test_two_parts_of_one_array_are_writeable_again() -> None:
    data = np.ones((2 * LARGE, 2))
    train, test = data[:LARGE], data[LARGE:]
    cr.grad(lambda w: np.sum(train @ w) + np.sum(test @ w))(np.ones(2))
    for array in (data, train, test):
        array[0] = 3.0
        assert array.flags.writeable


def test_a_transposed_large_array_protects_its_base() -> None:
    data = large()
    transposed = data.T

    def f(x: Any) -> Any:
        y = np.sum(x @ transposed)
        data[0] = 5.0
        return y

    with pytest.raises(TraceLeakError):
        cr.grad(f)(np.ones(2))
    data[0] = transposed[0, 0] = 3.0


def test_an_array_that_was_read_only_before_stays_read_only() -> None:
    data = large()
    data.flags.writeable = False
    cr.grad(lambda x: np.sum(data @ x))(np.ones(2))
    assert not data.flags.writeable


def test_a_read_only_view_stays_read_only_and_its_base_writeable() -> None:
    data = np.broadcast_to(np.ones(2), (LARGE, 2))
    base = large()
    view = base[:]
    view.flags.writeable = False
    cr.grad(lambda x: np.sum((data + view) @ x))(np.ones(2))
    assert not data.flags.writeable
    assert not view.flags.writeable
    assert base.flags.writeable


def test_an_array_stays_locked_until_the_outermost_trace_ends() -> None:
    data = large()

    def f(x: Any) -> Any:
        inner = cr.grad(lambda y: np.sum(data @ y) ** 2)(x)
        data[0] = 3.0
        return np.sum(inner)

    with pytest.raises(TraceLeakError):
        cr.grad(f)(np.ones(2))
    data[0] = 3.0


def test_a_vjp_keeps_the_numbers_of_its_point_whatever_happens_to_the_arrays() -> None:
    x, data = np.array([1.0, 2.0]), large()
    _, pull_back = cr.vjp(lambda x: np.sum(data @ x) * x, x)
    before = pull_back(np.ones(2))[0]
    x[:] = 50.0
    data[:] = 70.0
    np.testing.assert_array_equal(pull_back(np.ones(2))[0], before)


def test_threads_that_use_the_same_large_array_leave_it_writeable() -> None:
    data = np.ones((2 * LARGE, 2))
    parts = [data, data[:LARGE], data[LARGE:], data.T]
    functions = [lambda w, part=part: np.sum(part[:2, :2] @ w) + np.sum(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(cr.grad(functions[i % 4]), np.ones(2)) for i in range(200)]
        for result in results:
            np.testing.assert_array_equal(result.result(), [2, 2])
    for part in parts:
        part[0, 0] = 3.0
