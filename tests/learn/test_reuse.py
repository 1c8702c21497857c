"""Compiled code for the next run: the same graph finds it, another does not, and no data stay with it."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from tests.learn.problems import classes, line, perceptron_loss, perceptron_params, square_loss

from chainrule.learn import compiled
from chainrule.learn.optimizers import SGD, Adam
from chainrule.learn.reuse import Kept, graph_key
from chainrule.learn.training import fit
from chainrule.transforms.graphs import trace

START = {"w": np.zeros(3), "b": np.array(0.0)}


def key(function: Any, *args: Any) -> Any:
    graph = trace(function, *args)
    return graph_key(graph.outputs, graph.inputs, "setting")


def test_keys_tell_graphs_shapes_and_constants_apart() -> None:
    x = np.ones(3)
    first = key(lambda x: np.sum(x * 2 + x), x)
    assert first is not None
    assert first == key(lambda x: np.sum(x * 2 + x), x + 1)
    others = [
        key(lambda x: np.sum(x * 3 + x), x),
        key(lambda x: np.sum(x * 2.0 + x), x.astype(np.float32)),
        key(lambda x: np.sum(x * 2 - x), x),
        key(lambda x: np.sum(x * 2 + x), np.ones(4)),
        key(lambda x: np.sum(x * np.array([2.0, 2.0, 2.0]) + x), x),
        key(lambda x: np.sum(x * np.array([2.0, 2.0, 3.0]) + x), x),
    ]
    assert len({first, *others}) == len(others) + 1


def test_large_constants_have_no_key() -> None:
    large = np.ones(20_000)
    assert key(lambda x: np.sum(x * large), np.ones(20_000)) is None


def test_the_oldest_goes() -> None:
    kept: Kept[int] = Kept(2)
    built: list[str | None] = []

    def get(name: str | None) -> None:
        kept.get(name, lambda: built.append(name) or len(built))

    for name in "abacab":
        get(name)
    assert built == ["a", "b", "c", "b"]
    get(None)
    get(None)
    assert built[4:] == [None, None]


def test_a_second_fit_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Any] = []
    original = compiled._compile
    monkeypatch.setattr(compiled, "_compile", lambda *args: built.append(args[2]) or original(*args))
    X, y = classes(77)
    settings: dict[str, Any] = {"optimizer": Adam(0.0123), "epochs": 2, "batch_size": 30, "validation": (X, y)}
    first = fit(perceptron_loss, perceptron_params(6), (X, y), **settings)
    assert built == [30, 17]
    again = fit(perceptron_loss, perceptron_params(6), (X, y), **settings)
    other = fit(perceptron_loss, perceptron_params(6), (X + 1, y), **{**settings, "validation": (X + 1, y)})
    assert built == [30, 17]
    for name in first.history:
        np.testing.assert_array_equal(first.history[name], again.history[name])
    assert not np.array_equal(first.history["loss"], other.history["loss"])
    fit(perceptron_loss, perceptron_params(6), (X, y), **{**settings, "optimizer": Adam(0.0124)})
    assert built == [30, 17] * 2


@pytest.mark.parametrize("batch_size", [None, 16])
def test_no_data_stay_behind(batch_size: int | None) -> None:
    X, y = line(53)
    params = {"w": np.zeros(3), "b": np.array(0.0)}
    fit(square_loss, params, (X, y), optimizer=SGD(0.01), epochs=2, batch_size=batch_size, validation=(X, y))
    gone = weakref.ref(X)
    del X
    gc.collect()
    assert gone() is None


def test_values_that_follow_from_the_data_are_those_of_the_new_data() -> None:
    """What does not change from step to step is computed before the loop, for each run anew."""

    def loss(w: Any, x: Any) -> Any:
        return np.mean((np.cumsum(np.exp(x)) * w - 1) ** 2)

    for scale in (1.0, 2.0):
        x = scale * np.linspace(0, 1, 40)
        training = fit(loss, 0.5, (x,), optimizer=SGD(0.0), epochs=2)
        np.testing.assert_allclose(training.history["loss"], loss(0.5, x), rtol=1e-12)
