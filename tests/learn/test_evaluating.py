"""The loss of validation data as a program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.learn.problems import classes, perceptron_loss, perceptron_params

from chainrule.learn.evaluating import Evaluation
from chainrule.structure import flatten


@pytest.mark.parametrize("factor", [1.0, 2.0, 1e3])
def test_it_is_the_loss_as_written(factor: float) -> None:
    params, data = {name: factor * leaf for name, leaf in perceptron_params().items()}, classes()
    leaves, structure = flatten(params)
    evaluation = Evaluation(perceptron_loss, data, structure)
    with np.errstate(all="ignore"):
        expected = perceptron_loss(params, *data)
    if factor < 1e3:
        assert evaluation(leaves) == pytest.approx(expected, rel=1e-12)
    else:  # where the formula as written gives NaN, its stable form does not
        assert not np.isfinite(expected)
        assert np.isfinite(evaluation(leaves))


def test_the_loss_is_called_twice_and_then_no_more() -> None:
    calls: list[int] = []

    def loss(params: Any, X: Any, y: Any) -> Any:
        calls.append(1)
        return perceptron_loss(params, X, y)

    leaves, structure = flatten(perceptron_params())
    evaluation = Evaluation(loss, classes(), structure)
    values = [evaluation([leaf * scale for leaf in leaves]) for scale in (1.0, 0.5, 2.0)]
    assert len(calls) == 2
    assert len(set(values)) == 3


def test_a_loss_that_looks_at_numbers_is_called_each_time() -> None:
    def loss(params: Any, X: Any, y: Any) -> Any:
        return perceptron_loss(params, X, y) if params["b2"] < 1 else 7.0

    leaves, structure = flatten(perceptron_params())
    evaluation = Evaluation(loss, classes(), structure)
    assert evaluation(leaves) == pytest.approx(perceptron_loss(perceptron_params(), *classes()), rel=1e-12)
    params = {**perceptron_params(), "b2": np.array(2.0)}
    assert evaluation(flatten(params)[0]) == 7.0
