"""The lesson's page in Chromium: stepping, address, accessibility, room on small and large screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.browser.visiting import serious_faults, stop_time

import chainrule as cr

pytestmark = pytest.mark.browser


def loss(w: Any, x: Any, b: Any, y: Any) -> Any:
    z = w * x + b
    y_hat = 1 / (1 + np.exp(-z))
    L = -y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat)
    return L  # noqa: RET504 (the lesson calls the output by this name)


@pytest.fixture(scope="module")
def lesson() -> cr.Lesson:
    return cr.explain(loss, 0.0, 50.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def html(lesson: cr.Lesson) -> str:
    return lesson.to_html()


def step_of(page: Any) -> int:
    """The step that text, slider and counter agree on; 0 before the first."""
    current = page.locator(".text [aria-current=step]")
    step = int(current.get_attribute("data-step")) if current.count() else 0
    assert current.count() <= 1
    assert int(page.locator(".player input").input_value()) == step
    assert page.locator(".count").inner_text().startswith(f"{step} / ")
    return step


def test_keys_step_through_the_lesson(open_page: Callable[..., Any], html: str, lesson: cr.Lesson) -> None:
    page, total = open_page(html), len(lesson.forward) + len(lesson.backward)
    assert step_of(page) == 0
    for key, step in [
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", total),
        ("ArrowRight", total),
        ("Home", 0),
        ("ArrowLeft", 0),
    ]:
        page.keyboard.press(key)
        assert step_of(page) == step


def test_buttons_step_and_know_the_ends(open_page: Callable[..., Any], html: str, lesson: cr.Lesson) -> None:
    page, total = open_page(html), len(lesson.forward) + len(lesson.backward)
    back, on = page.get_by_role("button", name="Previous step"), page.get_by_role("button", name="Next step")
    assert back.is_disabled()
    for step in range(1, total + 1):
        on.click()
        assert step_of(page) == step
    assert on.is_disabled()
    back.click()
    assert step_of(page) == total - 1


def test_the_slider_steps(open_page: Callable[..., Any], html: str) -> None:
    page = open_page(html)
    page.get_by_role("slider").fill("5")
    assert step_of(page) == 5
    page.get_by_role("slider").press("ArrowRight")
    assert step_of(page) == 6


def test_the_address_holds_the_step(open_page: Callable[..., Any], html: str) -> None:
    page = open_page(html, "#step=5")
    assert step_of(page) == 5
    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.hash === '#step=6'")
    page.evaluate("location.hash = '#step=2'")
    page.wait_for_function("document.querySelector('.player input').value === '2'")
    page.go_back()
    page.wait_for_function("document.querySelector('.player input').value === '6'")
    page.keyboard.press("Home")
    page.wait_for_function("!location.href.includes('#')")


@pytest.mark.parametrize("fragment", ["#step=", "#step=-1", "#step=x", "#other", "#step=1e9"])
def test_an_address_that_names_no_step_shows_all(open_page: Callable[..., Any], html: str, fragment: str) -> None:
    assert step_of(open_page(html, fragment)) == 0


def test_a_step_beyond_the_last_is_the_last(open_page: Callable[..., Any], html: str, lesson: cr.Lesson) -> None:
    assert step_of(open_page(html, "#step=999")) == len(lesson.forward) + len(lesson.backward)


def test_play_goes_on_until_paused(open_page: Callable[..., Any], html: str) -> None:
    page = open_page(html)
    stop_time(page)
    page.reload()
    page.get_by_role("button", name="Play").click()
    assert step_of(page) == 1
    page.clock.run_for(6000)
    assert step_of(page) == 3
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(60000)
    assert step_of(page) == 3


def test_play_stops_at_the_end(open_page: Callable[..., Any], html: str, lesson: cr.Lesson) -> None:
    page = open_page(html)
    stop_time(page)
    page.reload()
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(600_000)
    assert step_of(page) == len(lesson.forward) + len(lesson.backward)
    assert page.get_by_role("button", name="Play").is_visible()


def test_the_current_derivation_is_open_and_no_other(
    open_page: Callable[..., Any], html: str, lesson: cr.Lesson
) -> None:
    first = len(lesson.forward) + 1
    page = open_page(html, f"#step={first + 1}")
    opened = page.locator("details.backward[open]")
    assert opened.count() == 1
    assert opened.get_attribute("data-step") == str(first + 1)
    page.get_by_role("button", name="Open all steps").click()
    assert opened.count() == len(lesson.backward)


def test_gradients_appear_when_they_are_reached(open_page: Callable[..., Any], html: str, lesson: cr.Lesson) -> None:
    page, reached = open_page(html, f"#step={len(lesson.forward) + 2}"), 2
    for place in (page.locator("details.backward"), page.locator(".picture .cr-gradient")):
        later = [element.evaluate("e => e.classList.contains('is-later')") for element in place.all()]
        assert later.count(True) > 0
        assert later.count(False) > 0
    numbers = page.locator("details.backward summary .number")
    assert [number.is_visible() for number in numbers.all()] == [k < reached for k in range(len(lesson.backward))]


def test_the_graph_marks_where_the_gradient_comes_from(
    open_page: Callable[..., Any], html: str, lesson: cr.Lesson
) -> None:
    page = open_page(html)
    marked = page.locator(".picture .cr-vertex.is-from")
    sources = {}
    for step in lesson.forward:
        page.keyboard.press("ArrowRight")
        assert marked.count() == 0, step
    for step in lesson.backward:
        page.keyboard.press("ArrowRight")
        names = [node.get_attribute("data-symbol") for node in marked.all()]
        sources[step.symbol.name] = names
    assert sources == {"L": [], "y_hat": ["L"], "z": ["y_hat"], "y": ["L"], "b": ["z"], "x": ["z"], "w": ["z"]}


def test_the_step_is_announced(open_page: Callable[..., Any], html: str, lesson: cr.Lesson) -> None:
    page = open_page(html, f"#step={len(lesson.forward) + 1}")
    said = page.locator("[aria-live=polite]")
    assert said.inner_text().startswith(f"Backward step 1 of {len(lesson.backward)}: ∂L/∂L = 1")


def test_reduced_motion_moves_nothing(open_page: Callable[..., Any], html: str) -> None:
    page = open_page(html, "#step=5", height=500, reduced_motion="reduce")
    durations = page.evaluate("[...document.querySelectorAll('*')].map(e => getComputedStyle(e).transitionDuration)")
    assert set(durations) == {"0s"}
    page.keyboard.press("End")
    before = page.evaluate("scrollY")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("scrollY") == before


def test_without_scripts_everything_is_there(open_page: Callable[..., Any], html: str, lesson: cr.Lesson) -> None:
    page = open_page(html, java_script_enabled=False)
    assert not page.locator(".player").is_visible()
    for step in page.locator("details.backward").all():
        assert step.locator(".derivation").is_visible()
    assert page.locator(".step .number").first.is_visible()


def test_paper_shows_every_step(open_page: Callable[..., Any], html: str, lesson: cr.Lesson) -> None:
    page = open_page(html, "#step=2")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.backward[open]").count() == len(lesson.backward)
    assert page.locator(".is-later").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert step_of(page) == 2
    assert page.locator("details.backward[open]").count() == 0


def test_names_and_code_cannot_become_markup(open_page: Callable[..., Any], lesson: cr.Lesson) -> None:
    from dataclasses import replace

    page = open_page(replace(lesson, title="</title><script>document.title = 'broken'</script>").to_html())
    assert page.title() != "broken"
    assert page.locator("h1").inner_text().startswith("</title><script>")


@pytest.mark.parametrize("width", [360, 1920])
def test_nothing_is_wider_than_the_screen(open_page: Callable[..., Any], html: str, width: int) -> None:
    page = open_page(html, width=width)
    for step in range(9):
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"step {step}"
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1920])
@pytest.mark.parametrize("step", [0, 2, 6])
def test_axe_finds_no_serious_fault(
    open_page: Callable[..., Any], html: str, axe: str, scheme: str, width: int, step: int
) -> None:
    page = open_page(html, f"#step={step}", width=width, color_scheme=scheme, reduced_motion="reduce")
    assert serious_faults(page, axe) == []
