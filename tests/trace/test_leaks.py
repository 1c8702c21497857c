"""A traced value never leaves the graph unseen: every way out raises, and says where, what, and what to do."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import TraceLeakError


def into_plain_element(x: Any) -> Any:
    plain = np.zeros(3)
    plain[0] = x[0]
    return np.sum(plain)


def into_plain_row(x: Any) -> Any:
    plain = np.zeros((2, 3))
    plain[0, :] = x
    return np.sum(plain)


def into_plain_by_addition(x: Any) -> Any:
    plain = np.zeros(3)
    plain += x
    return np.sum(plain)


def into_plain_by_out(x: Any) -> Any:
    plain = np.zeros(3)
    np.multiply(x, 2, out=plain)
    return np.sum(plain)


LEAKS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "float": (lambda x: float(x[0]), "float()", "np.exp(x), not math.exp(x)"),
    "int": (lambda x: int(x[0]), "int()", "leave out float()"),
    "complex": (lambda x: complex(x[0]), "complex()", "stop_gradient"),
    "math.exp": (lambda x: math.exp(x[0]), "float()", "np.exp(x), not math.exp(x)"),
    "math.sqrt": (lambda x: math.sqrt(x[0]), "float()", "np.exp(x), not math.exp(x)"),
    "asarray": (lambda x: np.sum(np.asarray(x)), "np.asarray()", "chainrule.numpy.asarray(x)"),
    "array": (lambda x: np.sum(np.array([x[0], x[1]])), "", "chainrule.numpy"),
    "item": (lambda x: x[0].item(), "item()", "leave .item() out"),
    "tolist": (lambda x: sum(x.tolist()), "tolist()", "iterate over the traced array itself"),
    "index": (lambda x: [1.0, 2.0][x[0]], "an integer index", "stop_gradient(x) and int()"),
    "range": (lambda x: sum(range(x[0])), "an integer index", "stop_gradient(x) and int()"),
    "element of a plain array": (into_plain_element, "", "chainrule.numpy.zeros"),
    "row of a plain array": (into_plain_row, "an assignment into a plain array", "chainrule.numpy.zeros"),
    "plain array +=": (into_plain_by_addition, "out= is a plain array", "write v = v + x instead of v += x"),
    "out=": (into_plain_by_out, "out= is a plain array", "leave out= away"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_raises_and_tells_the_fix(name: str) -> None:
    fun, what, fix = LEAKS[name]
    with pytest.raises(TraceLeakError) as caught:
        cr.grad(fun)(np.array([1.0, 2.0, 3.0]))
    assert what in caught.value.what
    assert fix in caught.value.fix
    assert "test_leaks.py, line " in caught.value.where


@pytest.mark.parametrize("transform", [cr.trace, cr.vjp, lambda f, x: cr.jvp(f, (x,), (x,)), cr.check_grads])
def test_a_leak_raises_in_every_transform(transform: Callable[..., Any]) -> None:
    with pytest.raises((TraceLeakError, TypeError)):
        transform(lambda x: math.exp(x), np.array(1.0))
    with pytest.raises(TraceLeakError):
        transform(into_plain_row, np.ones(3))


def test_the_message_names_the_value_its_shape_and_the_line() -> None:
    def f(x: Any) -> Any:
        total = np.sum(x)
        return math.exp(total)

    with pytest.raises(TraceLeakError) as caught:
        cr.grad(f)(np.ones(3))
    assert caught.value.what == (
        "float() was called on the traced value total (shape (), float64), which would cut it out of the graph"
    )
    assert caught.value.where.endswith(": return math.exp(total)")


def test_a_leak_is_a_type_error_for_those_who_do_not_know_us() -> None:
    with pytest.raises(TypeError):
        cr.grad(lambda x: math.exp(x))(1.0)


def test_integers_and_booleans_may_leave_as_they_carry_no_gradient() -> None:
    def f(x: Any) -> Any:
        k = int(np.sum(x > 0))
        flags = np.asarray(x > 0)
        return x[k - 1] * float(flags.sum()) * (x > 0)[0].item()

    np.testing.assert_array_equal(cr.grad(f)(np.array([1.0, 2.0, -1.0])), [0, 2, 0])


def test_stopped_values_may_leave_as_they_carry_no_gradient() -> None:
    def f(x: Any) -> Any:
        stopped = cr.stop_gradient(x)
        return x[int(stopped[1])] * 1.0 if False else x[0] * math.exp(cr.stop_gradient(x[1])) * np.asarray(stopped)[1]

    np.testing.assert_allclose(cr.grad(f)(np.array([1.0, 2.0])), [2 * math.exp(2.0), 0])


def test_a_program_kept_for_one_stopped_number_is_not_used_for_another() -> None:
    def f(x: Any) -> Any:
        return x * float(cr.stop_gradient(x))

    assert [float(cr.grad(f)(x)) for x in (2.0, 3.0, 2.0)] == [2.0, 3.0, 2.0]


def test_a_traced_value_that_outlives_its_trace_is_recognised() -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        kept.append(x * 2)
        return x

    cr.grad(f)(1.0)
    for later in (
        lambda: cr.grad(lambda y: y * kept[0])(1.0),
        lambda: cr.grad(lambda y: kept[0])(1.0),
        lambda: cr.vjp(lambda y: y * 2, 1.0)[1](kept[0]),
        lambda: cr.jvp(lambda y: y * 2, (1.0,), (kept[0],)),
    ):
        with pytest.raises(TraceLeakError, match="was traced in a call that has ended"):
            later()
