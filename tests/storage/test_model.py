"""Models of tables: what they predict, and the same after they were in a file."""

from __future__ import annotations

import dataclasses
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.storage.mutations import mutated
from tests.storage.tables import TARGETS, model_of, new_rows

from chainrule.errors import ChainRuleError, ConfigError, DataError, StorageError, StructureError
from chainrule.learn.models import Architecture, Network
from chainrule.storage.container import pack, read_container, write_container
from chainrule.storage.model import TableModel, parameter_shapes
from chainrule.tables import Preprocessing, infer_schema, open_table


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_model_predicts_the_same_after_it_was_in_a_file(
    task: str, dtype: Any, batch_norm: bool, tmp_path: Path
) -> None:
    model = model_of(task, dtype, batch_norm=batch_norm)
    path = tmp_path / "modèle.safetensors"
    model.save(path)
    loaded = TableModel.load(path)
    assert loaded.schema == model.schema
    assert loaded.preprocessing == model.preprocessing
    assert loaded.architecture == model.architecture
    assert loaded.classes == model.classes
    assert loaded.params.keys() == model.params.keys()
    assert all(loaded.params[name].dtype == dtype for name in model.params)
    assert all(loaded.params[name].tobytes() == model.params[name].tobytes() for name in model.params)
    assert np.array_equal(loaded.predict(new_rows()), model.predict(new_rows()))


@pytest.mark.parametrize("task", TARGETS)
def test_predictions_are_those_of_the_network(task: str) -> None:
    model = model_of(task)
    X = model.preprocessing.transform(new_rows())
    expected = model.network.predict(model.params, X)
    outputs = np.concatenate(list(model.outputs(new_rows())))
    assert np.array_equal(outputs, expected)
    predicted = model.predict(new_rows())
    if task == "regression":
        assert np.array_equal(predicted, expected)
        with pytest.raises(ConfigError, match=r"the model predicts numbers \(price\), which have no probabilities"):
            model.predict_proba(new_rows())
        return
    probabilities = model.predict_proba(new_rows())
    if task == "multilabel":
        assert np.array_equal(probabilities, expected)
        assert np.array_equal(predicted, (expected > 0.5).astype(int))
        return
    assert np.allclose(probabilities.sum(axis=1), 1.0)
    assert probabilities.shape == (50, len(model.classes))
    assert predicted.tolist() == [model.classes[number] for number in probabilities.argmax(axis=1)]
    assert set(predicted) <= set(model.classes)


def test_columns_may_stand_in_another_order_and_the_target_may_be_left_out() -> None:
    model = model_of("binary")
    lines = [line.split(",") for line in new_rows().getvalue().splitlines()]
    order = [name for name in reversed(range(len(lines[0]))) if lines[0][name] != "kind"]
    other = "\n".join(",".join(line[place] for place in order) for line in lines)
    assert np.array_equal(model.predict_proba(io.StringIO(other)), model.predict_proba(new_rows()))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="größe"):
        model_of("regression").predict({"count": [1.0]})


def test_no_rows_give_no_predictions() -> None:
    model = model_of("multiclass")
    frame = {column.name: [] for column in model.schema.columns}
    assert model.predict(frame).shape == (0,)
    assert model.predict_proba(frame).shape == (0, 3)


def test_labels_that_are_whole_numbers_are_integers() -> None:
    text = io.StringIO("x,y\n" + "".join(f"{i},{7 + i % 2}\n" for i in range(10)))
    table = open_table(text)
    preprocessing = Preprocessing.fit(table, infer_schema(table, "y"))
    params = {"W1": np.array([1.0]), "b1": np.array(0.0)}
    model = TableModel(preprocessing, Architecture("binary", inputs=1), params)
    assert model.predict({"x": [0.0, 9.0]}).tolist() == [7, 8]


def test_the_same_model_gives_the_same_file(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    model = model_of("multiclass", record={"b": 1, "a": 2})
    model.save(first)
    params = dict(reversed(list(model.params.items())))
    TableModel(model.preprocessing, model.architecture, params, {"a": 2, "b": 1}).save(second)
    assert first.read_bytes() == second.read_bytes()
    TableModel.load(first).save(second)
    assert first.read_bytes() == second.read_bytes()


def test_parameters_of_any_layout_are_kept(tmp_path: Path) -> None:
    model = model_of("binary")
    W = np.asfortranarray(model.params["W1"])
    TableModel(model.preprocessing, model.architecture, {**model.params, "W1": W}).save(tmp_path / "m")
    assert np.array_equal(TableModel.load(tmp_path / "m").params["W1"], W)


def test_a_record_holds_whatever_it_is_given(tmp_path: Path) -> None:
    record = {"loss": np.array([1.0, np.nan]), "settings": {"hidden": (8, 5), "lr": np.float32(0.5)}, "path": Path("a")}
    model_of("binary", record=record).save(tmp_path / "m")
    found = TableModel.load(tmp_path / "m").record
    assert found == {"loss": [1.0, "NaN"], "settings": {"hidden": [8, 5], "lr": 0.5}, "path": "a"}


def test_a_model_is_printed_in_one_line() -> None:
    assert repr(model_of("binary")).endswith("classes 'cat', 'dog'>")
    assert repr(model_of("regression")).startswith("<TableModel regression: ")


@pytest.mark.parametrize("task", ["regression", "multiclass"])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("hidden", [(), (3,), (4, 2)])
def test_shapes_of_parameters_are_those_that_a_network_has(
    task: str, batch_norm: bool, fit_intercept: bool, hidden: tuple[int, ...]
) -> None:
    architecture = Architecture(
        task,
        inputs=5,
        outputs=3 if task == "multiclass" else 1,
        hidden=hidden,
        batch_norm=batch_norm and bool(hidden),
        fit_intercept=fit_intercept,
    )
    network, X = Network(architecture), np.zeros((4, 5))
    params = network.finish(network.init(np.random.default_rng(0), X), X)
    assert parameter_shapes(architecture) == {name: np.shape(value) for name, value in params.items()}


# Parts that do not fit ------------------------------------------------------------------------------------------------

WRONG_PARTS: dict[str, tuple[Callable[[TableModel], dict[str, Any]], str]] = {
    "shape": (lambda m: {"params": {**m.params, "W1": m.params["W1"].T}}, "the parameter W1 should have the shape"),
    "missing": (lambda m: {"params": {k: v for k, v in m.params.items() if k != "b2"}}, "the parameter b2 is missing"),
    "another": (lambda m: {"params": {**m.params, "W9": np.ones(2)}}, "the parameter W9 is none of this network"),
    "NaN": (lambda m: {"params": {**m.params, "b1": m.params["b1"] * np.nan}}, "b1 has values that are not finite"),
    "mixed": (lambda m: {"params": {**m.params, "b1": np.float32(m.params["b1"])}}, "of dtype float32, float64"),
    "integers": (lambda m: {"params": {k: v.astype(int) for k, v in m.params.items()}}, "of dtype int64"),
    "inputs": (
        lambda m: {"architecture": dataclasses.replace(m.architecture, inputs=m.architecture.inputs + 1)},
        "features for a multiclass target with 3 outputs, but the network takes",
    ),
    "task": (lambda m: {"architecture": dataclasses.replace(m.architecture, task="multilabel")}, "multilabel target"),
    "no target": (
        lambda m: {"preprocessing": dataclasses.replace(m.preprocessing, outcome=None)},
        "the preprocessing has no target",
    ),
}


@pytest.mark.parametrize("name", WRONG_PARTS)
def test_parts_that_do_not_fit_together_are_refused(name: str) -> None:
    change, what = WRONG_PARTS[name]
    model = model_of("multiclass")
    with pytest.raises(StructureError, match=what) as caught:
        dataclasses.replace(model, **change(model))
    assert caught.value.fix


# Files that are not trusted -------------------------------------------------------------------------------------------


def header_of(model: TableModel, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    model.save(path)
    contents = read_container(path, "model")
    return contents.header, contents.arrays


def without(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda header: header.pop(key)


EDITS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no schema": without("schema"),
    "no preprocessing": without("preprocessing"),
    "no architecture": without("architecture"),
    "no record": without("record"),
    "record is a list": lambda h: h.update(record=[1]),
    "schema is a text": lambda h: h.update(schema="x"),
    "newer schema": lambda h: h["schema"].update(version=99),
    "unknown kind": lambda h: h["schema"]["columns"][0].update(kind="secret"),
    "unknown column": lambda h: h["schema"]["columns"][0].update(name="other"),
    "unknown field": lambda h: h["schema"]["columns"][0].update(__class__="os.system"),
    "columns are numbers": lambda h: h["schema"].update(columns=[1, 2]),
    "encodings are texts": lambda h: h["preprocessing"].update(encodings=["x"]),
    "an encoding less": lambda h: h["preprocessing"]["encodings"].pop(),
    "mean is a list": lambda h: h["preprocessing"]["encodings"][0].update(mean=[1]),
    "no target": lambda h: h["preprocessing"].update(target=None),
    "target of another task": lambda h: h["preprocessing"]["target"].update(task="regression"),
    "a class more": lambda h: h["preprocessing"]["target"]["classes"].append("d"),
    "unknown activation": lambda h: h["architecture"].update(activation="eval"),
    "wide network": lambda h: h["architecture"].update(hidden=[10**12]),
    "deep network": lambda h: h["architecture"].update(hidden=[8] * 100_000),
    "negative width": lambda h: h["architecture"].update(hidden=[-8, 5]),
    "unknown setting": lambda h: h["architecture"].update(pickle="x"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_file_whose_parts_do_not_fit_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model"
    header, arrays = header_of(model_of("multiclass"), path)
    EDITS[name](header)
    write_container(path, "model", header, arrays)
    with pytest.raises(StorageError, match="holds no model that fits together") as caught:
        TableModel.load(path)
    assert isinstance(caught.value.__cause__, (ChainRuleError, LookupError, TypeError, ValueError, AttributeError))


def test_a_checkpoint_is_no_model(tmp_path: Path) -> None:
    write_container(tmp_path / "run", "checkpoint", {}, {})
    with pytest.raises(StorageError, match="is a checkpoint, not a model"):
        TableModel.load(tmp_path / "run")


def test_1_000_damaged_models_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model"
    header, arrays = header_of(model_of("binary"), path)
    good = path.read_bytes()
    assert pack("model", header, arrays) == good
    for number in range(1_000):
        content = mutated(good, number)
        if content == good:
            continue
        path.write_bytes(content)
        with pytest.raises(StorageError):
            TableModel.load(path)


def scrambled(value: Any, chance: random.Random) -> Any:
    """The same JSON with a few of its values changed into something else."""
    if chance.random() < 0.01:
        return chance.choice([None, -1, 0, 2**63, 1e308, "x", [], {}, [[1]], {"a": 1}, True])
    if isinstance(value, dict):
        return {key: scrambled(item, chance) for key, item in value.items() if chance.random() > 0.002}
    if isinstance(value, list):
        return [scrambled(item, chance) for item in value]
    return value


def test_models_made_on_purpose_are_read_or_refused(tmp_path: Path) -> None:
    """A file with a right seal and a scrambled header: a model that fits together, or an error; never anything else."""
    path = tmp_path / "model"
    header, arrays = header_of(model_of("binary"), path)
    refused = 0
    for number in range(200):
        write_container(path, "model", scrambled(header, random.Random(number)), arrays)
        try:
            TableModel.load(path)
        except StorageError:
            refused += 1
    assert 50 < refused < 200
