"""`fit`: what it computes, what it writes down, when it ends, and what it refuses."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from tests.learn.problems import classes, line, perceptron_loss, perceptron_params, square_loss

import chainrule as cr
from chainrule.errors import ConfigError, StructureError
from chainrule.learn.optimizers import SGD, Adam, GradientDescent
from chainrule.learn.schedules import StepDecay
from chainrule.learn.stopping import EarlyStopping, ReduceOnPlateau
from chainrule.learn.training import Training, fit

START = {"w": np.zeros(3), "b": np.array(0.0)}


def by_hand(epochs: int, batch_size: int, lr: float = 0.05, seed: int = 0) -> tuple[Any, list[float]]:
    """The same training in NumPy, with the gradient of the squared error written out."""
    X, y = line()
    w, b, losses = np.zeros(3), 0.0, []
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(X))
        total = 0.0
        for begin in range(0, len(X), batch_size):
            rows = order[begin : begin + batch_size]
            error = X[rows] @ w + b - y[rows]
            total += float(error @ error)
            w = w - lr * 2 * X[rows].T @ error / len(rows)
            b = b - lr * 2 * np.mean(error)
        losses.append(total / len(X))
    return {"w": w, "b": b}, losses


@pytest.mark.parametrize("batch_size", [10, 16, 60])
def test_an_epoch_takes_each_row_once_in_an_order_of_seed_and_epoch(batch_size: int) -> None:
    training = fit(square_loss, START, line(), optimizer=SGD(0.05), epochs=5, batch_size=batch_size, seed=3)
    params, losses = by_hand(5, batch_size, seed=3)
    np.testing.assert_allclose(training.params["w"], params["w"], rtol=1e-10)
    np.testing.assert_allclose(training.params["b"], params["b"], rtol=1e-10)
    np.testing.assert_allclose(training.history["loss"], losses, rtol=1e-10)
    assert (training.epochs, training.stopped) == (5, "epochs")


def test_without_shuffling_rows_keep_their_order() -> None:
    X = np.arange(6.0)
    training = fit(lambda w, x: np.sum(x) + 0 * w, 1.0, (X,), optimizer=SGD(0.0), epochs=2, batch_size=4, shuffle=False)
    mean = (4 * (0 + 1 + 2 + 3) + 2 * (4 + 5)) / 6  # each batch counts by its rows
    np.testing.assert_allclose(training.history["loss"], [mean, mean])


def test_all_rows_in_each_step_are_plain_gradient_descent() -> None:
    training = fit(square_loss, START, line(), optimizer=GradientDescent(0.1), epochs=70)
    expected = cr.minimize(square_loss, START, line(), optimizer=GradientDescent(0.1), steps=70)
    np.testing.assert_array_equal(training.params["w"], expected.params["w"])
    np.testing.assert_array_equal(training.history["loss"], expected.history["loss"])


@pytest.mark.parametrize("rows", [60, 64])
def test_being_watched_changes_nothing(rows: int) -> None:
    """Epochs that nobody watches run in one call."""
    alone, watched = (
        fit(square_loss, START, line(rows), optimizer=Adam(0.05), epochs=9, batch_size=16, callback=callback)
        for callback in (None, lambda training: None)
    )
    np.testing.assert_array_equal(alone.params["w"], watched.params["w"])
    for name in alone.history:
        np.testing.assert_array_equal(alone.history[name], watched.history[name])


@pytest.mark.parametrize("batch_size", [None, 16])
def test_float32_stays_float32(batch_size: int | None) -> None:
    params = {"w": np.zeros(3, np.float32), "b": np.float32(0.0)}
    X, y = line(dtype=np.float32)
    training = fit(
        square_loss,
        params,
        (X, y),
        optimizer=Adam(StepDecay(0.05, 50)),
        epochs=3,
        batch_size=batch_size,
        validation=(X, y),
    )
    assert training.params["w"].dtype == training.params["b"].dtype == np.float32
    assert {np.asarray(leaf).dtype for leaf in training.state.optimizer if np.ndim(leaf)} == {np.dtype(np.float32)}


def test_the_loss_of_validation_data_is_that_of_the_parameters_after_the_epoch() -> None:
    seen: list[float] = []
    X, y = classes()
    training = fit(
        perceptron_loss,
        perceptron_params(),
        (X[:60], y[:60]),
        optimizer=Adam(0.05),
        epochs=4,
        batch_size=25,
        validation=(X[60:], y[60:]),
        callback=lambda now: seen.append(float(perceptron_loss(now.params, X[60:], y[60:]))),
    )
    np.testing.assert_allclose(training.history["validation_loss"], seen, rtol=1e-12)
    assert training.best_epoch == np.argmin(seen) + 1


def test_the_history_tells_the_learning_rate_of_the_last_step() -> None:
    training = fit(square_loss, START, line(), optimizer=SGD(StepDecay(0.1, 6, 0.5)), epochs=4, batch_size=20)
    np.testing.assert_allclose(training.history["lr"], [0.1, 0.1, 0.05, 0.05])


@pytest.mark.parametrize("batch_size", [20, 25])
def test_gradient_norms_are_means_over_the_steps_of_an_epoch(batch_size: int) -> None:
    norms: list[Any] = []

    class Spy(GradientDescent):
        def update(self, params: Any, gradients: Any, state: Any) -> Any:
            if not isinstance(gradients[0], (np.ndarray, np.generic)):
                raise TypeError("this optimiser wants to see numbers")
            norms.append([float(np.sum(g * g)) ** 0.5 for g in gradients])
            return super().update(params, gradients, state)

    settings: dict[str, Any] = {"epochs": 3, "batch_size": batch_size, "gradient_norms": True}
    training = fit(square_loss, START, line(), optimizer=GradientDescent(0.05), **settings)
    stepwise = fit(square_loss, START, line(), optimizer=Spy(0.05), **settings)
    expected = np.array(norms).reshape(3, -1, 2).mean(axis=1)
    np.testing.assert_allclose(training.history["gradient_norm"], expected, rtol=1e-10)
    np.testing.assert_allclose(stepwise.history["gradient_norm"], expected, rtol=1e-10)
    plain = fit(square_loss, START, line(), optimizer=GradientDescent(0.05), epochs=3, batch_size=batch_size)
    np.testing.assert_allclose(training.params["w"], plain.params["w"], rtol=1e-12)


def test_noise_is_new_in_each_epoch_and_not_there_for_validation() -> None:
    X, y = classes(50)
    given: list[tuple[int, Any]] = []

    def noise(rng: np.random.Generator, epoch: int) -> tuple[Any, ...]:
        mask = (rng.random((50, 5)) > 0.5) * 2.0
        given.append((epoch, mask))
        return (mask,)

    with_noise = fit(
        perceptron_loss,
        perceptron_params(),
        (X, y),
        optimizer=SGD(0.0),
        epochs=3,
        batch_size=20,
        noise=noise,
        validation=(X, y),
        seed=4,
    )
    assert [epoch for epoch, _ in given] == [0, 1, 2]
    np.testing.assert_array_equal(given[1][1], (np.random.default_rng([4, 1, 1]).random((50, 5)) > 0.5) * 2.0)
    expected = [perceptron_loss(perceptron_params(), X, y, mask) for _, mask in given]
    np.testing.assert_allclose(with_noise.history["loss"], expected, rtol=1e-10)
    clean = perceptron_loss(perceptron_params(), X, y)
    np.testing.assert_allclose(with_noise.history["validation_loss"], [clean] * 3, rtol=1e-12)


def test_noise_without_batches() -> None:
    x = np.ones(4)
    training = fit(
        lambda w, x, e: np.mean(x * e) + 0 * w,
        1.0,
        (x,),
        optimizer=SGD(0.1),
        epochs=3,
        noise=lambda rng, epoch: (np.full(4, float(epoch)),),
    )
    np.testing.assert_array_equal(training.history["loss"], [0.0, 1.0, 2.0])


def test_a_callback_ends_the_run() -> None:
    seen: list[Training] = []

    def callback(training: Training) -> bool:
        seen.append(training)
        return training.epochs == 3

    training = fit(square_loss, START, line(), optimizer=SGD(0.05), epochs=10, batch_size=25, callback=callback)
    assert (training.epochs, training.stopped) == (3, "callback")
    assert [len(now.history["loss"]) for now in seen] == [1, 2, 3]
    assert not np.array_equal(seen[0].params["w"], seen[1].params["w"])


def test_an_optimizer_of_ones_own() -> None:
    class Signs:
        lr = 0.01

        def init(self, params: list[Any]) -> Any:
            return None

        def update(self, params: list[Any], gradients: list[Any], state: Any) -> Any:
            return [p - self.lr * np.sign(g) for p, g in zip(params, gradients, strict=True)], state

    training = fit(square_loss, START, line(), optimizer=Signs(), epochs=150, batch_size=20)
    np.testing.assert_allclose(training.params["w"], [1.0, -2.0, 0.5], atol=0.1)
    np.testing.assert_array_equal(training.history["lr"], 0.01)
    with pytest.raises(ConfigError, match="cannot lower the learning rate of Signs"):
        fit(square_loss, START, line(), optimizer=Signs(), epochs=5, plateau=ReduceOnPlateau())


def test_a_loss_that_looks_at_numbers_trains_step_by_step() -> None:
    def loss(params: Any, X: Any, y: Any) -> Any:
        error = X @ params["w"] + params["b"] - y
        return np.mean(error[np.abs(error) < 100] ** 2)  # all of them

    found = fit(loss, START, line(), optimizer=SGD(0.05), epochs=4, batch_size=25, validation=line())
    expected = fit(square_loss, START, line(), optimizer=SGD(0.05), epochs=4, batch_size=25, validation=line())
    np.testing.assert_allclose(found.params["w"], expected.params["w"], rtol=1e-10)
    np.testing.assert_allclose(found.history["validation_loss"], expected.history["validation_loss"], rtol=1e-10)


def test_neither_parameters_nor_data_are_changed() -> None:
    params, data = perceptron_params(), classes()
    before = [np.copy(leaf) for leaf in (*params.values(), *data)]
    fit(perceptron_loss, params, data, optimizer=Adam(), epochs=3, batch_size=20, gradient_norms=True)
    for now, old in zip((*params.values(), *data), before, strict=True):
        np.testing.assert_array_equal(now, old)


def test_columns_in_another_order_of_memory() -> None:
    X, y = line()
    found = fit(square_loss, START, (np.asfortranarray(X), y), optimizer=SGD(0.05), epochs=2, batch_size=25)
    expected = fit(square_loss, START, (X, y), optimizer=SGD(0.05), epochs=2, batch_size=25)
    np.testing.assert_array_equal(found.params["w"], expected.params["w"])


def test_no_epoch_at_all() -> None:
    training = fit(square_loss, START, line(), optimizer=SGD(), epochs=0)
    assert training.epochs == 0
    np.testing.assert_array_equal(training.params["w"], 0.0)
    assert "none yet" in repr(training)


def test_the_progress_bar_hears_of_all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []

    @contextmanager
    def bar(progress: bool, steps: int) -> Any:
        assert (progress, steps) == (True, 12)
        yield lambda count, value: heard.append(count)

    monkeypatch.setattr(importlib.import_module("chainrule.learn.training"), "progress_bar", bar)
    fit(square_loss, START, line(), optimizer=SGD(0.05), epochs=4, batch_size=25, progress=True)
    assert sum(heard) == 12


def test_each_number_of_rows_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    descent = importlib.import_module("chainrule.learn.descent")
    compiled: list[Any] = []
    original = descent.compile_loop

    def spy(*args: Any, **settings: Any) -> Any:
        compiled.append(settings["batch_size"])
        return original(*args, **settings)

    monkeypatch.setattr(descent, "compile_loop", spy)
    X, y = classes(90)
    fit(
        perceptron_loss,
        perceptron_params(),
        (X, y),
        optimizer=Adam(),
        epochs=8,
        batch_size=40,
        noise=lambda rng, epoch: (rng.random((90, 5)),),
        gradient_norms=True,
        plateau=ReduceOnPlateau(patience=1),
    )
    assert compiled == [40, 10]


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"optimizer": Adam}, ConfigError, "class Adam"),
        ({"epochs": 2.5}, ConfigError, "epochs is a whole number"),
        ({"epochs": -1}, ConfigError, "epochs is a whole number"),
        ({"batch_size": 0}, ConfigError, "batch_size is a whole number"),
        ({"seed": -1}, ConfigError, "seed is a whole number"),
        ({"data": (np.ones((5, 3)), np.ones(4))}, StructureError, "have 5, 4 rows"),
        ({"data": (np.ones((0, 3)), np.ones(0))}, StructureError, "rows"),
        ({"data": (np.ones((5, 3)), 2.0)}, StructureError, "single value"),
        ({"data": ()}, StructureError, "nothing"),
        ({"validation": (np.ones((5, 3)), np.ones(4))}, StructureError, "arrays in validation"),
        ({"noise": lambda rng, epoch: (np.ones(3),)}, StructureError, "noise returned"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, Any], error: Any, match: str) -> None:
    settings: dict[str, Any] = {"data": line(), "optimizer": Adam(), "epochs": 2, **change}
    data = settings.pop("data")
    with pytest.raises(error, match=match):
        fit(square_loss, START, data, **settings)


def test_early_stopping_restores_the_best_parameters() -> None:
    X, y = classes(60)
    settings: dict[str, Any] = {"optimizer": Adam(0.1), "epochs": 500, "batch_size": 20, "validation": (X[40:], y[40:])}
    stopped = fit(perceptron_loss, perceptron_params(), (X[:40], y[:40]), early_stopping=EarlyStopping(5), **settings)
    losses = stopped.history["validation_loss"]
    assert stopped.stopped == "early stopping"
    assert stopped.epochs == stopped.best_epoch + 5 == len(losses)
    assert np.argmin(losses) + 1 == stopped.best_epoch
    np.testing.assert_allclose(perceptron_loss(stopped.params, X[40:], y[40:]), losses.min(), rtol=1e-12)
    last = fit(
        perceptron_loss,
        perceptron_params(),
        (X[:40], y[:40]),
        early_stopping=EarlyStopping(5, restore_best=False),
        **settings,
    )
    np.testing.assert_allclose(perceptron_loss(last.params, X[40:], y[40:]), losses[-1], rtol=1e-12)


def test_a_plateau_lowers_the_learning_rate() -> None:
    training = fit(
        lambda w, x: np.mean(x) + 0 * w,  # never improves after its first epoch
        1.0,
        (np.ones(4),),
        optimizer=Adam(0.1),
        epochs=8,
        plateau=ReduceOnPlateau(factor=0.1, patience=2, min_lr_scale=0.01),
    )
    np.testing.assert_allclose(training.history["lr"], [0.1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001, 0.001])


def test_an_update_of_another_shape_names_the_optimizer() -> None:
    class Broadcasting(GradientDescent):
        def update(self, params: Any, gradients: Any, state: Any) -> Any:
            return [p - 0.1 * np.ones((2, *p.shape)) for p in params], state

    with pytest.raises(StructureError, match="update of Broadcasting turned"):
        fit(square_loss, START, line(), optimizer=Broadcasting(), epochs=2, gradient_norms=True)
