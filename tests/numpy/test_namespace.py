"""`chainrule.numpy`: NumPy's names, with traced values allowed anywhere in the arguments."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.numpy as cnp
from chainrule.ops.record import SERVED
from chainrule.trace.tracer import Tracer

FUNCTIONS = [
    name
    for name in dir(np)
    if not name.startswith("_") and callable(getattr(np, name)) and not isinstance(getattr(np, name), type)
]


def test_every_public_name_of_numpy_is_there() -> None:
    assert [name for name in FUNCTIONS if not callable(getattr(cnp, name))] == []
    assert set(FUNCTIONS) <= set(cnp.__all__)
    assert cnp.pi == np.pi
    assert cnp.newaxis is None
    assert cnp.float64 is np.float64


def test_names_of_the_array_api_standard_are_there() -> None:
    names = (
        "acos astype bitwise_invert broadcast_arrays can_cast concat cumulative_sum finfo isdtype matmul "
        "matrix_transpose permute_dims pow result_type take_along_axis unstack vecdot __array_namespace_info__"
    ).split()
    assert [name for name in names if not hasattr(cnp, name)] == []


def test_a_traced_array_names_the_namespace() -> None:
    def f(x: Any) -> Any:
        xp = x.__array_namespace__()
        assert xp is cnp
        return xp.sum(xp.permute_dims(x, (1, 0)) * xp.ones((3, 2)))

    np.testing.assert_array_equal(cr.grad(f)(np.ones((2, 3))), np.ones((2, 3)))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'tanhh'"):
        cnp.tanhh  # noqa: B018


def test_wrapped_functions_keep_name_and_first_line() -> None:
    assert cnp.tanh.__name__ == "tanh"
    assert "hyperbolic tangent" in cnp.tanh.__doc__
    assert "numpy.tanh" in cnp.tanh.__doc__
    assert cnp.linalg.solve.__module__ == "chainrule.numpy.linalg"


def test_plain_arguments_go_to_numpy_itself() -> None:
    x = np.array([1.0, 2.0])
    assert type(cnp.tanh(x)) is np.ndarray
    assert type(cnp.zeros(3)) is np.ndarray
    assert cnp.sum([1, 2]) == 3
    assert cnp.add.reduce(x) == 3.0
    assert cnp.asarray(x) is x


CALLS: dict[str, Callable[[Any], Any]] = {
    "array of numbers": lambda x: cnp.array([x[0], x[1] ** 2, 1.0]),
    "array of rows": lambda x: cnp.array([[x[0], 0.0], [x[1], x[2]]]),
    "array of arrays": lambda x: cnp.array([x, x * x]),
    "asarray": lambda x: cnp.asarray([x[0], x[1]]),
    "full": lambda x: cnp.full((2, 3), x),
    "full_like": lambda x: cnp.full_like(np.ones(3), x),
    "linspace": lambda x: cnp.linspace(x[0], x[1], 4),
    "arange": lambda x: cnp.arange(x[0], x[0] + 2.5, 1.0),
    "list as one array": lambda x: cnp.sum([x[0], x[1] * x[2]]) * cnp.ones(1),
    "list in a ufunc": lambda x: cnp.multiply([x[0], x[1]], 3.0),
    "list in the second place": lambda x: cnp.dot(np.arange(4.0).reshape(2, 2), [x[0], x[1]]),
    "stack of lists": lambda x: cnp.stack([[x[0], x[1]], [x[1], x[2]]]),
    "concatenate": lambda x: cnp.concatenate([[x[0]], x, (x[2], 1.0)]),
    "keyword": lambda x: cnp.clip(a=x, a_min=-0.5, a_max=x[0] + 5),
    "where=": lambda x: cnp.sum(x, where=np.array([True, False, True])) * cnp.ones(1),
    "r_": lambda x: cnp.r_[x, 1.0, x[0], 0:2],
    "c_": lambda x: cnp.c_[x, x**2, np.ones(3)],
    "linalg": lambda x: cnp.linalg.norm([x[0], x[1]]) * cnp.ones(1),
    "fft": lambda x: cnp.real(cnp.fft.fft(x)),
    "select": lambda x: cnp.select([x > 0, x <= 0], [x**2, -x], 0.0),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_traced_values_are_recorded_wherever_they_stand(call: Callable[[Any], Any]) -> None:
    x = np.array([0.3, 1.2, -0.7])
    np.testing.assert_allclose(cr.trace(call, x).outputs[0].value, call(x))
    cr.check_grads(call, x)


def test_a_function_without_a_record_raises_by_name() -> None:
    assert np.apply_over_axes not in SERVED
    with pytest.raises(cr.errors.UnsupportedOperationError, match="apply_over_axes"):
        cr.grad(lambda x: cnp.sum(cnp.apply_over_axes(np.sum, x, [0])))(np.ones((2, 2)))


def test_traced_arguments_of_random_numbers_raise() -> None:
    assert cnp.random.default_rng(0).normal() == np.random.default_rng(0).normal()
    with pytest.raises(cr.errors.UnsupportedOperationError, match="normal"):
        cr.grad(lambda x: cnp.random.normal(x))(1.0)


def test_ragged_lists_raise_a_clear_error() -> None:
    with pytest.raises(ValueError, match=r"ragged|nested|shape"):
        cr.grad(lambda x: cnp.sum(cnp.array([[x[0]], [x[0], x[1]]])))(np.ones(2))


def test_traced_integers_may_be_sizes() -> None:
    def f(x: Any) -> Any:
        n = np.argmax(x) + 1
        v = cnp.zeros(n)
        w = cnp.ones((n, 2))
        v[0] = x[0]
        return np.sum(v) * np.sum(w) + np.sum(cnp.tile(x, n))

    assert cr.grad(f)(np.array([1.0, 5.0, 2.0])).tolist() == [6.0, 2.0, 2.0]


def test_out_may_be_a_traced_array() -> None:
    def f(x: Any) -> Any:
        out = cnp.zeros(3)
        cnp.multiply(x, 2.0, out=out)
        return cnp.sum(out * out)

    np.testing.assert_allclose(cr.grad(f)(np.ones(3)), 8 * np.ones(3))


def test_asarray_keeps_the_identity_of_a_traced_array() -> None:
    def f(x: Any) -> Any:
        v = x * 1.0
        w = cnp.asarray(v)
        assert w is v
        w[0] = 0.0
        return np.sum(v)

    assert cr.grad(f)(np.ones(2)).tolist() == [0.0, 1.0]


def test_ufunc_members_are_there() -> None:
    assert cnp.add.nin == 2
    gradient = cr.grad(lambda x: cnp.sum(cnp.multiply.outer(x, np.arange(3.0))))(np.ones(2))
    assert gradient.tolist() == [3.0, 3.0]


def test_star_import_gives_wrapped_functions() -> None:
    names: dict[str, Any] = {}
    for name in ("tanh", "array", "linalg"):
        names[name] = getattr(cnp, name)
        assert name in cnp.__all__
    assert names["linalg"] is cnp.linalg
    assert "Tracer" not in cnp.__all__
    assert Tracer.__name__ not in dir(cnp)


@pytest.mark.parametrize("module", ["chainrule", "chainrule.numpy"])
def test_scipy_is_not_imported(module: str) -> None:
    program = f"import sys, {module}; print(any(name.split('.')[0] == 'scipy' for name in sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
