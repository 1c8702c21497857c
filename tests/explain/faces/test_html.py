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

import pytest

import chainrule as cr
from chainrule.explain.faces.lines import Fold, backward_lines, backward_steps
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import Closed, Fault
from chainrule.notation.text import to_text
from chainrule.notation.tree import Symbol

EVIL = "</script></title></svg><img src=x onerror=alert(1)>"
VOID = {"meta", "link", "input", "img", "br"}


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
def html(neuron: Lesson) -> str:
    return neuron.to_html()


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
    assert len(page.text("script").splitlines()) <= 300


@pytest.mark.parametrize("tag", ["svg", "math"])
def test_pictures_and_formulas_are_xml(html: str, tag: str) -> None:
    found = re.findall(rf"<{tag}\b.*?</{tag}>", html, re.DOTALL)
    assert found
    for part in found:
        ElementTree.fromstring(part)


def test_every_step_is_there_once_and_in_order(page: Page, neuron: Lesson) -> None:
    total = len(neuron.forward) + len(neuron.backward)
    assert page.having("data-step") == [str(number) for number in range(1, total + 1)]
    said = page.having("data-say")
    assert said[0] == f"Forward step 1 of {len(neuron.forward)}: z = wx + b = 0"
    assert said[len(neuron.forward)] == (
        f"Backward step 1 of {len(neuron.backward)}: ∂L/∂L = 1; {neuron.backward[0].pattern}"
    )


def product_of_sum(x: Any, y: Any, z: Any) -> Any:
    q = x + y
    f = q * z
    return f  # noqa: RET504  (the name is part of the lesson)


def test_every_step_ends_with_its_number_though_no_more_than_numbers_are_put_in() -> None:
    page = Page(cr.explain(product_of_sum, 5.0, -2.0, -4.0).to_html())
    said = [text.partition(": ")[2].partition("; ")[0] for text in page.having("data-say") if text]
    assert said == [
        "q = x + y = 3",
        "f = qz = −12",
        "∂f/∂f = 1",
        "∂f/∂z = q = 3",
        "∂f/∂q = z = −4",
        "∂f/∂y = z = −4",
        "∂f/∂x = z = −4",
    ]


def test_the_derivation_of_a_step(page: Page, neuron: Lesson) -> None:
    text, formulas = page.text("details"), page.having("alttext")
    for step in neuron.backward:
        assert step.pattern in text
        for line in backward_lines(step):
            assert line.note in text
            assert to_text(line.formula) in formulas or to_text(line.formula) in text
    assert "closed form: log of a sigmoid, sigmoid of −z" in text
    assert "ŷ(1 − ŷ) · ∂L/∂ŷ" in formulas
    assert {"local", "upstream"} <= {name for names in page.having("class") for name in (names or "").split()}


def test_formulas_have_their_text(page: Page) -> None:
    formulas = [attributes for tag, attributes in page.elements if tag == "math"]
    assert formulas
    assert all(attributes.get("alttext") for attributes in formulas)


def test_the_result_says_whether_the_check_agrees(neuron: Lesson) -> None:
    wrong = replace(neuron, result=(replace(neuron.result[0], agrees=False), *neuron.result[1:]))
    table = Page(wrong.to_html()).text("td")
    assert table.count("✗ finite differences give something else") == 1
    assert table.count("✓ finite differences agree") == len(neuron.result) - 1


def test_a_condition_of_a_closed_form_is_named(neuron: Lesson) -> None:
    step = neuron.backward[-1]
    known = replace(step, closed=Closed(step.formula, ("softmax of logits",), "Σ y = 1"))
    text = Page(replace(neuron, backward=(*neuron.backward[:-1], known)).to_html()).text("details")
    assert "closed form: softmax of logits; holds because Σ y = 1" in text


def test_shapes_stand_under_factors_of_arrays(layer: Lesson, page: Page) -> None:
    assert page.text("small") == ""
    assert re.findall(r"\d × \d", Page(layer.to_html()).text("small")) == ["2 × 3", "2 × 1", "1 × 3"]


def test_an_array_from_outside_is_told_from_inputs(layer: Lesson) -> None:
    assert Page(layer.to_html()).text("dt") == "WX (from outside)"


def test_repeated_steps_are_folded_and_there(loop: Lesson) -> None:
    page = Page(loop.to_html())
    assert "… the same 4 more times: h⁽²⁾ … h⁽⁵⁾" in page.text("summary")
    total = len(loop.forward) + len(loop.backward)
    assert page.having("data-step") == [str(number) for number in range(1, total + 1)]


def repeat_multiplication(count: int) -> Lesson:
    def power(w: Any) -> Any:
        h: Any = 1.0
        for _ in range(count):
            h = h * w
        return h

    return cr.explain(power, 1.01)


def test_many_folded_steps_are_lines_of_text() -> None:
    lesson = repeat_multiplication(100)
    page = Page(lesson.to_html())
    total = len(lesson.forward) + len(lesson.backward)
    assert page.having("data-step") == [str(number) for number in range(1, total + 1)]
    assert "… the same 98 more times: h⁽³⁾ … h⁽¹⁰⁰⁾" in page.text("summary")
    assert "h⁽³⁾ = h⁽²⁾ w = 1.03" in page.text("li")
    derived = sum(1 for fold in backward_steps(lesson) if not isinstance(fold, Fold))
    assert page.having("class").count("derivation") == derived


def test_on_demand_nothing_is_folded() -> None:
    lesson = repeat_multiplication(100)
    page = Page(lesson.to_html(folded=False))
    assert "the same" not in page.text("summary")
    assert page.having("class").count("derivation") == len(lesson.backward)


def test_a_fault_is_explained(stopped: Lesson) -> None:
    page = Page(stopped.to_html())
    fault, text = stopped.fault, page.text("section")
    assert fault is not None
    for said in ("The value of ", "is the first that is not finite: log of 0.", fault.fix, fault.where):
        assert said in text
    assert "Backward pass" not in page.text("h2")
    assert "Result" not in page.text("h2")


def test_names_and_texts_cannot_become_markup(neuron: Lesson) -> None:
    evil = Symbol(EVIL)
    broken = replace(
        neuron,
        title=EVIL,
        operands=(replace(neuron.operands[0], symbol=evil), *neuron.operands[1:]),
        forward=(replace(neuron.forward[0], symbol=evil), *neuron.forward[1:]),
        backward=(replace(neuron.backward[0], pattern=EVIL), *neuron.backward[1:]),
        fault=Fault(evil, True, EVIL, EVIL, EVIL),
        diagram=replace(neuron.diagram, title=EVIL, description=EVIL),
    )
    page = Page(broken.to_html())
    assert "img" not in [tag for tag, _ in page.elements]
    assert [name for _, attributes in page.elements for name in attributes if name.startswith("on")] == []
    assert page.text("h1") == EVIL
