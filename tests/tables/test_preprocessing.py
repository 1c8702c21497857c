"""From columns to the design matrix: imputation, indicators, one-hot codes, standardisation, dates."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import DataError
from chainrule.tables import Preprocessing, Schema, infer_schema, open_table, read_batches

TEXT = """size,city,when,flag,sold
1.0,Rome,2024-01-31,true,yes
,Oslo,2024-02-29,false,no
4.0,Rome,2024-03-01,true,yes
2.0,,2024-03-02,true,no
"""


def fitted(text: str, target: str | None = "sold", **settings: Any) -> tuple[Preprocessing, Any]:
    table = open_table(io.StringIO(text))
    return Preprocessing.fit(table, infer_schema(table, target), **settings), table


def test_feature_names_and_numbers() -> None:
    preprocessing, table = fitted(TEXT)
    assert preprocessing.feature_names == (
        "size",
        "size missing",
        "city=Oslo",
        "city=Rome",
        "city unknown",
        "city missing",
        "when days",
        "when month",
        "when weekday",
        "flag",
    )
    X = preprocessing.transform(table)
    sizes = np.array([1.0, 4.0, 2.0])
    expected = (sizes - sizes.mean()) / sizes.std()
    np.testing.assert_allclose(X[[0, 2, 3], 0], expected)
    assert X[1, :2].tolist() == [0.0, 1.0]
    assert X[:, 2:6].tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(X[:, 6:].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X[:, 6:].std(axis=0), 1)
    days = np.array(["2024-01-31", "2024-02-29", "2024-03-01", "2024-03-02"], dtype="datetime64[D]").astype(float)
    np.testing.assert_allclose(X[:, 6], (days - days.mean()) / days.std())
    weekday = np.array([3.0, 4.0, 5.0, 6.0])
    np.testing.assert_allclose(X[:, 8], (weekday - weekday.mean()) / weekday.std())


def test_unknown_and_unseen() -> None:
    preprocessing, _ = fitted(TEXT)
    row = {"size": [np.nan], "city": ["Bonn"], "when": ["2025-01-01"], "flag": ["no"]}
    X = preprocessing.transform(row)
    assert X[0, :6].tolist() == [0, 1, 0, 0, 1, 0]
    assert np.flatnonzero(preprocessing.unseen_features).tolist() == [4]


def test_a_number_that_is_missing_where_none_was_in_training_is_the_mean() -> None:
    preprocessing, _ = fitted("a,sold\n1,no\n3,yes\n")
    assert preprocessing.transform({"a": [None, 2.0]}).tolist() == [[0.0], [0.0]]


def test_constant_columns_are_left_out_also_those_of_a_part() -> None:
    table = open_table(io.StringIO("a,b,c,sold\n1,2,x,no\n1,3,x,yes\n2,4,y,no\n"))
    schema = infer_schema(table, "sold")
    batches = (batch.slice(0, 2) for batch in read_batches(table, schema))
    assert Preprocessing.fit(batches, schema).feature_names == ("b",)


def test_a_constant_number_with_gaps_keeps_its_indicator() -> None:
    preprocessing, _ = fitted("a,b,sold\n7,1,no\n8,2,yes\n,3,yes\n,3,yes\n")
    batches = read_batches({"a": [7, None], "b": [1, 2], "sold": ["no", "yes"]}, preprocessing.schema)
    assert Preprocessing.fit(batches, preprocessing.schema).feature_names == ("a missing", "b")


def test_nothing_to_learn_from() -> None:
    preprocessing, _ = fitted(TEXT)
    batches = (batch.slice(0, 1) for batch in read_batches(io.StringIO(TEXT), preprocessing.schema))
    with pytest.raises(DataError, match="nothing to learn from"):
        Preprocessing.fit(batches, preprocessing.schema)


def test_rare_categories_share_a_column() -> None:
    text = "a,sold\n" + "".join(f"{value},{place % 2}\n" for place, value in enumerate("xxxyyzwxxy"))
    preprocessing, table = fitted(text, max_categories=2)
    assert preprocessing.feature_names == ("a=x", "a=y", "a rare", "a unknown")
    assert preprocessing.transform(table).sum(axis=0).tolist() == [5, 3, 2, 0]


@settings(max_examples=30, deadline=None)
@given(st.permutations(["size", "city", "when", "flag", "sold", "extra"]))
def test_the_order_of_columns_does_not_matter_nor_do_further_ones(order: list[str]) -> None:
    preprocessing, table = fitted(TEXT)
    columns = {name: [] for name in ["size", "city", "when", "flag", "sold"]}
    for line in TEXT.splitlines()[1:]:
        for values, cell in zip(columns.values(), line.split(","), strict=True):
            values.append(cell)
    columns["extra"] = ["1"] * 4
    rows = [order, *zip(*(columns[name] for name in order), strict=True)]
    again = open_table(io.StringIO("\n".join(map(",".join, rows))))
    assert np.array_equal(preprocessing.transform(again), preprocessing.transform(table))
    assert preprocessing.target(again).tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("city,when,flag\nRome,2024-01-01,true\n", "has no column 'size'"),
        ("sizes,city,when,flag\n1,Rome,2024-01-01,true\n", "has no column 'size'\n.*did you mean 'sizes'"),
        (
            "size,city,when,flag\n1,Rome,2024-01-01,true\nL,Rome,2024-01-01,true\n",
            r"row 2 \(line 3\), column 'size': 'L'",
        ),
        ("size,city,when,flag\n1,Rome,1.1.2024,true\n", r"row 1 \(line 2\), column 'when': '1.1.2024' is no date"),
        (
            "size,city,when,flag\n1,Rome,2024-01-01,7\n",
            r"row 1 \(line 2\), column 'flag': '7' is neither true nor false",
        ),
        ("size,city,when,flag\ninf,Rome,2024-01-01,true\n", r"row 1 \(line 2\), column 'size': 'inf' is no finite"),
    ],
)
def test_tables_that_do_not_fit(rows: str, message: str) -> None:
    preprocessing, _ = fitted(TEXT)
    with pytest.raises(DataError, match=message):
        preprocessing.transform(io.StringIO(rows))


def test_a_frame_that_does_not_fit() -> None:
    preprocessing, _ = fitted(TEXT)
    row = {"size": ["1", "big"], "city": ["Rome"] * 2, "when": ["2024-01-01"] * 2, "flag": [True, False]}
    with pytest.raises(DataError, match=r"the table, row 2 \(index 1\), column 'size': 'big' is no number"):
        preprocessing.transform(row)
    with pytest.raises(DataError, match=r"column 'when': '3' \(int64\) is no date"):
        preprocessing.transform({**row, "size": [1, 2], "when": [3, 4]})


def test_a_misfit_far_down_is_found_after_pyarrow_stumbled() -> None:
    preprocessing, _ = fitted("a,sold\n1,no\n3,yes\n")
    good = io.StringIO("a\n" + "1\n" * 600_000 + " ? \n" + "3\n")
    assert preprocessing.transform(good).shape == (600_002, 1)
    with pytest.raises(DataError, match=r"row 600,001 \(line 600,002\), column 'a': 'x' is no number"):
        preprocessing.transform(io.StringIO("a\n" + "1\n" * 600_000 + "x\n"))


def test_an_integer_column_takes_decimals_later() -> None:
    preprocessing, _ = fitted("a,sold\n1,no\n3,yes\n")
    assert preprocessing.transform({"a": [2.5]}).tolist() == [[0.5]]


def test_numbers_as_categories_are_the_same_in_text_and_in_frames() -> None:
    table = open_table(io.StringIO("a,b,sold\n1,5,no\n2,6,yes\n2,7,yes\n"))
    preprocessing = Preprocessing.fit(table, infer_schema(table, "sold", types={"a": "category"}))
    for values in ([2, 1], [2.0, 1.0], ["2", "1"], pa.array([2, 1], pa.uint8())):
        assert preprocessing.transform({"a": values, "b": [5, 6]})[:, :3].tolist() == [[0, 1, 0], [1, 0, 0]]


def test_saved_and_loaded() -> None:
    preprocessing, table = fitted(TEXT, max_categories=1)
    schema = Schema.from_json(json.loads(json.dumps(preprocessing.schema.to_json())))
    again = Preprocessing.from_json(json.loads(json.dumps(preprocessing.to_json())), schema)
    assert again == preprocessing
    assert np.array_equal(again.transform(table), preprocessing.transform(table))


@pytest.mark.parametrize("damage", [{"version": 9}, {"encodings": [{}]}, {"encodings": 3}, {"target": {}}])
def test_what_is_no_preprocessing(damage: dict[str, Any]) -> None:
    preprocessing, _ = fitted(TEXT)
    with pytest.raises(DataError, match=r"no preprocessing|version"):
        Preprocessing.from_json({**preprocessing.to_json(), **damage}, preprocessing.schema)


def test_dtype_and_no_rows() -> None:
    preprocessing, table = fitted(TEXT)
    assert preprocessing.transform(table, np.float32).dtype == np.float32
    empty = {"size": [], "city": [], "when": [], "flag": []}
    assert preprocessing.transform(empty).shape == (0, 10)


def test_compact_rows_expand_to_the_design_matrix() -> None:
    preprocessing, table = fitted(TEXT)
    (batch,) = read_batches(table, preprocessing.schema)
    compact = preprocessing.compact(batch)
    assert compact.shape == (4, len(preprocessing.encodings))
    assert np.array_equal(preprocessing.expand(compact), preprocessing.transform(table))


def test_numbers_are_known_from_marks() -> None:
    preprocessing, _ = fitted(TEXT)
    flags = dict(zip(preprocessing.feature_names, preprocessing.number_features.tolist(), strict=True))
    assert [name for name, is_number in flags.items() if is_number] == [
        "size",
        "when days",
        "when month",
        "when weekday",
        "flag",
    ]
    standard, _ = fitted("z,city,sold\n-1,a,yes\n1,b,no\n-1,a,yes\n1,b,no\n")  # of mean 0 and deviation 1
    assert standard.number_features.tolist() == [True, False, False, False]


def test_units_lead_back_to_the_table() -> None:
    preprocessing, table = fitted(TEXT)
    means, deviations = preprocessing.units
    X = preprocessing.transform(table) * deviations + means
    np.testing.assert_allclose(X[:, 0], [1.0, 7 / 3, 4.0, 2.0])
    assert X[:, 3].tolist() == [1, 0, 1, 0]
    place = preprocessing.feature_names.index("when month")
    np.testing.assert_allclose(X[:, place], [1, 2, 3, 3])
