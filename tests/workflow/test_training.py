"""From a table to a model: each task, in memory and as a stream, and what the result says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.workflow.making import people

from chainrule.errors import ConfigError
from chainrule.storage.model import TableModel
from chainrule.workflow import TrainedTable, TrainingSettings, train_table

QUICK = {"hidden": (8,), "epochs": 60, "lr": 0.02, "patience": 15}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("tables") / "people.csv", rows=400)


def trained(path: Path, target: Any = "buys", **settings: Any) -> TrainedTable:
    return train_table(path, target, TrainingSettings(**{**QUICK, **settings}))


@pytest.mark.parametrize("stream", [False, True])
def test_classes_are_learnt_in_memory_and_as_a_stream(path: Path, stream: bool) -> None:
    found = trained(path, stream=stream, dropout=0.1, batch_norm=True, class_weight="balanced")
    assert list(found.scores) == ["training sample" if stream else "training", "validation", "test"]
    assert found.scores["test"]["accuracy"] > 0.85
    assert found.model.classes == ("no", "yes")
    assert [baseline.name for baseline in found.baselines] == ["majority class", "logistic regression"]


@pytest.mark.parametrize("stream", [False, True])
def test_numbers_are_predicted_in_their_own_unit(path: Path, stream: bool) -> None:
    found = trained(path, "spends", stream=stream)
    assert found.model.task == "regression"
    assert found.scores["test"]["r2"] > 0.8
    assert 500 < found.model.predict(path).mean() < 1500


def test_several_targets_are_several_outputs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    table = {"a": x[:, 0], "b": x[:, 1], "p": 10 + x[:, 0], "q": 100 * x[:, 1], "r": x[:, 0] > 0, "s": x[:, 1] > 0}
    numbers = {name: table[name] for name in "abpq"}
    found = trained(numbers, ("p", "q"))  # type: ignore[arg-type]
    assert found.model.predict(numbers).shape == (200, 2)
    assert found.scores["test"]["r2"] > 0.8
    labels = {name: table[name] for name in "abrs"}
    found = trained(labels, ("r", "s"))  # type: ignore[arg-type]
    assert found.model.task == "multilabel"
    assert found.scores["test"]["hamming_loss"] < 0.2


def test_linear_models_agree_with_the_baseline(path: Path) -> None:
    found = trained(path, "spends", model="linear", hidden=None, epochs=None, lr=None)
    assert found.recipe.is_lbfgs
    assert found.scores["test"]["r2"] == pytest.approx(found.baselines[-1].scores["r2"], abs=1e-3)


def test_the_same_seed_gives_the_same_parameters(path: Path) -> None:
    first, again, other = (trained(path, seed=seed, epochs=5, dropout=0.2).model.params for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["W1"], other["W1"])


def test_the_model_is_saved_with_its_record(path: Path, tmp_path: Path) -> None:
    found = trained(path)
    found.model.save(tmp_path / "m.safetensors")
    loaded = TableModel.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict(path), found.model.predict(path))
    assert loaded.record["settings"]["hidden"] == [8]
    assert loaded.record["scores"]["test"]["accuracy"] == found.scores["test"]["accuracy"]
    assert loaded.record["stopped"] == found.training.stopped


def test_the_result_is_json(path: Path) -> None:
    found = json.loads(json.dumps(trained(path, lr="auto").to_json()))
    assert found["scores"]["test"]["rows"] == 80
    assert found["learning_rate"]["lr"] > 0


def test_the_report_has_the_lesson_of_a_test_row(path: Path) -> None:
    report = trained(path).full_report(again="chainrule train")
    assert report.lesson is not None
    assert set(report.lesson_row) == {"age", "city", "zip", "income", "spends", "buys"}
    page = report.to_html()
    assert "One row, step by step" in page
    assert "chainrule train" in page


def test_a_value_that_was_not_there_in_training_moves_no_prediction_by_chance(path: Path) -> None:
    model = trained(path).model
    unseen = model.preprocessing.unseen_features
    assert unseen.any()
    assert not model.params["W1"][unseen].any()


def test_a_gradient_check_passes(path: Path) -> None:
    found = train_table(path, "buys", TrainingSettings(hidden=(4,), epochs=1), gradient_check=True)
    assert found.gradient_check is not None
    assert found.gradient_check.passed


def test_a_run_that_diverges_keeps_the_best_parameters_and_suggests_a_rate(path: Path) -> None:
    found = trained(path, "spends", optimizer="sgd", lr=1e6, early_stopping=False, epochs=20)
    assert found.diverged
    assert "lr=1e+05" in found.training.message
    assert all(np.isfinite(value).all() for value in found.model.params.values())


def test_without_test_rows_the_validation_rows_are_scored(path: Path) -> None:
    assert list(trained(path, test_split=0.0, epochs=2).scores) == ["training", "validation"]
    assert list(trained(path, test_split=0.0, validation_split=0.0, epochs=2).scores) == ["training"]


def test_a_stream_without_rows_kept_back_has_a_report_too(path: Path) -> None:
    found = trained(path, stream=True, test_split=0.0, validation_split=0.0, epochs=1)
    assert list(found.scores) == ["training sample"]
    assert found.full_report().lesson is not None


def test_a_model_that_does_not_fit_is_refused_before_the_schema_is_told(path: Path) -> None:
    told: list[Any] = []
    with pytest.raises(ConfigError, match="predicts classes"):
        train_table(path, "spends", TrainingSettings(model="logistic"), on_schema=told.append)
    assert told == []
