"""Columns that count the rows are no features, whatever they are called; times, and what is alone, stay."""

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


@pytest.mark.parametrize(("name", "first"), [("Nr", 1000), ("Probe", 0), ("x", -10), ("sample", 1)])
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


@pytest.mark.parametrize("name", ["year", "Erntejahr", "t", "day of trial", "time_step", "Hours", "Zeit (s)"])
def test_times_stay_features(name: str) -> None:
    assert learn(f"{name};size;y", rows(1900))[name].kind == "integer"


def test_what_is_the_only_feature_stays() -> None:
    counted = [(k, k * k % 7) for k in range(40)]
    assert learn("Nr;y", counted)["Nr"].kind == "integer"
    assert learn("Nr;y", counted, target=None)["Nr"].kind == "ignored"
    both = learn("Nr;id;y", [(k, 1 + k, k * k % 7) for k in range(40)])
    assert [column.name for column in both.features] == ["Nr"]


def test_a_target_may_count_the_rows() -> None:
    assert learn("y;size", [(k, k % 7) for k in range(40)])["y"].kind == "integer"
