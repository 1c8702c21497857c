"""What a trained network computes, in plain arrays: batch normalisation is part of weights and biases by then.

Nothing here is differentiated; what is, stands in `chainrule.learn.models.forward_pass`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.layers import ACTIVATIONS, EPSILON, dense
from chainrule.learn.models.moments import Moments
from chainrule.learn.models.objectives import TASKS

__all__ = ["affine_layers", "hidden_activations", "in_chunks", "predictions", "require_statistics", "with_statistics"]

Params = dict[str, Any]
Affine = tuple[Any, Any]

#: Numbers in the values of a layer that are computed at once, so that they stay in the cache.
_CHUNK = 1 << 15


def affine_layers(architecture: Architecture, params: Params) -> list[Affine]:
    """Weights and biases of each layer; see `Network.affine_layers`.

    Examples
    --------
    >>> params = {"W1": np.array([1.0, 2.0])}
    >>> affine_layers(Architecture("regression", inputs=2, fit_intercept=False), params)
    [(array([1., 2.]), array(0.))]
    """
    return _first_affine_layers(architecture, params, len(architecture.hidden) + 1)


def predictions(architecture: Architecture, params: Params, X: Any) -> Any:
    """Predicted values, or probabilities, of rows of any number; see `Network.predict`.

    Examples
    --------
    >>> predictions(Architecture("binary", inputs=1), {"W1": np.ones(1), "b1": np.array(1.0)}, np.array([[-1.0]]))
    array([0.5])
    """
    *hidden, output = affine_layers(architecture, params)
    head = TASKS[architecture.task].prediction
    parts = []
    for chunk in in_chunks(architecture, X):
        *_, a = _through(architecture, hidden, chunk)
        parts.append(head(dense(a, *output)))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def hidden_activations(architecture: Architecture, params: Params, X: Any) -> list[Any]:
    """The activations of some rows behind each hidden layer; see `Network.activations`.

    Examples
    --------
    >>> params = {"W1": np.array([[2.0]]), "b1": np.zeros(1), "W2": np.ones(1), "b2": np.array(0.0)}
    >>> [a.tolist() for a in hidden_activations(Architecture("binary", 1, hidden=(1,)), params, np.array([[3.0]]))]
    [[[6.0]]]
    """
    return list(_through(architecture, affine_layers(architecture, params)[:-1], X))[1:]


def with_statistics(architecture: Architecture, params: Params, batches: Callable[[], Iterable[Any]]) -> Params:
    """Parameters, and the mean and variance of each hidden layer, over all rows, before it is normalised.

    Parameters
    ----------
    architecture : Architecture
        With batch normalisation.
    params : dict of str to array
        Trained.
    batches : callable
        Returns an iterator over batches of rows, anew in each call: each layer is measured behind those before it.

    Returns
    -------
    dict of str to array

    Examples
    --------
    >>> params = {"W1": np.array([[2.0]]), "gamma1": np.ones(1), "beta1": np.zeros(1), "W2": np.ones(1)}
    >>> network = Architecture("regression", inputs=1, hidden=(1,), batch_norm=True)
    >>> found = with_statistics(network, params, lambda: iter([np.array([[1.0]]), np.array([[2.0]])]))
    >>> found["mean1"], found["var1"]
    (array([3.]), array([1.]))
    """
    finished = dict(params)
    for i in range(1, len(architecture.hidden) + 1):
        before = _first_affine_layers(architecture, finished, i - 1)
        moments = Moments()
        for chunk in batches():
            *_, a = _through(architecture, before, chunk)
            moments.add(dense(a, finished[f"W{i}"]))
        dtype = finished[f"W{i}"].dtype
        finished[f"mean{i}"], finished[f"var{i}"] = moments.mean.astype(dtype), moments.variance.astype(dtype)
    return finished


def require_statistics(params: Params, i: int) -> None:
    """Refuse parameters without the statistics of hidden layer i."""
    if f"mean{i}" not in params:
        raise ConfigError(
            f"the parameters hold no mean{i} and var{i}, by which batch normalisation predicts",
            fix="params = network.finish(params, X) after training, with the training data X",
        )


def in_chunks(architecture: Architecture, X: Any) -> Iterator[Any]:
    """Rows in portions whose values, in any layer, fit in the cache; one portion where there are no rows.

    Examples
    --------
    >>> [len(chunk) for chunk in in_chunks(Architecture("binary", inputs=64), np.zeros((1000, 64)))]
    [512, 488]
    """
    rows = max(256, _CHUNK // max(architecture.widths))
    return (X[start : start + rows] for start in range(0, max(len(X), 1), rows))


def _first_affine_layers(architecture: Architecture, params: Params, count: int) -> list[Affine]:
    return [_affine_layer(architecture, params, i) for i in range(1, count + 1)]


def _affine_layer(architecture: Architecture, params: Params, i: int) -> Affine:
    W = params[f"W{i}"]
    if not architecture.batch_norm or i > len(architecture.hidden):
        return W, params.get(f"b{i}", np.zeros(W.shape[1:], W.dtype))
    require_statistics(params, i)
    scale = params[f"gamma{i}"] / np.sqrt(params[f"var{i}"] + EPSILON)
    return W * scale, params[f"beta{i}"] - params[f"mean{i}"] * scale


def _through(architecture: Architecture, layers: Iterable[Affine], X: Any) -> Iterator[Any]:
    """X, and the activations behind one hidden layer after the other."""
    activate = ACTIVATIONS[architecture.activation]
    a = X
    yield a
    for W, b in layers:
        a = activate(dense(a, W, b))
        yield a
