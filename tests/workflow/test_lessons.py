"""The lesson of one row of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.workflow.making import people

import chainrule as cr
from chainrule.errors import ConfigError, DataError, FormulaError, ShapeMismatchError
from chainrule.explain.formulas import parse, parse_value
from chainrule.learn.models import Architecture, Network
from chainrule.learn.models.layers import ACTIVATIONS
from chainrule.learn.models.objectives import TASKS
from chainrule.storage.model import TableModel
from chainrule.workflow import TrainingSettings, explain_row, train_table
from chainrule.workflow.lessons import TypedRow, typed_row


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("tables") / "people.csv")


@pytest.fixture(scope="module")
def model(path: Path) -> TableModel:
    return train_table(path, "buys", TrainingSettings(hidden=(3,), epochs=5)).model


def test_the_loss_is_that_of_the_row(path: Path, model: TableModel) -> None:
    lesson = explain_row(model, path, 3)
    X, y = model.preprocessing.arrays(path)
    assert float(lesson.forward[-1].value) == pytest.approx(float(model.network.loss(model.params, X[[2]], y[[2]])))
    assert {part.symbol.name for part in lesson.result} == {"W1", "b1", "W2", "b2"}
    assert all(part.agrees for part in lesson.result)


def test_only_the_gradients_that_are_wanted(path: Path, model: TableModel) -> None:
    assert [part.symbol.name for part in explain_row(model, path, 1, wrt=["b2"]).result] == ["b2"]


@pytest.mark.parametrize(("row", "message"), [(161, "has 160 rows"), (0, "counted from 1")])
def test_a_row_that_is_not_there_is_refused(path: Path, model: TableModel, row: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        explain_row(model, path, row)


def test_the_last_row_can_be_explained(path: Path, model: TableModel) -> None:
    assert np.isfinite(float(explain_row(model, path, 160).forward[-1].value))


# A row as a formula ---------------------------------------------------------------------------------------------------

TARGETS: dict[str, tuple[int, Any]] = {
    "regression": (1, 0.7),
    "regression of several": (2, [0.7, -2.5]),
    "binary": (1, 1),
    "multiclass": (3, 2),
    "multilabel": (2, [1, 0]),
}
LOSSES = [(name, loss) for name in TARGETS for loss in TASKS[name.partition(" ")[0]].losses]


def network_of(name: str, hidden: tuple[int, ...], **settings: Any) -> tuple[Network, dict[str, Any]]:
    """A network with four inputs, and parameters away from zero."""
    network = Network(Architecture(name.partition(" ")[0], 4, TARGETS[name][0], hidden, **settings))
    rng = np.random.default_rng(1)
    params = network.init(rng, np.zeros((1, 4)))
    return network, {key: value + 0.3 * rng.normal(size=value.shape) for key, value in params.items()}


ROW = np.array([0.5, -1.0, 2.0, 0.1])


def check_typed(network: Network, params: dict[str, Any], y: Any) -> TypedRow:
    """The formula has the loss of the network at this row, all of its gradients, and a lesson."""
    typed = typed_row(network, params, ROW, y)
    formula = parse(typed.statements)
    values = [parse_value(typed.values[name]) for name in formula.names]
    wanted = [formula.names.index(name) for name in typed.wrt]
    loss, found = cr.value_and_grad(formula, argnums=tuple(wanted))(*values)
    trained = network.trainable(params)
    fixed = {name: value for name, value in params.items() if name not in trained}
    X, Y = ROW[None], network.encode(np.asarray(y)[None])
    expected, gradients = cr.value_and_grad(lambda trained: network.loss(trained | fixed, X, Y))(trained)
    assert float(loss) == pytest.approx(float(expected), rel=1e-12)
    assert set(typed.wrt) == set(trained)
    for name, gradient in zip(typed.wrt, found, strict=True):
        np.testing.assert_allclose(gradient, gradients[name], rtol=1e-12, atol=1e-12, err_msg=name)
    lesson = cr.explain(formula, *values, wrt=typed.wrt)
    assert float(lesson.forward[-1].value) == pytest.approx(float(expected), rel=1e-12)
    return typed


@pytest.mark.parametrize("hidden", [(), (3,), (3, 2)], ids=str)
@pytest.mark.parametrize(("name", "loss"), LOSSES)
def test_a_row_as_a_formula_has_the_loss_and_the_gradients_of_the_network(
    name: str, loss: str, hidden: tuple[int, ...]
) -> None:
    check_typed(*network_of(name, hidden, activation="tanh", loss=loss, l2=0.1), TARGETS[name][1])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_row_passes_through_every_activation(activation: str) -> None:
    typed = check_typed(*network_of("binary", (3, 2), activation=activation), 1)
    if activation != "identity":
        assert f"a2 = {activation}(z2)" in typed.statements


@pytest.mark.parametrize(
    "settings", [{"l1": 0.1}, {"l1": 0.1, "l2": 0.2}, {"fit_intercept": False}, {"dropout": 0.5}], ids=str
)
def test_penalties_are_part_of_it_and_dropout_is_not(settings: dict[str, Any]) -> None:
    check_typed(*network_of("binary", (3,), **settings), 0)


def test_the_statements_are_those_of_the_lecture() -> None:
    typed = check_typed(*network_of("binary", (3,), activation="tanh", l2=0.1), 1)
    assert typed.statements.split("\n") == [
        "z1 = x @ W1 + b1",
        "a1 = tanh(z1)",
        "z2 = a1 @ W2 + b2",
        "y_hat = sigmoid(z2)",
        "loss = -(y * log(y_hat) + (1 - y) * log(1 - y_hat))",
        "penalty = 0.05 * sum(W1 ** 2) + 0.05 * sum(W2 ** 2)",
        "L = loss + penalty",
    ]
    assert (typed.values["x"], typed.values["y"]) == ("[0.5, -1.0, 2.0, 0.1]", "1.0")


def test_batch_normalisation_is_written_with_the_statistics_of_training() -> None:
    network, params = network_of("binary", (3,), activation="tanh", batch_norm=True)
    finished = network.finish(params, np.random.default_rng(0).normal(size=(20, 4)))
    typed = check_typed(network, finished, 1)
    assert "mean1" in typed.values
    assert "mean1" not in typed.wrt
    with pytest.raises(ConfigError, match="no mean1 and var1"):
        typed_row(network, params, ROW, 1)


def test_a_row_of_a_table_in_float32() -> None:
    network, params = network_of("multiclass", (3,))
    narrow = {name: value.astype(np.float32) for name, value in params.items()}
    typed = typed_row(network, narrow, ROW.astype(np.float32), 2)
    assert parse_value(typed.values["W1"]).tolist() == narrow["W1"].tolist()
    assert typed.values["y"] == "[0.0, 0.0, 1.0]"


def test_a_layer_that_is_too_large_is_refused() -> None:
    with pytest.raises(FormulaError, match="W1 has 12 numbers, and a typed value may have 10") as caught:
        typed_row(*network_of("binary", (3,)), ROW, 1, most_numbers=10)
    assert "fewer units" in str(caught.value.fix)


def test_a_row_has_so_many_features() -> None:
    network, params = network_of("binary", (3,))
    with pytest.raises(ShapeMismatchError, match=r"a row of this network has the shape \(4,\)"):
        typed_row(network, params, ROW[:3], 1)


@pytest.mark.parametrize("z", [-36.0, 20.0, 30.0, 36.0, 37.0, 800.0])
@pytest.mark.parametrize("y", [0, 1])
def test_a_row_of_which_the_network_is_sure_is_typed_though_it_is_wrong(z: float, y: int) -> None:
    network = Network(Architecture("binary", inputs=1))
    typed = typed_row(network, {"W1": np.array([z]), "b1": np.array(0.0)}, np.array([1.0]), y)
    formula = parse(typed.statements)
    lesson = cr.explain(formula, *[parse_value(typed.values[name]) for name in formula.names])
    assert lesson.fault is not None or float(lesson.forward[-1].value) == pytest.approx(np.logaddexp(0, -z if y else z))
