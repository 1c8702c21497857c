"""Columns that are called row numbers, and are, are no features; all else that counts the rows stays and says so."""

from __future__ import annotations

import io
from typing import Any

import pytest

from chainrule.tables import Schema, infer_schema, open_table


def learn(names: str, rows: list[tuple[object, ...]], target: str | None = "y", **more: Any) -> Schema:
    text = "\n".join([names, *(";".join(map(str, row)) for row in rows)]) + "\n"
    return infer_schema(open_table(io.StringIO(text)), target, **more)


def rows(first: int = 1000, count: int = 30) -> list[tuple[object, ...]]:
    return [(first + k, k * k % 7, "yes" if k % 3 else "no") for k in range(count)]


NAMES = [
    "Nr",
    "nr.",
    "No",
    "no.",
    "num",
    "Number",
    "Nummer",
    "#",
    "Lfd",
    "lfd. Nr.",
    "Lfd-Nr",
    "laufende Nummer",
    "row_no",
]


@pytest.mark.parametrize(("name", "first"), [*((name, 1) for name in NAMES), ("Nr", 1000), ("Nr", 0), ("Nr", -10)])
def test_whole_numbers_one_up_in_each_row_are_a_row_number(name: str, first: int) -> None:
    column = learn(f"{name};size;y", rows(first))[name]
    assert (column.kind, column.note) == ("ignored", "a row number: in each row one more than in that before")


def test_it_can_be_taken_back() -> None:
    schema = learn("Nr;size;y", rows(), types={"Nr": "integer"})
    assert [column.name for column in schema.features] == ["Nr", "size"]


def test_it_is_followed_over_all_blocks_and_parts() -> None:
    table: dict[str, list[Any]] = {"Nr": list(range(300_000)), "size": [1, 2, 3] * 100_000, "y": [0, 1] * 150_000}
    assert infer_schema(table, "y")["Nr"].kind == "ignored"
    table["Nr"][200_000] = 7
    assert infer_schema(table, "y")["Nr"].kind == "integer"
    text = "Nr,size,y\n" + "".join(f"{k},{k % 5},{k % 2}\n" for k in range(400_000))
    assert infer_schema(io.StringIO(text), "y")["Nr"].kind == "ignored"
    assert infer_schema(io.StringIO(text + "400001,1,0\n"), "y")["Nr"].kind == "integer"


@pytest.mark.parametrize(
    "changed",
    [(3, 1003.5), (3, 1002), (3, ""), (0, 999), (29, 1030)],
    ids=["decimal", "twice", "missing", "gap", "end"],
)
def test_anything_else_stays_a_feature(changed: tuple[int, object]) -> None:
    place, value = changed
    table = rows()
    table[place] = (value, *table[place][1:])
    assert learn("Nr;size;y", table)["Nr"].is_feature


def test_a_few_rows_say_nothing() -> None:
    assert learn("Nr;size;y", rows(count=19))["Nr"].kind == "integer"
    assert learn("Nr;size;y", rows(count=20))["Nr"].kind == "ignored"


@pytest.mark.parametrize(
    "name",
    [
        "dose",
        "distance",
        "age",
        "x",
        "Tage",
        "quarter",
        "year",
        "t",
        "Zeit (s)",
        "Probe",
        "sample",
        "note",
        "Nr of legs",
    ],
)
def test_what_is_not_called_a_row_number_stays_and_is_told(name: str) -> None:
    column = learn(f"{name};size;y", rows())[name]
    assert column.kind == "integer"
    assert column.note == "counts the rows one by one: leave it out if it only numbers them"
    assert learn(f"{name};size;y", rows(count=19))[name].note == ""
    assert learn(f"{name};size;y", rows(), types={name: "integer"})[name].note == ""


@pytest.mark.parametrize("name", ["id", "index", "row", "Unnamed: 0", ""])
def test_names_of_keys_are_left_out_as_ever(name: str) -> None:
    assert learn(f"{name};size;y", rows()).columns[0].kind == "ignored"


def test_thousands_that_count_are_told_as_both() -> None:
    table = [(f"1.{row}", f"{row % 7},5", "yes" if row % 3 else "no") for row in range(100, 130)]
    assert learn("x;size;y", table, decimal=",")["x"].note == (
        "points between thousands, as in '1.100'; counts the rows one by one: leave it out if it only numbers them"
    )


def test_what_is_the_only_feature_stays() -> None:
    counted = [(k, k * k % 7) for k in range(40)]
    assert learn("Nr;y", counted)["Nr"].kind == "integer"
    assert learn("Nr;y", counted, target=None)["Nr"].kind == "ignored"
    both = learn("Nr;id;y", [(k, 1 + k, k * k % 7) for k in range(40)])
    assert [column.name for column in both.features] == ["Nr"]


def test_a_target_may_count_the_rows() -> None:
    assert learn("y;size", [(k, k % 7) for k in range(40)])["y"].kind == "integer"
