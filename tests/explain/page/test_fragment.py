"""The lesson as a piece of a page: complete, and nothing in it that a strict content security policy forbids."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from importlib.resources import files
from xml.etree import ElementTree

import pytest

from chainrule.explain.drawing.palette import DARK, LIGHT
from chainrule.explain.lesson import Lesson
from chainrule.explain.page.fragment import lesson_fragment


def style_sheet(name: str) -> str:
    return files("chainrule.explain.page").joinpath(name).read_text(encoding="utf-8")


@pytest.fixture(params=["neuron", "layer", "loop", "stopped"])
def lesson(request: pytest.FixtureRequest) -> Lesson:
    return request.getfixturevalue(request.param)


def test_nothing_is_in_it_that_a_strict_policy_forbids(lesson: Lesson) -> None:
    html = lesson_fragment(lesson)
    assert not re.search(r"<(style|script|link|iframe|object)\b", html)
    assert not re.search(r"\s(style|on[a-z]+)\s*=", re.sub(r'(alttext|aria-label|data-say)="[^"]*"', "", html))
    assert "javascript:" not in html


def test_it_is_one_element_and_xml(lesson: Lesson) -> None:
    root = ElementTree.fromstring(re.sub(r"<input ([^>]*)>", r"<input \1/>", _with_values(lesson_fragment(lesson))))
    assert root.get("class") == "lesson"
    assert root.get("data-forward") == str(len(lesson.forward))
    names = [part.get("class", "").split(" ")[0] for part in root]
    assert names == ["inputs", "picture", "twin", "text", "player"]


def _with_values(html: str) -> str:
    """Attributes without a value, such as ``hidden``, as XML writes them."""
    return re.sub(r" (hidden|open)(?=[ >])", r' \1=""', html)


def test_ids_have_the_prefix_and_are_unique(lesson: Lesson) -> None:
    ids = re.findall(r'\bid="([^"]*)"', lesson_fragment(lesson, prefix="second-"))
    assert ids
    assert all(name.startswith("second-") for name in ids)
    assert max(Counter(ids).values()) == 1


def test_the_table_of_gradients_has_closed_forms_where_there_are_any(neuron: Lesson) -> None:
    assert '<th scope="col">closed form</th>' in lesson_fragment(neuron)
    bare = [replace(part, closed=None) for part in neuron.result]
    assert "closed form</th>" not in lesson_fragment(replace(neuron, result=tuple(bare)))


def test_all_rules_are_below_the_lesson() -> None:
    css = re.sub(r"/\*.*?\*/", "", style_sheet("lesson.css"), flags=re.DOTALL)
    depth, outermost = 0, []
    for piece in re.split(r"([{}])", css):
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth -= 1
        elif depth == 0 and piece.strip():
            outermost.append(piece.strip())
    assert [rule for rule in outermost if not rule.startswith("@keyframes lesson-")] == [".lesson"]
    assert depth == 0


@pytest.mark.parametrize("colour", LIGHT)
def test_the_picture_has_the_colours_of_the_palette(colour: str) -> None:
    found = re.search(rf"--cr-{colour}: light-dark\((#\w+), (#\w+)\)", style_sheet("tokens.css"))
    assert found is not None
    assert [value.upper() for value in found.groups()] == [LIGHT[colour], DARK[colour]]  # type: ignore[index]


def test_every_colour_of_a_picture_has_its_rule(lesson: Lesson) -> None:
    used = set(re.findall(r"\bcr-(?:fill|stroke)-\w+", lesson_fragment(lesson)))
    ruled = set(re.findall(r"\.(cr-(?:fill|stroke)-\w+) \{", style_sheet("lesson.css")))
    assert used - ruled <= {"cr-stroke-rim"}  # the card has rules of its own
