"""scikit-learn: ``MLPClassifier`` with plain gradient descent, in batches of as many rows as the step sees.

Without momentum, penalty, shuffling and stopping rule it does the very step of the other contenders; with no hidden
layer it is logistic regression. ``SGDClassifier`` and ``LogisticRegression`` cannot take part: the first updates after
every single row, the second has no gradient descent.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from workloads import LEARNING_RATE, Problem

NEVER = 2**31 - 1


def _layers(params: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Weights as matrices, biases as vectors: scikit-learn's layout."""
    if "w" in params:
        return [params["w"][:, None].copy()], [params["b"].reshape(1).copy()]
    return (
        [params["W1"].copy(), params["W2"][:, None].copy()],
        [params["b1"].copy(), params["b2"].reshape(1).copy()],
    )


def _params(classifier: MLPClassifier) -> dict[str, Any]:
    weights, biases = classifier.coefs_, classifier.intercepts_
    if len(weights) == 1:
        return {"w": weights[0][:, 0], "b": biases[0][0]}
    return {"W1": weights[0], "b1": biases[0], "W2": weights[1][:, 0], "b2": biases[1][0]}


def contender(problem: Problem) -> Callable[[int], tuple[Any, Any]]:
    X, y = problem.data
    work = problem.work
    classifier = MLPClassifier(
        hidden_layer_sizes=(work.h,) if work.h else (),
        activation="tanh",
        solver="sgd",
        alpha=0.0,
        batch_size=work.rows,
        learning_rate_init=LEARNING_RATE,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
        tol=0.0,
        n_iter_no_change=NEVER,
        max_iter=1,
        warm_start=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(X[: 2 * work.rows], y[: 2 * work.rows])  # makes the layers, which every run then resets

    def run(steps: int) -> tuple[Any, Any]:
        classifier.coefs_, classifier.intercepts_ = _layers(problem.params)
        classifier.loss_curve_, classifier.t_, classifier.n_iter_ = [], 0, 0
        rows: Any = slice(None)
        classifier.max_iter = steps
        if work.batch:
            classifier.max_iter, rest = divmod(steps, work.epoch)
            rows = problem.order[: work.epoch * work.rows]
            if rest:
                raise ValueError(f"minibatches run by the epoch: {work.epoch} steps, not {steps}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            classifier.fit(X[rows], y[rows])
        return _params(classifier), np.array(classifier.loss_curve_)

    return run
