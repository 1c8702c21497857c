"""Networks of each task: gradients, one native loop, rows and tables, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.learn.models.networks import CASES, D, N, build, case_name, problem

import chainrule as cr
from chainrule.errors import ConfigError, ShapeMismatchError
from chainrule.learn.models.layers import ACTIVATIONS


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


def test_integer_features_begin_in_float64() -> None:
    network = build({"task": "binary", "hidden": (4,)})
    params = network.init(np.random.default_rng(0), np.ones((2, D), int))
    assert {value.dtype for value in params.values()} == {np.dtype(np.float64)}
    assert network.predict(params, np.ones((2, D), int)).dtype == np.float64


def test_without_intercepts_there_are_no_biases() -> None:
    network = build({"task": "binary", "hidden": (4,), "fit_intercept": False})
    assert sorted(network.init(np.random.default_rng(0), np.ones((1, D)))) == ["W1", "W2"]
    assert network.predict(network.init(np.random.default_rng(0), np.ones((1, D))), np.zeros((1, D))) == [0.5]


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


def test_masks_may_follow_the_targets_or_the_weights() -> None:
    network = build({"task": "binary", "hidden": (6, 5), "dropout": 0.5})
    params, (X, y, *masks) = problem(network, weighted=False)
    expected = network.loss(params, X, y, np.ones(N), *masks)
    assert float(network.loss(params, X, y, *masks)) == pytest.approx(float(expected), rel=1e-12)
    assert float(network.loss(params, X, y)) != pytest.approx(float(expected), rel=1e-3)


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
