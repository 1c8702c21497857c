"""Logistic and softmax regression."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning

from chainrule.estimators.base import Estimator, choice, class_codes, count, number, weights_of_classes
from chainrule.estimators.convex import SOLVERS, minimise_convex
from chainrule.functions import log_softmax, sigmoid, softmax, softplus
from chainrule.learn.models import Architecture, Network

__all__ = ["LogisticRegression"]


class LogisticRegression(ClassifierMixin, Estimator):
    """Logistic regression for two classes, softmax regression for more.

    It minimises C Σ l + ½ Σ w², where l is the cross-entropy of a row: scikit-learn's objective.

    Parameters
    ----------
    C : float, default 1.0
        The inverse of the strength of the L2 penalty; ``numpy.inf`` for no penalty.
    fit_intercept : bool, default True
        Whether there is a bias; it is not penalised.
    class_weight : dict, "balanced" or None, default None
        Weights of the classes; ``"balanced"`` gives each the same total weight.
    solver : {"newton-cg", "lbfgs"}, default "newton-cg"
        Newton's method with conjugate gradients, whose products with the Hessian are chainrule's `hvp`; or L-BFGS.
    tol : float, default 1e-10
        The largest element of the gradient of the mean loss, on standardised features, that ends the search. It
        is much stricter than scikit-learn's: near the minimum a step of Newton's method doubles the correct digits.
    max_iter : int, default 100
    warm_start : bool, default False
        Whether `fit` begins from the coefficients that were found before.

    Attributes
    ----------
    classes_ : array of shape (classes,)
    coef_ : array of shape (1, d) or (classes, d)
        For two classes, those of the second one.
    intercept_ : array of shape (1,) or (classes,)
    n_iter_ : array of shape (1,)
    n_features_in_ : int
    feature_names_in_ : array of str
        Where the features have names.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from chainrule.estimators import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression().fit(X, y)
    >>> round(model.score(X, y), 3), model.predict_proba(X[:1]).round(2)
    (0.973, array([[0.98, 0.02, 0.  ]]))
    """

    def __init__(
        self,
        *,
        C: float = 1.0,
        fit_intercept: bool = True,
        class_weight: Any = None,
        solver: str = "newton-cg",
        tol: float = 1e-10,
        max_iter: int = 100,
        warm_start: bool = False,
    ) -> None:
        self.C = C
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LogisticRegression:
        """Find the minimum.

        Parameters
        ----------
        X : array-like or table of shape (n, d)
        y : array-like of shape (n,)
            Labels of any kind.
        sample_weight : array-like of shape (n,), optional
            A row of weight 2 counts as two rows, one of weight 0 as none.

        Returns
        -------
        LogisticRegression
            The estimator itself.
        """
        C = number("C", self.C, above=0.0)
        choice("solver", self.solver, SOLVERS)
        X, y, weight = self._checked(X, y, sample_weight, wide=False)
        dtype = X.dtype
        X = X.astype(np.float64, copy=False)
        classes, codes = class_codes(y)
        weight = weights_of_classes(self.class_weight, classes, codes, weight)
        total = len(X) if weight is None else weight.sum()
        is_binary = len(classes) == 2
        architecture = Architecture(
            "binary" if is_binary else "multiclass",
            inputs=X.shape[1],
            outputs=1 if is_binary else len(classes),
            fit_intercept=bool(self.fit_intercept),
        )
        found = minimise_convex(
            architecture,
            X,
            Network(architecture).encode(codes),
            weight,
            l2=1.0 / (C * total),
            solver=self.solver,
            tol=number("tol", self.tol),
            max_iter=count("max_iter", self.max_iter),
            start=self._start(classes, X.shape[1]),
        )
        if not found.converged:
            warnings.warn(
                f"{self.solver} has not converged in max_iter={self.max_iter} iterations; give more, or a larger tol",
                ConvergenceWarning,
                stacklevel=2,
            )
        coef, intercept = np.atleast_2d(found.coef.T), np.atleast_1d(found.intercept)
        if not is_binary:  # what all classes have in common changes no probability
            coef, intercept = coef - coef.mean(axis=0), intercept - intercept.mean()
        self.classes_ = classes
        self.coef_, self.intercept_ = coef.astype(dtype), np.broadcast_to(intercept, len(coef)).astype(dtype)
        self.n_iter_ = np.array([max(found.iterations, 1)])
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
        z = self._features(X) @ self.coef_.T + self.intercept_
        return z[:, 0] if len(self.classes_) == 2 else z

    def predict(self, X: Any) -> Any:
        """The class of each row.

        Parameters
        ----------
        X : array-like or table of shape (n, d)

        Returns
        -------
        array of shape (n,)
        """
        z = self.decision_function(X)
        return self.classes_[(z > 0).astype(int) if z.ndim == 1 else z.argmax(axis=1)]

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class.

        Parameters
        ----------
        X : array-like or table of shape (n, d)

        Returns
        -------
        array of shape (n, classes)
        """
        return probabilities(self.decision_function(X))

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithm of the probability of each class, exact also where that rounds to 0.

        Parameters
        ----------
        X : array-like or table of shape (n, d)

        Returns
        -------
        array of shape (n, classes)
        """
        return log_probabilities(self.decision_function(X))

    def _start(self, classes: Any, features: int) -> tuple[Any, Any] | None:
        """Where the last fit ended, if it is to go on from there."""
        if not self.warm_start or not hasattr(self, "coef_"):
            return None
        if not np.array_equal(self.classes_, classes) or self.coef_.shape[1] != features:
            return None
        return self.coef_.T.astype(np.float64), self.intercept_.astype(np.float64)


def probabilities(z: Any) -> Any:
    """One column for each class, from one raw number for each row, or one for each class.

    Examples
    --------
    >>> probabilities(np.array([0.0])).tolist()
    [[0.5, 0.5]]
    """
    return np.column_stack([sigmoid(-z), sigmoid(z)]) if z.ndim == 1 else softmax(z)


def log_probabilities(z: Any) -> Any:
    """Their logarithms.

    Examples
    --------
    >>> log_probabilities(np.array([0.0])).round(4).tolist()
    [[-0.6931, -0.6931]]
    """
    return np.column_stack([-softplus(z), -softplus(-z)]) if z.ndim == 1 else log_softmax(z)
