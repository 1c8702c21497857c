"""Methods of traced arrays equal those of NumPy's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.array([[1.5, -2.0, 3.0], [0.5, 2.5, -1.0]])

METHODS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda x: x.sum(),
    "sum axis": lambda x: x.sum(axis=0),
    "sum keepdims": lambda x: x.sum(axis=1, keepdims=True),
    "mean": lambda x: x.mean(axis=-1),
    "max": lambda x: x.max(axis=0),
    "min": lambda x: x.min(),
    "prod": lambda x: x.prod(axis=1),
    "var": lambda x: x.var(axis=0, ddof=1),
    "std": lambda x: x.std(),
    "ptp-free": lambda x: x.max() - x.min(),
    "cumsum": lambda x: x.cumsum(axis=1),
    "cumprod": lambda x: x.cumprod(axis=0),
    "clip": lambda x: x.clip(-1, 2),
    "round": lambda x: x.round(),
    "all": lambda x: (x > -3).all(),
    "any": lambda x: (x > 2.5).any(axis=0),
    "argmax": lambda x: x.argmax(axis=1),
    "argmin": lambda x: x.argmin(),
    "argsort": lambda x: x.argsort(axis=1),
    "dot": lambda x: x.dot(np.arange(6.0).reshape(3, 2)),
    "trace": lambda x: x.trace(),
    "diagonal": lambda x: x.diagonal(),
    "repeat": lambda x: x.repeat(2, axis=0),
    "take": lambda x: x.take([0, 2], axis=1),
    "squeeze": lambda x: x[None].squeeze(),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "transpose": lambda x: x.transpose(),
    "transpose axes": lambda x: x.transpose(1, 0),
    "transpose tuple": lambda x: x.transpose((1, 0)),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "reshape": lambda x: x.reshape(3, 2),
    "reshape tuple": lambda x: x.reshape((-1,)),
    "reshape F": lambda x: x.reshape(3, -1, order="F"),
    "ravel": lambda x: x.ravel(),
    "flatten": lambda x: x.flatten(),
    "flatten F": lambda x: x.flatten(order="F"),
    "astype": lambda x: x.astype(np.float32),
    "copy": lambda x: x.copy(),
    "conj": lambda x: x.conj(),
    "real": lambda x: x.real,
    "imag": lambda x: x.imag,
}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_equals_numpys(name: str) -> None:
    call = METHODS[name]
    value, expected = cr.trace(call, X).outputs[0].value, call(X)
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    assert value.dtype == expected.dtype
    assert np.shape(value) == np.shape(expected)


def test_the_looks_of_an_array_are_plain() -> None:
    seen: dict[str, Any] = {}

    def f(x: Any) -> Any:
        seen.update(
            shape=x.shape, dtype=x.dtype, ndim=x.ndim, size=x.size, len=len(x), nbytes=x.nbytes, itemsize=x.itemsize
        )
        return x[0, 0]

    cr.trace(f, X)
    assert seen == {
        "shape": (2, 3), "dtype": np.float64, "ndim": 2, "size": 6, "len": 2, "nbytes": 48, "itemsize": 8,
    }  # fmt: skip


def test_iteration_gives_the_rows_and_unpacking_works() -> None:
    def f(x: Any) -> Any:
        first, second = x
        return sum(row @ row for row in x) + first @ second

    np.testing.assert_allclose(cr.grad(f)(X), 2 * X + X[::-1])


@pytest.mark.parametrize("look", [len, iter, list], ids=lambda look: look.__name__)
def test_a_number_has_no_length_and_no_rows(look: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="without dimensions"):
        cr.trace(lambda x: look(x), 1.0)


def test_methods_that_change_the_array_in_place() -> None:
    def f(x: Any) -> Any:
        v, w = x * 1.0, x * 1.0
        v.sort(axis=1)
        w.fill(2.0)
        return v * w

    np.testing.assert_array_equal(cr.trace(f, X).outputs[0].value, np.sort(X, axis=1) * 2)


def test_copies_are_independent() -> None:
    import copy

    def f(x: Any) -> Any:
        a, b, c = x.copy(), copy.copy(x), copy.deepcopy(x)
        a[0], b[0], c[0] = 10.0, 20.0, 30.0
        return np.sum(x) + 0 * (a[0] + b[0] + c[0])

    assert cr.value_and_grad(f)(np.ones(3))[0] == 3


def test_printing_is_no_leak(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x: Any) -> Any:
        y = x * 2
        print(f"{y} and {y[0]:.2f}")
        return y[0]

    assert cr.grad(f)(np.ones(2)).tolist() == [2.0, 0.0]
    assert "and 2.00" in capsys.readouterr().out


def test_traced_arrays_are_not_hashable_as_arrays_are_not() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        cr.trace(lambda x: {x: 1}, X)
