"""Errors that teach: what happened, to which value, on which line, and what to write instead."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import errors
from chainrule.errors import ChainRuleError


def wrong_product(x: Any, w: Any) -> Any:
    hidden = np.tanh(x)
    return np.sum(hidden @ w)


def wrong_sum(x: Any) -> Any:
    return np.sum(x + np.ones(5))


def not_a_scalar(x: Any) -> Any:
    scores = x * 2
    return scores  # noqa: RET504


def no_derivative(x: Any) -> Any:
    return np.nextafter(x, 2.0) * 1.0


def unknown_function(x: Any) -> Any:
    return np.sum(np.apply_over_axes(np.sum, x, [0]))


def leak(x: Any) -> Any:
    total = np.sum(x)
    return float(total)


def stale(x: Any) -> Any:
    flat = x.reshape(-1)
    x[0, 0] = 1.0
    return flat[1]


def complex_output(x: Any) -> Any:
    return np.sum(x * 1j)


def foreign_object(x: Any) -> Any:
    return np.sum(np.multiply(x, np.array([object(), object(), object()])))


VECTOR, MATRIX = np.ones(3), np.ones((2, 3))

#: What goes wrong, the class, and what the three parts of the message say.
CASES: dict[str, tuple[Callable[[], Any], type[ChainRuleError], str, str, str]] = {
    "matmul": (
        lambda: cr.grad(wrong_product)(MATRIX, np.ones((4, 5))),
        errors.ShapeMismatchError,
        "matmul cannot combine hidden (shape (2, 3), float64) and an array (shape (4, 5), float64): "
        "3 columns meet 4 rows",
        "np.sum(hidden @ w)",
        "transpose one of them (W.T @ x or x @ W)",
    ),
    "broadcast": (
        lambda: cr.grad(wrong_sum)(VECTOR),
        errors.ShapeMismatchError,
        "add cannot combine x (shape (3,), float64) and an array (shape (5,), float64): "
        "the shapes (3,) and (5,) do not broadcast",
        "np.sum(x + np.ones(5))",
        "make the shapes agree",
    ),
    "reshape": (
        lambda: cr.grad(lambda x: np.sum(x.reshape(2, 2)))(VECTOR),
        errors.ShapeMismatchError,
        "reshape cannot take x (shape (3,), float64): 3 elements do not fit the shape (2, 2)",
        "x.reshape(2, 2)",
        "reshape",
    ),
    "axis": (
        lambda: cr.grad(lambda x: np.sum(np.sum(x, axis=2)))(MATRIX),
        errors.ShapeMismatchError,
        "axis 2 does not exist in an array of 2 dimensions",
        "np.sum(x, axis=2)",
        "make the shapes agree",
    ),
    "not a scalar": (
        lambda: cr.grad(not_a_scalar)(VECTOR),
        errors.NonScalarOutputError,
        "grad needs a function that returns one real number, but not_a_scalar returned",
        "test_errors.py, line",
        "sum or average the output",
    ),
    "a tuple": (
        lambda: cr.grad(lambda x: (np.sum(x), x))(VECTOR),
        errors.NonScalarOutputError,
        "returned a tuple",
        "test_errors.py, line",
        "has_aux=True",
    ),
    "nothing": (
        lambda: cr.grad(lambda x: None)(VECTOR),
        errors.NonScalarOutputError,
        "returned nothing (None)",
        "test_errors.py, line",
        "return the number",
    ),
    "a string": (
        lambda: cr.grad(lambda x: "loss")(VECTOR),
        errors.NonScalarOutputError,
        "returned a str",
        "test_errors.py, line",
        "return the number",
    ),
    "complex": (
        lambda: cr.grad(complex_output)(VECTOR),
        errors.NonScalarOutputError,
        "complex_output returned a complex one",
        "test_errors.py, line",
        "chainrule.holomorphic_grad",
    ),
    "no pair for aux": (
        lambda: cr.grad(lambda x: np.sum(x), has_aux=True)(VECTOR),
        errors.NonScalarOutputError,
        "must return a pair (value, aux)",
        "test_errors.py, line",
        "return value, aux",
    ),
    "an integer": (
        lambda: cr.grad(lambda x: x**2)(3),
        errors.IntegerInputError,
        "x (shape (), int64) is not a real or complex floating-point value, so it has no gradient",
        "test_errors.py, line",
        "write 3.0 instead of 3",
    ),
    "an array of integers in a container": (
        lambda: cr.grad(lambda params: np.sum(params["W"]))({"W": np.arange(3)}),
        errors.IntegerInputError,
        "params['W'] (shape (3,), int64) is not a real or complex floating-point value",
        "test_errors.py, line",
        ".astype(float)",
    ),
    "booleans": (
        lambda: cr.jvp(lambda mask: mask * 1.0, (np.array([True]),), (np.array([1.0]),)),
        errors.IntegerInputError,
        "mask (shape (1,), bool)",
        "test_errors.py, line",
        "argnums",
    ),
    "no derivative": (
        lambda: cr.grad(no_derivative)(1.0),
        errors.NonDifferentiableError,
        "nextafter has no derivative with respect to its argument 0",
        "np.nextafter(x, 2.0)",
        "chainrule.stop_gradient",
    ),
    "unknown function": (
        lambda: cr.grad(unknown_function)(MATRIX),
        errors.UnsupportedOperationError,
        "numpy.apply_over_axes is not known to chainrule, so it cannot be recorded",
        "np.apply_over_axes(np.sum, x, [0])",
        "chainrule.custom_vjp",
    ),
    "objects": (
        lambda: cr.grad(foreign_object)(VECTOR),
        errors.UnsupportedOperationError,
        "cannot take part in a computation on arrays",
        "np.multiply(x,",
        "convert it to a NumPy array of numbers",
    ),
    "where= without out=": (
        lambda: cr.grad(lambda x: np.sum(np.sqrt(x, where=x > 0)))(VECTOR),
        errors.UnsupportedOperationError,
        "sqrt was called with where= but without out=",
        "np.sqrt(x, where=x > 0)",
        "np.where(mask, result, other)",
    ),
    "leak": (
        lambda: cr.grad(leak)(VECTOR),
        errors.TraceLeakError,
        "float() was called on the traced value total (shape (), float64)",
        "return float(total)",
        "np.exp(x), not math.exp(x)",
    ),
    "stale view": (
        lambda: cr.grad(stale)(MATRIX),
        errors.StaleViewError,
        "flat (shape (6,)) was made from x (shape (2, 3), float64) by reshape",
        "return flat[1]",
        "copy it before",
    ),
    "argnums": (
        lambda: cr.grad(leak, argnums=2)(VECTOR),
        errors.StructureError,
        "argument number 2 of leak was asked for, but the call has 1 positional arguments",
        "test_errors.py, line",
        "correct argnums",
    ),
    "structure": (
        lambda: cr.jvp(lambda p: p["w"] * 2, ({"w": 1.0},), ({"v": 1.0},)),
        errors.StructureError,
        "the tangents and the primals differ in structure: ({'v': *},) and ({'w': *},)",
        "test_errors.py, line",
        "same keys, lengths and types",
    ),
    "shape of a tangent": (
        lambda: cr.jvp(lambda x: x * 2, (VECTOR,), (np.ones(2),)),
        errors.StructureError,
        "the tangent of x has shape (2,)",
        "test_errors.py, line",
        "give it the shape of that value",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_message_says_what_where_and_how_to_fix_it(name: str) -> None:
    call, kind, what, where, fix = CASES[name]
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert what in error.what
    assert where in error.where
    assert fix in error.fix
    assert str(error) == f"{error.what}\n  at  {error.where}\n  fix {error.fix}"


@pytest.mark.parametrize("name", CASES)
def test_after_an_error_the_next_call_is_as_if_nothing_had_been(name: str) -> None:
    with pytest.raises(ChainRuleError):
        CASES[name][0]()
    assert cr.grad(lambda x: x * x)(3.0) == 6


def test_every_error_derives_from_chain_rule_error_and_from_a_built_in_one() -> None:
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert inspect.getdoc(kind)
        if name.endswith("Warning"):
            assert issubclass(kind, Warning)
        elif kind is not ChainRuleError:
            assert issubclass(kind, ChainRuleError)
            assert any(base.__module__ == "builtins" and base is not Exception for base in kind.__mro__[2:-3])


def test_every_error_of_the_module_is_exported() -> None:
    defined = {name for name, one in vars(errors).items() if inspect.isclass(one) and issubclass(one, Exception)}
    assert defined == set(errors.__all__)


@pytest.mark.parametrize(
    ("built_in", "name"),
    [(ValueError, "matmul"), (TypeError, "not a scalar"), (TypeError, "an integer"), (RuntimeError, "stale view")],
)
def test_an_except_clause_for_the_built_in_class_catches_ours(built_in: type[Exception], name: str) -> None:
    with pytest.raises(built_in):
        CASES[name][0]()


def test_a_message_without_line_or_fix_is_one_sentence() -> None:
    assert str(ChainRuleError("x went wrong")) == "x went wrong"


def test_mismatching_shapes_inside_plain_numpy_stay_numpys_own_error() -> None:
    with pytest.raises(ValueError, match="matmul") as caught:
        cr.grad(lambda x: np.sum(np.ones((2, 3)) @ np.ones((2, 3))) * x)(1.0)
    assert not isinstance(caught.value, ChainRuleError)
