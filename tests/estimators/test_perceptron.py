"""What classifier and regressor have in common, and the classifier's own."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold, cross_val_score

from chainrule.errors import ConfigError, DataError
from chainrule.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore:training has not converged:sklearn.exceptions.ConvergenceWarning")

X, y = load_iris(return_X_y=True)
rng = np.random.default_rng(0)


def quick(**settings: Any) -> MLPClassifier:
    return MLPClassifier(**{"hidden_layer_sizes": (8,), "max_iter": 20, "random_state": 0, **settings})


def by_hand(model: Any, X: Any) -> Any:
    """Raw numbers of a network with rectifiers from its public weights."""
    a = X
    for W, b in zip(model.coefs_[:-1], model.intercepts_[:-1], strict=True):
        a = np.maximum(a @ W + b, 0.0)
    return a @ model.coefs_[-1] + model.intercepts_[-1]


# Defaults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "least"),
    [(load_breast_cancer, 0.97), (load_digits, 0.97), (load_iris, 0.95), (load_wine, 0.97)],
    ids=["breast_cancer", "digits", "iris", "wine"],
)
def test_defaults_serve_data_as_they_are(load: Any, least: float) -> None:
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_score(MLPClassifier(random_state=0), *load(return_X_y=True), cv=folds)
    assert scores.mean() >= least


# What training is told -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": 5},
        {"hidden_layer_sizes": (6, 5), "activation": "tanh"},
        {"activation": "logistic", "learning_rate_init": 0.03},
        {"activation": "gelu"},
        {"solver": "lbfgs"},
        {"solver": "sgd", "learning_rate_init": 0.1},
        {"solver": "sgd", "learning_rate_init": 0.1, "nesterovs_momentum": False},
        {"solver": "sgd", "learning_rate_init": 0.1, "learning_rate": "adaptive"},
        {"solver": "sgd", "learning_rate_init": 1.0, "learning_rate": "invscaling", "power_t": 0.2},
        {"dropout": 0.2},
        {"batch_norm": True},
        {"l1": 0.1},
        {"batch_size": 1000, "learning_rate_init": 0.03},
        {"shuffle": False},
        {"class_weight": "balanced"},
        {"early_stopping": True},
    ],
    ids=str,
)
def test_it_learns_with(settings: dict[str, Any]) -> None:
    model = (
        quick(max_iter=60, learning_rate_init=0.01, **settings)
        if "learning_rate_init" not in settings
        else quick(max_iter=60, **settings)
    )
    assert model.fit(X, y).score(X, y) > 0.9
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)
    assert len(model.loss_curve_) == model.n_iter_ <= 60


def test_l1_makes_weights_small() -> None:
    sizes = [sum(np.abs(W).sum() for W in quick(alpha=0.0, l1=l1).fit(X, y).coefs_) for l1 in (0.0, 3.0)]
    assert sizes[1] < sizes[0]


def test_an_adaptive_rate_ends_training() -> None:
    model = quick(solver="sgd", learning_rate="adaptive", learning_rate_init=1e-4, tol=10.0, n_iter_no_change=2)
    model.set_params(max_iter=100).fit(X, y)
    assert model.n_iter_ < 20


def test_float32_stays_float32() -> None:
    model = quick().fit(X.astype(np.float32), y)
    assert {W.dtype for W in model.coefs_} == {np.dtype(np.float32)}
    assert model.predict_proba(X.astype(np.float32)).dtype == np.float32
    assert MLPRegressor(max_iter=5).fit(X.astype(np.float32), y).predict(X).dtype == np.float32


def test_it_says_where_it_stopped() -> None:
    with pytest.warns(ConvergenceWarning, match="not converged in max_iter=3"):
        quick(max_iter=3).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        quick(solver="sgd", learning_rate_init=1e30, alpha=0.0).fit(X, y)


# Chance and weights --------------------------------------------------------------------------------------------------


def test_a_seed_is_a_result() -> None:
    first, second, other = (quick(random_state=seed, dropout=0.2).fit(X, y).predict_proba(X) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, other)


@pytest.mark.parametrize("settings", [{}, {"dropout": 0.2}, {"early_stopping": True}, {"solver": "lbfgs"}], ids=str)
def test_weights_are_repetitions_in_batches_too(settings: dict[str, Any]) -> None:
    weight = rng.integers(0, 4, len(X))
    order = rng.permutation(len(X))
    weighted = quick(**settings).fit(X[order], y[order], sample_weight=weight[order])
    repeated = quick(**settings).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))


def test_the_scale_of_weights_does_not_matter() -> None:
    weight = rng.uniform(0.5, 2.0, len(X))
    small, large = (quick(alpha=0.0).fit(X, y, sample_weight=factor * weight) for factor in (1.0, 1024.0))
    np.testing.assert_array_equal(small.predict_proba(X), large.predict_proba(X))


def test_class_weights_move_the_border() -> None:
    two, labels = X[50:], y[50:]
    shares = [
        (quick(class_weight={1: 1.0, 2: weight}, max_iter=60).fit(two, labels).predict(two) == 2).mean()
        for weight in (0.01, 1.0, 100.0)
    ]
    assert shares[0] < shares[1] < shares[2]


# Going on ------------------------------------------------------------------------------------------------------------


def test_partial_fit_is_an_epoch_of_fit() -> None:
    whole = quick(max_iter=6, tol=0.0).fit(X, y)
    parts = quick()
    for _ in range(6):
        parts.partial_fit(X, y, classes=[0, 1, 2])
    np.testing.assert_array_equal(whole.predict_proba(X), parts.predict_proba(X))
    assert parts.n_iter_ == len(parts.loss_curve_) == 6


def test_partial_fit_after_fit_goes_on() -> None:
    model = quick(max_iter=60, learning_rate_init=0.01).fit(X, y)
    before = model.loss_
    model.partial_fit(X[:75], y[:75])
    assert model.loss_ < 2 * before


def test_partial_fit_needs_all_classes_first() -> None:
    with pytest.raises(DataError, match="needs all classes"):
        quick().partial_fit(X, y)
    model = quick().partial_fit(X[:50], y[:50], classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (150, 3)
    with pytest.raises(DataError, match="the class 3"):
        model.partial_fit(X, y + 1)


def test_partial_fit_has_no_meaning_for_lbfgs() -> None:
    assert not hasattr(quick(solver="lbfgs"), "partial_fit")
    with pytest.raises(ConfigError, match="early_stopping=False"):
        quick(early_stopping=True).partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ConfigError, match="balanced"):
        quick(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_warm_start_goes_on(solver: str, batch_norm: bool) -> None:
    model = quick(warm_start=True, solver=solver, max_iter=10, batch_norm=batch_norm).fit(X, y)
    first = model.loss_
    for _ in range(3):
        model.fit(X, y)
    assert model.loss_ < first


def test_a_warm_start_needs_the_same_network() -> None:
    model = quick(warm_start=True).fit(X, y)
    with pytest.raises(DataError, match="8"):
        model.set_params(hidden_layer_sizes=(9,)).fit(X, y)


def test_early_stopping_holds_rows_out_and_keeps_the_best() -> None:
    model = quick(early_stopping=True, max_iter=200, learning_rate_init=0.05, n_iter_no_change=3).fit(X, y)
    assert model.n_iter_ < 200
    assert model.best_loss_ == min(model.validation_loss_curve_)
    assert len(model.validation_loss_curve_) == model.n_iter_


# What is handed out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("standardize", [False, True])
def test_public_weights_give_the_predictions(batch_norm: bool, standardize: bool) -> None:
    model = quick(batch_norm=batch_norm, standardize=standardize).fit(X, y)
    np.testing.assert_allclose(by_hand(model, X), model.decision_function(X), atol=1e-9)
    np.testing.assert_allclose(model.network_.predict(model.params_, X), model.predict_proba(X), atol=1e-9)
    assert model.n_layers_ == 3
    assert model.n_outputs_ == 3


def test_two_classes_have_one_output() -> None:
    model = quick().fit(X[:100], y[:100] == 1)
    assert model.coefs_[-1].shape == (8, 1)
    assert model.decision_function(X).shape == (150,)
    assert model.predict(X).dtype == bool
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))


def test_many_rows_are_predicted_in_parts() -> None:
    model = quick().fit(X, y)
    many = np.tile(X, (300, 1))
    np.testing.assert_allclose(model.predict_proba(many)[-150:], model.predict_proba(X), atol=1e-12)


def test_several_labels() -> None:
    X, Y = make_multilabel_classification(200, 10, n_classes=4, random_state=0)
    model = quick(max_iter=100, learning_rate_init=0.01).fit(X, Y)
    assert (model.predict(X) == Y).mean() > 0.8
    assert model.predict_proba(X).shape == (200, 4)
    assert model.classes_.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
    with pytest.raises(ConfigError, match="no class_weight"):
        quick(class_weight="balanced").fit(X, Y)
    with pytest.raises(DataError, match="multiclass-multioutput"):
        quick().fit(X, Y + np.arange(200)[:, None] % 3)


def test_a_pickled_model_goes_on() -> None:
    model = quick().fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.partial_fit(X, y).predict_proba(X), again.partial_fit(X, y).predict_proba(X))
