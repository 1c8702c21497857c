"""The widget's module in Chromium, with a stand-in for the model that a notebook would give it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.browser.visiting import serious_faults

import chainrule as cr
from chainrule.explain.lesson import Lesson

pytestmark = pytest.mark.browser

#: A model as anywidget hands it on: values, listeners, and a count of what is sent to the kernel.
MODEL = """
const listeners = {};
window.saved = [];
window.model = {
  values: {},
  get: (name) => model.values[name],
  set(name, value) {
    const isNew = model.values[name] !== value;
    model.values[name] = value;
    if (isNew) for (const listener of [...(listeners[`change:${name}`] ?? [])]) listener();
  },
  save_changes: () => saved.push(model.values.step),
  on: (event, listener) => (listeners[event] ??= new Set()).add(listener),
  off: (event, listener) => listeners[event].delete(listener),
};
window.listening = () => Object.values(listeners).reduce((sum, set) => sum + set.size, 0);
"""


def document(lesson: Lesson, theme: str = "true") -> str:
    widget = lesson.to_widget()
    state = widget.get_state()
    source = base64.b64encode(state["_esm"].encode()).decode()
    values = json.dumps({"html": widget.html, "step": 2}).replace("<", "\\u003c")
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Notebook</title>'
        f"<style>{state['_css']}</style>"
        f'<body data-jp-theme-light="{theme}"><main id="cell"></main><script type="module">{MODEL}'
        f"model.values = {values};"
        f'const bytes = Uint8Array.from(atob("{source}"), (c) => c.charCodeAt(0));'
        'const address = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));'
        "const widget = (await import(address)).default;"
        'window.close_ = widget.render({ model, el: document.getElementById("cell") });'
        "window.isReady = true;</script></body></html>"
    )


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    def loss(w: Any, x: Any) -> Any:
        z = w * x
        return z * z

    return cr.explain(loss, 2.0, 3.0)


@pytest.fixture
def page(open_page: Callable[..., Any], lesson: Lesson) -> Any:
    opened = open_page(document(lesson), reduced_motion="reduce")
    opened.wait_for_function("window.isReady")
    return opened


def step_of(page: Any) -> int:
    return int(page.locator(".player input").input_value())


def test_it_begins_at_the_step_of_the_model(page: Any) -> None:
    assert step_of(page) == 2
    assert page.locator(".text [aria-current=step]").get_attribute("data-step") == "2"
    assert page.evaluate("saved") == []


def test_the_reader_moves_the_step_of_the_model(page: Any) -> None:
    page.get_by_role("button", name="Next step").click()
    page.keyboard.press("ArrowRight")
    assert step_of(page) == 4
    assert page.evaluate("[model.get('step'), ...saved]") == [4, 3, 4]


def test_the_model_moves_the_reader(page: Any) -> None:
    page.evaluate("model.set('step', 4)")
    assert step_of(page) == 4


def test_keys_elsewhere_are_not_taken(page: Any) -> None:
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    assert step_of(page) == 2


def test_another_lesson_keeps_the_step_and_leaves_no_listener(page: Any, lesson: Lesson) -> None:
    html = cr.explain(lambda a, b: (a + b) * b, 1.0, 2.0, level="operation").to_widget().html
    before = page.evaluate("listening()")
    page.evaluate("html => model.set('html', html)", html)
    assert page.locator(".lesson").count() == 1
    assert step_of(page) == 2
    page.get_by_role("button", name="Next step").click()
    assert page.evaluate("[model.get('step'), listening()]") == [3, before]


def test_closing_it_takes_every_listener_away(page: Any) -> None:
    page.get_by_role("button", name="Play").click()
    page.evaluate("close_()")
    assert page.evaluate("listening()") == 0
    assert not page.locator(".player").is_visible()


def test_it_is_dark_where_the_notebook_is(open_page: Callable[..., Any], lesson: Lesson) -> None:
    colours = []
    for theme in ("true", "false"):
        opened = open_page(document(lesson, theme))
        opened.wait_for_function("window.isReady")
        colours.append(opened.locator(".chainrule-widget").evaluate("e => getComputedStyle(e).backgroundColor"))
    assert colours == ["rgb(251, 250, 247)", "rgb(24, 32, 42)"]


@pytest.mark.parametrize("theme", ["true", "false"])
def test_axe_finds_no_serious_fault(open_page: Callable[..., Any], lesson: Lesson, axe: str, theme: str) -> None:
    opened = open_page(document(lesson, theme), reduced_motion="reduce")
    opened.wait_for_function("window.isReady")
    assert serious_faults(opened, axe, ".chainrule-widget") == []
