"""The lecture's models, in the formulas of the lecture: a model is ``init``, ``predict`` and ``loss``.

Rows are samples: X is (n, d), y is (n,). Each function is plain NumPy code, so that tracing it shows the names z1, a1,
y_hat; and a model of one's own works the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["LinearRegression", "LogisticRegression", "TwoLayerPerceptron"]

Params = dict[str, Any]


@dataclass(frozen=True)
class LinearRegression:
    """ŷ = X w + b, with half the mean squared error, so that ∂L/∂ŷ = (ŷ − y) / n.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> X, y = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0])
    >>> model = LinearRegression()
    >>> params = model.init(np.random.default_rng(0), X)
    >>> found = cr.minimize(model.loss, params, (X, y), optimizer=cr.GradientDescent(lr=0.3), steps=300).params
    >>> np.round(found["w"], 3), round(float(found["b"]), 3)
    (array([2.]), 1.0)
    """

    def init(self, rng: np.random.Generator, X: Any) -> Params:
        """Zeros: the problem is convex. `w` is (d,), `b` a number."""
        return {"w": np.zeros(X.shape[1]), "b": np.array(0.0)}

    def predict(self, params: Params, X: Any) -> Any:
        """ŷ, of shape (n,)."""
        w, b = params["w"], params["b"]
        return X @ w + b

    def loss(self, params: Params, X: Any, y: Any) -> Any:
        """Half the mean squared error."""
        y_hat = self.predict(params, X)
        return np.mean((y_hat - y) ** 2) / 2


@dataclass(frozen=True)
class LogisticRegression:
    """ŷ = σ(X w + b), with the binary cross-entropy, so that ∂L/∂z = (ŷ − y) / n.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> X, y = np.array([[-2.0], [-1.0], [1.0], [2.0]]), np.array([0.0, 0.0, 1.0, 1.0])
    >>> model = LogisticRegression()
    >>> params = model.init(np.random.default_rng(0), X)
    >>> found = cr.minimize(model.loss, params, (X, y), optimizer=cr.GradientDescent(lr=0.5), steps=100).params
    >>> (model.predict(found, X) > 0.5).astype(int)
    array([0, 0, 1, 1])
    """

    def init(self, rng: np.random.Generator, X: Any) -> Params:
        """Zeros: the problem is convex. `w` is (d,), `b` a number."""
        return {"w": np.zeros(X.shape[1]), "b": np.array(0.0)}

    def predict(self, params: Params, X: Any) -> Any:
        """The probability of class 1, of shape (n,)."""
        w, b = params["w"], params["b"]
        z = X @ w + b
        return 1 / (1 + np.exp(-z))

    def loss(self, params: Params, X: Any, y: Any) -> Any:
        """Binary cross-entropy, averaged over the rows; `y` holds zeros and ones."""
        y_hat = self.predict(params, X)
        return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


@dataclass(frozen=True)
class TwoLayerPerceptron:
    """a₁ = tanh(X W₁ + b₁), ŷ = σ(a₁ W₂ + b₂), with the binary cross-entropy.

    Parameters
    ----------
    hidden : int, default 16
        Number of hidden units, h.
    scale : float, default 0.5
        Standard deviation of the initial weights times √(inputs of the unit). Zero would leave all units alike for
        ever: they would receive the same gradient.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> X, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0, 1.0, 0.0])
    >>> model = TwoLayerPerceptron(hidden=8)
    >>> params = model.init(np.random.default_rng(0), X)
    >>> found = cr.minimize(model.loss, params, (X, y), optimizer=cr.GradientDescent(lr=1.0), steps=2000).params
    >>> (model.predict(found, X) > 0.5).astype(int)
    array([0, 1, 1, 0])
    """

    hidden: int = 16
    scale: float = 0.5

    def init(self, rng: np.random.Generator, X: Any) -> Params:
        """Small random weights and zero biases: W1 is (d, h), b1 (h,), W2 (h,), b2 a number."""
        d, h = X.shape[1], self.hidden
        return {
            "W1": rng.normal(0.0, self.scale / np.sqrt(d), (d, h)),
            "b1": np.zeros(h),
            "W2": rng.normal(0.0, self.scale / np.sqrt(h), h),
            "b2": np.array(0.0),
        }

    def predict(self, params: Params, X: Any) -> Any:
        """The probability of class 1, of shape (n,)."""
        W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
        z1 = X @ W1 + b1
        a1 = np.tanh(z1)
        z2 = a1 @ W2 + b2
        return 1 / (1 + np.exp(-z2))

    def loss(self, params: Params, X: Any, y: Any) -> Any:
        """Binary cross-entropy, averaged over the rows; `y` holds zeros and ones."""
        y_hat = self.predict(params, X)
        return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
