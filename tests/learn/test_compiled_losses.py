"""Losses of many kinds train alike, whether compiled code or NumPy takes the steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.learn import descent

N, D, H, K = 50, 6, 8, 3

Loss = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "cache", False)


RNG = np.random.default_rng(5)
X = RNG.normal(size=(N, D))
TARGET = np.tanh(X @ RNG.normal(size=D)) + 0.1 * RNG.normal(size=N)
LABELS = RNG.integers(K, size=N)
WORDS = RNG.integers(7, size=(N, 4))
PARAMS = {
    "W": RNG.normal(size=(D, H)) / 2,
    "b": RNG.normal(size=H) / 2,
    "V": RNG.normal(size=(H, K)) / 2,
    "U": RNG.normal(size=(H, H)) / 4,
    "table": RNG.normal(size=(7, H)),
}
MASK = RNG.random(H) < 0.7


def hidden(p: Any, X: Any) -> Any:
    return np.tanh(X @ p["W"] + p["b"])


def squared(p: Any, X: Any, y: Any) -> Any:
    return np.mean((np.sum(hidden(p, X), axis=1) - y) ** 2)


def one_hot(p: Any, X: Any, labels: Any) -> Any:
    return -np.mean(np.sum(np.eye(K)[labels] * cr.log_softmax(hidden(p, X) @ p["V"]), axis=1))


def picked(p: Any, X: Any, labels: Any) -> Any:
    scores = cr.log_softmax(hidden(p, X) @ p["V"])
    return -np.mean(scores[np.arange(len(X)), labels])


def taken(p: Any, X: Any, labels: Any) -> Any:
    scores = cr.log_softmax(hidden(p, X) @ p["V"])
    return -np.mean(np.take_along_axis(scores, labels[:, None], axis=1))


def compared(p: Any, X: Any, labels: Any) -> Any:
    scores = hidden(p, X) @ p["V"]
    right = labels[:, None] == np.arange(K)
    return np.mean(np.where(right, np.maximum(0, 1 - scores), np.maximum(0, 1 + scores)))


def embedded(p: Any, words: Any, y: Any) -> Any:
    return np.mean((np.mean(p["table"][words], axis=(1, 2)) - y) ** 2)


def batch_normalised(p: Any, X: Any, y: Any) -> Any:
    z = X @ p["W"]
    z = (z - np.mean(z, axis=0)) / np.sqrt(np.var(z, axis=0) + 1e-5) * p["b"]
    return np.mean((np.sum(np.maximum(z, 0), axis=1) - y) ** 2)


def layer_normalised(p: Any, X: Any, y: Any) -> Any:
    z = X @ p["W"]
    z = (z - np.mean(z, axis=1, keepdims=True)) / np.sqrt(np.var(z, axis=1, keepdims=True) + 1e-5) * p["b"]
    return np.mean((np.sum(cr.gelu(z), axis=1) - y) ** 2)


def attention(p: Any, X: Any, y: Any) -> Any:
    h = hidden(p, X)
    weights = cr.softmax(h @ p["U"] @ h.T / np.sqrt(H))
    return np.mean((np.sum(weights @ h, axis=1) - y) ** 2)


def recurrent(p: Any, X: Any, y: Any) -> Any:
    """Each row is a sequence of numbers."""

    def step(state: Any, x: Any) -> Any:
        state = np.tanh(state @ p["U"] + x[:, None] * p["b"])
        return state, None

    last, _ = cr.scan(step, np.zeros((len(X), H)), X.T)
    return np.mean((np.sum(last, axis=1) - y) ** 2)


def branching(p: Any, X: Any, y: Any) -> Any:
    total = squared(p, X, y)
    return cr.cond(total > 0.5, lambda t: t * 1.5, lambda t: t**2 + 0.5, total)


def sorted_rows(p: Any, X: Any, y: Any) -> Any:
    z = np.sort(X @ p["W"], axis=1)
    return np.mean((z[:, -1] - z[:, 0] - y) ** 2) + 0.01 * np.sum(p["W"] ** 2)


def running(p: Any, X: Any, y: Any) -> Any:
    return np.mean((np.cumsum(hidden(p, X), axis=1)[:, -3:] - y[:, None]) ** 2)


def extremes(p: Any, X: Any, y: Any) -> Any:
    h = hidden(p, X)
    return np.mean((np.max(h, axis=1) + np.min(h, axis=1) - y) ** 2) + np.max(np.abs(p["W"]))


def joined(p: Any, X: Any, y: Any) -> Any:
    h = np.concatenate([X[:, :2], hidden(p, X), np.ones((len(X), 1))], axis=1)
    return np.mean((np.sum(h, axis=1) - y) ** 2) + np.sum(np.stack([p["b"], 2 * p["b"]]) ** 2) / 100


def assigned(p: Any, X: Any, y: Any) -> Any:
    h = hidden(p, X)
    h[:, 0] = 0.5
    h[:, 1:3] *= 2
    return np.mean((np.sum(h, axis=1) - y) ** 2)


def contracted(p: Any, X: Any, y: Any) -> Any:
    return np.mean((np.einsum("ni,ij,jk->n", X, p["W"], p["U"]) / 10 - y) ** 2)


def dropped(p: Any, X: Any, y: Any) -> Any:
    h = hidden(p, X)[:, MASK]
    return np.mean((np.sum(h, axis=1) - y) ** 2)


def regularised(p: Any, X: Any, y: Any) -> Any:
    return squared(p, X, y) + 0.01 * sum(np.sum(leaf**2) for leaf in p.values()) + 0.01 * np.linalg.norm(p["U"])


def penalised(p: Any, X: Any, y: Any) -> Any:
    gradient = cr.grad(lambda x: np.sum(hidden(p, x)))(X)
    return squared(p, X, y) + 0.1 * np.mean(gradient**2)


def weighted(p: Any, X: Any, y: Any) -> Any:
    return np.sum((y - np.sum(hidden(p, X), axis=1)) ** 2 * np.exp(-np.abs(y))) / np.sum(np.exp(-np.abs(y)))


def compiled_inside(p: Any, X: Any, y: Any) -> Any:
    return cr.jit(squared)(p, X, y)


def solved(p: Any, X: Any, y: Any) -> Any:
    """A linear solver has no native form."""
    A = p["U"] @ p["U"].T + np.eye(H)
    return squared(p, X, y) + 0.01 * np.sum(np.linalg.solve(A, p["b"]) ** 2)


ROWS: dict[str, tuple[Any, ...]] = {
    "one_hot": (X, LABELS),
    "picked": (X, LABELS),
    "taken": (X, LABELS),
    "compared": (X, LABELS),
    "embedded": (WORDS, TARGET),
}
LOSSES: list[Loss] = [
    squared, one_hot, picked, taken, compared, embedded, batch_normalised, layer_normalised, attention, recurrent,
    branching, sorted_rows, running, extremes, joined, assigned, contracted, dropped, regularised, penalised, weighted,
    compiled_inside, solved,
]  # fmt: skip

#: What no kernel computes: these take their steps one by one.
ONE_BY_ONE = {"solved", "sorted_rows", "one_hot"}


@pytest.mark.parametrize("batch_size", [None, 16, 7, 1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_losses_train_alike(loss: Loss, dtype: Any, batch_size: int | None) -> None:
    params = {name: leaf.astype(dtype) for name, leaf in PARAMS.items()}
    data = tuple(
        [part.astype(dtype) if part.dtype.kind == "f" else part for part in ROWS.get(loss.__name__, (X, TARGET))]
    )
    settings: dict[str, Any] = {"optimizer": cr.GradientDescent(lr=0.02), "steps": 12, "batch_size": batch_size}
    made: list[Any] = []
    original = descent.compile_loop

    def spy(*args: Any, **kwargs: Any) -> Any:
        made.append(original(*args, **kwargs))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(descent, "compile_loop", lambda *args, **kwargs: None)
        expected = cr.minimize(loss, params, data, **settings)
        patch.setattr(descent, "compile_loop", spy)
        found = cr.minimize(loss, params, data, **settings)
    assert all(loop is None for loop in made) == (loss.__name__ in ONE_BY_ONE)
    tolerance = 4000 * np.finfo(dtype).eps
    np.testing.assert_allclose(found.history["loss"], expected.history["loss"], rtol=tolerance)
    for name in params:
        assert found.params[name].dtype == dtype
        np.testing.assert_allclose(found.params[name], expected.params[name], rtol=tolerance, atol=tolerance)
