"""scikit-learn's settings of stochastic solvers as chainrule's optimisers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.estimators.base import choice, count, number
from chainrule.learn.optimizers import Adam, GradientDescent, Optimizer
from chainrule.learn.stopping import EarlyStopping, ReduceOnPlateau

__all__ = ["LEARNING_RATES", "SOLVERS", "InverseScaling", "optimizer_of", "watches_of"]

SOLVERS = ("adam", "sgd", "lbfgs")
LEARNING_RATES = ("constant", "invscaling", "adaptive")

#: ``learning_rate="adaptive"`` divides by this, down to the least rate; then training ends.
_ADAPTIVE_FACTOR = 0.2
_LEAST_RATE = 1e-6


@dataclass(frozen=True)
class InverseScaling:
    """A learning rate that falls from epoch to epoch: lr / (1 + rows seen)^power.

    Parameters
    ----------
    lr : float
    steps : int
        In an epoch.
    rows : int
        In an epoch.
    power : float

    Examples
    --------
    >>> schedule = InverseScaling(1.0, steps=10, rows=99, power=0.5)
    >>> float(schedule(9)), float(schedule(10))
    (1.0, 0.1)
    """

    lr: float
    steps: int
    rows: int
    power: float

    def __call__(self, count: Any) -> Any:
        return self.lr * (1.0 + self.rows * np.floor(count / self.steps)) ** -self.power


def optimizer_of(model: Any, *, rows: int, batch_size: int) -> Optimizer:
    """The optimiser that a model's settings describe.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
    rows, batch_size : int
        Of an epoch, for the learning rate.

    Examples
    --------
    >>> from chainrule.estimators import MLPClassifier
    >>> optimizer_of(MLPClassifier(solver="sgd"), rows=100, batch_size=10)
    GradientDescent(lr=0.003, momentum=0.9, nesterov=True, weight_decay=0.0)
    """
    lr = number("learning_rate_init", model.learning_rate_init, above=0.0)
    if model.solver == "adam":
        return Adam(
            lr=lr,
            beta1=number("beta_1", model.beta_1, most=1.0),
            beta2=number("beta_2", model.beta_2, most=1.0),
            eps=number("epsilon", model.epsilon, above=0.0),
        )
    momentum = number("momentum", model.momentum, most=1.0)
    schedule: Any = lr
    if choice("learning_rate", model.learning_rate, LEARNING_RATES) == "invscaling":
        schedule = InverseScaling(lr, -(-rows // batch_size), rows, number("power_t", model.power_t))
    return GradientDescent(lr=schedule, momentum=momentum, nesterov=bool(model.nesterovs_momentum and momentum))


def watches_of(model: Any) -> dict[str, Any]:
    """Early stopping, or the falling learning rate that comes before it, as arguments of `fit`.

    Examples
    --------
    >>> from chainrule.estimators import MLPClassifier
    >>> watches_of(MLPClassifier())["early_stopping"]
    EarlyStopping(patience=10, min_delta=0.0001, restore_best=False)
    """
    patience, tol = count("n_iter_no_change", model.n_iter_no_change), number("tol", model.tol)
    if not (model.solver == "sgd" and model.learning_rate == "adaptive"):
        return {"early_stopping": EarlyStopping(patience, tol, restore_best=bool(model.early_stopping))}
    least = _LEAST_RATE / model.learning_rate_init
    return {
        "plateau": ReduceOnPlateau(_ADAPTIVE_FACTOR, patience, min_lr_scale=least, min_delta=tol),
        "callback": lambda training: training.history["lr"][-1] <= _LEAST_RATE * (1 + 1e-9),
    }
