"""Schemas: printed, saved and loaded."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import DataError
from chainrule.tables import Column, Schema, infer_schema
from chainrule.tables.schema import KINDS

TEXT = st.text(max_size=8)
FLOATS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
COLUMNS = st.builds(
    Column,
    name=TEXT,
    kind=st.sampled_from(KINDS),
    missing=st.integers(0, 10**9),
    distinct=st.none() | st.integers(0, 10**6),
    low=FLOATS,
    high=FLOATS,
    categories=st.lists(TEXT, max_size=4).map(tuple),
    counts=st.lists(st.integers(0, 99), max_size=4).map(tuple),
    example=TEXT,
    format=TEXT,
    note=TEXT,
)


@given(st.lists(COLUMNS, max_size=5, unique_by=lambda column: column.name), st.integers(0, 10**12))
def test_a_schema_survives_json(columns: list[Column], rows: int) -> None:
    names = [column.name for column in columns]
    for target in (None, *names[:1], tuple(names[:2]) or None):
        schema = Schema(tuple(columns), target, rows)
        assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"version": 2},
        {"version": 1, "target": None, "rows": 0, "missing": [], "columns": [{"name": "a", "kind": "float"}]},
        {"version": 1, "target": None, "rows": 0, "missing": [], "columns": [{"name": "a", "kind": "text", "x": 1}]},
        {"version": 1, "target": "b", "rows": 0, "missing": [], "columns": []},
        {"version": 1, "target": None, "rows": 0, "missing": 3, "columns": []},
    ],
)
def test_what_is_no_schema(data: dict[str, object]) -> None:
    with pytest.raises(DataError):
        Schema.from_json(data)


SCHEMA = infer_schema(
    io.StringIO(
        "id,size,when,[b]city[/b],sold\n1,-2,2024-01-31,Rome,yes\n2,1.5,2024-03-01,Rome,no\n3,,2024-03-01,Oslo,no\n"
    ),
    "sold",
)


def test_the_printed_table() -> None:
    assert str(SCHEMA).splitlines() == [
        "column       kind      missing  values                   example     note",
        "id           ignored         0  3 distinct               1           an identifier: no value is there twice",
        "size         number          1  −2 … 1.5                 -2",
        "when         date            0  2024-01-31 … 2024-03-01  2024-01-31",
        "[b]city[/b]  category        0  2 distinct               Rome",
        "sold         category        0  2 distinct               yes         target",
    ]


def test_rich_prints_the_same_words() -> None:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=200)
    console.print(SCHEMA)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert [line.split() for line in printed.splitlines()] == [line.split() for line in str(SCHEMA).splitlines()]
