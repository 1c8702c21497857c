"""Stabilisation, rule by rule: the textbook's formula as it is written, the numbers of its stable form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.graph import Graph
from chainrule.graph.verify import verify
from chainrule.simplify.stabilise import STABILISE, stabilise, stable


def sigmoid(z: Any) -> Any:
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))


def softplus(z: Any) -> Any:
    return np.logaddexp(0, z)


@dataclass
class Formula:
    """A formula of the textbook, the rules that it meets, and what it should give everywhere."""

    rules: tuple[str, ...]
    written: Callable[[Any], Any]
    value: Callable[[Any], Any]
    slope: Callable[[Any], Any]


TO_SIGMOID = "reciprocal of 1 + exp is sigmoid"
FORMULAS = {
    "sigmoid": Formula(
        (TO_SIGMOID,), lambda z: 1 / (1 + np.exp(-z)), sigmoid, lambda z: sigmoid(z) * sigmoid(-z)
    ),
    "sigmoid, terms swapped": Formula(
        (TO_SIGMOID,), lambda z: 1.0 / (np.exp(-z) + 1.0), sigmoid, lambda z: sigmoid(z) * sigmoid(-z)
    ),
    "sigmoid as a power": Formula(
        (TO_SIGMOID,), lambda z: (1 + np.exp(-z)) ** -1, sigmoid, lambda z: sigmoid(z) * sigmoid(-z)
    ),
    "sigmoid as a reciprocal": Formula(
        (TO_SIGMOID,), lambda z: np.reciprocal(1 + np.exp(-z)), sigmoid, lambda z: sigmoid(z) * sigmoid(-z)
    ),
    "sigmoid of -z": Formula(
        (TO_SIGMOID,), lambda z: 1 / (1 + np.exp(z)), lambda z: sigmoid(-z), lambda z: -sigmoid(z) * sigmoid(-z)
    ),
    "quotient sigmoid": Formula(
        ("exp over 1 + exp is sigmoid",),
        lambda z: np.exp(z) / (1 + np.exp(z)),
        sigmoid,
        lambda z: sigmoid(z) * sigmoid(-z),
    ),
    "tanh from exponentials": Formula(
        ("quotient of exponentials is tanh",),
        lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
        np.tanh,
        lambda z: 4 * sigmoid(2 * z) * sigmoid(-2 * z),
    ),
    "one minus sigmoid": Formula(
        (TO_SIGMOID, "one minus sigmoid"),
        lambda z: 1 - 1 / (1 + np.exp(-z)),
        lambda z: sigmoid(-z),
        lambda z: -sigmoid(z) * sigmoid(-z),
    ),
    "log of sigmoid": Formula(
        (TO_SIGMOID, "log of sigmoid"),
        lambda z: np.log(1 / (1 + np.exp(-z))),
        lambda z: -softplus(-z),
        lambda z: sigmoid(-z),
    ),
    "log of one minus sigmoid": Formula(
        (TO_SIGMOID, "one minus sigmoid", "log of sigmoid"),
        lambda z: np.log(1 - 1 / (1 + np.exp(-z))),
        lambda z: -softplus(z),
        lambda z: -sigmoid(z),
    ),
    "log1p of minus sigmoid": Formula(
        (TO_SIGMOID, "log of one minus sigmoid"),
        lambda z: np.log1p(-(1 / (1 + np.exp(-z)))),
        lambda z: -softplus(z),
        lambda z: -sigmoid(z),
    ),
    "softplus": Formula(("log of 1 + exp is softplus",), lambda z: np.log(1 + np.exp(z)), softplus, sigmoid),
    "softplus by log1p": Formula(("log of 1 + exp is softplus",), lambda z: np.log1p(np.exp(z)), softplus, sigmoid),
    "log of exp": Formula(("log of exp",), lambda z: np.log(np.exp(z)), lambda z: z, np.ones_like),
    "log of a part of sigmoid": Formula(
        (TO_SIGMOID, "log before moving elements"),
        lambda z: np.log((1 / (1 + np.exp(-z)))[..., None])[..., 0],
        lambda z: -softplus(-z),
        lambda z: sigmoid(-z),
    ),
    "log of the complement of a part": Formula(
        (TO_SIGMOID, "one minus sigmoid"),
        lambda z: np.log(1 - (1 / (1 + np.exp(-z))).reshape(-1)),
        lambda z: -softplus(z),
        lambda z: -sigmoid(z),
    ),
    "cross-entropy": Formula(
        (TO_SIGMOID, "one minus sigmoid", "log of sigmoid"),
        lambda z: -(0.3 * np.log(1 / (1 + np.exp(-z))) + (1 - 0.3) * np.log(1 - 1 / (1 + np.exp(-z)))),
        lambda z: 0.3 * softplus(-z) + 0.7 * softplus(z),
        lambda z: sigmoid(z) - 0.3,
    ),
}  # fmt: skip

MODERATE = np.array([0.0, -0.0, 0.5, -0.5, 3.0, -3.0, 12.0, -12.0, 1e-9])
EXTREME = np.array([40.0, -40.0, 700.0, -700.0, 800.0, -800.0, 1e8, -1e8])
EXTREME_FLOAT32 = np.array([20.0, -20.0, 88.0, -88.0, 100.0, -100.0, 1e8, -1e8, 1e-40], np.float32)


def graph_of(formula: Formula, z: Any) -> Graph:
    return cr.trace(formula.written, z)


def slopes(formula: Formula, z: Any) -> Any:
    return cr.elementwise_grad(formula.written)(z)


every_formula = pytest.mark.parametrize("name", FORMULAS)


@every_formula
def test_the_rules_fire_by_name(name: str) -> None:
    fired: list[tuple[str, Any]] = []
    stabilise(graph_of(FORMULAS[name], MODERATE).nodes, fired)
    assert set(FORMULAS[name].rules) <= {rule for rule, *_ in fired}


@every_formula
def test_at_moderate_numbers_value_and_slope_are_those_of_the_formula_as_written(name: str) -> None:
    formula = FORMULAS[name]
    (output,) = graph_of(formula, MODERATE).outputs
    np.testing.assert_allclose(output.value, formula.written(MODERATE), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(slopes(formula, MODERATE), formula.slope(MODERATE), rtol=1e-12, atol=1e-15)
    cr.check_grads(formula.written, MODERATE)


@every_formula
def test_at_extreme_numbers_value_and_slope_are_right_and_finite(name: str) -> None:
    formula = FORMULAS[name]
    (output,) = graph_of(formula, EXTREME).outputs
    np.testing.assert_allclose(output.value, formula.value(EXTREME), rtol=1e-14)
    np.testing.assert_allclose(slopes(formula, EXTREME), formula.slope(EXTREME), rtol=1e-12, atol=1e-15)
    assert np.isfinite(cr.hessian(lambda z: np.sum(formula.written(z)))(EXTREME)).all()


@every_formula
def test_float32_keeps_its_dtype_at_its_own_extremes(name: str) -> None:
    formula = FORMULAS[name]
    (output,) = graph_of(formula, EXTREME_FLOAT32).outputs
    with np.errstate(under="ignore"):
        np.testing.assert_allclose(output.value, formula.value(EXTREME_FLOAT32.astype(float)), rtol=2e-6, atol=1e-43)
        slope = slopes(formula, EXTREME_FLOAT32)
        np.testing.assert_allclose(slope, formula.slope(EXTREME_FLOAT32.astype(float)), rtol=2e-6, atol=2e-7)
    assert output.value.dtype == slope.dtype == np.float32


@every_formula
def test_infinity_gives_the_limit_and_nan_stays_nan(name: str) -> None:
    formula = FORMULAS[name]
    z = np.array([np.inf, -np.inf, np.nan])
    with np.errstate(all="ignore"):
        expected = formula.value(z)
    (output,) = graph_of(formula, z).outputs
    assert np.isnan(output.value[2])
    np.testing.assert_array_equal(output.value, expected)


@every_formula
def test_integers_come_out_in_the_dtype_of_the_formula_as_written(name: str) -> None:
    z = np.array([-2, 0, 3])
    (output,) = graph_of(FORMULAS[name], z).outputs
    form = stable(output)
    assert (form.dtype, form.shape) == (output.dtype, output.shape)
    np.testing.assert_allclose(output.value, FORMULAS[name].written(z.astype(float)), rtol=1e-9)


@every_formula
def test_the_recorded_graph_stays_as_the_user_wrote_it(name: str) -> None:
    graph = graph_of(FORMULAS[name], MODERATE)
    before = str(graph)
    graph.values()
    assert str(graph) == before
    assert {node.op.name for node in graph.nodes} & {"sigmoid", "softplus", "softmax"} == set()
    verify(graph)


ROWS = np.array([[0.0, 1.0, -2.0], [800.0, -800.0, 799.0], [1e5, 0.0, -1e5]])


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


SOFTMAXES: dict[str, Callable[[Any], Any]] = {
    "keepdims": lambda z: np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True),
    "None": lambda z: np.exp(z) / np.sum(np.exp(z), axis=1)[:, None],
    "reshape": lambda z: np.exp(z) / np.sum(np.exp(z), axis=1).reshape(-1, 1),
    "a variable": lambda z: (e := np.exp(z)) / e.sum(axis=-1, keepdims=True),
    "columns": lambda z: (np.exp(z.T) / np.sum(np.exp(z.T), axis=0)).T,
}


@pytest.mark.parametrize("name", SOFTMAXES)
def test_softmax_as_a_quotient_does_not_overflow(name: str) -> None:
    written = SOFTMAXES[name]
    fired: list[tuple[str, Any]] = []
    graph = cr.trace(written, ROWS)
    stabilise(graph.nodes, fired)
    assert "exp over sum of exp is softmax" in {rule for rule, *_ in fired}
    np.testing.assert_allclose(graph.outputs[0].value, softmax(ROWS), rtol=1e-14)
    cr.check_grads(written, ROWS[:1])


@pytest.mark.parametrize("name", SOFTMAXES)
def test_the_cross_entropy_of_a_softmax_is_finite_and_its_gradient_is_the_error(name: str) -> None:
    labels = np.array([2, 1, 0])

    def loss(z: Any) -> Any:
        return -np.sum(np.log(SOFTMAXES[name](z))[np.arange(3), labels])

    def loss_of_chosen(z: Any) -> Any:
        return -np.sum(np.log(SOFTMAXES[name](z)[np.arange(3), labels]))

    top = ROWS.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(ROWS - top).sum(axis=1)) + top[:, 0]
    expected = np.sum(log_sum - ROWS[np.arange(3), labels])
    for fun in (loss, loss_of_chosen):
        value, gradient = cr.value_and_grad(fun)(ROWS)
        assert value == pytest.approx(expected, rel=1e-14)
        np.testing.assert_allclose(gradient, softmax(ROWS) - np.eye(3)[labels], atol=1e-15)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_log_of_sum_of_exp_is_shifted(axis: Any, keepdims: bool) -> None:
    def written(z: Any) -> Any:
        return np.log(np.sum(np.exp(z), axis=axis, keepdims=keepdims))

    graph = cr.trace(written, ROWS * 10)
    top = np.max(ROWS * 10, axis=axis, keepdims=True)
    shifted = np.log(np.sum(np.exp(ROWS * 10 - top), axis=axis, keepdims=True)) + top
    np.testing.assert_allclose(graph.outputs[0].value, shifted if keepdims else np.squeeze(shifted, axis), rtol=1e-14)
    assert np.isfinite(cr.jacobian(written)(ROWS * 10)).all()
    cr.check_grads(written, ROWS[:1])


def test_infinite_logits_as_a_mask_get_probability_zero() -> None:
    z = np.array([[0.0, -np.inf, 1.0]])
    written = SOFTMAXES["keepdims"]
    np.testing.assert_allclose(cr.trace(written, z).outputs[0].value, softmax(z))
    assert np.isfinite(cr.grad(lambda z: np.sum(written(z)[0, 0]))(z)).all()


def test_a_sum_over_another_axis_is_no_softmax() -> None:
    z = ROWS[:1]
    written: Callable[[Any], Any] = lambda z: np.exp(z) / np.sum(np.exp(z), axis=0)  # noqa: E731
    np.testing.assert_allclose(cr.trace(written, z).outputs[0].value, np.ones((1, 3)))
    square = np.arange(9.0).reshape(3, 3)
    without_keepdims: Callable[[Any], Any] = lambda z: np.exp(z) / np.sum(np.exp(z), axis=1)  # noqa: E731
    np.testing.assert_allclose(cr.trace(without_keepdims, square).outputs[0].value, without_keepdims(square))
    cr.check_grads(without_keepdims, square / 9)


def test_a_permuted_sum_is_no_softmax() -> None:
    square = np.arange(4.0).reshape(2, 2)
    written: Callable[[Any], Any] = lambda z: np.exp(z) / np.sum(np.exp(z), axis=1)[::-1][:, None]  # noqa: E731
    np.testing.assert_allclose(cr.trace(written, square).outputs[0].value, written(square))


@pytest.mark.parametrize(
    "written",
    [
        lambda z: 2 / (1 + np.exp(-z)),
        lambda z: 1 / (2 + np.exp(-z)),
        lambda z: np.exp(z) / (1 + np.exp(2 * z)),
        lambda z: np.log(2 + np.exp(z)),
        lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-2 * z)),
        lambda z: (np.exp(z) + np.exp(-z)) / (np.exp(z) - np.exp(-z)),
        lambda z: 2 - 1 / (1 + np.exp(-z)),
        lambda z: np.log(np.exp(z) - 1),
    ],
)
def test_formulas_that_only_look_alike_keep_their_numbers(written: Callable[[Any], Any]) -> None:
    z = np.array([0.5, 1.5, 3.0])
    np.testing.assert_allclose(cr.trace(written, z).outputs[0].value, written(z), rtol=1e-13)
    cr.check_grads(written, z)


def test_broadcasting_inside_a_stabilised_formula() -> None:
    x, b = np.array([[1.0], [-900.0]]), np.array([0.0, 900.0, -3.0])
    (output,) = cr.trace(lambda x, b: np.log(1 / (1 + np.exp(-(x + b)))), x, b).outputs
    np.testing.assert_allclose(output.value, -softplus(-(x + b)))
    dx, db = cr.grad(lambda x, b: np.sum(np.log(1 / (1 + np.exp(-(x + b))))), argnums=(0, 1))(x, b)
    np.testing.assert_allclose(dx, sigmoid(-(x + b)).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(db, sigmoid(-(x + b)).sum(axis=0))


def test_complex_formulas_keep_the_branch_of_their_logarithm() -> None:
    z = np.array([1 + 8j, -2 - 5j])
    for written in (
        lambda z: np.log(np.exp(z)),
        lambda z: np.log(1 + np.exp(z)),
        lambda z: np.log(1 / (1 + np.exp(-z))),
        lambda z: np.log(np.sum(np.exp(z))),
    ):
        np.testing.assert_allclose(cr.trace(written, z).outputs[0].value, written(z), rtol=1e-13)


def test_every_rule_of_stabilisation_has_a_name_of_its_own() -> None:
    names = [rule.name for rule in STABILISE.rules]
    assert len(set(names)) == len(names)


def test_stable_forms_pass_the_verifier() -> None:
    for formula in FORMULAS.values():
        graph = graph_of(formula, MODERATE)
        verify(Graph(graph.inputs, [stable(node) for node in graph.outputs]))


def test_a_value_that_is_looked_at_is_the_stable_one() -> None:
    def f(z: Any) -> Any:
        loss = -np.log(1 - 1 / (1 + np.exp(-z)))
        assert np.isfinite(cr.stop_gradient(loss))
        return loss if loss < 1e300 else z * 0

    assert cr.grad(f)(800.0) == 1
