"""Classification by multilayer perceptrons."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target

from chainrule.errors import ConfigError, DataError
from chainrule.estimators.base import class_codes, weights_of_classes
from chainrule.estimators.logistic import log_probabilities, probabilities
from chainrule.estimators.perceptron import Perceptron, is_stochastic
from chainrule.functions import sigmoid, softplus

__all__ = ["MLPClassifier"]


class MLPClassifier(ClassifierMixin, Perceptron):
    """A multilayer perceptron that predicts classes, or several labels for each row.

    It minimises the mean cross-entropy of the rows and the penalties on its weights, in compiled loops.

    Parameters
    ----------
    hidden_layer_sizes : int or tuple of int, default (100,)
        Units of each hidden layer; ``()`` for none.
    activation : str, default "relu"
        Of the hidden layers: ``"relu"``, ``"tanh"``, ``"logistic"`` (or ``"sigmoid"``), ``"leaky_relu"``, ``"gelu"``,
        ``"silu"`` or ``"identity"``.
    solver : {"adam", "sgd", "lbfgs"}, default "adam"
    alpha : float, default 1.0
        Strength of the L2 penalty: the objective is Σ l + alpha/2 Σ w² over all rows and weights.
    l1 : float, default 0.0
        Strength of the L1 penalty, ``l1 Σ |w|``, on the same scale.
    dropout : float, default 0.0
        Probability with which a hidden unit is left out of a step.
    batch_norm : bool, default False
        Whether hidden layers are normalised over the batch.
    standardize : bool, default True
        Whether the network works on features of mean 0 and standard deviation 1. The scale is part of the model: data
        are given as they are. `partial_fit` takes it from its first batch.
    batch_size : int or "auto", default "auto"
        Rows of a step; ``"auto"`` is a fiftieth of all, but at least 32 and at most 200.
    learning_rate : {"constant", "invscaling", "adaptive"}, default "constant"
        For ``solver="sgd"``: as it is; divided by (1 + rows seen)^power_t after each epoch; or divided by 5
        whenever the loss does not fall any more, down to 10⁻⁶.
    learning_rate_init : float, default 0.003
    power_t : float, default 0.5
    max_iter : int, default 200
        Epochs at most, or iterations of L-BFGS.
    shuffle : bool, default True
        Whether each epoch takes the rows in a new order. Then rows that are the same are added up to one with their
        weights, and the result depends neither on the order of the rows nor on how their weights are written.
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
        The part of the rows that is held out then, with the same share of each class.
    beta_1, beta_2 : float, default 0.9 and 0.999
        For ``solver="adam"``.
    epsilon : float, default 1e-8
        For ``solver="adam"``.
    n_iter_no_change : int, default 10
        Training ends after so many epochs without an improvement.
    class_weight : dict, "balanced" or None, default None
        Weights of the classes; ``"balanced"`` gives each the same total weight.

    Attributes
    ----------
    classes_ : array of shape (classes,)
        Or the numbers of the labels.
    coefs_, intercepts_ : list of array
        Weights (inputs, outputs) and biases of each layer, for features as they are.
    loss_curve_ : list of float
        The loss of each epoch.
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
        Its parameters, for features as they are.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where the features have names.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import cross_val_score
    >>> from chainrule.estimators import MLPClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = MLPClassifier(hidden_layer_sizes=(16,), learning_rate_init=0.01, tol=0.001, random_state=0)
    >>> bool(cross_val_score(model, X, y, cv=3).mean() > 0.95)
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 1.0,
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
        class_weight: Any = None,
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
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPClassifier:
        """Train the network.

        Parameters
        ----------
        X : array-like or table of shape (n, d)
        y : array-like of shape (n,), or (n, labels)
            Labels of any kind; or 0 and 1 for each of several labels.
        sample_weight : array-like of shape (n,), optional
            A row of weight 2 counts as two rows, one of weight 0 as none.

        Returns
        -------
        MLPClassifier
            The estimator itself.
        """
        goes_on = self.warm_start and hasattr(self, "classes_")
        X, y, weight = self._checked(X, y, sample_weight, reset=not goes_on)
        task, codes, weight = self._coded(y, weight, self.classes_ if goes_on else None)
        self._train(task, X, codes, weight, len(self.classes_), goes_on=goes_on)
        return self

    @available_if(is_stochastic)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> MLPClassifier:
        """Train for one epoch on these rows, from where the last call ended.

        Parameters
        ----------
        X : array-like or table of shape (n, d)
        y : array-like of shape (n,), or (n, labels)
        classes : array-like, optional
            All classes that will ever come. The first call needs them.
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        MLPClassifier
            The estimator itself.
        """
        if self.class_weight == "balanced":
            raise ConfigError(
                'class_weight="balanced" needs to see all rows, and partial_fit sees a part of them',
                fix="give a dict such as class_weight={0: 1.0, 1: 3.0}",
            )
        goes_on = hasattr(self, "classes_")
        X, y, weight = self._checked(X, y, sample_weight, reset=not goes_on)
        if not goes_on and classes is None:
            raise DataError("the first call of partial_fit needs all classes", fix="give classes=np.unique(y)")
        known = self.classes_ if goes_on else np.unique(classes)
        task, codes, weight = self._coded(y, weight, known)
        self._continue(task, X, codes, weight, len(known), goes_on=goes_on)
        return self

    def decision_function(self, X: Any) -> Any:
        """The raw numbers z, of which sigmoid or softmax makes probabilities.

        Parameters
        ----------
        X : array-like or table of shape (n, d)

        Returns
        -------
        array of shape (n,) or (n, classes)
            For two classes, one number for each row; it is positive where the second class is predicted.
        """
        return self._raw(X)

    def predict(self, X: Any) -> Any:
        """The class of each row, or 0 and 1 for each label.

        Parameters
        ----------
        X : array-like or table of shape (n, d)

        Returns
        -------
        array of shape (n,) or (n, labels)
        """
        z = self._raw(X)
        task = self.network_.architecture.task
        if task == "multilabel":
            return (z > 0).astype(self._label_dtype)
        return self.classes_[(z > 0).astype(int) if task == "binary" else z.argmax(axis=1)]

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class or label.

        Parameters
        ----------
        X : array-like or table of shape (n, d)

        Returns
        -------
        array of shape (n, classes)
        """
        z = self._raw(X)
        return sigmoid(z) if self.network_.architecture.task == "multilabel" else probabilities(z)

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithm of the probability of each class or label, exact also where that rounds to 0.

        Parameters
        ----------
        X : array-like or table of shape (n, d)

        Returns
        -------
        array of shape (n, classes)
        """
        z = self._raw(X)
        return -softplus(-z) if self.network_.architecture.task == "multilabel" else log_probabilities(z)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _coded(self, y: Any, weight: Any, known: Any) -> tuple[str, Any, Any]:
        """The task, targets as numbers, and weights with those of the classes; sets `classes_`."""
        if y.ndim == 2:
            kind = type_of_target(y, input_name="y")
            labels = np.arange(y.shape[1])
            if kind != "multilabel-indicator" or (known is not None and not np.array_equal(known, labels)):
                raise DataError(
                    f"y has the shape {y.shape} and holds {kind} targets, but here it holds 0 and 1 for each label",
                    fix="give one label for each row, or a column of 0 and 1 for each of the same labels",
                )
            if self.class_weight is not None:
                raise ConfigError("several labels for each row have no class_weight", fix="give sample_weight")
            self.classes_, self._label_dtype = labels, y.dtype
            return "multilabel", y.astype(np.float64), weight
        self.classes_, codes = class_codes(y, known)
        weight = weights_of_classes(self.class_weight, self.classes_, codes, weight)
        return "binary" if len(self.classes_) == 2 else "multiclass", codes, weight
