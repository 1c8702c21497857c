"""What targets call for, and the arrays they become."""

from __future__ import annotations

import io

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.tables import Preprocessing, Target, infer_schema, open_table, target_of


def fitted(cells: list[str], **settings: str) -> tuple[Preprocessing, np.ndarray]:
    table = open_table(io.StringIO("x,y\n" + "".join(f"{place},{cell}\n" for place, cell in enumerate(cells))))
    preprocessing = Preprocessing.fit(table, infer_schema(table, "y"), **settings)
    return preprocessing, preprocessing.target(table)


@pytest.mark.parametrize(
    ("cells", "task", "classes", "y"),
    [
        (["yes", "no", "yes"], "binary", ("no", "yes"), [1, 0, 1]),
        (["true", "False", "TRUE"], "binary", ("false", "true"), [1, 0, 1]),
        (["1", "0", "1"], "binary", ("0", "1"), [1, 0, 1]),
        (["1.0", "0.0", "1.0"], "binary", ("0", "1"), [1, 0, 1]),
        (["-1", "1", "1"], "binary", ("-1", "1"), [0, 1, 1]),
        (["b", "c", "a"], "multiclass", ("a", "b", "c"), [1, 2, 0]),
        (["10", "9", "11"], "multiclass", ("9", "10", "11"), [1, 0, 2]),
        (["0.5", "1.5", "0.5"], "regression", (), [0.5, 1.5, 0.5]),
        (["1.0", "2.0", "3.0"], "regression", (), [1, 2, 3]),
        ([str(i) for i in range(21)], "regression", (), list(range(21))),
    ],
)
def test_tasks(cells: list[str], task: str, classes: tuple[str, ...], y: list[float]) -> None:
    preprocessing, found = fitted(cells)
    assert preprocessing.task == task
    assert preprocessing.classes == classes
    assert found.tolist() == y
    assert found.dtype == (np.int64 if task == "multiclass" else np.float64)
    outcome = preprocessing.outcome
    assert outcome is not None
    assert outcome.outputs == (len(classes) if task == "multiclass" else 1)
    assert Target.from_json(outcome.to_json()) == outcome


def test_labels_are_whole_numbers_where_they_were() -> None:
    outcome = fitted(["3", "1", "2"])[0].outcome
    assert outcome is not None
    assert outcome.labels.tolist() == [1, 2, 3]
    assert outcome.decode(np.array([2, 0])).tolist() == [3, 1]
    outcome = fitted(["yes", "no"])[0].outcome
    assert outcome is not None
    assert outcome.decode(np.array([1.0, 0.0])).tolist() == ["yes", "no"]


def test_the_task_may_be_said() -> None:
    assert fitted(["1", "0", "1"], task="regression")[0].task == "regression"
    with pytest.raises(DataError, match=r"has words \('no', 'yes'\)"):
        fitted(["yes", "no"], task="regression")
    with pytest.raises(DataError, match="has 3 classes, not two"):
        fitted(["a", "b", "c"], task="binary")
    with pytest.raises(DataError, match="more than 20 different numbers"):
        fitted([str(i) for i in range(21)], task="multiclass")


def test_a_class_that_was_not_there_in_training() -> None:
    preprocessing, _ = fitted(["yes", "no"])
    with pytest.raises(DataError, match="column 'y' has 'maybe', which was no class in training"):
        preprocessing.target({"x": [1], "y": ["maybe"]})
    preprocessing, _ = fitted(["1", "0"])
    with pytest.raises(DataError, match=r"column 'y' has .*2.0.*, which was no class"):
        preprocessing.target({"x": [1], "y": [2]})


def several(cells: list[str]) -> tuple[Preprocessing, np.ndarray]:
    table = open_table(io.StringIO("x,p,q\n" + "".join(f"{place},{cell}\n" for place, cell in enumerate(cells))))
    preprocessing = Preprocessing.fit(table, infer_schema(table, ["p", "q"]))
    return preprocessing, preprocessing.target(table)


def test_several_targets() -> None:
    preprocessing, y = several(["1,0", "0,0", "1,1"])
    assert preprocessing.task == "multilabel"
    assert y.tolist() == [[1, 0], [0, 0], [1, 1]]
    preprocessing, y = several(["true,1", "false,0", "true,0"])
    assert preprocessing.task == "multilabel"
    preprocessing, y = several(["1.5,0", "0,7", "2,1"])
    assert preprocessing.task == "regression"
    assert y.tolist() == [[1.5, 0], [0, 7], [2, 1]]
    assert preprocessing.outcome is not None
    assert preprocessing.outcome.outputs == 2
    with pytest.raises(DataError, match=r"'p' \(category\), 'q' \(integer\)"):
        several(["a,1", "b,5", "a,2"])


def test_no_target() -> None:
    schema = infer_schema({"x": [1, 2]})
    with pytest.raises(DataError, match="no target"):
        target_of(schema)
    with pytest.raises(DataError, match="no target"):
        Preprocessing.fit({"x": [1, 2]}, schema).target({"x": [1, 2]})
