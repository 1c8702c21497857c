"""A training step skips the Python code of the loss only where that changes nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.learn import recording as recording_module

DESCENT = cr.GradientDescent(lr=0.1)
SETTINGS = {"temperature": 1.0}


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each trace of a loss."""
    found: list[int] = []
    original = recording_module.TracedCall

    def counted(*args: Any, **kwargs: Any) -> Any:
        found.append(1)
        return original(*args, **kwargs)

    monkeypatch.setattr(recording_module, "TracedCall", counted)
    return found


def assert_equals_loop(
    make: Callable[[], Callable[..., Any]], *data: Any, steps: int = 12, callback: Any = None
) -> None:
    """`make` gives a fresh loss, as its state belongs to one run."""
    start = np.array([1.0, -0.5, 0.25])
    loss, w, losses = make(), start, []
    for step in range(steps):
        value, gradient = cr.value_and_grad(loss)(w, *data)
        w = w - 0.1 * gradient
        losses.append(float(value))
        if callback:
            callback(step, w, float(value))
    result = cr.minimize(make(), start, data, optimizer=DESCENT, steps=steps, callback=callback)
    np.testing.assert_allclose(result.history["loss"], losses, rtol=1e-12)
    np.testing.assert_allclose(result.params, w, rtol=1e-12)


def test_a_fixed_loss_is_traced_twice_and_then_runs_as_a_program(traces: list[int]) -> None:
    X, y = np.arange(6.0).reshape(2, 3), np.ones(2)
    assert_equals_loop(lambda: lambda w, X, y: np.mean((X @ w - y) ** 2) / 10, X, y, steps=30)
    assert len(traces) == 2


def test_a_fixed_loss_is_traced_twice_for_each_size_of_batch(traces: list[int]) -> None:
    X = np.ones((7, 2))
    cr.minimize(lambda w, X: np.sum((X @ w) ** 2), np.ones(2), (X,), optimizer=cr.Adam(), steps=30, batch_size=3)
    assert len(traces) == 4


def test_control_flow_on_values_follows_the_values(traces: list[int]) -> None:
    assert_equals_loop(lambda: lambda w: np.sum(w**2) if np.sum(w) > 0.5 else np.sum(np.abs(w)) + w[0] ** 4)
    assert len(traces) == 1  # the further steps are left to `value_and_grad`


def test_a_loop_until_convergence_follows_the_values() -> None:
    def loss(w: Any) -> Any:
        total = np.sum(w**2)
        while total > 0.3:
            total = total * 0.5
        return total

    assert_equals_loop(lambda: loss)


def test_a_shape_that_depends_on_values_follows_the_values() -> None:
    assert_equals_loop(lambda: lambda w: np.mean(w[w > -1] ** 2) + np.mean(w[w > 0.2 * np.max(w)] ** 2))


def test_random_noise_is_new_in_each_step() -> None:
    def make() -> Any:
        rng = np.random.default_rng(3)
        return lambda w: np.sum((w + rng.normal(size=3)) ** 2)

    assert_equals_loop(make)


def test_a_counter_in_the_closure_counts_once_in_each_step() -> None:
    def make() -> Any:
        count = 0

        def loss(w: Any) -> Any:
            nonlocal count
            count += 1
            return np.sum(w**2) / count

        return loss

    assert_equals_loop(make)


def test_a_counter_in_an_object_counts_in_each_step() -> None:
    class Annealed:
        def __init__(self) -> None:
            self.calls = 0

        def loss(self, scale: float, w: Any) -> Any:
            self.calls += 1
            return np.sum(w**2) * scale**self.calls

    assert_equals_loop(lambda: functools.partial(Annealed().loss, 0.5))


def test_arrays_in_the_closure_that_the_loss_changes_are_read_in_each_step() -> None:
    def make() -> Any:
        running = np.zeros(3)

        def loss(w: Any) -> Any:
            running[:] = np.minimum(running + 1, 4)
            return np.sum((w - running) ** 2)

        return loss

    assert_equals_loop(make)


@pytest.mark.parametrize("size", [3, 10_000])
def test_arrays_that_a_callback_changes_are_read_in_each_step(size: int) -> None:
    target = np.zeros(size)

    def callback(step: int, params: Any, loss: float) -> None:
        if step >= 4:
            target[:] = step + 1

    def make() -> Any:
        target[:] = 0
        return lambda w: np.sum((w - target[:3]) ** 2) + 0 * np.sum(target * w[0])

    assert_equals_loop(make, callback=callback)


def test_settings_that_a_callback_changes_are_read_in_each_step() -> None:
    def callback(step: int, params: Any, loss: float) -> None:
        SETTINGS["temperature"] = 1.0 if step < 5 else 0.2

    def make() -> Any:
        SETTINGS["temperature"] = 1.0
        return lambda w: np.sum(w**2) * SETTINGS["temperature"]

    assert_equals_loop(make, callback=callback)


def test_data_that_a_callback_changes_is_read_in_each_step() -> None:
    X, labels = np.ones(3), np.array([0, 0])

    def callback(step: int, params: Any, loss: float) -> None:
        X[:] = step
        labels[:] = step % 3

    def loss(w: Any, X: Any, labels: Any) -> Any:
        return np.sum((w - X) ** 2) + np.sum(w[labels])

    start = np.ones(3)
    expected = []
    w = start
    for step in range(8):
        value, gradient = cr.value_and_grad(loss)(w, X, labels)
        w = w - 0.1 * gradient
        expected.append(float(value))
        callback(step, w, 0.0)
    X[:], labels[:] = 1, 0
    result = cr.minimize(loss, start, (X, labels), optimizer=DESCENT, steps=8, callback=callback)
    np.testing.assert_allclose(result.history["loss"], expected)


def test_the_textbook_cross_entropy_survives_saturation_in_a_kept_program() -> None:
    def loss(w: Any, x: Any, y: Any) -> Any:
        y_hat = 1 / (1 + np.exp(-w * x))
        return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))

    result = cr.minimize(loss, 0.0, (50.0, 1.0), optimizer=DESCENT, steps=5)
    assert result.history["loss"][0] == pytest.approx(np.log(2))
    assert result.history["loss"][1] == pytest.approx(np.exp(-125.0), rel=1e-6)
    assert np.isfinite(result.params)


def test_a_gradient_penalty_differentiates_inside_the_loss() -> None:
    def energy(x: Any, w: Any) -> Any:
        return np.sum(np.tanh(w * x))

    assert_equals_loop(lambda: lambda w, X: energy(X, w) + np.sum(cr.grad(energy)(X, w) ** 2), np.ones(3))
