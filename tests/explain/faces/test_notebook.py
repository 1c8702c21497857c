"""What a notebook shows, also after a sanitiser went over it."""

from __future__ import annotations

import base64
import functools
from dataclasses import replace
from html.parser import HTMLParser
from importlib.util import find_spec
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.faces.notebook import mimebundle
from chainrule.explain.lesson import Lesson
from chainrule.notation.text import to_text

VOID = {"img", "br"}
#: As JupyterLab has it for notebooks that are not trusted: tags that are not on its list go, and their texts stay,
#: but for texts of scripts and styles.
ALLOWED = set("b dd details div dl dt code h2 h3 img li ol p section small span strong summary table tbody td".split())
ALLOWED |= set("th thead tr ul caption".split())
WITHOUT_TEXT = {"script", "style"}
ALLOWED_ATTRIBUTES = {"class", "hidden", "open", "src", "alt", "scope", "value"}


class Sanitised(HTMLParser):
    """What is left to see after a sanitiser; `hidden` parts are not seen."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.seen = ""
        self._open: list[tuple[str, bool]] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        kept = {name: value for name, value in attributes if name in ALLOWED_ATTRIBUTES} if tag in ALLOWED else {}
        if tag not in VOID:
            self._open.append((tag, "hidden" in kept or tag in WITHOUT_TEXT))
        elif not any(hidden for _, hidden in self._open):
            self.images.append(kept)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if not any(hidden for _, hidden in self._open):
            self.seen += data


@pytest.fixture(scope="module")
def bundle(neuron: Lesson) -> dict[str, Any]:
    return mimebundle(neuron)


def test_the_forms_a_notebook_may_choose_from(bundle: dict[str, Any], neuron: Lesson) -> None:
    expected = {"text/plain", "text/html", "text/latex"} | ({"image/png"} if find_spec("matplotlib") else set())
    assert set(bundle) == expected
    assert bundle["text/plain"] == str(neuron)
    if "image/png" in bundle:
        assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")


def test_a_strip_that_nobody_can_look_at_is_not_drawn_in_pixels(neuron: Lesson) -> None:
    lesson = cr.explain(
        lambda w: functools.reduce(lambda h, _: np.tanh(w * h), range(200), 1.0), 0.9, level="operation"
    )
    assert set(mimebundle(lesson)) == {"text/plain", "text/html", "text/latex"}


def test_the_fragment_has_no_script_and_no_id_that_two_cells_would_share(bundle: dict[str, Any]) -> None:
    html = bundle["text/html"]
    tags = Sanitised(html).tags
    assert "script" not in tags
    assert {"style", "svg", "math", "details"} <= set(tags)
    assert " onload" not in html


def test_styles_stay_inside_of_the_fragment(bundle: dict[str, Any]) -> None:
    html = bundle["text/html"]
    style = html[html.index("<style>") + 7 : html.index("</style>")]
    rules = [rule for rule in style.split("*/", 1)[1].split("}") if rule.strip()]
    selectors = [selector.strip() for rule in rules for selector in rule.split("{")[0].split(",")]
    assert selectors
    assert [selector for selector in selectors if ".chainrule-lesson" not in selector] == []


def test_a_sanitiser_leaves_the_whole_lesson_in_text(bundle: dict[str, Any], neuron: Lesson) -> None:
    left = Sanitised(bundle["text/html"])
    for step in neuron.forward:
        assert f"{to_text(step.symbol)} = {to_text(step.formula)} = " in left.seen
    for step in neuron.backward:
        assert f"{to_text(step.gradient)} = " in left.seen
        assert step.pattern in left.seen
    assert "✓ finite differences agree" in left.seen


def test_a_sanitiser_leaves_no_rubbish(bundle: dict[str, Any], neuron: Lesson) -> None:
    left = Sanitised(bundle["text/html"])
    assert "{" not in left.seen  # a style
    assert left.seen.count(to_text(neuron.forward[0].formula)) == 1  # not a second time, from MathML or SVG
    assert left.seen.count(neuron.backward[-1].pattern) == bundle["text/html"].count(neuron.backward[-1].pattern) // 2
    assert neuron.diagram.description not in left.seen


def test_an_image_stands_in_for_the_picture(bundle: dict[str, Any], neuron: Lesson) -> None:
    (image,) = Sanitised(bundle["text/html"]).images
    kind, _, data = (image["src"] or "").partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert ElementTree.fromstring(base64.b64decode(data)).tag == "{http://www.w3.org/2000/svg}svg"
    assert neuron.diagram.title in (image["alt"] or "")


def test_latex_is_what_mathjax_understands(bundle: dict[str, Any], neuron: Lesson) -> None:
    latex = bundle["text/latex"]
    assert latex.count(r"$$\begin{aligned}") == latex.count(r"\end{aligned}$$") == 2
    assert latex.count("&=") == len(neuron.forward) + len(neuron.backward)
    assert r"\documentclass" not in latex
    assert r"\hat{y}" in latex


def test_a_lesson_that_stops_early_has_one_block_of_latex(stopped: Lesson) -> None:
    latex = mimebundle(stopped)["text/latex"]
    assert latex.count(r"\begin{aligned}") == 1
    assert "Backward pass" not in latex


def test_names_and_texts_cannot_become_markup(neuron: Lesson) -> None:
    evil = "</style><script>alert(1)</script>"
    html = mimebundle(replace(neuron, title=evil, diagram=replace(neuron.diagram, title=evil)))["text/html"]
    left = Sanitised(html)
    assert "script" not in left.tags
    assert evil in left.seen
