from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import ConfigError
from chainrule.estimators.convex import minimise_convex
from chainrule.learn.models import Architecture


def test_a_hidden_layer_is_refused() -> None:
    with pytest.raises(ConfigError, match="not convex"):
        minimise_convex(
            Architecture("regression", inputs=1, hidden=(2,)),
            np.zeros((2, 1)),
            np.zeros(2),
            None,
            l2=0.0,
            solver="newton-cg",
            tol=1e-6,
            max_iter=5,
        )


def test_newtons_method_solves_a_quadratic_in_few_steps_and_separable_classes_with_a_penalty() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 5)) * [1.0, 1e4, 1e-4, 1.0, 1.0]
    y = X @ [1.0, 1e-4, 1e4, 0.0, 2.0] + 3.0
    found = minimise_convex(
        Architecture("regression", inputs=5), X, y, None, l2=0.0, solver="newton-cg", tol=1e-10, max_iter=20
    )
    assert found.converged
    assert found.iterations <= 6
    np.testing.assert_allclose(found.coef, [1.0, 1e-4, 1e4, 0.0, 2.0], atol=1e-6)
    separable = minimise_convex(
        Architecture("binary", inputs=5),
        X,
        (y > 0).astype(float),
        None,
        l2=1e-3,
        solver="newton-cg",
        tol=1e-9,
        max_iter=50,
    )
    assert separable.converged
    assert np.isfinite(separable.coef).all()


def test_constant_features_get_no_weight() -> None:
    X = np.column_stack([np.arange(10.0), np.full(10, 7.0)])
    found = minimise_convex(
        Architecture("regression", inputs=2), X, 2 * X[:, 0], None, l2=0.0, solver="newton-cg", tol=1e-10, max_iter=20
    )
    np.testing.assert_allclose(found.coef, [2.0, 0.0], atol=1e-8)
