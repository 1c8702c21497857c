"""Settings say at once what is wrong with them, and survive a checkpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chainrule.errors import ConfigError
from chainrule.workflow.settings import TrainingSettings


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": "forest"}, "model is one of auto, linear"),
        ({"optimizer": "adm"}, 'optimizer="adam"'),
        ({"activation": "rel"}, 'activation="relu"'),
        ({"loss": "hubert"}, 'loss="huber"'),
        ({"optimizer": "lbfgs", "loss": "absolute_error"}, 'loss="huber"'),
        ({"epochs": 0}, "epochs is a whole number from 1"),
        ({"epochs": 1.5}, "epochs is a whole number"),
        ({"seed": -1}, "seed is a whole number from 0"),
        ({"lr": 0.0}, "lr is a number above 0"),
        ({"lr": float("nan")}, "lr is a number above 0"),
        ({"clip": 0.0}, "clip is a number above 0"),
        ({"l2": -1.0}, "l2 is a number from 0"),
        ({"dropout": 1.0}, "below 1"),
        ({"validation_split": 1.0}, "validation_split is a share"),
        ({"validation_split": 0.5, "test_split": 0.5}, "leave nothing to learn from"),
        ({"model": "linear", "hidden": (3,)}, "no hidden layers"),
        ({"model": "logistic", "dropout": 0.1}, "dropout acts on hidden layers"),
        ({"hidden": (), "batch_norm": True}, "batch_norm acts on hidden layers"),
        ({"optimizer": "lbfgs", "lr": 0.1}, "lr means nothing to it"),
        ({"optimizer": "lbfgs", "l1": 0.1}, "l1 means nothing to it"),
        ({"optimizer": "lbfgs", "batch_size": 10}, "batch_size means nothing"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainingSettings(**given)
    assert message in str(caught.value)
    assert caught.value.fix


def test_settings_come_back_from_json() -> None:
    settings = TrainingSettings(hidden=(8, 4), types={"zip": "category"}, lr="auto", stream=True)
    assert TrainingSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def test_settings_of_another_version_are_read_without_what_is_unknown() -> None:
    assert TrainingSettings.from_json({"epochs": 3, "of tomorrow": 1}) == TrainingSettings(epochs=3)
