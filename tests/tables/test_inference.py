"""What columns are: the rules, and tables that come back as they were written."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import DataError
from chainrule.tables import Schema, infer_schema, open_table, read_batches


def kinds(text: str, target: str | None = None, **more: Any) -> dict[str, str]:
    return {column.name: column.kind for column in infer_schema(io.StringIO(text), target, **more).columns}


def column_of(cells: list[str], name: str = "a") -> Any:
    """The schema's column for cells that stand beside a column of numbers."""
    rows = "".join(f"{cell},{place % 7}\n" for place, cell in enumerate(cells))
    return infer_schema(io.StringIO(f"{name},other\n{rows}"))[name]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2", "3", "2"], "integer"),
        (["-1", "+2", "3", "2"], "number"),
        (["1", "2.0", "3", "2"], "number"),
        (["1e3", ".5", "5.", "-2"], "number"),
        (["0.5", "00", "00", "1"], "category"),
        (["01067", "10115", "01067", "10115"], "category"),
        (["0x10", "0x11", "0x10", "0x11"], "category"),
        (["yes", "no", "yes", "no"], "category"),
        (["true", "FALSE", "True", "false"], "boolean"),
        (["true", "true", "false", "maybe", "maybe"], "category"),
        (["2024-01-31", "2024-02-01", "2024-02-01", "2024-02-03"], "date"),
        (["2024-01-31 10:30", "2024-02-01T11:00:05.5", "2024-02-01", "2024-02-03"], "date"),
        (["31.1.2024", "01.02.2024 8:05", "1.2.2024", "3.2.2024"], "date"),
        (["2024-01-31T10:00Z", "2024-01-31T10:00+02:00"], "date"),
        (["a@x", "b@x", "c@x", "d@x"], "ignored"),
        (["7", "7", "7", "7"], "ignored"),
    ],
)
def test_kinds(cells: list[str], kind: str) -> None:
    assert column_of(cells).kind == kind


@pytest.mark.parametrize("name", ["id", "ID", "customer_id", "customerId", "Unnamed: 0", "row", ""])
def test_whole_numbers_called_id_are_no_feature_if_none_is_there_twice(name: str) -> None:
    known = name or "column 1"
    rows = "".join(f"{place},{place % 3}\n" for place in range(50))
    assert infer_schema(io.StringIO(f"{name},x\n{rows}"))[known].kind == "ignored"
    rows += "4,4\n"
    assert infer_schema(io.StringIO(f"{name},x\n{rows}"))[known].kind == "integer"


@pytest.mark.parametrize("name", ["paid", "age", "kidneys"])
def test_other_whole_numbers_are_features(name: str) -> None:
    assert column_of([str(place * 7 % 50) for place in range(50)], name).kind == "integer"


def test_a_late_decimal_is_not_rounded() -> None:
    cells = ["1"] * 300_000 + ["2.25"]
    table = open_table(io.StringIO("a,b\n" + "".join(f"{cell},1\n" for cell in cells)))
    schema = infer_schema(table)
    assert (schema["a"].kind, schema["a"].high) == ("number", 2.25)
    *_, last = read_batches(table, schema)
    assert last.column("a")[-1].as_py() == 2.25


def test_a_late_code_makes_all_cells_labels() -> None:
    cells = [str(10_000 + place % 90) for place in range(400_000)] + ["01067"]
    table = open_table(io.StringIO("zip,b\n" + "".join(f"{cell},1\n" for cell in cells)))
    zip_codes = infer_schema(table)["zip"]
    assert zip_codes.kind == "category"
    assert zip_codes.categories[0] == "01067"
    assert sum(zip_codes.counts) == len(cells)


@pytest.mark.parametrize("marker", ["", "NA", "n/a", "N/A", "null", "NULL", "nan", "NaN", "?", "-", " NA ", "  "])
def test_missing_markers(marker: str) -> None:
    for cells in (["1", marker, "2.5", "2.5"], ["red", marker, "blue", "red"]):
        column = column_of(cells)
        assert column.missing == 1
        assert column.kind in ("number", "category")


def test_own_missing_markers_are_saved_with_the_schema() -> None:
    schema = infer_schema(io.StringIO("a,b\n1,2\n-999,3\n2,4\n"), missing=["-999"])
    assert schema["a"].missing == 1
    batch = next(read_batches({"a": ["-999", "5"], "b": [1, 2]}, Schema.from_json(schema.to_json())))
    assert batch.column("a").to_pylist() == [None, 5.0]


def test_types_are_what_the_user_says() -> None:
    text = "zip,when,n,flag,junk\n10115,3/4/2024,1,yes,x\n10117,5/4/2024,2,no,x\n"
    types = {"zip": "category", "when": "date:day/month/year", "n": "number", "flag": "boolean", "junk": "ignore"}
    schema = infer_schema(io.StringIO(text), types=types)
    assert [column.kind for column in schema.columns] == ["category", "date", "integer", "boolean", "ignored"]
    assert schema["when"].format == "day/month/year"
    assert schema["flag"].categories == ("false", "true")


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"a": "float"}, "there is no kind 'float'"),
        ({"a": "date:yy"}, "'yy' is no date format"),
        ({"c": "number"}, "has no column 'c'"),
        ({"a": "boolean"}, "other values than true and false: '1', '2', '3'"),
        ({"a": "date"}, "holds no dates"),
    ],
)
def test_types_that_do_not_fit(types: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        infer_schema(io.StringIO("a,b\n1,2\n2,3\n3,4\n"), types=types)


def test_a_date_that_is_not_written_as_the_user_says() -> None:
    with pytest.raises(DataError, match=r"row 2 \(line 3\), column 'a': '3/31/2024' is no date"):
        infer_schema(io.StringIO("a,b\n31/3/2024,2\n3/31/2024,3\n"), types={"a": "date:day/month/year"})


def test_types_of_frames_are_kept() -> None:
    table = pa.table(
        {
            "i": pa.array([1, 2, None], pa.int16()),
            "f": pa.array([1.5, float("nan"), 2.5], pa.float32()),
            "b": [True, False, None],
            "s": pa.array(["12", "13", "12"]).dictionary_encode(),
            "d": pa.array([0, 1, 2], pa.date32()),
            "u": pa.array([2**63, 1, 2], pa.uint64()),
            "l": [[1], [2], [3]],
        }
    )
    schema = infer_schema(table)
    assert [column.kind for column in schema.columns] == [
        "integer",
        "number",
        "boolean",
        "category",
        "date",
        "number",
        "ignored",
    ]
    assert [column.missing for column in schema.columns[:3]] == [1, 1, 1]
    assert schema["l"].note == "list<item: int64> values are no features"


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=6)
LABELS = WORDS.map(lambda word: "w" + word)
NUMBERS = st.one_of(st.integers(-(2**53) + 1, 2**53 - 1), st.floats(allow_nan=False, allow_infinity=False))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.none() | NUMBERS, st.none() | LABELS, st.none() | st.booleans()), min_size=1, max_size=30),
    st.sampled_from(",;\t|"),
)
def test_a_table_that_is_written_comes_back(rows: list[tuple[Any, ...]], delimiter: str) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["number", "label", "flag"])
    for number, label, flag in rows:
        writer.writerow(["" if number is None else repr(number), label, {None: "", True: "true", False: "false"}[flag]])
    text.seek(0)
    given_types = {
        name: kind
        for place, (name, kind) in enumerate([("number", "number"), ("label", "category"), ("flag", "boolean")])
        if any(row[place] is not None for row in rows)
    }
    table = open_table(text)
    schema = infer_schema(table, types=given_types)
    assert schema.rows == len(rows)
    assert Schema.from_json(schema.to_json()) == schema
    for place, name in enumerate(given_types):
        column = [row[["number", "label", "flag"].index(name)] for row in rows]
        assert schema[name].missing == column.count(None), place
        read = [
            value for batch in read_batches(table, schema, columns=[name]) for value in batch.column(name).to_pylist()
        ]
        expected = [None if value is None else float(value) if name == "number" else value for value in column]
        assert read == expected


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40, unique=True))
def test_the_range_of_numbers_is_exact(numbers: list[float]) -> None:
    column = column_of([repr(number) for number in numbers])
    assert column.kind == "number"
    assert (column.low, column.high) == (min(numbers), max(numbers))
    assert column.distinct == len(numbers)
    assert math.isfinite(np.float64(column.example))


def test_whoever_counts_the_rows_may_end_the_pass() -> None:
    counts: list[int] = []

    def counted(rows: int) -> None:
        counts.append(rows)
        if rows > 10_000:
            raise DataError("that is enough")

    text = "size\n" + "1\n" * 3_000_000
    with pytest.raises(DataError, match="that is enough"):
        infer_schema(io.BytesIO(text.encode()), on_rows=counted)
    assert len(counts) == 1
    counts.clear()
    assert infer_schema(io.StringIO("size\n1\n2\n3\n"), on_rows=counted).rows == 3
    assert counts == [3]
