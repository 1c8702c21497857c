"""Losses and activations: exact where the textbook formula would overflow, and clear where the labels do not fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.ops.record import FUNCTIONS
from chainrule.trace.call import call_with


def record(name: str) -> Callable[..., Any]:
    return lambda *args, **kwargs: call_with(FUNCTIONS[name], *args, **kwargs)


bce, bce_with_logits, cross_entropy, mse = map(record, ["bce", "bce_with_logits", "cross_entropy", "mse"])
sigmoid, softmax = record("sigmoid"), record("softmax")


def written_out(z: Any, y: Any) -> Any:
    y_hat = 1 / (1 + np.exp(-z))
    return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


def exponentials_over_sum(u: Any) -> Any:
    weights = np.exp(u)
    return weights / np.sum(weights, axis=1, keepdims=True)


@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("z", [-1000.0, -40.0, 0.0, 3.0, 40.0, 1000.0])
@pytest.mark.parametrize(
    "loss", [lambda z, y: bce(sigmoid(z), y), bce_with_logits, written_out], ids=["bce", "logits", "written out"]
)
def test_binary_cross_entropy_is_exact_for_every_logit(loss: Any, z: float, y: float) -> None:
    value, gradient = cr.value_and_grad(loss)(z, y)
    negative, positive = np.logaddexp(0.0, z), np.logaddexp(0.0, -z)
    assert value == pytest.approx(y * positive + (1 - y) * negative, rel=1e-14)
    with np.errstate(over="ignore"):
        right = (1 - y) / (1 + np.exp(-z)) - y / (1 + np.exp(z))
    assert gradient == pytest.approx(right, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize(
    "probabilities",
    [
        lambda z: sigmoid(z)[:, 0],
        lambda z: sigmoid(z).ravel(),
        lambda z: sigmoid(np.reshape(z, -1)),
        lambda z: 1 / (1 + np.exp(-z[:, 0])),
    ],
)
@pytest.mark.parametrize(
    "loss",
    [
        lambda p, y: bce(p, y),
        lambda p, y: bce(p, y.astype(int)),
        lambda p, y: -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)),
        lambda p, y: -np.mean(y * np.log(p) + (1 - y) * np.log1p(-p)),
    ],
)
def test_a_column_of_probabilities_may_be_flattened_before_the_loss(probabilities: Any, loss: Any) -> None:
    z, y = np.array([[-1000.0], [1000.0], [3.0]]), np.array([1.0, 0.0, 1.0])
    value, gradient = cr.value_and_grad(lambda z: loss(probabilities(z), y))(z)
    assert value == pytest.approx((2000 + np.log1p(np.exp(-3.0))) / 3)
    np.testing.assert_allclose(gradient[:, 0] * 3, [-1, 1, -1 / (1 + np.exp(3.0))])


def test_certain_and_right_predictions_cost_nothing_and_have_a_finite_gradient() -> None:
    value, gradient = cr.value_and_grad(bce)(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert value == 0
    np.testing.assert_array_equal(gradient, [0.5, -0.5])
    value, gradient = cr.value_and_grad(cross_entropy)(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]]))
    assert value == 0
    np.testing.assert_array_equal(gradient, [[0.0, -1.0]])


ONE_HOT = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    "loss",
    [
        lambda u: cross_entropy(softmax(u), ONE_HOT),
        lambda u: cross_entropy(softmax(u), ONE_HOT.astype(int)),
        lambda u: cross_entropy(softmax(u), np.array([2, 1])),
        lambda u: cross_entropy(softmax(u.T, axis=0), ONE_HOT.T, axis=0),
        lambda u: cross_entropy(exponentials_over_sum(u), ONE_HOT),
        lambda u: -np.sum(ONE_HOT * np.log(exponentials_over_sum(u))) / 2,
        lambda u: -np.mean(np.log(exponentials_over_sum(u)[np.arange(2), [2, 1]])),
    ],
)
def test_categorical_cross_entropy_is_exact_for_every_logit(loss: Any) -> None:
    value, gradient = cr.value_and_grad(loss)(np.array([[1000.0, 0.0, -1000.0], [0.0, 2000.0, 5.0]]))
    assert value == 1000
    np.testing.assert_array_equal(gradient, [[0.5, 0.0, -0.5], [0.0, 0.0, 0.0]])


def test_a_single_sample_is_the_plain_formula() -> None:
    assert bce(0.25, 1) == pytest.approx(-np.log(0.25))
    assert mse(1.0, 3.0) == 4
    assert cross_entropy([0.2, 0.8], 1) == pytest.approx(-np.log(0.8))
    assert cross_entropy([0.2, 0.8], [0.5, 0.5]) == pytest.approx(-np.log(0.2) / 2 - np.log(0.8) / 2)


@pytest.mark.parametrize("loss", [mse, bce, bce_with_logits])
def test_a_column_is_not_silently_compared_with_a_vector(loss: Any) -> None:
    with pytest.raises(cr.errors.ShapeMismatchError, match=r"would broadcast to \(3, 3\)"):
        cr.grad(lambda p: loss(p, np.zeros(3)))(np.full((3, 1), 0.5))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 3]), "class labels go from 0 to 2, but these from 0 to 3"),
        (np.array([-1, 0]), "class labels go from 0 to 2, but these from -1 to 0"),
        (np.array([0.0, 1.0]), r"write y.astype\(int\)"),
        (np.array([0, 1, 2]), r"integers of shape \(2,\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cross_entropy(np.full((2, 3), 1 / 3), labels)


def test_sigmoid_and_silu_do_not_warn_of_overflow() -> None:
    np.testing.assert_array_equal(sigmoid(np.array([-1e4, 1e4])), [0, 1])
    np.testing.assert_array_equal(record("silu")(np.array([-1e4, 1e4])), [0, 1e4])


def test_gelu_keeps_its_digits_for_negative_numbers() -> None:
    from scipy.special import erfc

    assert record("gelu")(-20.0) == pytest.approx(-20 * erfc(20 / np.sqrt(2)) / 2, rel=1e-12)
