"""Settings of a network: what is refused, with which words, and that JSON brings back the same."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import ConfigError
from chainrule.learn.models import Architecture

TASKS_AND_OUTPUTS = st.sampled_from([("regression", 1), ("regression", 4), ("binary", 1), ("multiclass", 3)]) | st.just(
    ("multilabel", 2)
)


@pytest.mark.parametrize(
    ("settings", "message", "fix"),
    [
        ({"task": "clasification"}, "task is one of regression, binary", "task="),
        ({"task": 3}, "task is one of regression", 'task="regression"'),
        ({"activation": "tahn"}, "not 'tahn'", 'activation="tanh"'),
        ({"init": "glorot"}, "init is one of auto, small, xavier, he", "init="),
        ({"loss": "mse"}, "loss is one of auto, squared_error, absolute_error, huber, not 'mse'", "loss="),
        ({"loss": "cross_entropy"}, "a regression network predicts numbers, and cross_entropy is no", 'loss="huber"'),
        ({"task": "binary", "loss": "huber"}, "a binary network predicts probabilities", 'loss="squared_error"'),
        ({"loss": None}, "loss is one of auto, squared_error", 'loss="auto"'),
        ({"inputs": 0}, "inputs is a whole number from 1, not 0", "inputs=3"),
        ({"inputs": 2.0}, "inputs is a whole number from 1, not 2.0", "int"),
        ({"outputs": True}, "outputs is a whole number from 1, not True", "int"),
        ({"hidden": 64}, "hidden is a tuple", "hidden=(64,)"),
        ({"hidden": "64"}, "hidden is a tuple", "hidden=(64, 32)"),
        ({"hidden": (64, -1)}, r"hidden\[1\] is a whole number from 1, not -1", "int"),
        ({"dropout": 1.0, "hidden": (3,)}, "below 1, not 1", "dropout=0.5"),
        ({"dropout": -0.1, "hidden": (3,)}, "dropout is a number from 0, not -0.1", "dropout=0.1"),
        ({"l2": float("nan")}, "l2 is a number from 0, not nan", "l2=0.0"),
        ({"l1": "0.1"}, "l1 is a number from 0, not '0.1'", "l1=0.1"),
        ({"batch_norm": 1, "hidden": (3,)}, "batch_norm is True or False, not 1", "batch_norm=True"),
        ({"batch_norm": True}, "batch_norm acts on hidden layers", r"hidden=\(64,\)"),
        ({"dropout": 0.5}, "dropout acts on hidden layers", r"hidden=\(64,\)"),
        ({"task": "binary", "outputs": 2}, "a binary network has one output", "outputs=1"),
        ({"task": "multiclass", "outputs": 1}, "at least 2, not 1", 'task="binary"'),
    ],
)
def test_a_wrong_setting_is_refused_with_what_to_write_instead(
    settings: dict[str, Any], message: str, fix: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Architecture(**{"task": "regression", "inputs": 2} | settings)
    assert caught.value.fix is not None
    assert fix.replace("\\", "") in caught.value.fix


def test_numbers_of_numpy_become_plain_ones() -> None:
    found = Architecture("regression", np.int64(2), np.int32(1), [np.int64(4)], dropout=np.float32(0.5), l2=1)
    assert found == Architecture("regression", 2, 1, (4,), dropout=0.5, l2=1.0)
    assert [type(value) for value in (found.inputs, found.hidden[0], found.dropout, found.l2)] == [
        int,
        int,
        float,
        float,
    ]
    assert hash(found) == hash(Architecture("regression", 2, 1, (4,), dropout=0.5, l2=1.0))


@given(
    target=TASKS_AND_OUTPUTS,
    hidden=st.lists(st.integers(1, 300), min_size=1, max_size=4),
    activation=st.sampled_from(["identity", "sigmoid", "tanh", "relu", "leaky_relu", "gelu", "silu"]),
    switches=st.tuples(st.booleans(), st.booleans()),
    strengths=st.tuples(*[st.floats(0, 0.99)] * 3),
    init=st.sampled_from(["auto", "small", "xavier", "he"]),
    loss=st.sampled_from(["auto", "squared_error"]),
)
def test_json_brings_back_the_same_architecture(
    target: Any, hidden: Any, activation: str, switches: Any, strengths: Any, init: str, loss: str
) -> None:
    task, outputs = target
    drop, *penalties = strengths
    switched, biased = switches
    first = Architecture(task, 3, outputs, tuple(hidden), activation, switched, drop, init, *penalties, biased, loss)
    assert Architecture.from_json(json.loads(json.dumps(first.to_json()))) == first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depth": 3}, "unknown: depth"),
        ({"inputs": None}, "inputs is a whole number"),
        ({"hidden": "abc"}, "hidden is a tuple"),
        ({"task": ["binary"]}, "task is one of"),
        ({"l2": 10**400}, "l2 is a number"),
    ],
)
def test_damaged_json_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Architecture.from_json(Architecture("binary", 2).to_json() | change)


@pytest.mark.parametrize("settings", [None, 3, "binary", [1, 2]])
def test_what_is_no_object_is_refused(settings: Any) -> None:
    with pytest.raises(ConfigError, match="object with settings"):
        Architecture.from_json(settings)


@pytest.mark.parametrize(("task", "loss"), [("regression", "squared_error"), ("binary", "cross_entropy")])
def test_without_a_loss_as_in_files_of_earlier_versions_it_is_that_of_the_task(task: str, loss: str) -> None:
    settings = Architecture(task, 2).to_json()
    assert settings.pop("loss") == loss
    assert Architecture.from_json(settings) == Architecture(task, 2)
    assert Architecture.from_json(settings).loss == loss


def test_a_missing_setting_is_named() -> None:
    settings = Architecture("binary", 2).to_json()
    del settings["init"]
    with pytest.raises(ConfigError, match="missing: init"):
        Architecture.from_json(settings)
