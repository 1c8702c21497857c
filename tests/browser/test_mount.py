"""The lesson's module by itself, as a page uses it: mounted, replaced, taken away again."""

from __future__ import annotations

import base64
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from tests.browser.visiting import stop_time

import chainrule as cr
from chainrule.explain.page.fragment import lesson_fragment

pytestmark = pytest.mark.browser


def resource(name: str) -> str:
    return files("chainrule.explain.page").joinpath(name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def fragment() -> str:
    return lesson_fragment(cr.explain(lambda x, y: (x + y) * y, 2.0, 3.0, level="operation"))


@pytest.fixture
def page(open_page: Callable[..., Any], fragment: str) -> Any:
    source = base64.b64encode(resource("lesson.js").encode()).decode()
    opened = open_page(
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Page</title>'
        f"<style>{resource('tokens.css')}{resource('lesson.css')}</style>"
        f'<body><label>Text <input id="text"></label><main id="host">{fragment}</main><script type="module">'
        f'const bytes = Uint8Array.from(atob("{source}"), (c) => c.charCodeAt(0));'
        'const address = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));'
        "window.mount = (await import(address)).mount; window.told = [];"
        'window.root = () => document.querySelector(".lesson");'
        "window.onStep = (step) => told.push(step);</script></body></html>",
        reduced_motion="reduce",
    )
    opened.wait_for_function("'onStep' in window")
    return opened


def test_the_handle_says_where_the_lesson_is(page: Any) -> None:
    found = page.evaluate(
        "window.lesson = mount(root(), { step: 3, onStep }); [lesson.step, lesson.total, lesson.forward]"
    )
    assert found == [3, 6, 2]
    assert page.evaluate("told") == []
    moves = "for (const move of ['next', 'previous', 'first', 'last']) lesson[move](); lesson.show(2); lesson.show(99);"
    page.evaluate(moves)
    assert page.evaluate("told") == [4, 3, 0, 6, 2, 6]
    assert page.evaluate("root().dataset.phase") == "backward"


def test_a_step_that_is_none_is_the_first_or_the_last(page: Any) -> None:
    found = page.evaluate(
        "window.lesson = mount(root()); [-1, 2.7, NaN, null, 1e9].map((step) => (lesson.show(step), lesson.step))"
    )
    assert found == [0, 2, 0, 0, 6]


def test_mounting_scrolls_nothing(page: Any) -> None:
    page.set_viewport_size({"width": 600, "height": 300})
    page.evaluate("mount(root(), { step: 6 })")
    assert page.evaluate("scrollY") == 0


def test_keys_belong_to_the_lesson_unless_the_page_gives_them(page: Any) -> None:
    page.evaluate("window.lesson = mount(root())")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("lesson.step") == 0
    page.get_by_role("button", name="Next step").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("lesson.step") == 1
    page.evaluate("lesson.destroy(); document.activeElement.blur(); lesson = mount(root(), { keys: document })")
    page.keyboard.press("End")
    assert page.evaluate("lesson.step") == 6
    page.evaluate("lesson.destroy(); lesson = mount(root(), { keys: null })")
    page.get_by_role("button", name="Next step").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("lesson.step") == 0


def test_who_types_elsewhere_does_not_step(page: Any) -> None:
    page.evaluate("window.lesson = mount(root(), { keys: document })")
    page.locator("#text").focus()
    page.keyboard.press("End")
    assert page.evaluate("lesson.step") == 0


def test_without_controls_there_is_no_player(page: Any) -> None:
    page.evaluate("window.lesson = mount(root(), { controls: false }); lesson.next()")
    assert not page.locator(".player").is_visible()
    assert page.locator(".text [aria-current=step]").get_attribute("data-step") == "1"


def test_a_lesson_that_is_gone_hears_and_tells_nothing(page: Any, fragment: str) -> None:
    stop_time(page)
    page.evaluate("window.first = mount(root(), { onStep, keys: document }); first.play()")
    assert page.evaluate("told") == [1]
    page.evaluate("first.destroy()")
    page.keyboard.press("ArrowRight")
    page.clock.run_for(60_000)
    page.evaluate("dispatchEvent(new Event('beforeprint')); dispatchEvent(new Event('resize'))")
    assert page.evaluate("told") == [1]
    assert page.locator("button.all").count() == 0
    page.evaluate(
        "html => { document.getElementById('host').innerHTML = html;"
        " window.second = mount(root(), { onStep, keys: document }); }",
        fragment,
    )
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[told, first.step, second.step]") == [[1, 1], 1, 1]


def test_many_mounts_leave_no_listener_behind(page: Any, fragment: str) -> None:
    left = page.evaluate(
        """html => {
          let count = 0;
          const add = EventTarget.prototype.addEventListener;
          EventTarget.prototype.addEventListener = function (type, listener, options) {
            if ([document, window].includes(this)) {
              count += 1;
              options.signal.addEventListener("abort", () => (count -= 1));
            }
            return add.call(this, type, listener, options);
          };
          let most = 0;
          for (let time = 0; time < 20; time += 1) {
            document.getElementById("host").innerHTML = html;
            const lesson = mount(root(), { keys: document });
            lesson.play();
            most = Math.max(most, count);
            lesson.destroy();
          }
          return [count, most];
        }""",
        fragment,
    )
    assert left[0] == 0
    assert left[1] <= 4


def test_the_picture_grows_with_its_place(page: Any) -> None:
    page.evaluate("mount(root())")
    widths = []
    for width in (500, 1200):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("width => innerWidth === width", arg=width)
        widths.append(page.locator(".picture svg").evaluate("e => e.getBoundingClientRect().width"))
    natural = float(page.locator(".picture svg").get_attribute("width"))
    assert widths[0] < widths[1] <= 1.15 * natural + 1
