"""The addresses of the formula view, asked over HTTP."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from tests.web.serving import Served

from chainrule.web.formula import statements
from chainrule.web.formula.guessing import guess_values
from chainrule.web.formula.presets import PRESETS


def asked(**changes: Any) -> dict[str, Any]:
    return {"statements": "L = (w*x - y)**2", "values": {"w": "1", "x": "2", "y": "0"}, "wrt": ["w"]} | changes


def test_presets_are_listed(page: Served) -> None:
    found = page.get("/api/presets").json["presets"]
    assert [preset["id"] for preset in found] == [preset.id for preset in PRESETS]
    assert set(found[0]) == {"id", "title", "note", "statements", "values", "wrt", "lr"}


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
@pytest.mark.parametrize("level", ["statement", "operation"])
def test_each_preset_is_answered(page: Served, preset: Any, level: str) -> None:
    answer = page.post(
        "/api/lesson",
        {"statements": preset.statements, "values": preset.values, "wrt": preset.wrt, "level": level},
    )
    assert answer.status == 200
    lesson = answer.json
    assert lesson["html"].startswith(f'<div class="lesson" data-forward="{lesson["steps"]["forward"]}">')
    assert lesson["html"].count("data-step=") == lesson["steps"]["forward"] + lesson["steps"]["backward"]


def test_a_lesson_needs_statements_only(page: Served) -> None:
    lesson = page.post("/api/lesson", {"statements": "w*x"}).json
    assert (lesson["loss"], lesson["level"]) == (1.0, "statement")


def test_descent_is_answered(page: Served) -> None:
    answer = page.post("/api/descent", asked(lr=0.125, steps=2))
    # L = (2w)², so that w ← w − 0.125 · 8w = 0
    assert answer.json == {"values": {"w": "0", "x": "2", "y": "0"}, "losses": [4.0, 0.0, 0.0], "stopped": ""}


def test_a_file_is_sent_to_be_saved(page: Served) -> None:
    answer = page.post("/api/export", asked(format="svg", level="operation"))
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-disposition"] == 'attachment; filename="lesson.svg"'
    assert ElementTree.fromstring(answer.body).tag.endswith("svg")


@pytest.mark.parametrize(
    ("values", "what"),
    [({"x": "[1, 2]"}, "the backward pass begins at one number"), ({"x": "[1, 2"}, "is no number, vector or matrix")],
)
def test_values_are_guessed_once_also_where_the_formula_is_refused(
    page: Served, values: dict[str, str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return guess_values(*arguments)

    monkeypatch.setattr(statements, "guess_values", counted)
    answer = page.post("/api/lesson", {"statements": "W @ x", "values": values})
    assert answer.status == 422
    assert what in answer.error["what"]
    assert [value["name"] for value in answer.json["values"]] == ["W", "x"]
    assert len(calls) == 1


def test_an_error_of_a_formula_has_its_parts(page: Served) -> None:
    answer = page.post("/api/lesson", asked(statements="z = w*x\nz^2"))
    assert answer.status == 422
    assert answer.error == {
        "what": "^ is no power here",
        "shown": "z^2\n ^",
        "fix": "write ** for a power",
        "name": None,
    }


def test_an_error_of_a_value_names_it(page: Served) -> None:
    answer = page.post("/api/lesson", asked(values={"w": "[1, 2"}))
    assert answer.status == 422
    assert answer.error["name"] == "w"
    assert answer.error["fix"] == "close every bracket that you open: [[1, 2], [3, 4]]"


@pytest.mark.parametrize(
    ("statements", "values", "texts", "given"),
    [
        ("L = W@x", {"x": "[1, 2]"}, [None, "[1, 2]"], [False, True]),  # a vector is no loss
        ("L = w*x", {"w": "[1, 2", "x": "3"}, ["[1, 2", "3"], [True, True]),
        ("L = w*x", {"w": ""}, ["", "1"], [True, False]),
        ("L = W@x", {"x": "2"}, ["1", "2"], [False, True]),  # nothing fits
    ],
)
def test_names_and_values_are_told_beside_an_error(
    page: Served, statements: str, values: dict[str, str], texts: list[str | None], given: list[bool]
) -> None:
    answer = page.post("/api/lesson", {"statements": statements, "values": values})
    assert answer.status == 422
    records = answer.json["values"]
    assert [record["name"] for record in records] == [statements[4], "x"]
    assert [text if text is None else record["text"] for text, record in zip(texts, records, strict=True)] == texts
    assert [record["is_given"] for record in records] == given
    if statements == "L = W@x" and values["x"] == "[1, 2]":
        assert records[0]["shape"] == [3, 2]


def test_what_is_no_formula_has_no_values(page: Served) -> None:
    assert "values" not in page.post("/api/lesson", {"statements": "L = 2x"}).json


def test_values_left_over_from_an_example_are_replaced_where_they_do_not_fit(page: Served) -> None:
    sent = {"statements": "L = sum(W@x + b)", "values": {"x": "50", "b": "0"}}
    assert page.post("/api/lesson", sent).status == 422
    lesson = page.post("/api/lesson", {**sent, "loose": ["x", "b"]}).json
    told = {record["name"]: (record["shape"], record["is_given"]) for record in lesson["values"]}
    assert told == {"W": ([2, 3], False), "x": ([3], False), "b": ([], True)}


@pytest.mark.parametrize(
    ("path", "changes", "name"),
    [
        ("/api/lesson", {"level": "line"}, "level"),
        ("/api/lesson", {"statements": None}, "statements"),
        ("/api/lesson", {"values": ["w"]}, "values"),
        ("/api/lesson", {"lr": 1.0}, "lr"),
        ("/api/descent", {"lr": -1.0, "steps": 1}, "lr"),
        ("/api/descent", {"lr": 0.1, "steps": 1_001}, "steps"),
        ("/api/descent", {"lr": 0.1}, "steps"),
        ("/api/export", {"format": "gif"}, "format"),
    ],
)
def test_fields_that_are_wrong_are_named(page: Served, path: str, changes: dict[str, Any], name: str) -> None:
    answer = page.post(path, asked(**changes))
    assert answer.status == 400
    assert answer.error["name"] == name


@pytest.mark.parametrize(
    ("statements", "what"),
    [
        ("+".join(["x"] * 1_100), "2,199 characters; 2,000 are allowed"),
        (";".join(["x = x + x"] * 150), "parts; 500 are allowed"),
        ("(" * 300 + "x" + ")" * 300, "nested too deeply"),
        ("x" + "**x" * 70, "nested too deeply"),
        ("sum(x @ y)", "200,000 numbers"),
        ("+".join(f"x{k}" for k in range(50)) + "; a+b+" + "+".join(f"y{k}" for k in range(15)), "64 are allowed"),
    ],
)
def test_formulas_that_are_too_large_are_refused(page: Served, statements: str, what: str) -> None:
    column, row = f"[{', '.join(['[1]'] * 1_000)}]", f"[[{', '.join(['1'] * 1_000)}]]"
    answer = page.post("/api/lesson", {"statements": statements, "values": {"x": column, "y": row}})
    assert answer.status == 422
    assert what in answer.error["what"]
