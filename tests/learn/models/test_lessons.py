"""The lesson of a network's loss reads like the lecture: z1, a1, z2, ŷ, and ŷ − y."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.learn.models import Architecture, Network, TwoLayerPerceptron

ROW = np.array([[1.0, 2.0]])


def lesson_of(settings: dict[str, Any], y: Any) -> str:
    network = Network(Architecture(inputs=2, hidden=(2,), activation="tanh", **settings))
    params = network.init(np.random.default_rng(0), ROW)
    lesson = cr.explain(network.loss, params, ROW, network.encode(y))
    return str(lesson)


@pytest.mark.parametrize(
    ("settings", "y", "output"),
    [
        ({"task": "binary"}, [1], "ŷ      = σ(z2)"),
        ({"task": "regression"}, [1.0], "ŷ      = a1 W2 + b2"),
        ({"task": "multiclass", "outputs": 3}, [1], "ŷ      = softmax(z2, axis=1)"),
    ],
    ids=["binary", "regression", "multiclass"],
)
def test_layers_have_the_names_of_the_lecture_and_the_closed_forms_come_out(
    settings: dict[str, Any], y: Any, output: str
) -> None:
    text = lesson_of(settings, y)
    for line in ("z1     = X W1 + b1", "a1     = tanh(z1)", output):
        assert line in text
    for line in ("∂L/∂W2 = a1ᵀ(ŷ − y)", "∂L/∂b2 = ŷ − y", "∂L/∂W1 = Xᵀ((1 − a1²) ⊙ (ŷ − y) W2ᵀ)"):
        assert line in text
    assert "✗" not in text


@pytest.mark.parametrize(
    ("settings", "y", "losses"),
    [
        ({"task": "regression", "loss": "absolute_error"}, [1.0], "|ŷ − y|"),
        ({"task": "regression", "loss": "huber"}, [1.0], "{distance²/2 if distance ≤ 1, else distance − 0.5}"),
        ({"task": "binary", "loss": "squared_error"}, [1], "(ŷ − y)²/2"),
        ({"task": "multiclass", "outputs": 3, "loss": "squared_error"}, [1], "(Σⱼ (ŷ − y)²)/2"),
        ({"task": "multilabel", "outputs": 2, "loss": "squared_error"}, [[1, 0]], "mean(parts, axis=1)"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_every_loss_reads_as_its_formula(settings: dict[str, Any], y: Any, losses: str) -> None:
    text = lesson_of(settings, y)
    assert any(line.split() == ["losses", "=", *losses.split()] for line in [*map(_formula, text.splitlines())])
    assert "✗" not in text


def _formula(line: str) -> str:
    """Of a line of the forward pass, without the numbers."""
    return " = ".join(line.split(" = ")[:2])


def test_variables_of_the_lecture_models_are_in_their_lesson() -> None:
    model = TwoLayerPerceptron(hidden=2)
    text = str(cr.explain(model.loss, model.init(np.random.default_rng(0), ROW), ROW, np.array([1.0])))
    for line in ("z1 = X W1 + b1", "a1 = tanh(z1)", "z2 = a1 W2 + b2", "∂L/∂W2 = a1ᵀ(ŷ − y)"):
        assert line in text


def test_a_finished_network_is_explained_as_it_predicts() -> None:
    network = Network(Architecture("binary", 2, hidden=(3,), activation="tanh", batch_norm=True))
    X = np.random.default_rng(0).normal(size=(20, 2))
    finished = network.finish(network.init(np.random.default_rng(0), X), X)
    graph = cr.trace(network.loss, finished, ROW, np.array([1.0]))
    np.testing.assert_allclose(graph["y_hat"].value, network.predict(finished, ROW), rtol=1e-12)
    assert {node.name for node in graph.nodes} >= {"z1", "a1", "z2", "y_hat"}


def test_a_loop_over_many_layers_numbers_them() -> None:
    network = Network(Architecture("binary", 2, hidden=(3, 3, 3)))
    graph = cr.trace(network.loss, network.init(np.random.default_rng(0), ROW), ROW, np.array([1.0]))
    names = [node.name for node in graph.nodes if node.name and node.inputs]
    assert names[:8] == ["z1", "a1", "z2", "a2", "z3", "a3", "z4", "y_hat"]


def test_a_variable_of_the_user_names_a_parameter_first() -> None:
    network = Network(Architecture("regression", 2))

    def loss(weights: Any, X: Any, y: Any) -> Any:
        slope = weights * 2
        return network.loss({"W1": slope, "b1": 0.0}, X, y)

    graph = cr.trace(loss, np.ones(2), ROW, np.array([1.0]))
    assert {"slope", "y_hat"} <= {node.name for node in graph.nodes}


def test_a_product_that_does_not_fit_shows_the_line_of_the_layer() -> None:
    network = Network(Architecture("regression", 2))
    with pytest.raises(cr.errors.ShapeMismatchError, match="x @ W") as caught:
        cr.grad(network.loss)({"W1": np.ones(3), "b1": np.array(0.0)}, ROW, np.array([1.0]))
    assert "W1" in str(caught.value)
