from __future__ import annotations

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

from chainrule.estimators import MLPClassifier
from chainrule.estimators.solvers import InverseScaling, optimizer_of, watches_of
from chainrule.learn.optimizers import Adam, GradientDescent
from chainrule.learn.stopping import ReduceOnPlateau


def test_inverse_scaling_is_scikit_learns() -> None:
    theirs = SGDOptimizer([np.zeros(1)], 0.1, "invscaling", power_t=0.5)
    ours = InverseScaling(0.1, steps=4, rows=37, power=0.5)
    for epoch in range(4):
        np.testing.assert_allclose([ours(4 * epoch), ours(4 * epoch + 3)], theirs.learning_rate)
        theirs.iteration_ends(37 * (epoch + 1))


def test_settings_become_optimisers() -> None:
    adam = optimizer_of(MLPClassifier(beta_1=0.5, epsilon=1e-3, learning_rate_init=0.2), rows=9, batch_size=3)
    assert adam == Adam(lr=0.2, beta1=0.5, eps=1e-3)
    plain = optimizer_of(MLPClassifier(solver="sgd", momentum=0.0, learning_rate_init=0.2), rows=9, batch_size=3)
    assert plain == GradientDescent(lr=0.2)


def test_an_adaptive_rate_falls_to_a_millionth() -> None:
    watches = watches_of(MLPClassifier(solver="sgd", learning_rate="adaptive", learning_rate_init=0.1, tol=0.0))
    assert watches["plateau"] == ReduceOnPlateau(0.2, 10, min_lr_scale=pytest.approx(1e-5), min_delta=0.0)
    assert "early_stopping" not in watches
