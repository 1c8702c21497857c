"""`minimize`: the loop of gradient descent, its containers, its history and its errors."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr

DESCENT = cr.GradientDescent(lr=0.1)


@dataclasses.dataclass
class Layer:
    w: Any
    b: Any
    name: str = "layer"


class Pair(NamedTuple):
    w: Any
    b: Any


CONTAINERS = {
    "scalar": (2.0, lambda p: p**2),
    "array": (np.array([1.0, -2.0]), lambda p: np.sum(p**2)),
    "tuple": ((1.0, np.ones(2)), lambda p: p[0] ** 2 + np.sum(p[1] ** 2)),
    "list": ([np.ones((2, 2)), np.ones(2)], lambda p: np.sum((p[0] @ p[1]) ** 2)),
    "dict": ({"w": np.ones(3), "b": 1.0}, lambda p: np.sum((p["w"] + p["b"]) ** 2)),
    "nested": (
        {"layers": [(np.ones(2), 0.5)], "scale": 2.0},
        lambda p: np.sum(p["layers"][0][0] ** 2) * p["scale"] ** 2,
    ),
    "dataclass": (Layer(np.ones(2), 1.0), lambda p: np.sum((p.w + p.b) ** 2)),
    "named tuple": (Pair(np.ones(2), 1.0), lambda p: np.sum((p.w + p.b) ** 2)),
}


def by_hand(
    loss: Any, params: Any, data: tuple[Any, ...] = (), *, steps: int, lr: float = 0.1
) -> tuple[Any, list[float]]:
    """The loop that `minimize` stands for."""
    losses = []
    for _ in range(steps):
        value, gradient = cr.value_and_grad(loss)(params, *data)
        params = params - lr * gradient
        losses.append(float(value))
    return params, losses


@pytest.mark.parametrize("name", CONTAINERS)
def test_parameters_keep_their_container_and_the_loss_falls(name: str) -> None:
    start, loss = CONTAINERS[name]
    result = cr.minimize(loss, start, optimizer=cr.GradientDescent(lr=0.02), steps=5)
    assert type(result.params) is (np.float64 if name == "scalar" else type(start))
    assert np.all(np.diff(result.history["loss"]) < 0)
    assert len(result.history["loss"]) == result.steps == 5
    assert result.stopped is False


def test_settings_in_a_dataclass_stay_as_they_are() -> None:
    result = cr.minimize(lambda p: np.sum(p.w**2) + p.b**2, Layer(np.ones(2), 1.0), optimizer=DESCENT, steps=1)
    assert result.params.name == "layer"
    np.testing.assert_allclose(result.params.w, [0.8, 0.8])


def test_neither_parameters_nor_data_are_changed() -> None:
    params, X, y = {"w": np.ones(3), "b": np.array(0.5)}, np.arange(12.0).reshape(4, 3), np.ones(4)
    copies = params["w"].copy(), params["b"].copy(), X.copy(), y.copy()
    cr.minimize(
        lambda p, X, y: np.mean((X @ p["w"] + p["b"] - y) ** 2),
        params,
        (X, y),
        optimizer=cr.Adam(),
        steps=7,
        batch_size=2,
    )
    for now, before in zip((params["w"], params["b"], X, y), copies, strict=True):
        np.testing.assert_array_equal(now, before)
        assert now.flags.writeable


def test_history_is_the_loss_before_each_step() -> None:
    result = cr.minimize(lambda w: w**2, 1.0, optimizer=DESCENT, steps=3)
    np.testing.assert_allclose(result.history["loss"], [1.0, 0.64, 0.4096])
    assert result.params == pytest.approx(0.512)


def test_the_result_tells_what_happened() -> None:
    assert repr(cr.minimize(lambda w: w**2, 1.0, optimizer=DESCENT, steps=2)) == "<Result after 2 steps: loss 1 → 0.64>"


def test_no_steps_give_back_the_start() -> None:
    result = cr.minimize(lambda w: w**2, 3.0, optimizer=DESCENT, steps=0)
    assert result.params == 3.0
    assert result.history["loss"].size == 0
    assert "no step" in repr(result)


def test_the_callback_sees_each_step_and_can_stop_the_run() -> None:
    seen = []

    def stop_when_small(step: int, params: Any, loss: float) -> bool:
        seen.append((step, float(params), loss))
        return loss < 0.5

    result = cr.minimize(lambda w: w**2, 1.0, optimizer=DESCENT, steps=100, callback=stop_when_small)
    assert [step for step, _, _ in seen] == [0, 1, 2]
    assert seen[0] == (0, pytest.approx(0.8), 1.0)
    assert result.stopped
    assert result.steps == 3
    assert result.params == seen[-1][1]


def test_a_loss_that_diverges_raises_with_the_last_finite_parameters() -> None:
    with pytest.raises(cr.errors.DivergenceError, match=r"loss of .* became inf at step 5") as caught:
        cr.minimize(lambda w: w["a"] ** 4, {"a": 1.0}, optimizer=cr.GradientDescent(lr=10.0), steps=20)
    assert caught.value.step == 5
    assert np.isfinite(caught.value.params["a"])
    assert np.isfinite(caught.value.params["a"] ** 4)
    assert "learning rate" in str(caught.value)


def test_a_loss_that_is_nan_from_the_start_blames_the_data() -> None:
    with pytest.raises(cr.errors.DivergenceError, match="became nan at step 0") as caught:
        cr.minimize(lambda w: np.log(w), -1.0, optimizer=DESCENT, steps=3)
    assert caught.value.params == -1.0
    assert "look at the data" in str(caught.value)


def test_an_infinite_gradient_in_the_last_step_is_no_silent_nan() -> None:
    with pytest.raises(cr.errors.DivergenceError, match=r"gradient of .* became NaN or infinite at step 0") as caught:
        cr.minimize(lambda w: np.sqrt(w), 0.0, optimizer=DESCENT, steps=1)
    assert caught.value.params == 0.0


@pytest.mark.parametrize("optimizer", [DESCENT, cr.Adam(lr=0.1)])
@pytest.mark.parametrize("start", [np.float32(2.0), np.ones(3, np.float32)])
def test_float32_parameters_stay_float32(optimizer: Any, start: Any) -> None:
    X = np.arange(3.0)
    result = cr.minimize(lambda w, X: np.sum((w * X) ** 2), start, (X,), optimizer=optimizer, steps=4)
    assert result.params.dtype == np.float32


@pytest.mark.parametrize("start", [3, np.arange(3), {"w": 1.0, "b": 0}])
def test_integer_parameters_raise(start: Any) -> None:
    with pytest.raises(cr.errors.IntegerInputError, match="floating-point"):
        cr.minimize(lambda p: np.sum(p**2), start, optimizer=DESCENT, steps=1)


def test_a_loss_that_is_no_number_raises() -> None:
    with pytest.raises(cr.errors.NonScalarOutputError, match=r"shape \(3,\)"):
        cr.minimize(lambda w: w**2, np.ones(3), optimizer=DESCENT, steps=1)


def test_a_loss_that_ignores_its_parameters_warns() -> None:
    with pytest.warns(cr.errors.IndependentOutputWarning, match="does not depend"):
        cr.minimize(lambda w, X: np.sum(X), 1.0, (np.ones(3),), optimizer=DESCENT, steps=2)


def test_complex_parameters_go_downhill() -> None:
    for optimizer in (DESCENT, cr.Adam(lr=0.1)):
        result = cr.minimize(lambda z: np.abs(z - (1 + 2j)) ** 2, 0j, optimizer=optimizer, steps=300)
        assert result.params == pytest.approx(1 + 2j, abs=1e-2)


def test_data_may_hold_anything_that_the_loss_understands() -> None:
    def loss(w: Any, x: Any, power: int, kind: str, weights: Any, table: Any) -> Any:
        total = np.sum((w * x) ** power) + np.sum(w * np.bincount(np.asarray(weights)))
        total = total if kind == "plain" else total * 1e6
        return total + np.sum(w * np.array(table["rows"]))

    data = (np.ones(3), 2, "plain", [0, 1, 2, 2], {"rows": [1.0, 2.0, 3.0]})
    result = cr.minimize(loss, np.ones(3), data, optimizer=DESCENT, steps=4)
    params, losses = by_hand(loss, np.ones(3), data, steps=4)
    np.testing.assert_allclose(result.params, params)
    np.testing.assert_allclose(result.history["loss"], losses)


def test_data_that_the_loss_hands_to_plain_numpy_is_plain() -> None:
    def loss(w: Any, x: Any) -> Any:
        return np.sum((w - np.asarray(x)) ** 2) + w * float(x[0])

    x = np.array([1.0, 2.0])
    assert cr.minimize(loss, 0.5, (x,), optimizer=DESCENT, steps=3).params == by_hand(loss, 0.5, (x,), steps=3)[0]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"optimizer": cr.Adam}, r"optimizer is the class Adam"),
        ({"optimizer": "adam"}, r"'adam', which has no init and no update"),
        ({"steps": 2.5}, r"steps is a whole number, not 2.5"),
        ({"steps": -1}, r"steps is a whole number, not -1"),
        ({"batch_size": 2.5}, r"batch_size is a whole number, not 2.5"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(cr.errors.ConfigError, match=words):
        cr.minimize(
            lambda w, x: np.sum(w * x),
            1.0,
            (np.ones(4),),
            **{"optimizer": DESCENT, "steps": 2, "batch_size": 2} | settings,
        )


@pytest.mark.parametrize("callback", [None, lambda step, params, loss: None])
def test_an_update_that_changes_a_shape_is_refused(callback: Any) -> None:
    class Stretching:
        def init(self, params: list[Any]) -> None:
            return None

        def update(self, params: list[Any], gradients: list[Any], state: None) -> tuple[list[Any], None]:
            return [(p - g)[None] for p, g in zip(params, gradients, strict=True)], None

    with pytest.raises(cr.errors.StructureError, match=r"shape \(3,\) into one of shape \(1, 3\)"):
        cr.minimize(lambda w: np.sum(w**2), np.ones(3), optimizer=Stretching(), steps=3, callback=callback)


@pytest.mark.parametrize("make", [cr.GradientDescent, cr.Adam])
def test_a_learning_rate_of_numpy_adapts_to_float32(make: Any) -> None:
    result = cr.minimize(
        lambda w: np.sum(w**2), np.ones(3, np.float32), optimizer=make(lr=np.logspace(-2, -1, 2)[0]), steps=3
    )
    assert result.params.dtype == np.float32
