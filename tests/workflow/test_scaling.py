"""Scaled targets, and parameters that predict unscaled ones."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.network import Network
from chainrule.workflow.scaling import TargetScale


@pytest.mark.parametrize(("outputs", "hidden"), [(1, ()), (1, (3,)), (2, ()), (2, (3,))])
def test_parameters_in_units_of_the_table_predict_what_the_scaled_ones_do(outputs: int, hidden: tuple[int]) -> None:
    rng = np.random.default_rng(0)
    network = Network(Architecture("regression", 4, outputs, hidden=hidden, init="xavier"))
    X, y = rng.normal(size=(20, 4)), 50 + 7 * rng.normal(size=(20, outputs))
    y = y[:, 0] if outputs == 1 else y
    scale = TargetScale("regression")
    scale.add(y[:5])
    scale.add(y[5:])
    params = network.init(rng, X)
    scaled = network.predict(params, X)
    np.testing.assert_allclose(scale.to_units(y).std(axis=0), 1.0)
    np.testing.assert_allclose(
        scale.to_units(network.predict(scale.in_table_units(params, network), X)), scaled, rtol=1e-12, atol=1e-12
    )


def test_a_constant_target_stays_finite() -> None:
    scale = TargetScale("regression")
    scale.add(np.array([3.0, 3.0]))
    np.testing.assert_array_equal(scale.to_units(np.array([3.0, 4.0])), [0.0, 1.0])


def test_classes_are_left_alone() -> None:
    scale = TargetScale("binary")
    y = np.array([0.0, 1.0])
    scale.add(y)
    assert scale.to_units(y) is y
