"""Predictions of each task, activations, and the statistics of batch normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.learn.models.networks import CASES, D, N, build, case_name, normalised, problem

from chainrule.errors import ConfigError


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
    monkeypatch.setattr("chainrule.learn.models.predicting._CHUNK", 1)
    np.testing.assert_allclose(network.predict(finished, many), expected, rtol=1e-9, atol=1e-12)


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


def test_affine_layers_hold_the_whole_prediction() -> None:
    network, params, X, _ = normalised()
    finished = network.finish(params, X)
    a = X
    *hidden, (W, b) = network.affine_layers(finished)
    for weights, bias in hidden:
        a = np.tanh(a @ weights + bias)
    np.testing.assert_allclose(a @ W + b, network.predict(finished, X), rtol=1e-12)


def test_a_prediction_without_statistics_says_what_to_call() -> None:
    network, params, X, _ = normalised()
    with pytest.raises(ConfigError, match="no mean1 and var1") as caught:
        network.predict(params, X)
    assert "network.finish(params, X)" in str(caught.value)


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
    monkeypatch.setattr("chainrule.learn.models.predicting._CHUNK", 1)
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
