"""Linear and ridge regression."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning

from chainrule.estimators.base import Estimator, choice, count, number
from chainrule.estimators.convex import SOLVERS, minimise_convex
from chainrule.learn.models import Architecture

__all__ = ["LinearRegression", "Ridge"]

_SOLVERS = ("svd", *SOLVERS)


class _Linear(MultiOutputMixin, RegressorMixin, Estimator):
    """ŷ = X w + b."""

    fit_intercept: bool
    solver: str
    tol: float
    max_iter: int

    def predict(self, X: Any) -> Any:
        """Predicted numbers.

        Parameters
        ----------
        X : array-like or table of shape (n, d)

        Returns
        -------
        array of shape (n,) or (n, targets)
        """
        X = self._features(X)
        return X @ self.coef_.T + self.intercept_

    def _fit(self, X: Any, y: Any, sample_weight: Any, alpha: float) -> None:
        choice("solver", self.solver, _SOLVERS)
        number("tol", self.tol)
        count("max_iter", self.max_iter)
        X, y, weight = self._checked(X, y, sample_weight, y_numeric=True)
        dtype = X.dtype
        X, y = X.astype(np.float64, copy=False), y.astype(np.float64)
        targets = y.reshape(len(y), -1)
        if self.solver == "svd":
            coef, intercept, self.rank_ = _solved(X, targets, weight, alpha, self.fit_intercept)
            self.n_iter_ = 1
        else:
            coef, intercept = self._minimised(X, targets, weight, alpha)
        self.coef_ = (coef.T if y.ndim == 2 else coef[:, 0]).astype(dtype)
        self.intercept_ = np.asarray(intercept if y.ndim == 2 else intercept[0], dtype)[()]

    def _minimised(self, X: Any, targets: Any, weight: Any, alpha: float) -> tuple[Any, Any]:
        """The minimum of the same objective, found through gradients."""
        outputs = targets.shape[1]
        total = len(X) if weight is None else weight.sum()
        found = minimise_convex(
            Architecture("regression", inputs=X.shape[1], outputs=outputs, fit_intercept=bool(self.fit_intercept)),
            X,
            targets if outputs > 1 else targets[:, 0],
            weight,
            l2=alpha / (total * outputs),  # the loss is the mean over rows and targets
            solver=self.solver,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        self.n_iter_ = max(found.iterations, 1)
        if not found.converged:
            warnings.warn(
                f"{self.solver} has not converged in max_iter={self.max_iter} iterations; give more, or a larger tol",
                ConvergenceWarning,
                stacklevel=4,
            )
        return found.coef.reshape(X.shape[1], outputs), np.reshape(found.intercept, -1)


class LinearRegression(_Linear):
    """Linear regression: the weights that minimise the sum of squared errors.

    Parameters
    ----------
    fit_intercept : bool, default True
        Whether there is a bias b.
    solver : {"svd", "newton-cg", "lbfgs"}, default "svd"
        How the minimum is found: directly, or step by step through chainrule's gradients.
    tol : float, default 1e-9
        For the last two: the largest element of the gradient of the mean loss, on standardised features, that ends the
        search.
    max_iter : int, default 1000
        For the last two.

    Attributes
    ----------
    coef_ : array of shape (d,) or (targets, d)
        The weights; of all that are equally good, the shortest ones.
    intercept_ : float or array of shape (targets,)
    rank_ : int
        Of the centred features, with ``solver="svd"``.
    n_iter_ : int
        1 with ``solver="svd"``.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where the features have names.

    See Also
    --------
    Ridge : With a penalty on large weights.

    Examples
    --------
    >>> from chainrule.estimators import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> model.coef_.round(6), round(float(model.intercept_), 6)
    (array([2.]), 1.0)
    """

    def __init__(
        self, *, fit_intercept: bool = True, solver: str = "svd", tol: float = 1e-9, max_iter: int = 1000
    ) -> None:
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearRegression:
        """Find the weights.

        Parameters
        ----------
        X : array-like or table of shape (n, d)
        y : array-like of shape (n,) or (n, targets)
        sample_weight : array-like of shape (n,), optional
            A row of weight 2 counts as two rows.

        Returns
        -------
        LinearRegression
            The estimator itself.
        """
        self._fit(X, y, sample_weight, 0.0)
        return self


class Ridge(_Linear):
    """Ridge regression: the weights that minimise Σ (y − X w − b)² + alpha Σ w².

    Parameters
    ----------
    alpha : float, default 1.0
        Strength of the penalty.
    fit_intercept : bool, default True
        Whether there is a bias b; it is not penalised.
    solver : {"svd", "newton-cg", "lbfgs"}, default "svd"
        How the minimum is found: directly, or step by step through chainrule's gradients.
    tol : float, default 1e-9
        For the last two: the largest element of the gradient of the mean loss, on standardised features, that ends the
        search.
    max_iter : int, default 1000
        For the last two.

    Attributes
    ----------
    coef_ : array of shape (d,) or (targets, d)
    intercept_ : float or array of shape (targets,)
    rank_ : int
        Of the centred features, with ``solver="svd"``.
    n_iter_ : int
        1 with ``solver="svd"``.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where the features have names.

    Examples
    --------
    >>> from chainrule.estimators import Ridge
    >>> Ridge(alpha=2.0).fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]).coef_.round(6)
    array([1.])
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        solver: str = "svd",
        tol: float = 1e-9,
        max_iter: int = 1000,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Ridge:
        """Find the weights.

        Parameters
        ----------
        X : array-like or table of shape (n, d)
        y : array-like of shape (n,) or (n, targets)
        sample_weight : array-like of shape (n,), optional
            A row of weight 2 counts as two rows.

        Returns
        -------
        Ridge
            The estimator itself.
        """
        self._fit(X, y, sample_weight, number("alpha", self.alpha))
        return self


def _solved(X: Any, targets: Any, weight: Any, alpha: float, centers: bool) -> tuple[Any, Any, int]:
    """Weights, biases and rank by orthogonal factors: a QR factorisation of all rows, then an SVD of its triangle."""
    x_mean = np.average(X, axis=0, weights=weight) if centers else np.zeros(X.shape[1])
    y_mean = np.average(targets, axis=0, weights=weight) if centers else np.zeros(targets.shape[1])
    both = np.column_stack([X - x_mean, targets - y_mean])
    if weight is not None:
        both *= np.sqrt(weight)[:, None]
    triangle: Any = np.linalg.qr(both, mode="r")
    features, products = triangle[:, : X.shape[1]], triangle[:, X.shape[1] :]
    U, s, Vt = np.linalg.svd(features, full_matrices=False)
    floor = np.finfo(np.float64).eps * max(X.shape) * s.max(initial=0.0)
    rank = int((s > floor).sum())
    shrunk = np.divide(s, s**2 + alpha, out=np.zeros_like(s), where=s > floor)
    coef = Vt.T @ (shrunk[:, None] * (U.T @ products))
    return coef, y_mean - x_mean @ coef, rank
