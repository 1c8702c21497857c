"""The forward pass in training: normalised by the batch, with masks, and with targets that fit."""

from __future__ import annotations

import numpy as np
import pytest
from tests.learn.models.networks import N, build, normalised, problem

import chainrule as cr
from chainrule.errors import ConfigError, ShapeMismatchError


def test_in_training_layers_are_normalised_by_the_batch() -> None:
    network, params, X, y = normalised()
    scaled = {name: value * 7 if name == "W1" else value for name, value in params.items()}
    np.testing.assert_allclose(network.loss(scaled, X, y), network.loss(params, X, y), rtol=1e-4)
    assert abs(float(network.loss(params, X[:6], y[:6]) - network.loss(network.finish(params, X), X[:6], y[:6]))) > 1e-3


def test_the_expected_output_of_a_linear_network_is_that_without_dropout() -> None:
    network = build({"task": "regression", "hidden": (50,), "activation": "identity", "dropout": 0.4})
    params, (X, *_) = problem(network)
    rng = np.random.default_rng(0)
    drawn = np.array([network.outputs(params, X, network.noise(rng, N)) for _ in range(2000)])
    error = np.abs(drawn.mean(axis=0) - network.outputs(params, X))
    assert (error < 4.5 * drawn.std(axis=0) / np.sqrt(2000)).all()


def test_masks_of_another_number_of_layers_are_refused() -> None:
    network = build({"task": "binary", "hidden": (6, 5), "dropout": 0.5})
    params, (X, y, *masks) = problem(network, weighted=False)
    with pytest.raises(ConfigError, match="noise holds 1 arrays, but there are 2 hidden layers"):
        network.loss(params, X, y, masks[0])


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize(("task", "shape"), [("binary", (N, 1)), ("multiclass", (N, 1)), ("multilabel", (N,))])
def test_targets_that_would_broadcast_are_refused(task: str, shape: tuple[int, ...], traced: bool) -> None:
    network = build({"task": task})
    params, (X, *_) = problem(network)
    call = cr.grad(network.loss) if traced else network.loss
    with pytest.raises(ShapeMismatchError, match="y has the shape") as caught:
        call(params, X, np.zeros(shape))
    assert "network.encode(y)" in str(caught.value)
