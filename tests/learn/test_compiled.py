"""The compiled loop of `minimize` does what the same steps do one by one."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule.learn import compiled, descent
from chainrule.native.running import executable

pytest.importorskip("llvmlite")

DESCENT = cr.GradientDescent(lr=0.1)


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "cache", False)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps each call of compiled code was asked for."""
    found: list[int] = []
    original = compiled.CompiledLoop.run

    def spy(self: Any, block: Any, steps: int, order: Any = None) -> Any:
        found.append(steps)
        return original(self, block, steps, order)

    monkeypatch.setattr(compiled.CompiledLoop, "run", spy)
    return found


def one_by_one(*args: Any, **kwargs: Any) -> cr.Result:
    """`minimize` without compiled code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(descent, "compile_loop", lambda *args, **kwargs: None)
        return cr.minimize(*args, **kwargs)


def assert_same_run(
    calls: list[int], loss: Any, params: Any, data: Any = (), *, units: float = 2000, **settings: Any
) -> cr.Result:
    """Compiled code ran, and parameters and history agree; `units` of eps of the largest element."""
    settings = {"optimizer": DESCENT, "steps": 25, **settings}
    expected = one_by_one(loss, params, data, **settings)
    assert calls == []
    found = cr.minimize(loss, params, data, **settings)
    assert sum(calls) >= 1
    leaves, structure = cr.structure.flatten(found.params)
    wanted, wanted_structure = cr.structure.flatten(expected.params)
    assert structure == wanted_structure
    for leaf, other in zip(leaves, wanted, strict=True):
        assert type(leaf) is type(other)
        assert_close(leaf, other, units)
    assert found.steps == expected.steps == settings["steps"]
    precision = min((leaf.dtype for leaf in wanted), key=lambda dtype: dtype.itemsize)
    assert_close(found.history["loss"].astype(precision), expected.history["loss"].astype(precision), units)
    return found


def assert_close(found: Any, wanted: Any, units: float) -> None:
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype
    tolerance = units * np.finfo(wanted.dtype).eps
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance * np.max(np.abs(wanted), initial=0))


def logistic(params: Any, X: Any, y: Any) -> Any:
    p = 1 / (1 + np.exp(-(X @ params["w"] + params["b"])))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def perceptron(params: Any, X: Any, y: Any) -> Any:
    hidden = np.tanh(X @ params["W1"] + params["b1"])
    p = 1 / (1 + np.exp(-(hidden @ params["W2"] + params["b2"])))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def softmax_regression(params: Any, X: Any, labels: Any) -> Any:
    return cr.cross_entropy(cr.softmax(X @ params["W"] + params["b"]), labels)


def rows(n: int, d: int, dtype: Any = np.float64) -> tuple[Any, Any]:
    rng = np.random.default_rng(n + d)
    X = rng.normal(size=(n, d))
    return X.astype(dtype), (X[:, 0] + 0.5 * rng.normal(size=n) > 0).astype(dtype)


def logistic_problem(n: int = 100, d: int = 5, dtype: Any = np.float64) -> tuple[Any, Any, Any]:
    return logistic, {"w": np.linspace(-0.4, 0.4, d).astype(dtype), "b": dtype(0.3)}, rows(n, d, dtype)


def perceptron_problem(n: int = 203, d: int = 3, h: int = 7, dtype: Any = np.float64) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(h)
    params = {
        "W1": rng.normal(size=(d, h)).astype(dtype),
        "b1": np.zeros(h, dtype),
        "W2": rng.normal(size=(h, 1)).astype(dtype),
        "b2": np.zeros(1, dtype),
    }
    X, y = rows(n, d, dtype)
    return perceptron, params, (X, y[:, None])


def softmax_problem(n: int = 90, d: int = 4, k: int = 3, dtype: Any = np.float64) -> tuple[Any, Any, Any]:
    X, _ = rows(n, d, dtype)
    labels = np.random.default_rng(0).integers(k, size=n)
    W = np.random.default_rng(d).normal(size=(d, k)).astype(dtype)
    return softmax_regression, {"W": W, "b": np.linspace(-1, 1, k).astype(dtype)}, (X, labels)


PROBLEMS: dict[str, Callable[..., tuple[Any, Any, Any]]] = {
    "logistic": logistic_problem,
    "perceptron": perceptron_problem,
    "softmax": softmax_problem,
}
OPTIMIZERS = {"descent": DESCENT, "adam": cr.Adam(lr=0.01)}


@pytest.mark.parametrize("batch_size", [None, 16, 30])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_models_train_alike(problem: str, optimizer: str, dtype: Any, batch_size: int | None, calls: list[int]) -> None:
    loss, params, data = PROBLEMS[problem](dtype=dtype)
    assert_same_run(calls, loss, params, data, optimizer=OPTIMIZERS[optimizer], batch_size=batch_size)


@pytest.mark.parametrize("steps", [1, 2, 3, 17, 400])
@pytest.mark.parametrize("seconds", [0.0, 1e-4, 0.05])
def test_any_number_of_steps_in_calls_of_any_length(
    seconds: float, steps: int, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descent, "_CALL_SECONDS", seconds)
    loss, params, data = logistic_problem()
    expected = one_by_one(loss, params, data, optimizer=DESCENT, steps=steps)
    found = cr.minimize(loss, params, data, optimizer=DESCENT, steps=steps)
    np.testing.assert_allclose(found.history["loss"], expected.history["loss"], rtol=1e-12)
    np.testing.assert_allclose(found.params["w"], expected.params["w"], rtol=1e-10)
    assert sum(calls) == (steps if steps > 1 else 0)  # for one step nothing is compiled
    if seconds == 0:
        assert set(calls) <= {1}


def test_the_length_of_calls_changes_no_bit(calls: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    loss, params, data = perceptron_problem()
    found = []
    for seconds in (0.0, 1e-4, 0.05):
        monkeypatch.setattr(descent, "_CALL_SECONDS", seconds)
        result = cr.minimize(loss, params, data, optimizer=cr.Adam(), steps=70, batch_size=60)
        found.append([result.history["loss"].tobytes(), *[leaf.tobytes() for leaf in result.params.values()]])
    assert found[0] == found[1] == found[2]
    assert max(calls) > 1


# Containers, shapes and dtypes ----------------------------------------------------------------------------------------


@dataclasses.dataclass
class Layer:
    w: Any
    b: Any
    name: str = "layer"


class Pair(NamedTuple):
    w: Any
    b: Any


CONTAINERS: dict[str, tuple[Any, Any]] = {
    "scalar": (2.0, lambda p: (p - 1) ** 2),
    "numpy scalar": (np.float32(2), lambda p: (p - 1) ** 2),
    "array": (np.array([1.0, -2.0, 0.5]), lambda p: np.sum(np.cosh(p))),
    "no axes": (np.array(2.0), lambda p: (p - 1) ** 2),
    "tuple": ((1.0, np.ones(2)), lambda p: p[0] ** 2 + np.sum(p[1] ** 2)),
    "list": ([np.ones((2, 2)), np.ones(2)], lambda p: np.sum((p[0] @ p[1]) ** 2)),
    "dict": ({"w": np.ones(3), "b": 1.0}, lambda p: np.sum((p["w"] + p["b"]) ** 2)),
    "nested": ({"l": [(np.ones(2), 0.5)], "s": 2.0}, lambda p: np.sum(p["l"][0][0] ** 2) * p["s"] ** 2),
    "dataclass": (Layer(np.ones(2), 1.0), lambda p: np.sum((p.w + p.b) ** 2)),
    "named tuple": (Pair(np.ones(2), 1.0), lambda p: np.sum((p.w + p.b) ** 2)),
    "two precisions": ((np.ones(3, np.float32), np.ones(3)), lambda p: np.sum(p[0] ** 2) + np.sum(p[1] ** 4)),
    "one unused": ({"w": np.ones(3), "idle": np.ones(2)}, lambda p: np.sum(p["w"] ** 2)),
    "another order": (np.asfortranarray(np.arange(6.0).reshape(2, 3)), lambda p: np.sum(p[0] * p[1] + p[0] ** 2)),
    "strided": (np.arange(12.0)[::3], lambda p: np.sum((p - np.arange(4)) ** 4) / 100),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", CONTAINERS)
def test_parameters_in_any_container(name: str, optimizer: str, calls: list[int]) -> None:
    params, loss = CONTAINERS[name]
    assert_same_run(calls, loss, params, optimizer=OPTIMIZERS[optimizer])


def test_parameters_without_elements() -> None:
    def loss(p: Any) -> Any:
        return np.sum(p["w"] ** 2) + np.sum(p["nothing"])

    result = cr.minimize(loss, {"w": np.ones(3), "nothing": np.ones((0, 2))}, optimizer=DESCENT, steps=9)
    np.testing.assert_allclose(result.params["w"], 0.8**9)
    assert result.params["nothing"].shape == (0, 2)


def strange(kind: str, X: Any) -> Any:
    if kind == "read-only":
        X = X.copy()
        X.flags.writeable = False
        return X
    if kind == "misaligned":
        raw = np.zeros(X.nbytes + 1, np.uint8)
        found = raw[1:].view(X.dtype).reshape(X.shape)
        found[:] = X
        return found
    return {
        "Fortran order": np.asfortranarray(X),
        "strided": np.repeat(X, 2, axis=1)[:, ::2],
        "backwards": X[::-1],
        "other byte order": X.astype(X.dtype.newbyteorder()),
        "float32": X.astype(np.float32),
        "bytes": np.round(np.abs(X) * 50).astype(np.uint8),
        "integers": np.round(X * 3).astype(np.int64),
        "truth values": X > 0,
        "half precision": X.astype(np.float16),
        "complex": X + 0.5j * X,
    }[kind]


KINDS = (
    "read-only, misaligned, Fortran order, strided, backwards, other byte order, float32, bytes, integers, "
    "truth values, half precision, complex"
).split(", ")


@pytest.mark.parametrize("batch_size", [None, 13])
@pytest.mark.parametrize("kind", KINDS)
def test_data_of_any_kind_and_memory_layout(kind: str, batch_size: int | None) -> None:
    X, y = rows(40, 5)

    def loss(w: Any, X: Any, y: Any) -> Any:
        return np.mean((np.real(X @ w) / 10 - y) ** 2)

    settings: dict[str, Any] = {"optimizer": DESCENT, "steps": 15, "batch_size": batch_size}
    data = (strange(kind, X), y)
    found, expected = cr.minimize(loss, np.ones(5), data, **settings), one_by_one(loss, np.ones(5), data, **settings)
    assert found.params.dtype == expected.params.dtype
    np.testing.assert_allclose(found.params, expected.params, rtol=1e-4 if kind == "half precision" else 1e-10)
    np.testing.assert_allclose(found.history["loss"], expected.history["loss"], rtol=1e-4)


def test_data_in_containers(calls: list[int]) -> None:
    X, y = rows(33, 4)

    def loss(w: Any, table: Any, weights: Any) -> Any:
        return np.mean(weights[0] * (table["X"] @ w - table["y"]) ** 2)

    data = ({"X": X, "y": y}, (np.abs(y) + 0.5,))
    assert_same_run(calls, loss, np.zeros(4), data, batch_size=8)
    calls.clear()
    assert_same_run(calls, loss, np.zeros(4), data)


def test_settings_beside_the_data(calls: list[int]) -> None:
    def loss(w: Any, X: Any, power: int, kind: str) -> Any:
        return np.sum(np.abs(X @ w - 1) ** power) if kind == "power" else np.sum(w)

    assert_same_run(calls, loss, np.zeros(3), (np.eye(3), 2, "power"))


def test_text_among_the_rows_is_that_of_each_batch() -> None:
    """All numbers are the same in every batch, and only the text differs."""
    X, kinds = np.ones((40, 2)), np.array(["a"] * 20 + ["b"] * 20)

    def loss(w: Any, X: Any, kinds: Any) -> Any:
        return np.mean((X @ w - np.where(kinds == "a", 1.0, -2.0)) ** 2)

    settings: dict[str, Any] = {"optimizer": DESCENT, "steps": 20, "batch_size": 4}
    found = cr.minimize(loss, np.zeros(2), (X, kinds), **settings)
    coded = np.where(kinds == "a", 1.0, -2.0)
    expected = cr.minimize(lambda w, X, t: np.mean((X @ w - t) ** 2), np.zeros(2), (X, coded), **settings)
    np.testing.assert_allclose(found.history["loss"], expected.history["loss"], rtol=1e-12)


@pytest.mark.parametrize("batch_size", [None, 8])
def test_a_label_that_does_not_exist_is_an_error(batch_size: int | None) -> None:
    loss, params, (X, labels) = softmax_problem()
    labels[50] = 3
    with pytest.raises(
        (IndexError, cr.errors.ShapeMismatchError), match=r"index 3 is out of bounds|labels go from 0 to 2"
    ):
        cr.minimize(loss, params, (X, labels), optimizer=DESCENT, steps=30, batch_size=batch_size)


def test_losses_without_rows_and_with_constants(calls: list[int]) -> None:
    A, b = np.diag(np.arange(1.0, 7.0)), np.arange(6.0)
    assert_same_run(calls, lambda x: 0.5 * x @ A @ x - b @ x, np.zeros(6))


def test_what_the_data_alone_decide_is_computed_once(calls: list[int]) -> None:
    X, y = rows(50, 3)

    def loss(w: Any, X: Any, y: Any) -> Any:
        scaled = (X - X.mean(axis=0)) / X.std(axis=0)
        return np.mean((scaled @ w - y) ** 2) + 0.1 * np.sum(w * np.max(np.abs(X), axis=0))

    assert_same_run(calls, loss, np.zeros(3), (X, y))


def test_an_operation_without_native_form_runs_step_by_step(calls: list[int]) -> None:
    X = np.random.default_rng(0).normal(size=(4, 4))

    def loss(W: Any) -> Any:
        return np.sum(np.linalg.svd(W + X, compute_uv=False)) + np.sum(W**2)

    found, expected = (run(loss, np.zeros((4, 4)), optimizer=DESCENT, steps=10) for run in (cr.minimize, one_by_one))
    assert calls == []
    np.testing.assert_array_equal(found.params, expected.params)


def test_complex_parameters_run_step_by_step(calls: list[int]) -> None:
    def loss(z: Any) -> Any:
        return np.sum(np.abs(z - np.array([1 + 2j, -1j])) ** 2)

    start = np.zeros(2, complex)
    for optimizer in OPTIMIZERS.values():
        found, expected = (run(loss, start, optimizer=optimizer, steps=10) for run in (cr.minimize, one_by_one))
        np.testing.assert_allclose(found.params, expected.params, rtol=1e-12)
    assert calls == []


# Optimisers of one's own ----------------------------------------------------------------------------------------------


class Momentum:
    def init(self, params: list[Any]) -> list[Any]:
        return [np.zeros_like(p) for p in params]

    def update(self, params: list[Any], gradients: list[Any], state: list[Any]) -> Any:
        state = [0.9 * v + g for v, g in zip(state, gradients, strict=True)]
        return [p - 0.05 * v for p, v in zip(params, state, strict=True)], state


class HeavyBall:
    """Its state is what the parameters were."""

    def init(self, params: list[Any]) -> list[Any]:
        return list(params)

    def update(self, params: list[Any], gradients: list[Any], before: list[Any]) -> Any:
        triples = zip(params, gradients, before, strict=True)
        return [p - 0.05 * g + 0.7 * (p - b) for p, g, b in triples], params


class Exchange:
    """Two parts of the state change places in each step."""

    def init(self, params: list[Any]) -> Any:
        return {"odd": 0.02, "even": 0.1, "count": 0}

    def update(self, params: list[Any], gradients: list[Any], state: Any) -> Any:
        following = {"odd": state["even"], "even": state["odd"], "count": state["count"] + 2}
        rate = state["odd"] / (1 + state["count"])
        return [p - rate * g for p, g in zip(params, gradients, strict=True)], following


class Decay:
    """A learning rate that falls, in ways that are not the same arithmetic in every step."""

    def init(self, params: list[Any]) -> Any:
        return (1, np.float64(0.2))

    def update(self, params: list[Any], gradients: list[Any], state: Any) -> Any:
        count, rate = state
        factor = rate / np.sqrt(count) * np.where(count % 2 == 0, 0.5, 1.0)
        return [p - factor * g for p, g in zip(params, gradients, strict=True)], (count + 1, rate * 0.99)


class Clipped:
    """The gradient is no longer than one: a number of all parameters together."""

    def init(self, params: list[Any]) -> None:
        return None

    def update(self, params: list[Any], gradients: list[Any], state: None) -> Any:
        length = np.sqrt(sum(np.sum(g * g) for g in gradients))
        scale = np.minimum(1.0, 1.0 / (length + 1e-12))
        return [p - 0.1 * scale * g for p, g in zip(params, gradients, strict=True)], None


@pytest.mark.parametrize("batch_size", [None, 30])
@pytest.mark.parametrize("optimizer", [Momentum(), HeavyBall(), Exchange(), Decay(), Clipped()])
def test_optimizers_of_the_user_are_compiled(optimizer: Any, batch_size: int | None, calls: list[int]) -> None:
    loss, params, data = logistic_problem()
    assert_same_run(calls, loss, params, data, optimizer=optimizer, batch_size=batch_size)


class Looking:
    """It branches on the length of the gradient."""

    def init(self, params: list[Any]) -> None:
        return None

    def update(self, params: list[Any], gradients: list[Any], state: None) -> Any:
        length = np.sqrt(sum(np.sum(g * g) for g in gradients))
        rate = 0.5 if length > 0.3 else 0.1
        return [p - rate * g for p, g in zip(params, gradients, strict=True)], None


class Warming:
    """A truth value in its state changes after the first step."""

    def init(self, params: list[Any]) -> Any:
        return {"first": True, "mean": [np.zeros_like(p) for p in params]}

    def update(self, params: list[Any], gradients: list[Any], state: Any) -> Any:
        if state["first"]:
            mean = list(gradients)
        else:
            mean = [0.5 * m + 0.5 * g for m, g in zip(state["mean"], gradients, strict=True)]
        return [p - 0.1 * m for p, m in zip(params, mean, strict=True)], {"first": False, "mean": mean}


class Remembering:
    """It keeps its state to itself."""

    def init(self, params: list[Any]) -> None:
        self.mean = [np.zeros_like(p) for p in params]

    def update(self, params: list[Any], gradients: list[Any], state: None) -> Any:
        self.mean = [0.5 * m + g for m, g in zip(self.mean, gradients, strict=True)]
        return [p - 0.1 * m for p, m in zip(params, self.mean, strict=True)], None


class Counting:
    """It counts its steps by itself."""

    def init(self, params: list[Any]) -> None:
        self.count = 0

    def update(self, params: list[Any], gradients: list[Any], state: None) -> Any:
        self.count += 1
        return [p - 0.3 / self.count * g for p, g in zip(params, gradients, strict=True)], None


class Growing:
    """Its state grows in the first step."""

    def init(self, params: list[Any]) -> Any:
        return ()

    def update(self, params: list[Any], gradients: list[Any], state: Any) -> Any:
        before = state or [np.zeros_like(p) for p in params]
        after = tuple([0.5 * v + g for v, g in zip(before, gradients, strict=True)])
        return [p - 0.1 * v for p, v in zip(params, after, strict=True)], after


def by_hand(optimizer: Any, loss: Any, params: Any, data: Any, steps: int) -> tuple[list[Any], list[float]]:
    leaves, structure = cr.structure.flatten(params)
    state, losses = optimizer.init(leaves), []
    for _ in range(steps):
        value, gradient = cr.value_and_grad(loss)(structure.unflatten(leaves), *data)
        losses.append(float(value))
        leaves, state = optimizer.update(leaves, cr.structure.flatten(gradient)[0], state)
    return leaves, losses


@pytest.mark.parametrize("optimizer", [Looking, Warming, Remembering, Counting, Growing])
def test_what_cannot_be_compiled_steps_one_by_one(optimizer: Any) -> None:
    loss, params, data = logistic_problem()
    leaves, losses = by_hand(optimizer(), loss, params, data, 12)
    found = cr.minimize(loss, params, data, optimizer=optimizer(), steps=12)
    np.testing.assert_allclose(found.history["loss"], losses, rtol=1e-12)
    for leaf, wanted in zip(cr.structure.flatten(found.params)[0], leaves, strict=True):
        np.testing.assert_allclose(leaf, wanted, rtol=1e-10)


class Cast:
    """The parameters that it returns have a dtype of their own."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype

    def init(self, params: list[Any]) -> None:
        return None

    def update(self, params: list[Any], gradients: list[Any], state: None) -> Any:
        return [(p - 0.1 * g).astype(self.dtype) for p, g in zip(params, gradients, strict=True)], None


@pytest.mark.parametrize("batch_size", [None, 30])
@pytest.mark.parametrize(("dtype", "other"), [(np.float32, np.float64), (np.float64, np.float32)])
def test_an_optimizer_may_change_the_dtype(dtype: Any, other: Any, batch_size: int | None) -> None:
    """A program for the first parameters must not read the memory of others."""
    loss, params, data = logistic_problem(dtype=dtype)
    settings: dict[str, Any] = {"optimizer": Cast(other), "steps": 12, "batch_size": batch_size}
    found = cr.minimize(loss, params, data, **settings)
    expected = cr.minimize(loss, params, data, callback=lambda *_: None, **settings)  # calls the loss in each step
    np.testing.assert_allclose(found.history["loss"], expected.history["loss"], rtol=1e-5)
    for leaf, wanted in zip(*(cr.structure.flatten(run.params)[0] for run in (found, expected)), strict=True):
        assert leaf.dtype == wanted.dtype == other
        np.testing.assert_allclose(leaf, wanted, rtol=1e-4, atol=1e-6)


class Shrinking:
    """It loses all numbers but the first."""

    def init(self, params: list[Any]) -> None:
        return None

    def update(self, params: list[Any], gradients: list[Any], state: None) -> Any:
        return [(p - 0.1 * g)[:1] for p, g in zip(params, gradients, strict=True)], None


def test_an_optimizer_that_changes_the_shape_is_refused() -> None:
    data = (np.arange(12.0).reshape(4, 3), np.ones(4))
    with pytest.raises(cr.errors.StructureError, match=r"turned a parameter of shape \(3,\) into one of shape \(1,\)"):
        cr.minimize(lambda w, X, y: np.mean((X @ w - y) ** 2), np.zeros(3), data, optimizer=Shrinking(), steps=9)


# NaN and infinity -----------------------------------------------------------------------------------------------------


def falling(w: Any) -> Any:
    """A square root whose argument each step makes smaller, until it is negative."""
    return np.sum(np.sqrt(w))


@pytest.mark.parametrize("seconds", [0.0, 2e-5, 0.05])
@pytest.mark.parametrize("start", [0.05, 0.4, 3.0, 40.0])
def test_the_error_is_that_of_the_steps_one_by_one(
    start: float, seconds: float, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With calls of one step, the step that fails is the first of its call."""
    monkeypatch.setattr(descent, "_CALL_SECONDS", seconds)
    with pytest.raises(cr.errors.DivergenceError) as expected:
        one_by_one(falling, np.full(3, start), optimizer=DESCENT, steps=5000)
    with pytest.raises(cr.errors.DivergenceError) as found:
        cr.minimize(falling, np.full(3, start), optimizer=DESCENT, steps=5000)
    assert sum(calls) > 0
    assert str(found.value) == str(expected.value)
    assert found.value.step == expected.value.step
    np.testing.assert_allclose(found.value.params, expected.value.params, rtol=1e-9)
    assert np.isfinite(falling(found.value.params))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_error_in_a_run_of_batches(optimizer: str, calls: list[int]) -> None:
    """One row has a value that is not a number; how far the run comes depends on the order of the rows."""
    loss, params, (X, y) = logistic_problem()
    X[71, 2] = np.nan
    for seed in range(4):
        settings: dict[str, Any] = {"optimizer": OPTIMIZERS[optimizer], "steps": 40, "batch_size": 7, "seed": seed}
        with pytest.raises(cr.errors.DivergenceError) as expected:
            one_by_one(loss, params, (X, y), **settings)
        with pytest.raises(cr.errors.DivergenceError) as found:
            cr.minimize(loss, params, (X, y), **settings)
        assert found.value.step == expected.value.step
        assert str(found.value) == str(expected.value)
        for name in params:
            np.testing.assert_allclose(found.value.params[name], expected.value.params[name], rtol=1e-10, atol=1e-15)
    assert sum(calls) > 0


def test_the_error_names_the_node_where_it_began_and_its_line(calls: list[int]) -> None:
    def loss(w: Any) -> Any:
        margin = w - 1.0
        shrunk = np.log(margin)
        return np.sum(shrunk) + np.sum(w)

    line = loss.__code__.co_firstlineno + 2
    with pytest.raises(cr.errors.DivergenceError, match="it begins in log of margin") as caught:
        cr.minimize(loss, np.array([2.0, 3.0]), optimizer=DESCENT, steps=500)
    assert sum(calls) > 0
    assert f"test_compiled.py, line {line}" in str(caught.value)
    assert np.all(caught.value.params > 1)


def test_a_gradient_that_is_infinite_in_the_last_step(calls: list[int]) -> None:
    def loss(w: Any) -> Any:
        return np.sum(np.sqrt(w))

    with pytest.raises(cr.errors.DivergenceError, match=r"gradient of loss became NaN or infinite at step 1") as caught:
        cr.minimize(loss, np.array([0.0025]), optimizer=cr.GradientDescent(lr=0.00025), steps=2)
    assert sum(calls) == 2
    assert caught.value.params == 0.0


@pytest.mark.parametrize("batch_size", [None, 7])
def test_unchecked_runs_go_on(batch_size: int | None, calls: list[int]) -> None:
    loss, params, (X, y) = logistic_problem()
    X[71, 2] = np.nan
    settings: dict[str, Any] = {"optimizer": DESCENT, "steps": 60, "batch_size": batch_size, "check_finite": False}
    expected, found = one_by_one(loss, params, (X, y), **settings), cr.minimize(loss, params, (X, y), **settings)
    assert sum(calls) > 0
    assert found.steps == len(found.history["loss"]) == 60
    np.testing.assert_allclose(found.history["loss"], expected.history["loss"], rtol=1e-10)
    assert np.isnan(found.history["loss"][-1])
    np.testing.assert_allclose(found.params["w"], expected.params["w"])


# Around the loop ------------------------------------------------------------------------------------------------------


def test_a_second_run_does_not_compile_again(monkeypatch: pytest.MonkeyPatch) -> None:
    origins: list[str] = []
    original = executable.compiled

    def spy(*args: Any) -> Any:
        loaded, origin = original(*args)
        origins.append(origin)
        return loaded, origin

    monkeypatch.setattr(executable, "compiled", spy)
    loss, params, data = perceptron_problem(n=199, h=11)
    for _ in range(3):
        cr.minimize(loss, params, data, optimizer=cr.Adam(lr=0.003), steps=20, batch_size=50)
    assert origins == ["compiled"] * 2  # one for whole batches, one for the last of an epoch, and none for later runs


def test_progress_counts_all_steps(monkeypatch: pytest.MonkeyPatch, calls: list[int]) -> None:
    heard: list[tuple[int, float]] = []

    @contextmanager
    def bar(progress: bool, steps: int) -> Any:
        yield lambda count, value: heard.append((count, value))

    monkeypatch.setattr(importlib.import_module("chainrule.learn.minimize"), "progress_bar", bar)
    loss, params, data = logistic_problem()
    result = cr.minimize(loss, params, data, optimizer=DESCENT, steps=300, progress=True)
    assert [count for count, _ in heard] == calls
    assert sum(count for count, _ in heard) == 300
    np.testing.assert_array_equal([value for _, value in heard], result.history["loss"][np.cumsum(calls) - 1])


def test_neither_parameters_nor_data_are_changed(calls: list[int]) -> None:
    loss, params, data = perceptron_problem()
    copies = [leaf.copy() for leaf in (*params.values(), *data)]
    cr.minimize(loss, params, data, optimizer=cr.Adam(), steps=30)
    assert sum(calls) == 30
    for now, before in zip((*params.values(), *data), copies, strict=True):
        np.testing.assert_array_equal(now, before)
        assert now.flags.writeable


def test_results_of_two_runs_share_no_memory() -> None:
    loss, params, data = logistic_problem()
    first, second = (cr.minimize(loss, params, data, optimizer=DESCENT, steps=5) for _ in range(2))
    kept = second.params["w"].copy()
    first.params["w"][:] = 7
    np.testing.assert_array_equal(second.params["w"], kept)
