"""The lesson's page as text: whole, closed in itself, and nothing in it that a user's names could break."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.model import Closed, Factor, Fault
from chainrule.notation.tree import Symbol

EVIL = "</script></title></svg><img src=x onerror=alert(1)>"
VOID = {"meta", "link", "input", "img", "br"}


def loss(w: Any, x: Any, b: Any, y: Any) -> Any:
    z = w * x + b
    y_hat = 1 / (1 + np.exp(-z))
    L = -y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat)
    return L


class Page(HTMLParser):
    """Elements with their attributes and own text; complains where tags do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.texts.setdefault(tag, []).append(data)

    def text(self, tag: str) -> str:
        return "".join(self.texts.get(tag, []))

    def having(self, attribute: str) -> list[str | None]:
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


@pytest.fixture(scope="module")
def lesson() -> cr.Lesson:
    return cr.explain(loss, 0.0, 50.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def html(lesson: cr.Lesson) -> str:
    return lesson.to_html()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_tags_match_and_ids_are_unique(page: Page) -> None:
    assert page.elements[0][0] == "html"
    assert [name for name, count in Counter(page.having("id")).items() if count > 1] == []


def test_the_page_refers_to_nothing_outside(html: str, page: Page) -> None:
    namespaces = {"http://www.w3.org/1998/Math/MathML", "http://www.w3.org/2000/svg"}
    assert set(re.findall(r"https?://[^\"'\s<>)]+", html)) <= namespaces
    assert [src for src in page.having("src") + page.having("href") if not (src or "").startswith(("data:", "#"))] == []
    assert not re.search(r"@import|url\((?!#)", page.text("style"))


def test_no_event_handler_stands_in_the_page(page: Page) -> None:
    assert [name for _, attributes in page.elements for name in attributes if name.startswith("on")] == []


def test_the_policy_lets_only_its_own_script_run(page: Page) -> None:
    policy = next(attributes["content"] for tag, attributes in page.elements if "http-equiv" in attributes)
    digest = base64.b64encode(hashlib.sha256(page.text("script").encode()).digest()).decode()
    assert policy is not None
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy
    assert [tag for tag, _ in page.elements].count("script") == 1


def test_the_script_is_small(page: Page) -> None:
    assert len(page.text("script").splitlines()) <= 250


@pytest.mark.parametrize("tag", ["svg", "math"])
def test_pictures_and_formulas_are_xml(html: str, tag: str) -> None:
    found = re.findall(rf"<{tag}\b.*?</{tag}>", html, re.DOTALL)
    assert found
    for part in found:
        ElementTree.fromstring(part)


def test_every_step_is_there_once_and_in_order(page: Page, lesson: cr.Lesson) -> None:
    total = len(lesson.forward) + len(lesson.backward)
    assert page.having("data-step") == [str(number) for number in range(1, total + 1)]
    said = page.having("data-say")
    assert said[0] == f"Forward step 1 of {len(lesson.forward)}: z = wx + b = 0"
    assert said[len(lesson.forward)] == (
        f"Backward step 1 of {len(lesson.backward)}: ∂L/∂L = 1. {lesson.backward[0].pattern}"
    )


def test_the_derivation_of_a_step(page: Page, lesson: cr.Lesson) -> None:
    text = page.text("details")
    for step in lesson.backward:
        assert step.pattern in text
        for rule in step.closed.rules if step.closed else ():
            assert rule in text
    assert "∂L/∂z" in page.having("alttext")
    assert "ŷ − y" in page.having("alttext")


def test_formulas_have_their_text(page: Page) -> None:
    formulas = [attributes for tag, attributes in page.elements if tag == "math"]
    assert formulas
    assert all(attributes.get("alttext") for attributes in formulas)


def test_the_result_says_whether_the_check_agrees(lesson: cr.Lesson) -> None:
    wrong = replace(lesson, result=(replace(lesson.result[0], agrees=False), *lesson.result[1:]))
    table = Page(wrong.to_html()).text("td")
    assert table.count("✗ finite differences differ") == 1
    assert table.count("✓ finite differences agree") == len(lesson.result) - 1


def test_a_condition_of_a_closed_form_is_named(lesson: cr.Lesson) -> None:
    step = lesson.backward[-1]
    known = replace(step, closed=Closed(step.formula, ("softmax of logits",), "Σ y = 1"))
    text = Page(replace(lesson, backward=(*lesson.backward[:-1], known)).to_html()).text("details")
    assert "closed form: softmax of logits; here Σ y = 1" in text


def test_shapes_stand_under_factors_of_arrays(lesson: cr.Lesson) -> None:
    step = lesson.backward[-1]
    factors = (Factor(Symbol("A", is_array=True), (3, 2)), Factor(Symbol("v", is_array=True), (2,)))
    arrays = replace(step, factors=factors, value=np.zeros(3), substituted=None)
    text = Page(replace(lesson, backward=(*lesson.backward[:-1], arrays)).to_html()).text("small")
    assert [shape in text for shape in ("3 × 2", "2", "3")] == [True] * 3
    assert "shapes" not in Page(lesson.to_html()).text("details")


def test_repeated_steps_are_folded(lesson: cr.Lesson) -> None:
    repeated = tuple([replace(lesson.forward[0], number=number, group=1) for number in range(1, 49)])
    page = Page(replace(lesson, forward=repeated).to_html())
    assert page.text("summary").count("… and 47 more like it") == 1
    assert len(page.having("data-step")) == 48 + len(lesson.backward)


def test_a_fault_is_explained(lesson: cr.Lesson) -> None:
    fault = Fault(Symbol("L"), False, "log of 0", "np.log(x + 1e-12)", "model.py, line 7: L = np.log(x)")
    page = Page(replace(lesson, fault=fault, backward=(), result=(), local=()).to_html())
    text = page.text("section")
    for said in ("The value of ", "is the first that is not finite: log of 0.", fault.fix, fault.where):
        assert said in text
    assert "Backward pass" not in page.text("h2")


def test_names_and_texts_cannot_become_markup(lesson: cr.Lesson) -> None:
    evil = Symbol(EVIL)
    broken = replace(
        lesson,
        title=EVIL,
        operands=(replace(lesson.operands[0], symbol=evil), *lesson.operands[1:]),
        forward=(replace(lesson.forward[0], symbol=evil), *lesson.forward[1:]),
        backward=(replace(lesson.backward[0], pattern=EVIL), *lesson.backward[1:]),
        fault=Fault(evil, True, EVIL, EVIL, EVIL),
        diagram=replace(lesson.diagram, title=EVIL, description=EVIL),
    )
    page = Page(broken.to_html())
    assert "img" not in [tag for tag, _ in page.elements]
    assert [name for _, attributes in page.elements for name in attributes if name.startswith("on")] == []
    assert page.text("h1") == EVIL


def test_a_matrix_lesson_is_a_page_too() -> None:
    def perceptron(W: Any, x: Any) -> Any:
        a = np.tanh(W @ x)
        return np.sum(a * a)

    page = Page(cr.explain(perceptron, np.ones((3, 2)), np.array([0.5, -0.5])).to_html())
    assert "3 × 2" in page.text("small")
