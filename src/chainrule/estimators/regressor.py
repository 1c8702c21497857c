"""Regression by multilayer perceptrons."""

from __future__ import annotations

from typing import Any

from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if

from chainrule.estimators.perceptron import Perceptron, is_stochastic
from chainrule.estimators.scaling import Scaling

__all__ = ["MLPRegressor"]


class MLPRegressor(MultiOutputMixin, RegressorMixin, Perceptron):
    """A multilayer perceptron that predicts one number or several for each row.

    It minimises half the mean squared error of the rows and the penalties on its weights, in compiled loops.

    Parameters
    ----------
    hidden_layer_sizes : int or tuple of int, default (100,)
        Units of each hidden layer; ``()`` for none.
    activation : str, default "relu"
        Of the hidden layers: ``"relu"``, ``"tanh"``, ``"logistic"`` (or ``"sigmoid"``), ``"leaky_relu"``, ``"gelu"``,
        ``"silu"`` or ``"identity"``.
    solver : {"adam", "sgd", "lbfgs"}, default "adam"
    alpha : float, default 5.0
        Strength of the L2 penalty: the objective is Σ l + alpha/2 Σ w² over all rows and weights.
    l1 : float, default 0.0
        Strength of the L1 penalty, ``l1 Σ |w|``, on the same scale.
    dropout : float, default 0.0
        Probability with which a hidden unit is left out of a step.
    batch_norm : bool, default False
        Whether hidden layers are normalised over the batch.
    standardize : bool, default True
        Whether the network works on features and targets of mean 0 and standard deviation 1. The scale is part of the
        model: data are given, and predictions come, as they are. `partial_fit` takes it from its first batch.
    batch_size : int or "auto", default "auto"
        Rows of a step; ``"auto"`` is a fiftieth of all, but at least 32 and at most 200.
    learning_rate : {"constant", "invscaling", "adaptive"}, default "constant"
        For ``solver="sgd"``; as for `MLPClassifier`.
    learning_rate_init : float, default 0.003
    power_t : float, default 0.5
    max_iter : int, default 200
        Epochs at most, or iterations of L-BFGS.
    shuffle : bool, default True
        Whether each epoch takes the rows in a new order; as for `MLPClassifier`.
    random_state : int, RandomState or None, default None
        For weights, order of rows, dropout and validation data.
    tol : float, default 1e-4
        An epoch that does not lower the loss by this is no improvement. For L-BFGS: the largest element of the
        gradient that ends the search.
    verbose : bool, default False
        Whether to show a progress bar (needs rich).
    warm_start : bool, default False
        Whether `fit` begins from the weights that were found before.
    momentum : float, default 0.9
        For ``solver="sgd"``.
    nesterovs_momentum : bool, default True
        For ``solver="sgd"``.
    early_stopping : bool, default False
        Whether a part of the rows is held out, to stop when the loss on it no longer falls, and to return the weights
        of its lowest value. Not for L-BFGS.
    validation_fraction : float, default 0.1
        The part of the rows that is held out then.
    beta_1, beta_2 : float, default 0.9 and 0.999
        For ``solver="adam"``.
    epsilon : float, default 1e-8
        For ``solver="adam"``.
    n_iter_no_change : int, default 10
        Training ends after so many epochs without an improvement.

    Attributes
    ----------
    coefs_, intercepts_ : list of array
        Weights (inputs, outputs) and biases of each layer, for features and targets as they are.
    loss_curve_ : list of float
        The loss of each epoch, of standardised targets.
    validation_loss_curve_ : list of float
        With `early_stopping`.
    loss_, best_loss_ : float
        The last and the lowest loss, of the held-out rows if there are any.
    n_iter_ : int
        Epochs, or iterations.
    n_layers_, n_outputs_ : int
    network_ : Network
        chainrule's model: ``network_.predict(params_, X)``.
    params_ : dict of str to array
        Its parameters, for features and targets as they are.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where the features have names.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.estimators import MLPRegressor
    >>> X = np.linspace(0.0, 1000.0, 50)[:, None]
    >>> y = 7.0 * np.sin(X[:, 0] / 200.0)
    >>> model = MLPRegressor((20,), "tanh", solver="lbfgs", alpha=0.001, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.99)
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 5.0,
        l1: float = 0.0,
        dropout: float = 0.0,
        batch_norm: bool = False,
        standardize: bool = True,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.003,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
    ) -> None:
        super().__init__(
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            solver=solver,
            alpha=alpha,
            l1=l1,
            dropout=dropout,
            batch_norm=batch_norm,
            standardize=standardize,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            n_iter_no_change=n_iter_no_change,
        )

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Train the network.

        Parameters
        ----------
        X : array-like or table of shape (n, d)
        y : array-like of shape (n,) or (n, targets)
        sample_weight : array-like of shape (n,), optional
            A row of weight 2 counts as two rows, one of weight 0 as none.

        Returns
        -------
        MLPRegressor
            The estimator itself.
        """
        goes_on = self.warm_start and hasattr(self, "network_")
        X, y, weight = self._checked(X, y, sample_weight, reset=not goes_on, y_numeric=True)
        y = self._targets(y)
        self._train("regression", X, y, weight, y.size // len(y), goes_on=goes_on)
        return self

    @available_if(is_stochastic)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Train for one epoch on these rows, from where the last call ended.

        Parameters
        ----------
        X : array-like or table of shape (n, d)
        y : array-like of shape (n,) or (n, targets)
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        MLPRegressor
            The estimator itself.
        """
        goes_on = hasattr(self, "network_")
        X, y, weight = self._checked(X, y, sample_weight, reset=not goes_on, y_numeric=True)
        y = self._targets(y)
        self._continue("regression", X, y, weight, y.size // len(y), goes_on=goes_on)
        return self

    def predict(self, X: Any) -> Any:
        """Predicted numbers.

        Parameters
        ----------
        X : array-like or table of shape (n, d)

        Returns
        -------
        array of shape (n,) or (n, targets)
        """
        z = self._raw(X)
        predicted = self._target_scaling.undo(z)
        return predicted[:, None] if self._has_axis and predicted.ndim == 1 else predicted

    def _targets(self, y: Any) -> Any:
        """Targets, without an axis for a single one; predictions get it back."""
        self._has_axis = y.ndim == 2
        return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y

    def _scaling_of_targets(self, y: Any, weight: Any) -> Scaling:
        return Scaling.of(y, weight) if self.standardize else Scaling.none(y)
