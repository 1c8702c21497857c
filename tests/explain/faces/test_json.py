"""A lesson as data, held to the schema of the documentation."""

from __future__ import annotations

import dataclasses
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.explain.faces.json import SCHEMA_VERSION, lesson_data, lesson_json
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import Operand
from chainrule.notation.tree import Symbol

jsonschema = pytest.importorskip("jsonschema", reason="the extra `test` installs it")

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = json.loads((DOCS / "lesson.schema.json").read_text(encoding="utf-8"))
LESSONS = ["neuron", "layer", "loop", "stopped"]


@pytest.fixture(params=LESSONS)
def lesson(request: pytest.FixtureRequest) -> Lesson:
    return request.getfixturevalue(request.param)


def strict(text: str) -> Any:
    """Parse JSON without Python's extensions NaN and Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_lessons_follow_the_schema(lesson: Lesson) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(strict(lesson_json(lesson)), SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_schema_refuses_what_is_not_described(neuron: Lesson) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(lesson_data(neuron) | {"extra": 1}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**lesson_data(neuron), "version": SCHEMA_VERSION + 1}, SCHEMA)


def objects(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
        for value in data.values():
            yield from objects(value)
    elif isinstance(data, list):
        for value in data:
            yield from objects(value)


def test_every_member_is_described_in_words(lesson: Lesson) -> None:
    page = (DOCS / "lesson_schema.md").read_text(encoding="utf-8")
    members = {name for part in objects(lesson_data(lesson)) for name in part}
    assert {name for name in members if f"`{name}`" not in page} == set()


def test_formulas_are_given_as_text_latex_and_mathml(neuron: Lesson) -> None:
    closed = lesson_data(neuron)["backward"][4]["closed"]["formula"]
    assert closed["text"] == "x(ŷ − y)"
    assert closed["latex"] == r"x (\hat{y} - y)"
    assert ElementTree.fromstring(closed["mathml"]).tag.endswith("math")


def test_values_are_nested_lists(layer: Lesson) -> None:
    value = lesson_data(layer)["operands"][0]["value"]
    assert value == {
        "shape": [2, 3],
        "dtype": "float64",
        "preview": "[[1, 0, 2], [0, −1, 4]] (2, 3)",
        "data": [[1.0, 0.0, 2.0], [0.0, -1.0, 4.0]],
    }


def of_value(neuron: Lesson, value: Any) -> Any:
    lesson = dataclasses.replace(neuron, operands=(Operand(Symbol("x"), value, True),))
    data = strict(lesson_json(lesson))
    jsonschema.validate(data, SCHEMA)
    return data["operands"][0]["value"]


def test_large_arrays_are_given_by_shape_and_preview(neuron: Lesson) -> None:
    value = of_value(neuron, np.zeros((40, 40)))
    assert value["data"] is None
    assert value["shape"] == [40, 40]
    assert value["preview"].endswith("(40, 40)")
    assert of_value(neuron, np.zeros((25, 40)))["data"] is not None


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (np.nan, "NaN"),
        (np.array([np.inf, -np.inf, 1.5]), ["Infinity", "-Infinity", 1.5]),
        (np.array([1 + 2j]), [{"real": 1.0, "imag": 2.0}]),
        (np.array([True, False]), [True, False]),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.int8(-3), -3),
        (3, 3),
        (np.zeros((0, 2)), []),
    ],
)
def test_values_without_a_number_in_json_have_a_form_of_their_own(neuron: Lesson, value: Any, data: Any) -> None:
    assert of_value(neuron, value)["data"] == data


def test_a_fault_is_told(stopped: Lesson) -> None:
    data = lesson_data(stopped)
    assert data["fault"]["reason"] == "log of 0"
    assert data["fault"]["symbol"]["name"] == "L"
    assert data["forward"][-1]["value"]["data"] == "-Infinity"
    assert data["backward"] == data["result"] == []


def test_nothing_is_folded(loop: Lesson) -> None:
    data = lesson_data(loop)
    assert [step["group"] for step in data["forward"]] == [0] * 5
    assert [step["symbol"]["occurrence"] for step in data["forward"]] == [1, 2, 3, 4, 5]


def test_text_is_readable_and_the_version_is_that_of_the_schema(neuron: Lesson) -> None:
    text = lesson_json(neuron)
    assert "ŷ" in text
    assert re.search(r'"version": 1\b', text)
    assert SCHEMA["properties"]["version"]["const"] == SCHEMA_VERSION
