"""The check of a model's gradient: right ones pass, wrong ones do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.learn.problems import classes, perceptron_loss, perceptron_params

import chainrule as cr
from chainrule.learn.gradient_check import check_gradients


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_model_passes(dtype: Any) -> None:
    params = {name: leaf.astype(dtype) for name, leaf in perceptron_params().items()}
    check = check_gradients(perceptron_loss, params, tuple(array.astype(dtype) for array in classes()))
    assert check.passed
    assert check.names == ("W1", "b1", "b2", "w2")
    assert max(check.errors) < 1e-6
    assert "✗" not in str(check)


def test_kinks_of_relu_pass() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 8)), rng.normal(size=500)

    def loss(params: Any, X: Any, y: Any) -> Any:
        return np.mean((np.maximum(X @ params["W"], 0) @ params["v"] - y) ** 2)

    assert check_gradients(loss, {"W": rng.normal(size=(8, 50)), "v": rng.normal(size=50)}, (X, y)).passed


def test_a_parameter_that_does_nothing_passes() -> None:
    check = check_gradients(
        lambda p, x: np.mean((x * p["w"] + 0 * p["idle"]) ** 2), {"w": 2.0, "idle": 1.0}, (np.ones(3),)
    )
    assert check.passed


@pytest.mark.parametrize("factor", [1.01, 0.0, -1.0])
def test_a_wrong_gradient_does_not_pass(factor: float) -> None:
    @cr.custom_vjp
    def wrong(x: Any) -> Any:
        return x * x

    wrong.defvjp(lambda x: (x * x, x), lambda x, g: (2 * factor * x * g,))
    check = check_gradients(lambda p, x: np.sum(wrong(p["w"] * x)) + p["b"] ** 2, {"w": 0.7, "b": 1.0}, (np.ones(3),))
    assert not check.passed
    assert [error < 1e-4 for error in check.errors] == [True, False]
    assert str(check).count("✗") == 1
