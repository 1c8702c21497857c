"""Lessons as files: each of the kind that it says it is."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from tests.web.formula.typing_in import typed

from chainrule.explain.faces.saving import ENDINGS
from chainrule.explain.lesson import Lesson
from chainrule.web.fields import Refused
from chainrule.web.formula.exports import FORMATS, export_of
from chainrule.web.formula.lessons import lesson_of


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return lesson_of(typed("z = w*x + b\nL = tanh(z)**2", {"w": "0.5", "x": "2", "b": "-1"}), "statement")


def test_every_format_of_lessons_is_there() -> None:
    assert {ending for ending, _ in FORMATS.values()} == set(ENDINGS)


@pytest.mark.parametrize("format", FORMATS)
def test_names_end_as_the_format_does(lesson: Lesson, format: str) -> None:
    export = export_of(lesson, format)
    assert export.name == f"lesson{FORMATS[format][0]}"
    assert export.media_type == FORMATS[format][1]


def test_a_picture_is_xml(lesson: Lesson) -> None:
    root = ElementTree.fromstring(export_of(lesson, "svg").content)
    assert root.tag.endswith("}svg")


def test_pixels_are_a_png(lesson: Lesson) -> None:
    content = export_of(lesson, "png").content
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    assert width > height > 100


def test_a_document_for_latex(lesson: Lesson) -> None:
    content = export_of(lesson, "latex").content.decode()
    assert content.startswith(r"\documentclass")
    assert content.rstrip().endswith(r"\end{document}")


def test_a_page_of_its_own(lesson: Lesson) -> None:
    content = export_of(lesson, "html").content.decode()
    assert content.startswith("<!DOCTYPE html>")
    assert 'class="lesson"' in content


def test_data_and_texts(lesson: Lesson) -> None:
    assert json.loads(export_of(lesson, "json").content)["title"] == "L"
    assert export_of(lesson, "text").content.decode() == f"{lesson.to_text().rstrip()}\n"
    assert export_of(lesson, "markdown").content.decode() == f"{lesson.to_markdown().rstrip()}\n"


def test_a_picture_too_large_for_pixels_is_offered_as_svg() -> None:
    chain = lesson_of(typed("+".join(f"sin({k}*x)" for k in range(1, 48))), "operation")
    with pytest.raises(Refused, match="too large for pixels") as caught:
        export_of(chain, "png")
    assert (caught.value.status, caught.value.fix) == (422, "take it as SVG")
    assert export_of(chain, "svg").content.startswith(b"<svg")


def test_a_title_does_not_get_into_the_file_name(lesson: Lesson) -> None:
    assert export_of(replace(lesson, title='../"x"\r\n'), "svg").name == "lesson.svg"
