"""What the data choose, where the settings leave it open."""

from __future__ import annotations

from typing import Any

import pytest

from chainrule.errors import ConfigError
from chainrule.learn.clipping import ClipNorm
from chainrule.learn.optimizers import Adam
from chainrule.learn.schedules import Cosine, StepDecay, WarmUp
from chainrule.learn.stopping import EarlyStopping
from chainrule.tables.targets import Target
from chainrule.workflow.recipe import Recipe, recipe_for
from chainrule.workflow.settings import SCHEDULES, TrainingSettings

BINARY = Target(("y",), "binary", ("no", "yes"))
NUMBER = Target(("y",), "regression")


def recipe(target: Target = BINARY, *, rows: int = 1000, is_stream: bool = False, **settings: Any) -> Recipe:
    given = TrainingSettings(**settings)
    return recipe_for(given, target, inputs=5, rows=rows, has_validation=True, is_stream=is_stream)


def test_a_perceptron_is_trained_by_adam_with_early_stopping() -> None:
    found = recipe()
    assert found.architecture.hidden == (64,)
    assert isinstance(found.optimizer(), Adam)
    assert found.early_stopping is not None


def test_more_rows_have_a_second_layer_larger_batches_fewer_epochs_and_a_smaller_penalty() -> None:
    few, many = recipe(rows=1000), recipe(rows=100_000)
    assert many.architecture.hidden == (64, 32)
    assert many.batch_size > few.batch_size
    assert many.epochs < few.epochs
    assert (few.early_stopping, many.early_stopping) == (EarlyStopping(patience=25), EarlyStopping(patience=10))
    assert 0 < many.architecture.l2 < few.architecture.l2


def test_a_model_without_hidden_layers_is_found_by_lbfgs_with_the_penalty_of_scikit_learn() -> None:
    found = recipe(model="logistic", rows=200)
    assert found.is_lbfgs
    assert found.architecture.l2 == 1 / 200
    assert found.early_stopping is None


@pytest.mark.parametrize("settings", [{"lr": 0.1}, {"batch_size": 5}, {"l1": 0.1}, {"clip": 1.0}, {"schedule": "step"}])
def test_settings_that_lbfgs_knows_nothing_of_choose_adam(settings: dict[str, Any]) -> None:
    assert recipe(model="logistic", **settings).optimizer_name == "adam"


def test_a_loss_with_kinks_is_not_for_lbfgs() -> None:
    assert recipe(NUMBER, model="linear", loss="absolute_error").optimizer_name == "adam"
    assert recipe(NUMBER, model="linear", loss="huber").optimizer_name == "lbfgs"


def test_the_loss_is_that_of_the_settings() -> None:
    assert recipe().architecture.loss == "cross_entropy"
    assert recipe(NUMBER).architecture.loss == "squared_error"
    assert recipe(loss="squared_error").architecture.loss == "squared_error"


def test_a_stream_is_not_for_lbfgs() -> None:
    assert recipe(model="linear", target=NUMBER, is_stream=True).optimizer_name == "adam"
    with pytest.raises(ConfigError, match="all rows in memory"):
        recipe(model="linear", target=NUMBER, is_stream=True, optimizer="lbfgs")


@pytest.mark.parametrize(
    ("target", "settings", "message"),
    [
        (NUMBER, {"model": "logistic"}, "column of numbers"),
        (BINARY, {"model": "linear"}, "column of classes"),
        (NUMBER, {"loss": "cross_entropy"}, "y is a target of numbers, and cross_entropy is no loss of numbers"),
        (BINARY, {"loss": "huber"}, "y is a target of classes, and huber is no loss of classes"),
        (NUMBER, {"class_weight": "balanced"}, "class weights need a target with classes"),
    ],
)
def test_a_model_that_does_not_fit_the_target_is_refused(
    target: Target, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        recipe(target, **settings)


def test_schedules_end_with_the_run() -> None:
    made = {name: recipe(schedule=name, lr=0.1, epochs=10).optimizer().lr for name in SCHEDULES}
    assert made["constant"] == made["plateau"] == 0.1
    assert isinstance(made["step"], StepDecay)
    assert made["cosine"] == Cosine(0.1, steps=10 * 32)  # 1,000 rows in batches of 32
    assert isinstance(made["warmup"], WarmUp)
    assert made["warmup"](10 * 32) == pytest.approx(0.0)
    assert recipe(schedule="plateau").plateau is not None


def test_clipping_goes_around_the_optimiser() -> None:
    assert isinstance(recipe(clip=1.0).optimizer(), ClipNorm)
