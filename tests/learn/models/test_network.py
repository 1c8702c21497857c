"""Networks: shapes and dtypes for each task, gradients, one native loop, batch normalisation, dropout, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ConfigError, ShapeMismatchError
from chainrule.learn.models import Architecture, Network
from chainrule.learn.models.layers import ACTIVATIONS

N, D = 24, 3
OUTPUTS = {"regression": 1, "binary": 1, "multiclass": 3, "multilabel": 3}
CASES = [
    {"task": "regression"},
    {"task": "regression", "outputs": 3, "hidden": (5,), "activation": "sigmoid"},
    {"task": "binary", "l1": 0.01, "l2": 0.1},
    {"task": "binary", "hidden": (5, 4), "activation": "gelu", "dropout": 0.3, "l2": 0.1},
    {"task": "binary", "hidden": (5,), "activation": "relu", "fit_intercept": False},
    {"task": "multiclass"},
    {"task": "multiclass", "hidden": (5, 4), "activation": "silu", "batch_norm": True, "dropout": 0.2},
    {"task": "multilabel", "hidden": (5,), "activation": "leaky_relu", "batch_norm": True},
    {"task": "multilabel", "hidden": (4, 4, 4), "activation": "tanh", "l1": 0.01},
    {"task": "regression", "hidden": (5,), "activation": "tanh", "loss": "absolute_error"},
    {"task": "regression", "outputs": 3, "hidden": (5,), "activation": "tanh", "loss": "huber"},
    {"task": "binary", "hidden": (5,), "activation": "tanh", "loss": "squared_error"},
    {"task": "multiclass", "hidden": (5,), "activation": "tanh", "loss": "squared_error"},
    {"task": "multilabel", "loss": "squared_error"},
]


def case_name(settings: dict[str, Any]) -> str:
    return "-".join(f"{key}={value}" for key, value in settings.items())


def build(settings: dict[str, Any]) -> Network:
    return Network(Architecture(**{"inputs": D, "outputs": OUTPUTS[settings["task"]]} | settings))


def problem(network: Network, dtype: Any = np.float64, weighted: bool = True) -> tuple[Any, list[Any]]:
    """Parameters away from zero, and data: rows, targets, weights, masks."""
    rng = np.random.default_rng(0)
    settings = network.architecture
    X = rng.normal(size=(N, D)).astype(dtype)
    shape = (N,) if settings.has_flat_output else (N, settings.outputs)
    targets = {
        "regression": lambda: rng.normal(size=shape),
        "binary": lambda: rng.integers(0, 2, N),
        "multiclass": lambda: rng.integers(0, 3, N),
        "multilabel": lambda: rng.integers(0, 2, shape),
    }[settings.task]()
    params = network.init(rng, X)
    params = {name: (value + 0.2 * rng.normal(size=value.shape)).astype(dtype) for name, value in params.items()}
    weights = [rng.uniform(0.5, 2.0, N).astype(dtype)] if weighted else []
    return params, [X, network.encode(targets, dtype), *weights, *network.noise(rng, N, dtype)]


@pytest.mark.parametrize("settings", CASES, ids=case_name)
def test_gradients_agree_with_finite_differences(settings: dict[str, Any]) -> None:
    network = build(settings)
    params, data = problem(network)
    cr.check_grads(lambda params: network.loss(params, *data), params, order=1)


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("settings", CASES, ids=case_name)
def test_a_compiled_gradient_has_no_part_in_numpy_and_keeps_the_dtype(
    settings: dict[str, Any], dtype: Any, weighted: bool
) -> None:
    network = build(settings)
    params, data = problem(network, dtype, weighted)
    compiled = cr.jit(cr.value_and_grad(network.loss))
    pytest.importorskip("llvmlite")
    assert "NumPy" not in compiled.plan(params, *data)
    loss, gradient = compiled(params, *data)
    plain_loss, plain_gradient = cr.value_and_grad(network.loss)(params, *data)
    assert {value.dtype for value in (loss, network.loss(params, *data), *gradient.values())} == {np.dtype(dtype)}
    tolerance = 1e-10 if dtype is np.float64 else 1e-4
    np.testing.assert_allclose(loss, plain_loss, rtol=tolerance)
    np.testing.assert_allclose(loss, network.loss(params, *data), rtol=tolerance)
    for name, value in gradient.items():
        np.testing.assert_allclose(value, plain_gradient[name], rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("batch_size", [None, 8])
@pytest.mark.parametrize("settings", CASES, ids=case_name)
def test_training_is_one_native_loop(
    settings: dict[str, Any], batch_size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("llvmlite")
    from chainrule.learn import compiled, descent

    loops = []

    def watched(*args: Any, **kwargs: Any) -> Any:
        loops.append(compiled.compile_loop(*args, **kwargs))
        return loops[-1]

    monkeypatch.setattr(descent, "compile_loop", watched)
    network = build(settings)
    params, data = problem(network)
    result = cr.minimize(network.loss, params, tuple(data), optimizer=cr.Adam(lr=0.01), steps=9, batch_size=batch_size)
    assert loops
    assert None not in loops
    assert np.isfinite(result.history["loss"]).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_compiles(activation: str) -> None:
    pytest.importorskip("llvmlite")
    network = build({"task": "binary", "hidden": (4,), "activation": activation})
    params, data = problem(network, np.float32)
    assert "NumPy" not in cr.jit(cr.value_and_grad(network.loss)).plan(params, *data)


def test_integer_labels_compile_too() -> None:
    pytest.importorskip("llvmlite")
    network = build({"task": "multiclass", "hidden": (4,)})
    params, (X, *_) = problem(network)
    assert "NumPy" not in cr.jit(cr.value_and_grad(network.loss)).plan(params, X, np.arange(N) % 3)


@pytest.mark.parametrize("rows", [0, 1, N])
@pytest.mark.parametrize("settings", CASES, ids=case_name)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predictions_have_the_shape_and_dtype_of_the_task(settings: dict[str, Any], rows: int, dtype: Any) -> None:
    network = build(settings)
    params, (X, *_) = problem(network, dtype)
    prediction = network.predict(network.finish(params, X), X[:rows])
    flat = network.architecture.has_flat_output
    assert prediction.shape == ((rows,) if flat else (rows, network.architecture.outputs))
    assert prediction.dtype == dtype
    if network.architecture.task == "multiclass":
        np.testing.assert_allclose(prediction.sum(axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("settings", CASES, ids=case_name)
def test_a_prediction_is_made_from_the_raw_outputs_also_in_chunks(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build(settings)
    params, (X, *_) = problem(network)
    finished = network.finish(params, X)
    many = np.random.default_rng(5).normal(size=(1000, D))
    z = network.outputs(finished, many)
    heads = {
        "regression": lambda z: z,
        "binary": lambda z: 1 / (1 + np.exp(-z)),
        "multilabel": lambda z: 1 / (1 + np.exp(-z)),
        "multiclass": lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
    }
    expected = heads[network.architecture.task](z)
    np.testing.assert_allclose(network.predict(finished, many), expected, rtol=1e-9, atol=1e-12)
    monkeypatch.setattr("chainrule.learn.models.network._CHUNK", 1)
    np.testing.assert_allclose(network.predict(finished, many), expected, rtol=1e-9, atol=1e-12)


def test_integer_features_begin_in_float64() -> None:
    network = build({"task": "binary", "hidden": (4,)})
    params = network.init(np.random.default_rng(0), np.ones((2, D), int))
    assert {value.dtype for value in params.values()} == {np.dtype(np.float64)}
    assert network.predict(params, np.ones((2, D), int)).dtype == np.float64


def test_without_intercepts_there_are_no_biases() -> None:
    network = build({"task": "binary", "hidden": (4,), "fit_intercept": False})
    assert sorted(network.init(np.random.default_rng(0), np.ones((1, D)))) == ["W1", "W2"]
    assert network.predict(network.init(np.random.default_rng(0), np.ones((1, D))), np.zeros((1, D))) == [0.5]


@pytest.mark.parametrize("settings", CASES, ids=case_name)
def test_activations_of_hidden_layers_lead_to_the_prediction(settings: dict[str, Any]) -> None:
    network = build(settings)
    params, (X, *_) = problem(network)
    finished = network.finish(params, X)
    found = network.activations(finished, X)
    assert [a.shape for a in found] == [(N, units) for units in network.architecture.hidden]
    W, b = network.affine_layers(finished)[-1]
    last = found[-1] if found else X
    np.testing.assert_allclose(last @ W + b, network.outputs(finished, X), rtol=1e-9, atol=1e-12)


def test_activations_are_of_rows_of_so_many_features() -> None:
    network = build({"task": "binary", "hidden": (4,)})
    params, _ = problem(network)
    with pytest.raises(ShapeMismatchError, match="takes rows of 3 features"):
        network.activations(params, np.ones((2, D + 1)))


@pytest.mark.parametrize("settings", CASES, ids=case_name)
def test_the_loss_of_a_row_is_that_of_a_table_of_one_row(settings: dict[str, Any]) -> None:
    network = build(settings)
    params, (X, y, *_) = problem(network)
    finished = network.finish(params, X)
    expected = network.loss(finished, X[:1], y[:1])
    assert float(network.loss_of_row(finished, X[0], y[0])) == pytest.approx(float(expected), rel=1e-12)
    found = cr.grad(network.loss_of_row)(finished, X[0], y[0])
    for name, gradient in cr.grad(network.loss)(finished, X[:1], y[:1]).items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-10, atol=1e-14, err_msg=name)


@pytest.mark.parametrize(("x", "y"), [(np.ones((1, D)), 1.0), (np.ones(D + 1), 1.0), (np.ones(D), np.ones(1))])
def test_a_row_is_a_vector_and_its_target_a_number(x: Any, y: Any) -> None:
    network = build({"task": "binary", "hidden": (4,)})
    params, _ = problem(network)
    with pytest.raises(ShapeMismatchError, match=r"x has the shape|y has the shape"):
        network.loss_of_row(params, x, np.asarray(y))


def test_a_row_cannot_be_normalised_by_itself() -> None:
    network = build({"task": "binary", "hidden": (4,), "batch_norm": True})
    params, (X, y, *_) = problem(network)
    with pytest.raises(ConfigError, match="no mean1 and var1"):
        network.loss_of_row(params, X[0], y[0])


# Batch normalisation -------------------------------------------------------------------------------------------------


def normalised() -> tuple[Network, Any, Any, Any]:
    network = build({"task": "regression", "hidden": (6, 5), "activation": "tanh", "batch_norm": True})
    params, (X, y, *_) = problem(network, weighted=False)
    return network, params, X, y


def test_in_training_layers_are_normalised_by_the_batch() -> None:
    network, params, X, y = normalised()
    scaled = {name: value * 7 if name == "W1" else value for name, value in params.items()}
    np.testing.assert_allclose(network.loss(scaled, X, y), network.loss(params, X, y), rtol=1e-4)
    assert abs(float(network.loss(params, X[:6], y[:6]) - network.loss(network.finish(params, X), X[:6], y[:6]))) > 1e-3


def test_statistics_of_all_rows_give_the_outputs_of_the_whole_batch() -> None:
    network, params, X, y = normalised()
    finished = network.finish(params, X)
    np.testing.assert_allclose(network.outputs(finished, X), network.outputs(params, X), rtol=1e-10)
    np.testing.assert_allclose(network.predict(finished, X), network.outputs(params, X), rtol=1e-10)
    np.testing.assert_allclose(network.loss(finished, X, y), network.loss(params, X, y), rtol=1e-10)


def test_statistics_are_those_of_the_hidden_layers() -> None:
    network, params, X, _ = normalised()
    finished = network.finish(params, X)
    z1 = X @ params["W1"]
    np.testing.assert_allclose(finished["mean1"], z1.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(finished["var1"], z1.var(axis=0), rtol=1e-12)


def test_statistics_do_not_depend_on_how_the_rows_come(monkeypatch: pytest.MonkeyPatch) -> None:
    network, params, _, _ = normalised()
    X = np.random.default_rng(1).normal(size=(1000, D))
    monkeypatch.setattr("chainrule.learn.models.network._CHUNK", 1)
    chunked = network.finish(params, X)
    monkeypatch.undo()
    for other in (network.finish(params, X), network.finish(params, lambda: iter(np.array_split(X, 7)))):
        for name, value in other.items():
            np.testing.assert_allclose(chunked[name], value, rtol=1e-10, atol=1e-13, err_msg=name)


def test_finishing_again_counts_only_the_new_rows() -> None:
    network, params, X, _ = normalised()
    again = network.finish(network.finish(params, X), X + 1)
    np.testing.assert_array_equal(again["mean1"], network.finish(params, X + 1)["mean1"])
    assert sorted(network.trainable(again)) == sorted(params)


def test_a_prediction_without_statistics_says_what_to_call() -> None:
    network, params, X, _ = normalised()
    with pytest.raises(ConfigError, match="no mean1 and var1") as caught:
        network.predict(params, X)
    assert "network.finish(params, X)" in str(caught.value)


def test_affine_layers_hold_the_whole_prediction() -> None:
    network, params, X, _ = normalised()
    finished = network.finish(params, X)
    a = X
    *hidden, (W, b) = network.affine_layers(finished)
    for weights, bias in hidden:
        a = np.tanh(a @ weights + bias)
    np.testing.assert_allclose(a @ W + b, network.predict(finished, X), rtol=1e-12)


# Dropout -------------------------------------------------------------------------------------------------------------


def test_masks_may_follow_the_targets_or_the_weights() -> None:
    network = build({"task": "binary", "hidden": (6, 5), "dropout": 0.5})
    params, (X, y, *masks) = problem(network, weighted=False)
    expected = network.loss(params, X, y, np.ones(N), *masks)
    assert float(network.loss(params, X, y, *masks)) == pytest.approx(float(expected), rel=1e-12)
    assert float(network.loss(params, X, y)) != pytest.approx(float(expected), rel=1e-3)


def test_the_expected_output_of_a_linear_network_is_that_without_dropout() -> None:
    network = build({"task": "regression", "hidden": (50,), "activation": "identity", "dropout": 0.4})
    params, (X, *_) = problem(network)
    rng = np.random.default_rng(0)
    drawn = np.array([network.outputs(params, X, network.noise(rng, N)) for _ in range(2000)])
    error = np.abs(drawn.mean(axis=0) - network.outputs(params, X))
    assert (error < 4.5 * drawn.std(axis=0) / np.sqrt(2000)).all()


def test_masks_of_another_number_of_layers_are_refused() -> None:
    network = build({"task": "binary", "hidden": (6, 5), "dropout": 0.5})
    params, (X, y, *masks) = problem(network, weighted=False)
    with pytest.raises(ConfigError, match="noise holds 1 arrays, but there are 2 hidden layers"):
        network.loss(params, X, y, masks[0])


# Errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["init", "outputs", "predict", "loss"])
@pytest.mark.parametrize("shape", [(D,), (4, D + 1), (2, 2, D)])
def test_rows_with_another_number_of_features_are_refused(call: str, shape: tuple[int, ...]) -> None:
    network = build({"task": "binary"})
    params, (_, y, *_) = problem(network)
    X = np.ones(shape)
    calls = {
        "init": lambda: network.init(np.random.default_rng(0), X),
        "outputs": lambda: network.outputs(params, X),
        "predict": lambda: network.predict(params, X),
        "loss": lambda: network.loss(params, X, y),
    }
    with pytest.raises(ShapeMismatchError, match="this network takes rows of 3 features"):
        calls[call]()


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize(("task", "shape"), [("binary", (N, 1)), ("multiclass", (N, 1)), ("multilabel", (N,))])
def test_targets_that_would_broadcast_are_refused(task: str, shape: tuple[int, ...], traced: bool) -> None:
    network = build({"task": task})
    params, (X, *_) = problem(network)
    call = cr.grad(network.loss) if traced else network.loss
    with pytest.raises(ShapeMismatchError, match="y has the shape") as caught:
        call(params, X, np.zeros(shape))
    assert "network.encode(y)" in str(caught.value)
