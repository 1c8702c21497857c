"""Models in ONNX: ONNX Runtime predicts what chainrule predicts."""

from __future__ import annotations

import builtins
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.storage.tables import TARGETS, model_of, new_rows

from chainrule.errors import MissingPackageError, StorageError
from chainrule.learn.models import Architecture, Network
from chainrule.learn.models.layers import ACTIVATIONS
from chainrule.storage.model import TableModel
from chainrule.storage.onnx import export_onnx, network_to_onnx, table_model_to_onnx
from chainrule.storage.onnx_columns import design_matrix, input_names
from chainrule.storage.onnx_graph import OnnxGraph
from chainrule.tables import Column, Preprocessing, Schema, infer_schema, open_table, read_batches

runtime = pytest.importorskip("onnxruntime")


def run(made: Any, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = runtime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds), strict=True))


def column_values(array: pa.Array) -> np.ndarray:
    if pa.types.is_dictionary(array.type):
        return np.array([value or "" for value in array.to_pylist()], object)
    if pa.types.is_temporal(array.type):
        return np.asarray(array.cast(pa.timestamp("us"))).astype("M8[us]").astype(np.int64)
    return np.asarray(array.cast(pa.float64()).to_numpy(zero_copy_only=False))


def feeds_of(preprocessing: Preprocessing, source: Any) -> dict[str, np.ndarray]:
    """What a user of the file hands over: the columns, each as it is described."""
    (batch,) = read_batches(source, preprocessing.schema, with_targets=False)
    return {name: column_values(batch.column(name)).reshape(-1, 1) for name in input_names(preprocessing)}


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_table_model_predicts_the_same(task: str, dtype: Any, batch_norm: bool) -> None:
    model = model_of(task, dtype, batch_norm=batch_norm)
    found = run(table_model_to_onnx(model), feeds_of(model.preprocessing, new_rows()))
    if task == "regression":
        assert found["prediction"].dtype == dtype
        np.testing.assert_allclose(found["prediction"], model.predict(new_rows()), rtol=1e-5, atol=1e-5)
        return
    probabilities = model.predict_proba(new_rows())
    assert found["probabilities"].dtype == dtype
    np.testing.assert_allclose(found["probabilities"], probabilities, rtol=0, atol=1e-5)
    assert found["label"].tolist() == model.predict(new_rows()).tolist()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hidden", [(), (7,), (6, 5, 4)])
def test_a_network_predicts_the_same(activation: str, dtype: Any, hidden: tuple[int, ...]) -> None:
    architecture = Architecture("multiclass", inputs=4, outputs=3, hidden=hidden, activation=activation)
    network, chance = Network(architecture), np.random.default_rng(0)
    X = (3 * chance.normal(size=(30, 4))).astype(dtype)
    params = network.init(chance, X) if hidden else {"W1": chance.normal(size=(4, 3)).astype(dtype)}
    found = run(network_to_onnx(architecture, params), {"X": X})["probabilities"]
    assert found.dtype == dtype
    np.testing.assert_allclose(found, network.predict(params, X), rtol=0, atol=1e-5)


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_regressions_have_the_shape_that_they_have_here(outputs: int, fit_intercept: bool) -> None:
    architecture = Architecture(
        "regression", inputs=3, outputs=outputs, hidden=(4,), batch_norm=True, fit_intercept=fit_intercept
    )
    network, X = Network(architecture), np.random.default_rng(0).normal(size=(20, 3))
    params = network.finish(network.init(np.random.default_rng(1), X), X)
    found = run(network_to_onnx(architecture, params), {"X": X})["prediction"]
    expected = network.predict(params, X)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_extreme_logits_give_no_nan() -> None:
    architecture = Architecture("binary", inputs=1)
    made = network_to_onnx(architecture, {"W1": np.array([1.0]), "b1": np.array(0.0)})
    found = run(made, {"X": np.array([[-1e4], [0.0], [1e4]])})["probabilities"]
    np.testing.assert_allclose(found, [[1, 0], [0.5, 0.5], [0, 1]], atol=1e-12)


# Preprocessing --------------------------------------------------------------------------------------------------------


def matrix_in_onnx(preprocessing: Preprocessing, feeds: dict[str, np.ndarray]) -> np.ndarray:
    graph = OnnxGraph("columns", [*feeds, "X"])
    X = design_matrix(graph, preprocessing, np.float64)
    graph.output("X", X, np.float64, (None, len(preprocessing.feature_names)))
    return run(graph.model(), feeds)["X"]


def test_the_design_matrix_is_the_same() -> None:
    preprocessing = model_of("binary").preprocessing
    kinds = {preprocessing.schema[encoding.column].kind for encoding in preprocessing.encodings}
    assert kinds >= {"number", "integer", "boolean", "category", "date"}, "every kind of column takes part"
    found = matrix_in_onnx(preprocessing, feeds_of(preprocessing, new_rows()))
    np.testing.assert_allclose(found, preprocessing.transform(new_rows()), rtol=1e-12, atol=1e-12)


def test_categories_that_are_rare_unknown_or_missing() -> None:
    text = "city,x\n" + "Rome,1\n" * 5 + "Oslo,2\n" * 4 + "Bonn,3\n,4\n"
    schema = infer_schema(open_table(io.StringIO(text)))
    preprocessing = Preprocessing.fit(open_table(io.StringIO(text)), schema, max_categories=2)
    cells = ["Rome", "Bonn", "Atlantis", "", "NA", "Oslo", "rome"]
    feeds = {"city": np.array(cells, object)[:, None], "x": np.arange(7.0)[:, None]}
    expected = preprocessing.transform({"city": cells, "x": list(range(7))})
    np.testing.assert_allclose(matrix_in_onnx(preprocessing, feeds), expected, rtol=1e-12)


def test_a_category_that_was_never_missing_in_training_is_zero_where_it_is() -> None:
    text = "city,x\n" + "Rome,1\nOslo,2\n" * 5
    schema = infer_schema(open_table(io.StringIO(text)))
    preprocessing = Preprocessing.fit(open_table(io.StringIO(text)), schema)
    feeds = {"city": np.array([[""], ["Oslo"]], object), "x": np.array([[np.nan], [1.0]])}
    expected = preprocessing.transform({"city": [None, "Oslo"], "x": [None, 1.0]})
    np.testing.assert_allclose(matrix_in_onnx(preprocessing, feeds), expected, rtol=1e-12)


def test_every_day_of_four_centuries_has_its_month_and_weekday() -> None:
    days = np.arange("1897-01-01", "2301-01-01", dtype="M8[D]").astype("M8[us]")
    times = days + np.random.default_rng(0).integers(0, 86_400_000_000, len(days)).astype("m8[us]")
    schema = Schema((Column("when", "date", low=-1.0, high=1.0),))
    preprocessing = Preprocessing.fit(pa.table({"when": times}), schema)
    assert len(preprocessing.encodings) == 4
    feeds = {"when": times.astype(np.int64)[:, None]}
    expected = preprocessing.transform(pa.table({"when": times}))
    np.testing.assert_allclose(matrix_in_onnx(preprocessing, feeds), expected, rtol=1e-12, atol=1e-12)


# Names and files ------------------------------------------------------------------------------------------------------


def test_columns_with_the_names_of_outputs_and_of_values_inside() -> None:
    names = ["probabilities", "label", "label_", "constant_1", "matmul_5", "concat_2"]
    chance = np.random.default_rng(0)
    table = {name: chance.normal(size=20) for name in names} | {"y": ["a", "b"] * 10}
    preprocessing = Preprocessing.fit(open_table(table), infer_schema(open_table(table), "y"))
    params = {"W1": chance.normal(size=6), "b1": np.array(0.1)}
    model = TableModel(preprocessing, Architecture("binary", inputs=6), params)
    feeds = {name: np.asarray(table[name])[:, None] for name in names}
    found = run(table_model_to_onnx(model), feeds)
    assert list(found) == ["probabilities_", "label__"]
    np.testing.assert_allclose(found["probabilities_"], model.predict_proba(table), atol=1e-12)


def test_a_column_without_a_name_is_refused() -> None:
    table = {"": [1.0, 2.0, 3.0], "y": ["a", "b", "a"]}
    schema = Schema((Column("", "number"), Column("y", "category", categories=("a", "b"))), target="y")
    preprocessing = Preprocessing.fit(open_table(table), schema)
    model = TableModel(preprocessing, Architecture("binary", inputs=1), {"W1": np.ones(1), "b1": np.array(0.0)})
    with pytest.raises(StorageError, match="a column has no name"):
        table_model_to_onnx(model)


def test_a_file_is_written_and_the_same_each_time(tmp_path: Path) -> None:
    model = model_of("multiclass")
    export_onnx(model, tmp_path / "1.onnx")
    export_onnx(model, str(tmp_path / "2.onnx"))
    assert (tmp_path / "1.onnx").read_bytes() == (tmp_path / "2.onnx").read_bytes()
    session = runtime.InferenceSession(tmp_path / "1.onnx", providers=["CPUExecutionProvider"])
    feeds = feeds_of(model.preprocessing, new_rows())
    label = session.run(["label"], feeds)[0]
    assert label.tolist() == model.predict(new_rows()).tolist()


def test_a_model_that_is_too_large_for_onnx_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.storage import onnx

    monkeypatch.setattr(onnx, "_MOST", 1000)
    with pytest.raises(StorageError, match="ONNX allows 1,000"):
        export_onnx(model_of("binary"), tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = builtins.__import__

    def without_onnx(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split(".")[0] == "onnx":
            raise ImportError(name)
        return ordinary(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_onnx)
    with pytest.raises(MissingPackageError, match="pip install onnx"):
        network_to_onnx(Architecture("regression", inputs=1), {"W1": np.ones(1), "b1": np.array(0.0)})
