"""From a trained network to its report."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from chainrule.evaluation.report import network_report
from chainrule.evaluation.report.facts import leaf_names, model_facts, named_history, training_facts
from chainrule.evaluation.report.network import row_losses
from chainrule.learn.clipping import ClipNorm
from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.network import Network
from chainrule.learn.models.objectives import TASKS
from chainrule.learn.optimizers import Adam
from chainrule.learn.training import fit
from chainrule.tables import infer_schema, open_table


def trained(task: Any, y: Any, **settings: Any) -> tuple[Network, Any, Any]:
    X = np.random.default_rng(0).normal(size=(len(y), 3))
    network = Network(Architecture(task, inputs=3, hidden=(4,), **settings))
    params = network.init(np.random.default_rng(1), X)
    data = (X, network.encode(y))
    training = fit(network.loss, params, data, optimizer=Adam(lr=0.05), epochs=3, validation=data, gradient_norms=True)
    return network, training, X


@pytest.mark.parametrize(
    ("task", "y", "settings"),
    [
        ("binary", np.arange(30) % 2, {}),
        ("binary", np.arange(30) % 2, {"batch_norm": True}),
        ("multiclass", np.arange(30) % 3, {"outputs": 3}),
        ("multilabel", np.stack([np.arange(30) % 2, np.arange(30) % 3 > 0], axis=1).astype(int), {"outputs": 2}),
        ("regression", np.linspace(0, 1, 30), {"dropout": 0.2}),
        ("regression", np.linspace(0, 1, 60).reshape(30, 2), {"outputs": 2}),
    ],
)
def test_every_task_has_a_report(task: Any, y: Any, settings: dict[str, Any]) -> None:
    network, training, X = trained(task, y, **settings)
    params = network.finish(training.params, X)
    parts = {"training": (X[:20], y[:20]), "test": (X[20:], y[20:])}
    report = network_report("Report", network, params, parts, training=training, optimizer=Adam(lr=0.05))
    assert list(report.scores) == ["training", "test"]
    assert len(report.baselines) == 2
    assert report.comparison is not None
    assert set(report.history["gradient_norm"]) == set(training.params)
    assert report.data["Test rows"] == 10
    assert report.training["Optimiser"] == "Adam(lr=0.05)"
    page = report.to_html()
    assert "Gradient norms" in page
    assert "One row, step by step" in page


def test_targets_that_were_standardised() -> None:
    y = np.linspace(100.0, 200.0, 30)
    network, training, X = trained("regression", (y - 150.0) / 30.0)
    report = network_report(
        "Report",
        network,
        training.params,
        {"all": (X, y)},
        predict=lambda X: network.predict(training.params, X) * 30.0 + 150.0,
        encode=lambda y: (y - 150.0) / 30.0,
        row=lambda number: {"row": number},
    )
    assert (report.scores["all"]["mae"] or 0) < 60
    assert report.lesson is not None
    assert abs(float(report.lesson.forward[-1].value)) < 10
    assert isinstance(report.lesson_row["row"], int)


def test_the_schema_is_told() -> None:
    schema = infer_schema(open_table(io.StringIO("a,b,y\n1,x,0\n2,z,1\n3,x,0\n")), "y")
    network, training, X = trained("binary", np.arange(30) % 2)
    parts = {"all": (X, np.arange(30) % 2)}
    report = network_report("Report", network, training.params, parts, schema=schema, with_lesson=False)
    assert [column["Column"] for column in report.columns] == ["a", "b", "y"]
    assert report.lesson is None


def test_losses_of_rows() -> None:
    assert row_losses("binary", [1, 0], [0.5, 0.0]).tolist() == pytest.approx([np.log(2), 0])
    assert row_losses("regression", [[1.0, 2.0]], [[2.0, 4.0]]).tolist() == [1.25]
    assert row_losses("multiclass", [[0, 1]], [[0.75, 0.25]]).tolist() == pytest.approx([np.log(4)])
    assert np.isfinite(row_losses("binary", [1], [0.0])).all()


@pytest.mark.parametrize("task", TASKS)
def test_losses_of_rows_are_those_that_the_network_was_trained_with(task: str) -> None:
    rng = np.random.default_rng(0)
    outputs = {"multiclass": 3, "multilabel": 3}.get(task, 1)
    z = rng.normal(size=(20, outputs) if outputs > 1 else 20)
    y = {"regression": lambda: rng.normal(size=20), "multiclass": lambda: rng.integers(0, 3, 20)}.get(
        task, lambda: rng.integers(0, 2, z.shape)
    )()
    for name, loss in TASKS[task].losses.items():
        found = row_losses(task, y, TASKS[task].prediction(z), name)  # type: ignore[arg-type]
        expected = loss.of_outputs(z, y)
        expected = expected.mean(axis=-1) if task == "multilabel" else expected
        np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=name)


def test_names_of_parameters_in_the_order_of_training() -> None:
    assert leaf_names({"b": 0.0, "a": (1.0, [2.0])}) == ["a[0]", "a[1][0]", "b"]
    assert leaf_names(1.0) == ["parameter 0"]


def test_facts() -> None:
    architecture = Architecture("multiclass", inputs=3, outputs=4, hidden=(5,), batch_norm=True, dropout=0.5, l2=0.1)
    facts = model_facts(architecture, {"W1": np.zeros((3, 5))})
    assert facts["Layers"] == "3 → 5 → 4"
    assert facts["Dropout"] == 0.5
    assert facts["L2 penalty"] == 0.1
    assert facts["Loss"] == "cross-entropy"
    assert model_facts(Architecture("regression", inputs=3, loss="huber"), {})["Loss"] == "Huber loss"
    assert model_facts(Architecture("multiclass", inputs=3, outputs=4), {})["Model"] == "softmax regression"


def test_facts_of_a_run() -> None:
    _, training, _ = trained("binary", np.arange(30) % 2)
    facts = training_facts(training, ClipNorm(Adam(lr=0.01, beta1=0.8), 1.0))
    assert facts["Epochs"] == 3
    assert "Adam(lr=0.01, beta1=0.8)" in str(facts["Optimiser"])
    assert list(named_history(training)["gradient_norm"]) == ["W1", "W2", "b1", "b2"]
