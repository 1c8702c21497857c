"""`LiveTraining`: however it is cut, it ends with what `train_table` gives."""

from __future__ import annotations

import dataclasses
import datetime
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.workflow.making import people

from chainrule.errors import ConfigError, DataError
from chainrule.learn.recording import Recording
from chainrule.tables import generated_table
from chainrule.transforms.gradient import grad
from chainrule.workflow import TrainingSettings, train_table
from chainrule.workflow.live import LiveTraining
from chainrule.workflow.training import TrainedTable

SMALL = TrainingSettings(hidden=(5,), activation="tanh", batch_size=32, lr=0.02, test_split=0.0)

#: Ways to train: what the page offers, and what it does not.
SETTINGS: dict[str, dict[str, Any]] = {
    "adam": {},
    "all rows in a step": {"optimizer": "sgd", "batch_size": 10_000, "lr": 0.3},
    "without validation": {"validation_split": 0.0},
    "with test rows": {"test_split": 0.2},
    "dropout and normalisation": {"dropout": 0.2, "batch_norm": True, "class_weight": "balanced"},
    "a rate that falls": {"schedule": "plateau", "patience": 2},
    "a rate that is found": {"lr": "auto"},
    "no hidden layer": {"model": "logistic", "hidden": None, "optimizer": "adam"},
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("tables") / "people.csv", rows=160)


def moons() -> dict[str, Any]:
    return generated_table("moons", rows=120, seed=1)


def same(found: TrainedTable, expected: TrainedTable) -> None:
    assert found.model.params.keys() == expected.model.params.keys()
    for name, value in expected.model.params.items():
        np.testing.assert_array_equal(found.model.params[name], value, err_msg=name)
    one, other = (dict(trained.model.record) for trained in (found, expected))
    for record in (one, other):
        datetime.datetime.fromisoformat(record.pop("created"))  # the only thing in which they may differ
    assert one == other
    assert found.to_json() == expected.to_json()
    assert found.report.training == expected.report.training
    np.testing.assert_equal(dict(found.report.history), dict(expected.report.history))


@pytest.mark.parametrize("name", SETTINGS)
def test_pieces_end_with_what_train_table_gives(name: str, path: Path) -> None:
    settings = dataclasses.replace(SMALL, **SETTINGS[name])
    expected = train_table(path, "buys", dataclasses.replace(settings, epochs=4, early_stopping=False))
    live = LiveTraining(path, "buys", settings)
    live.advance(steps=3)
    live.gradients()
    live.advance(epochs=1)
    live.advance(epochs=4 - live.epoch)
    assert (live.epoch, live.step, live.stopped) == (4, 0, "")
    same(live.trained(), expected)


def test_numbers_are_predicted_in_the_unit_of_the_table(path: Path) -> None:
    live = LiveTraining(path, "spends", SMALL)
    live.advance(epochs=30)
    expected = train_table(path, "spends", dataclasses.replace(SMALL, epochs=30, early_stopping=False))
    same(live.trained(), expected)
    assert live.task == "regression"
    assert not np.array_equal(live.params["W2"], live.raw_params["W2"])
    X, y = live.rows.arrays("validation")
    assert np.corrcoef(live.network.predict(live.params, X), y)[0, 1] > 0.9
    assert 500 < live.network.predict(live.params, X).mean() < 1500


def test_one_that_waits_in_the_middle_of_an_epoch_goes_on_from_there() -> None:
    live = LiveTraining(moons(), "label", SMALL)
    asked = iter([False, False, True, False, True])
    while live.epoch < 3:
        live.advance(epochs=3 - live.epoch, until=lambda: next(asked, False))
    expected = train_table(moons(), "label", dataclasses.replace(SMALL, epochs=3, early_stopping=False))
    same(live.trained(), expected)


def test_without_a_number_only_until_says_when_it_is_enough() -> None:
    live = LiveTraining(moons(), "label", SMALL)
    live.advance(until=lambda: live.epoch >= 7)
    assert (live.epoch, live.step) == (7, 0)
    assert "all 7 epochs" in live.trained().training.message
    with pytest.raises(ConfigError, match="not told how far"):
        live.advance()


def test_it_ends_where_the_settings_say() -> None:
    live = LiveTraining(moons(), "label", dataclasses.replace(SMALL, epochs=3))
    live.advance(epochs=100)
    assert (live.epoch, live.stopped) == (3, "epochs")
    live.advance(steps=5)
    live.advance(until=lambda: False)
    assert (live.epoch, live.step) == (3, 0)
    live.reset()
    assert (live.epoch, live.stopped) == (0, "")


def test_a_schedule_ends_with_its_epochs() -> None:
    settings = dataclasses.replace(SMALL, schedule="cosine", epochs=6)
    live = LiveTraining(moons(), "label", settings)
    live.advance(epochs=2)
    assert live.trained().model.record["settings"]["epochs"] == 6
    live.advance(epochs=100)
    assert live.stopped == "epochs"
    same(live.trained(), train_table(moons(), "label", dataclasses.replace(settings, early_stopping=False)))


def test_it_begins_anew_with_the_same_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveTraining(moons(), "label", SMALL)
    first = live.raw_params
    live.advance(epochs=3, steps=8)
    once = live.raw_params
    live.reset()
    assert (live.epoch, live.step, live.history["loss"], live.message) == (0, 0, [], "")
    for name, value in first.items():
        np.testing.assert_array_equal(live.raw_params[name], value)
    live.advance(epochs=3, steps=8)
    for name, value in once.items():
        np.testing.assert_array_equal(live.raw_params[name], value)
        assert not np.array_equal(first[name], value)


def test_what_was_read_is_not_changed_by_later_steps() -> None:
    live = LiveTraining(moons(), "label", SMALL)
    params, raw = live.params, live.raw_params
    kept = {name: value.copy() for name, value in params.items()}
    live.advance(epochs=2)
    for name, value in kept.items():
        np.testing.assert_array_equal(params[name], value)
        np.testing.assert_array_equal(raw[name], value)


def test_the_gradients_are_those_of_the_loss(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for target in ("buys", "spends"):
        live = LiveTraining(path, target, SMALL)
        live.advance(epochs=1)
        found = live.gradients()
        X, y = live.rows.arrays("training")
        if target == "spends":
            y = (y - y.mean()) / y.std()
        expected = grad(live.network.loss)(live.raw_params, X, live.network.encode(y, X.dtype))
        assert found.keys() == live.raw_params.keys()
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-8, atol=1e-12)
        live.advance(epochs=1)
        assert not np.array_equal(live.gradients()["W1"], found["W1"])


def test_the_activations_are_those_of_the_rows_of_the_gradients(path: Path) -> None:
    live = LiveTraining(path, "spends", SMALL)
    live.advance(epochs=1)
    X, _ = live.rows.arrays("training")
    expected = live.network.activations(live.params, X)
    assert [values.shape for values in live.activations()] == [(len(X), units) for units in SMALL.hidden or ()]
    for found, values in zip(live.activations(), expected, strict=True):
        np.testing.assert_array_equal(found, values)


def test_nothing_is_traced_again(monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveTraining(moons(), "label", SMALL)
    live.advance(epochs=1)
    monkeypatch.setattr(Recording, "__init__", lambda self, *args, **kwargs: pytest.fail("traced again"))
    live.advance(epochs=1)
    live.advance(steps=1)
    live.advance(epochs=3)
    assert live.epoch == 5


def test_scores_without_rows_that_are_kept_back() -> None:
    live = LiveTraining(moons(), "label", dataclasses.replace(SMALL, validation_split=0.0))
    live.advance(epochs=1)
    assert list(live.trained().scores) == ["training"]
    assert "validation_loss" not in live.history


def test_a_model_without_scores_has_the_rest_of_the_record() -> None:
    live = LiveTraining(moons(), "label", SMALL, title="Moons")
    live.advance(epochs=2)
    quick, full = dict(live.model.record), dict(live.trained().model.record)
    assert {"scores", "baselines"} == full.keys() - quick.keys()
    for record in (quick, full):
        record.pop("created")
    assert quick == {name: full[name] for name in quick}
    assert (quick["data"]["name"], quick["epochs"], quick["stopped"]) == ("Moons", 2, "epochs")


def test_there_is_a_model_before_the_first_step() -> None:
    live = LiveTraining(moons(), "label", SMALL, title="Moons")
    assert set(live.model.predict(moons())) <= {"A", "B"}
    trained = live.trained()
    assert (trained.training.epochs, trained.report.title) == (0, "Moons")
    assert "<svg" in trained.full_report().to_html()


def test_what_it_is() -> None:
    live = LiveTraining(generated_table("blobs", rows=90), "label", SMALL)
    assert (live.task, live.classes, live.feature_names) == ("multiclass", ("A", "B", "C"), ("x1", "x2"))
    assert live.steps_per_epoch == 3
    assert live.recipe.architecture == live.network.architecture
    assert live.divergence is None


@pytest.mark.parametrize(
    "settings",
    [{"optimizer": "lbfgs", "lr": None, "batch_size": None}, {"lr": None, "batch_size": None}],
)
def test_l_bfgs_is_refused(settings: dict[str, Any]) -> None:
    chosen = dataclasses.replace(SMALL, model="logistic", hidden=None, **settings)
    with pytest.raises(ConfigError, match='write optimizer="adam"'):
        LiveTraining(moons(), "label", chosen)


def test_a_table_that_is_too_large_for_memory_is_refused() -> None:
    with pytest.raises(DataError, match="120 rows, too many to look at"):
        LiveTraining(moons(), "label", dataclasses.replace(SMALL, stream=True))


def test_a_closed_one_holds_on_to_nothing() -> None:
    live = LiveTraining(moons(), "label", SMALL)
    live.advance(epochs=1)
    live.close()
    assert not vars(live)
    live.close()


def test_many_learn_at_once_in_threads() -> None:
    """As the page's scheduler has it: any thread may train any of them, one at a time."""
    tables = [generated_table("xor", rows=100, seed=seed) for seed in range(12)]
    expected = [
        train_table(table, "label", dataclasses.replace(SMALL, epochs=4, early_stopping=False)).model.params
        for table in tables
    ]
    lives = [LiveTraining(table, "label", SMALL) for table in tables]
    waiting = [*range(12)] * 4

    def work() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                place = waiting.pop()
            with locks[place]:
                lives[place].advance(epochs=1)
                lives[place].gradients()

    lock, locks = threading.Lock(), [threading.Lock() for _ in lives]
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for live, params in zip(lives, expected, strict=True):
        assert live.epoch == 4
        for name, value in params.items():
            np.testing.assert_array_equal(live.params[name], value)
