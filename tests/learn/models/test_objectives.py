"""Losses against scikit-learn's and PyTorch's, with weights; their stability; penalties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_squared_error

import chainrule as cr
from chainrule.learn.models import Architecture, Network
from chainrule.learn.models.objectives import TASKS, penalty, weighted_mean

RNG = np.random.default_rng(0)
N = 30
WEIGHT = RNG.uniform(0.1, 3.0, N)
LABELS = {
    "regression": RNG.normal(size=N),
    "binary": RNG.integers(0, 2, N),
    "multiclass": np.concatenate([np.arange(4), RNG.integers(0, 4, N - 4)]),
    "multilabel": RNG.integers(0, 2, (N, 3)),
}
OUTPUTS = {"regression": 1, "binary": 1, "multiclass": 4, "multilabel": 3}


def network_and_logits(task: str, loss: str = "auto") -> tuple[Network, Any]:
    """A network that hands its input on, so that its loss is a function of given logits."""
    k = OUTPUTS[task]
    network = Network(Architecture(task, inputs=k, outputs=k, fit_intercept=False, loss=loss))
    return network, RNG.normal(0.0, 3.0, (N, k))


def handed_on(task: str) -> dict[str, Any]:
    k = OUTPUTS[task]
    return {"W1": np.ones(1) if Network(Architecture(task, k, k)).architecture.has_flat_output else np.eye(k)}


def expected_by_sklearn(task: str, prediction: Any, weight: Any) -> float:
    y = LABELS[task]
    if task == "regression":
        return mean_squared_error(y, prediction, sample_weight=weight) / 2
    if task == "multilabel":
        columns = range(OUTPUTS[task])
        return float(np.mean([log_loss(y[:, j], prediction[:, j], sample_weight=weight) for j in columns]))
    return log_loss(y, prediction, sample_weight=weight)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("task", TASKS)
def test_a_loss_is_that_of_scikit_learn(task: str, weight: Any) -> None:
    network, z = network_and_logits(task)
    params = handed_on(task)
    expected = expected_by_sklearn(task, network.predict(params, z), weight)
    y = network.encode(LABELS[task])
    assert float(network.loss(params, z, y, weight)) == pytest.approx(expected, rel=1e-12)
    assert float(cr.jit(network.loss)(params, z, y, weight)) == pytest.approx(expected, rel=1e-12)


HAND_WRITTEN = {
    ("regression", "absolute_error"): lambda y_hat, y: np.abs(y_hat - y),
    ("regression", "huber"): lambda y_hat, y: [e * e / 2 if abs(e) < 1 else abs(e) - 0.5 for e in (y_hat - y).tolist()],
    ("binary", "squared_error"): lambda y_hat, y: (y_hat - y) ** 2 / 2,
    ("multiclass", "squared_error"): lambda y_hat, y: ((y_hat - np.eye(4)[y]) ** 2).sum(axis=1) / 2,
    ("multilabel", "squared_error"): lambda y_hat, y: ((y_hat - y) ** 2).mean(axis=1) / 2,
}


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
@pytest.mark.parametrize(("task", "loss"), HAND_WRITTEN)
def test_a_loss_that_was_chosen_is_its_formula(task: str, loss: str, weight: Any) -> None:
    network, z = network_and_logits(task, loss)
    params, y = handed_on(task), network.encode(LABELS[task])
    rows = HAND_WRITTEN[task, loss](network.predict(params, z), LABELS[task])
    expected = float(np.average(rows, weights=weight))
    assert float(network.loss(params, z, y, weight)) == pytest.approx(expected, rel=1e-12)
    assert float(cr.jit(network.loss)(params, z, y, weight)) == pytest.approx(expected, rel=1e-12)


def test_every_loss_is_tested() -> None:
    first = {(task, next(iter(record.losses))) for task, record in TASKS.items()}
    assert set(HAND_WRITTEN) | first == {(task, loss) for task, record in TASKS.items() for loss in record.losses}


def gradient_by_z(task: str, loss: str, z: Any, y: Any) -> Any:
    network, _ = network_and_logits(task, loss)
    return np.squeeze(cr.grad(network.loss, argnums=1)(handed_on(task), z, network.encode(y)) * len(z))


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("squared_error", [-300.0, -0.5, 0.0, 0.5, 300.0]),
        ("absolute_error", [-1, -1, 0, 1, 1]),
        ("huber", [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_rows_far_away_pull_as_hard_as_the_loss_says(loss: str, expected: list[float]) -> None:
    z = np.array([[-300.0], [-0.5], [0.0], [0.5], [300.0]])
    assert gradient_by_z("regression", loss, z, np.zeros(5)).tolist() == expected


def test_a_squared_error_hardly_corrects_what_is_confidently_wrong_and_cross_entropy_does() -> None:
    z, y = np.array([[-20.0]]), np.array([1])
    assert abs(gradient_by_z("binary", "squared_error", z, y)) < 1e-8
    assert gradient_by_z("binary", "cross_entropy", z, y) == pytest.approx(-1.0)
    z, y = np.array([[20.0, 0.0, 0.0, 0.0]]), np.array([1])
    assert np.abs(gradient_by_z("multiclass", "squared_error", z, y)).max() < 1e-7
    assert gradient_by_z("multiclass", "cross_entropy", z, y) == pytest.approx([1, -1, 0, 0], abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_squared_errors_of_probabilities_stay_finite(task: str, dtype: type) -> None:
    network, _ = network_and_logits(task, "squared_error")
    params = {name: value.astype(dtype) for name, value in handed_on(task).items()}
    X = (np.array([[1.0], [-1.0]]) * np.arange(1, OUTPUTS[task] + 1) * 1e4).astype(dtype)
    y = network.encode(LABELS[task][:2], dtype)
    loss, gradient = cr.jit(cr.value_and_grad(network.loss, argnums=1))(params, X, y)
    assert loss.dtype == gradient.dtype == dtype
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()


def test_integer_labels_give_the_loss_of_one_hot_rows() -> None:
    network, z = network_and_logits("multiclass")
    y = LABELS["multiclass"]
    expected = network.loss(handed_on("multiclass"), z, network.encode(y))
    assert float(network.loss(handed_on("multiclass"), z, y)) == float(expected)


@pytest.mark.oracle
@pytest.mark.parametrize("task", TASKS)
def test_losses_and_gradients_are_those_of_pytorch(task: str) -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    network, z = network_and_logits(task)
    z_torch = torch.tensor(z[:, 0] if network.architecture.has_flat_output else z, requires_grad=True)
    y, w = torch.tensor(LABELS[task]), torch.tensor(WEIGHT)
    losses = {
        "regression": lambda: functional.mse_loss(z_torch, y, reduction="none") / 2,
        "binary": lambda: functional.binary_cross_entropy_with_logits(z_torch, y.double(), reduction="none"),
        "multiclass": lambda: functional.cross_entropy(z_torch, y, reduction="none"),
        "multilabel": lambda: functional.binary_cross_entropy_with_logits(z_torch, y.double(), reduction="none").mean(
            1
        ),
    }[task]()
    expected = (w * losses).sum() / w.sum()
    expected.backward()
    found, gradient = cr.value_and_grad(network.loss, argnums=1)(
        handed_on(task), z, network.encode(LABELS[task]), WEIGHT
    )
    assert float(found) == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(gradient.reshape(z_torch.shape), z_torch.grad.numpy(), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("compiled", [False, True])
def test_confidently_wrong_predictions_have_a_finite_loss_and_the_right_gradient(dtype: type, compiled: bool) -> None:
    for task, y, expected in (
        ("binary", np.zeros(2), [0.5, 0.0]),
        ("multilabel", np.zeros((2, 1)), [[0.5], [0.0]]),
        ("multiclass", np.eye(2)[[1, 1]], [[0.5, -0.5], [0.0, 0.0]]),
    ):
        k = np.shape(y)[1] if np.ndim(y) == 2 else 1
        network = Network(Architecture(task, inputs=k, outputs=k, fit_intercept=False))
        params = {"W1": np.ones(1, dtype) if network.architecture.has_flat_output else np.eye(k, dtype=dtype)}
        X = np.zeros((2, k), dtype)
        X[:, 0] = [500.0, -500.0]
        function = cr.value_and_grad(network.loss, argnums=1)
        loss, gradient = (cr.jit(function) if compiled else function)(params, X, y.astype(dtype))
        assert loss.dtype == gradient.dtype == dtype
        np.testing.assert_allclose(loss, 250.0, rtol=1e-6)
        np.testing.assert_allclose(gradient, np.reshape(expected, (2, k)), atol=1e-6)
        np.testing.assert_allclose(network.loss(params, X, y.astype(dtype)), 250.0, rtol=1e-6)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_probabilities_do_not_overflow(task: str) -> None:
    network, _ = network_and_logits(task)
    X = np.array([[1.0], [-1.0]]) * np.arange(1, OUTPUTS[task] + 1) * 1e4
    probabilities = network.predict(handed_on(task), X)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    if task == "multiclass":
        np.testing.assert_array_equal(probabilities, [[0, 0, 0, 1], [1, 0, 0, 0]])


def test_weights_of_zero_leave_rows_out() -> None:
    losses = RNG.uniform(size=6)
    weight = np.array([1.0, 0.0, 2.0, 0.0, 1.0, 1.0])
    counted = np.repeat(losses, weight.astype(int))
    assert float(weighted_mean(losses, weight)) == pytest.approx(float(counted.mean()), rel=1e-14)


def test_a_batch_in_which_no_row_counts_has_no_loss_and_no_gradient() -> None:
    network = Network(Architecture("binary", 2))
    params = {"W1": np.ones(2), "b1": np.array(0.5)}
    X, y = RNG.normal(size=(3, 2)), np.array([0.0, 1.0, 1.0])
    loss, gradient = cr.jit(cr.value_and_grad(network.loss))(params, X, y, np.zeros(3))
    assert float(loss) == 0.0
    assert not gradient["W1"].any()


def test_penalties_add_l1_sign_and_l2_times_the_weight_to_the_gradient() -> None:
    X, y = RNG.normal(size=(8, 2)), RNG.normal(size=8)
    params = {"W1": RNG.normal(size=(2, 3)), "b1": RNG.normal(size=3), "W2": RNG.normal(size=3), "b2": np.array(0.2)}
    settings: Any = {"task": "regression", "inputs": 2, "hidden": (3,), "activation": "tanh"}
    plain, with_penalty = Network(Architecture(**settings)), Network(Architecture(**settings, l1=0.3, l2=0.7))
    added = penalty([params["W1"], params["W2"]], 0.3, 0.7)
    assert float(with_penalty.loss(params, X, y)) == pytest.approx(float(plain.loss(params, X, y) + added), rel=1e-14)
    without, found = cr.grad(plain.loss)(params, X, y), cr.grad(with_penalty.loss)(params, X, y)
    for name, value in params.items():
        extra = 0.3 * np.sign(value) + 0.7 * value if name.startswith("W") else 0.0
        np.testing.assert_allclose(found[name], without[name] + extra, rtol=1e-12, err_msg=name)
