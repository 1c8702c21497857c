"""Arrays that `chainrule.numpy` makes inside a traced function take traced values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.numpy as cnp
from chainrule.trace.tracer import Tracer

MAKERS: dict[str, Callable[[], Any]] = {
    "zeros": lambda: cnp.zeros(3),
    "ones": lambda: cnp.ones(3),
    "empty": lambda: cnp.empty(3),
    "full": lambda: cnp.full(3, 2.0),
    "zeros_like": lambda: cnp.zeros_like(np.ones(3)),
    "ones_like": lambda: cnp.ones_like(np.ones(3)),
    "empty_like": lambda: cnp.empty_like(np.ones(3)),
    "full_like": lambda: cnp.full_like(np.ones(3), 2.0),
    "array": lambda: cnp.array([1.0, 2.0, 3.0]),
    "asarray": lambda: cnp.asarray([1.0, 2.0, 3.0]),
    "copy": lambda: cnp.copy(np.ones(3)),
    "arange": lambda: cnp.arange(3.0),
    "linspace": lambda: cnp.linspace(0.0, 1.0, 3),
    "eye": lambda: cnp.eye(3)[0],
    "identity": lambda: cnp.identity(3)[0],
    "tri": lambda: cnp.tri(3)[2],
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_a_new_array_inside_a_trace_can_be_assigned_to(make: Callable[[], Any]) -> None:
    def f(x: Any) -> Any:
        v = make()
        v[1] = x
        return np.sum(v * v)

    assert cr.grad(f)(3.0) == pytest.approx(6.0)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_outside_of_a_trace_it_is_a_plain_array(make: Callable[[], Any]) -> None:
    assert type(make()) is np.ndarray


def test_empty_arrays_in_a_trace_hold_zeros() -> None:
    graph = cr.trace(lambda x: x + cnp.empty(1000), 0.0)
    assert not graph.outputs[0].value.any()


def test_integers_and_masks_stay_plain() -> None:
    def f(x: Any) -> Any:
        assert type(cnp.arange(3)) is np.ndarray
        assert type(cnp.zeros(3, dtype=bool)) is np.ndarray
        return np.sum(x[cnp.arange(2)])

    assert cr.grad(f)(np.ones(3)).tolist() == [1.0, 1.0, 0.0]


def test_an_existing_array_is_handed_on_as_it_is() -> None:
    plain = np.ones(3)

    def f(x: Any) -> Any:
        assert cnp.asarray(plain) is plain
        assert type(cnp.array(plain)) is Tracer
        return np.sum(x * plain)

    assert cr.grad(f)(np.ones(3)).tolist() == [1.0, 1.0, 1.0]


def test_arrays_like_a_traced_one_can_be_assigned_to() -> None:
    def f(x: Any) -> Any:
        v, w = np.zeros_like(x), cnp.ones_like(x)
        v[0], w[1] = x[1], x[0]
        return np.sum(v + 2 * w)

    assert cr.grad(f)(np.ones(2)).tolist() == [2.0, 1.0]


def test_an_array_from_numpy_itself_raises_with_the_way_out() -> None:
    def f(x: Any) -> Any:
        v = np.zeros(3)
        v[0] = x
        return np.sum(v)

    with pytest.raises(cr.errors.TraceLeakError, match=r"chainrule\.numpy\.zeros"):
        cr.grad(f)(1.0)


def test_second_derivatives_pass_through_assignments() -> None:
    def f(x: Any) -> Any:
        v = cnp.zeros(2)
        v[0] = x[0] ** 2
        v[1] = v[0] * x[1]
        return cnp.sum(v)

    np.testing.assert_allclose(cr.hessian(f)(np.array([1.0, 2.0])), [[6.0, 2.0], [2.0, 0.0]])
