"""First weights: their variances, and which initialisation "auto" is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from chainrule.learn.models import Architecture, Network
from chainrule.learn.models.initialisation import he, small, xavier, zeros


@pytest.mark.parametrize(
    ("draw", "variance"),
    [(small, 0.25 / 120), (xavier, 2 / (120 + 80)), (he, 2 / 120)],
    ids=["small", "xavier", "he"],
)
@pytest.mark.parametrize("seed", range(3))
def test_weights_have_mean_zero_and_the_stated_variance(draw, variance, seed) -> None:
    weights = draw(np.random.default_rng(seed), 120, 80)
    n = weights.size
    assert weights.shape == (120, 80)
    assert abs(weights.mean()) < 4 * np.sqrt(variance / n)
    low, high = chi2.ppf([1e-4, 1 - 1e-4], n) / n  # of normal numbers; uniform ones spread less
    assert low < np.mean(weights**2) / variance < high


def test_xavier_stays_within_its_limits() -> None:
    weights = xavier(np.random.default_rng(0), 4, 2)
    assert np.abs(weights).max() <= 1.0


@pytest.mark.parametrize(
    ("hidden", "activation", "expected"),
    [(1, "relu", xavier), (6, "gelu", xavier), (7, "relu", he), (7, "gelu", he), (7, "tanh", xavier)],
)
def test_auto_is_he_before_the_rectifiers_of_deep_networks_and_xavier_elsewhere(hidden, activation, expected) -> None:
    network = Network(Architecture("multiclass", 4, 3, hidden=(5,) * hidden, activation=activation))
    params = network.init(np.random.default_rng(1), np.ones((1, 4)))
    rng = np.random.default_rng(1)
    np.testing.assert_array_equal(params["W1"], expected(rng, 4, 5))
    for i in range(2, hidden + 1):
        np.testing.assert_array_equal(params[f"W{i}"], expected(rng, 5, 5))
    np.testing.assert_array_equal(params[f"W{hidden + 1}"], xavier(rng, 5, 3))


def test_auto_begins_convex_models_at_zero() -> None:
    network = Network(Architecture("multiclass", 4, 3))
    params = network.init(np.random.default_rng(0), np.ones((1, 4)))
    np.testing.assert_array_equal(params["W1"], zeros(np.random.default_rng(0), 4, 3))


def test_a_named_initialisation_holds_for_every_layer() -> None:
    network = Network(Architecture("multiclass", 4, 3, hidden=(5,), activation="tanh", init="he"))
    params = network.init(np.random.default_rng(0), np.ones((1, 4)))
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(params["W1"], he(rng, 4, 5))
    np.testing.assert_array_equal(params["W2"], he(rng, 5, 3))


def test_the_same_seed_gives_the_same_network_in_float32() -> None:
    network = Network(Architecture("binary", 4, hidden=(5,)))
    wide = network.init(np.random.default_rng(0), np.ones((1, 4)))
    narrow = network.init(np.random.default_rng(0), np.ones((1, 4), np.float32))
    for name in wide:
        np.testing.assert_array_equal(wide[name].astype(np.float32), narrow[name])


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu", "leaky_relu"])
def test_signals_pass_through_ten_layers_of_rectifiers(activation) -> None:
    X = np.random.default_rng(1).normal(size=(200, 100))
    network = Network(Architecture("regression", 100, 100, hidden=(100,) * 10, activation=activation))
    z = network.outputs(network.init(np.random.default_rng(0), X), X)
    assert 0.01 < np.std(z) < 10
