"""Bad data: each is told with row, column, value and what to do."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

from chainrule.advice import advice_for
from chainrule.errors import DataError
from chainrule.tables import Preprocessing, Schema, infer_schema, open_table


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # messages name data.csv without a folder


def learn(data: str | bytes, target: str | None = "y", *, in_memory: bool = False, **settings: Any) -> Schema:
    """Schema and preprocessing of a file with these contents, or of the contents in memory; returns the schema."""
    contents = data.encode() if isinstance(data, str) else data
    Path("data.csv").write_bytes(contents)
    source = open_table(contents, name="data.csv") if in_memory else "data.csv"
    schema = infer_schema(source, target, **settings)
    preprocessing = Preprocessing.fit(source, schema)
    preprocessing.arrays(source)
    return schema


ROWS = "a,b,y\n1,2,no\n2,5,yes\n"
LONG = "a,b,y\n" + "1,2,no\n" * 200_000  # several blocks

BAD = {
    "empty file": (b"", "data.csv is empty", "a header and at least one row"),
    "white space only": (b" \n\n", "data.csv is empty", "a header"),
    "header only": ("a,b,y\n", "data.csv has a header but no rows", "at least one row"),
    "one class": ("a,y\n1,no\n2,no\n", "target 'y' has one class only: each row is 'no'", "at least two classes"),
    "target column missing": ("a,b\n1,2\n", "data.csv has no column 'y'", "its columns are a, b"),
    "target cell missing": ("a,y\n1,no\n2,\n3,yes\n", "row 2 (line 3), column 'y': the cell is missing", "fill the"),
    "target all missing": ("a,y\n1,\n2,?\n", "target 'y' cannot be predicted: all cells are missing", "choose"),
    "infinity": ("a,y\n1,no\n-inf,yes\n", "row 2 (line 3), column 'a': '-inf' is no finite number", "empty"),
    "overflow": ("a,y\n1,no\n1e400,yes\n", "row 2 (line 3), column 'a': '1e400' is no finite number", "empty"),
    "Latin-1": (
        "a,city,y\n1,Köln,no\n2,Bonn,yes\n".encode("latin-1"),
        "row 1 (line 2), column 'city': byte 0xf6 is no UTF-8; the cell, read as windows-1252, is 'Köln'",
        'encoding="windows-1252"',
    ),
    "Latin-1 far down": (
        LONG.encode() + "1,ö,no\n".encode("latin-1"),
        "row 200,001 (line 200,002), column 'b': byte 0xf6 is no UTF-8",
        "as UTF-8",
    ),
    "UTF-16": ("a,y\n1,no\n".encode("utf-16"), "data.csv is UTF-16 text", "CSV UTF-8"),
    "too few cells": (
        "a,b,y\n1,2,no\n1,yes\n",
        "row 2 (line 3): 2 cells, but the header has 3 columns",
        "fill the row",
    ),
    "too many cells": (
        'a,b,y\n1,"2\n2",no\n1,2,3,no\n',
        "row 2 (line 4): 4 cells, but the header has 3 columns; there are cells after column 'y'",
        "quote cells that contain commas",
    ),
    "first row too short": ("a,b,y\n1,no\n", "row 1 (line 2): 2 cells, but the header has 3 columns", "fill the row"),
    "ragged far down": (LONG + "1,no\n", "row 200,001 (line 200,002): 2 cells", "fill the row"),
    "equal names": ("a,b,a\n1,2,no\n", "two columns named 'a', number 1 and number 3", "rename one of them"),
    "NUL byte": (
        "a,b,y\n1,2,no\n1,x\0z,yes\n",
        "row 2 (line 3), column 'b': 'x\\x00z' has a NUL byte",
        "remove the NUL",
    ),
    "NUL byte in the header": ("a,b\0,y\n1,2,no\n", "header: a column name has a NUL byte", "remove the NUL"),
    "open quote": ('a,b,y\n1,2,no\n3,"4,yes\n5,6,no\n', "row 2 (line 3): a quote opens here", "close it"),
    "open quote in the last column": ('a,y\n1,no\n3,"yes\n5,no\n', "row 2 (line 3): a quote opens here", "close it"),
    "quoted decimal commas": ('a,y\n"1,5",no\n"2,25",yes\n', "column 'a': '1,5' is written with a decimal", "point"),
    "JSON": ('[{"a": 1}]', "data.csv looks like JSON", "convert it"),
    "workbook": (b"PK\x03\x04\x00\x00", "data.csv is a ZIP archive or an Excel workbook", "as CSV"),
    "no features": ("a,y\n1,no\n1,yes\n", "no column to learn from (a: constant: each value is 1)", "at least one"),
    "huge numbers": ("a,y\n1e300,no\n-1e300,yes\n", "column 'a' has numbers up to 10³⁰⁰, too large", "logarithm"),
    "words as a target": (
        "a,y\n" + "".join(f"{i},w{i // 2}\n" for i in range(20_002)),
        "target 'y' cannot be predicted: text: too many different values",
        "choose a target",
    ),
}


@pytest.mark.parametrize("in_memory", [False, True], ids=["file", "memory"])
@pytest.mark.parametrize("name", BAD)
def test_bad_data_is_told_with_place_and_fix(name: str, in_memory: bool) -> None:
    data, what, fix = BAD[name]
    with pytest.raises(DataError) as caught:
        learn(data, in_memory=in_memory)
    assert what in caught.value.what
    assert caught.value.fix is not None
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    "data",
    [
        b"x,in it,y\n1,inf,no\n2,3,yes\n",
        b'x,in it,y\n1,"1,5",no\n2,"2,5",yes\n',
        b"x,in it,y\n1,1,no\n2,a\0,yes\n",
        b"x,in it,y\n1,1,no\n2,\xff,yes\n",
    ],
    ids=["infinity", "decimal commas", "NUL byte", "no UTF-8"],
)
def test_one_column_in_the_way_can_be_left_out(data: bytes) -> None:
    with pytest.raises(DataError, match=r"leave the column out: types=\{'in it': 'ignored'}") as caught:
        infer_schema(io.BytesIO(data), "y")
    assert str(advice_for("command", caught.value.fix)).endswith("leave the column out: --type 'in it=ignored'")
    assert str(advice_for("page", caught.value.fix)).endswith("; or leave the column out")
    assert caught.value.column == "in it"
    schema = infer_schema(io.BytesIO(data), "y", types={"in it": "ignored"})
    assert [column.name for column in schema.features] == ["x"]
    assert schema["in it"].note == "ignored, as you say"


def test_a_target_cannot_be_left_out() -> None:
    with pytest.raises(DataError, match="'inf' is no finite number") as caught:
        infer_schema(io.BytesIO(b"x,y\n1,inf\n2,3\n"), "y")
    assert caught.value.column is None
    assert caught.value.fix == "leave the cell empty if the value is missing, or write a number"


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(DataError, match=r"nowhere.csv cannot be read: No such file"):
        infer_schema("nowhere.csv")


def test_a_misspelt_target_is_guessed() -> None:
    with pytest.raises(DataError, match="did you mean 'label'"):
        learn("size,label\n1,no\n2,yes\n", "lable")


NOTED = {
    "constant number": ("a,b,y\n7,1,no\n7,2,yes\n", "ignored", "constant: each value is 7"),
    "constant word": ("a,b,y\nred,1,no\nred,2,yes\n", "ignored", "constant: each value is 'red'"),
    "all missing": ("a,b,y\nNA,1,no\n,2,yes\n", "ignored", "all cells are missing"),
    "a word among numbers": ("a,b,y\n1,1,no\n2,2,yes\nbig,3,no\n2,4,no\n", "category", "row 3 (line 4) is 'big'"),
    "beyond 2^53": (
        "a,b,y\n9007199254740993,1,no\n9007199254740993,2,yes\n3,3,no\n",
        "category",
        "whole numbers beyond 2^53 such as 9007199254740993",
    ),
    "beyond 64 bits": ("a,b,y\n" + "99999999999999999999,1,no\n" * 2 + "1,2,yes\n", "category", "beyond 2^53"),
    "dates in several formats": (
        "a,b,y\n2024-01-02,1,no\n2024-01-03,2,yes\n03.01.2024,3,no\n",
        "ignored",
        "dates, but data.csv, row 3 (line 4) is '03.01.2024', which does not fit the others",
    ),
    "a day that no month has": (
        "a,b,y\n28.2.2023,1,no\n29.2.2023,2,yes\n1.3.2023,3,no\n",
        "ignored",
        "dates, but data.csv, row 2 (line 3) is '29.2.2023'",
    ),
    "month or day": ("a,b,y\n1/2/2024,1,no\n3/4/2024,2,yes\n", "date", "month/day/year; day/month/year would fit too"),
    "codes": ("a,b,y\n01067,1,no\n10115,2,yes\n01067,3,no\n", "category", "codes such as '01067'"),
    "many words": (
        "a,b,y\n" + "".join(f"w{i // 2},{i},{'yes' if i % 3 else 'no'}\n" for i in range(40_000)),
        "text",
        "too many different values",
    ),
}


@pytest.mark.parametrize("in_memory", [False, True], ids=["file", "memory"])
@pytest.mark.parametrize("name", NOTED)
def test_what_is_odd_is_noted_in_the_schema(name: str, in_memory: bool) -> None:
    data, kind, note = NOTED[name]
    column = learn(data, in_memory=in_memory)["a"]
    assert column.kind == kind
    assert note in column.note


def test_ten_thousand_categories_are_a_category_and_the_rare_ones_share_a_column() -> None:
    schema = learn("a,y\n" + "".join(f"w{i % 10_000},{i % 2}\n" for i in range(20_500)))
    assert schema["a"].kind == "category"
    assert len(schema["a"].categories) == 10_000
    preprocessing = Preprocessing.fit("data.csv", schema, max_categories=50)
    assert preprocessing.feature_names[-2:] == ("a rare", "a unknown")
    X = preprocessing.transform("data.csv")
    assert X.shape == (20_500, 52)
    assert (X.sum(axis=1) == 1).all()
    assert X[:500, :50].sum() + X[:500, 50].sum() == 500


def test_words_in_a_column_that_is_said_to_be_of_numbers_are_an_error() -> None:
    with pytest.raises(DataError, match=re.escape("row 3 (line 4), column 'a': 'big' is no number")):
        learn("a,y\n1,no\n2,yes\nbig,no\n", types={"a": "number"})


def test_words_may_be_declared_missing() -> None:
    column = learn("a,y\n1,no\n2,yes\nbig,no\n", types={"a": "number"}, missing=["big"])["a"]
    assert (column.kind, column.missing) == ("integer", 1)


GOOD = {
    "byte order mark": ("\ufeff" + ROWS).encode(),
    "carriage returns and line feeds": ROWS.replace("\n", "\r\n").encode(),
    "carriage returns": ROWS.replace("\n", "\r").encode(),
    "semicolons": ROWS.replace(",", ";").encode(),
    "tabs": ROWS.replace(",", "\t").encode(),
    "vertical bars": ROWS.replace(",", "|").encode(),
    "no line feed at the end": ROWS.rstrip().encode(),
    "blank lines": b"\n" + ROWS.replace("\n", "\n\n").encode(),
    "spaces": b" a , b,y \n 1, 2 ,no\n2 ,5, yes \n",
    "quotes": b'"a","b","y"\n"1","2","no"\n"2","5","yes"\n',
}


@pytest.mark.parametrize("in_memory", [False, True], ids=["file", "memory"])
@pytest.mark.parametrize("name", GOOD)
def test_ways_of_writing_the_same_table(name: str, in_memory: bool) -> None:
    schema = learn(GOOD[name], in_memory=in_memory)
    assert [(column.name, column.kind) for column in schema.columns] == [
        ("a", "integer"),
        ("b", "integer"),
        ("y", "category"),
    ]
    X, y = Preprocessing.fit("data.csv", schema).arrays("data.csv")
    assert X.tolist() == [[-1, -1], [1, 1]]
    assert y.tolist() == [0, 1]


def test_the_delimiter_is_said() -> None:
    Path("data.csv").write_bytes(GOOD["tabs"])
    assert open_table("data.csv").description == "data.csv (cells separated by tabs)"


def test_quoted_line_breaks_and_delimiters_stay_in_their_cell() -> None:
    schema = learn('a,city,y\n1,"New\nYork, NY",no\n2,Rome,yes\n3,"New\nYork, NY",yes\n')
    assert schema["city"].categories == ("New\nYork, NY", "Rome")


def test_a_row_longer_than_a_block() -> None:
    text = "word " * 3_000_000
    schema = learn(f'a,city,y\n1,"{text}",no\n2,Rome,yes\n3,Rome,yes\n')
    assert schema["city"].kind == "category"


def test_negative_zero_is_zero() -> None:
    schema = learn("a,y\n-0.0,no\n0,yes\n0.0,no\n1,yes\n-0,no\n")
    assert schema["a"].distinct == 2
    X, _ = Preprocessing.fit("data.csv", schema).arrays("data.csv")
    assert len(set(X[:, 0].tolist())) == 2


def test_a_hundred_thousand_columns() -> None:
    count = 100_000
    header = ",".join(f"x{i}" for i in range(count)) + ",y\n"
    rows = "".join(",".join([f"{row}.5"] * count) + f",{'no' if row % 2 else 'yes'}\n" for row in range(2))
    schema = learn(header + rows)
    assert len(schema.features) == count
    assert {column.kind for column in schema.features} == {"number"}


def test_a_row_of_tabs_is_a_row_without_values() -> None:
    assert infer_schema(open_table(b"a\tb\tc\n\t\t\n")).rows == 1
