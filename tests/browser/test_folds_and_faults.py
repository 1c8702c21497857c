"""Pages of lessons that are not whole: repeated steps are folded, or the numbers stop being finite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.browser.visiting import serious_faults

import chainrule as cr

pytestmark = pytest.mark.browser


def recurrence(w: Any, xs: Any) -> Any:
    h: Any = 0.0
    for x in xs:
        h = np.tanh(w * h + x)
    return h * h


@pytest.fixture(scope="module", params=[10, 100], ids=["in full", "in text"])
def folded(request: pytest.FixtureRequest) -> cr.Lesson:
    """With few repetitions, folded steps are written in full; with many, each is a line of text."""
    return cr.explain(recurrence, 0.5, np.linspace(-1, 1, request.param))


@pytest.fixture(scope="module")
def broken() -> cr.Lesson:
    def loss(w: Any) -> Any:
        p = 1 - w
        return -np.log(p)

    with np.errstate(all="ignore"):
        return cr.explain(loss, 1.0)


def current(page: Any) -> Any:
    return page.locator(".text [aria-current=step]")


def test_folds_are_closed_and_open_on_demand(open_page: Callable[..., Any], folded: cr.Lesson) -> None:
    page = open_page(folded.to_html())
    fold = page.locator(".forward-pass .folded").first
    hidden = fold.locator(".step").first
    assert not hidden.is_visible()
    fold.locator("summary").first.click()
    assert hidden.is_visible()
    assert hidden.locator(".badge").bounding_box()["x"] < hidden.locator(".line").bounding_box()["x"]


def test_stepping_into_a_fold_opens_it(open_page: Callable[..., Any], folded: cr.Lesson) -> None:
    page = open_page(folded.to_html(), "#step=5", reduced_motion="reduce")
    assert current(page).is_visible()
    assert current(page).get_attribute("data-step") == "5"
    assert "x⁽³⁾ = " in page.locator(".said").inner_text()
    number = len(folded.forward) + 6
    page.get_by_role("slider").fill(str(number))
    assert current(page).is_visible()
    assert current(page).get_attribute("data-step") == str(number)
    page.keyboard.press("End")
    total = len(folded.forward) + len(folded.backward)
    assert page.locator(".count").inner_text() == f"{total} / {total}"


def test_what_comes_later_is_not_told(open_page: Callable[..., Any], folded: cr.Lesson) -> None:
    page = open_page(folded.to_html(), "#step=5")
    for step, is_known in [(4, True), (5, True), (6, False)]:
        given = page.locator(f"[data-step='{step}'] .given .piece").first
        assert given.is_visible() is is_known, f"step {step}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_folds(
    open_page: Callable[..., Any], folded: cr.Lesson, axe: str, scheme: str
) -> None:
    page = open_page(folded.to_html(), "#step=5", color_scheme=scheme, reduced_motion="reduce")
    page.evaluate("for (const fold of document.querySelectorAll('.folded')) fold.open = true")
    assert serious_faults(page, axe) == []


def test_a_fault_is_told_before_the_steps(open_page: Callable[..., Any], broken: cr.Lesson) -> None:
    page = open_page(broken.to_html())
    fault = page.locator("section.fault")
    assert fault.is_visible()
    assert "log of 0" in fault.inner_text()
    assert fault.bounding_box()["y"] < page.locator(".forward-pass").bounding_box()["y"]
    assert page.locator(".backward-pass").count() == 0


def test_stepping_ends_at_the_fault(open_page: Callable[..., Any], broken: cr.Lesson) -> None:
    page = open_page(broken.to_html())
    page.keyboard.press("End")
    assert page.locator(".count").inner_text() == f"{len(broken.forward)} / {len(broken.forward)}"
    assert page.get_by_role("button", name="Next step").is_disabled()
    assert "∞" in current(page).inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_beside_a_fault(
    open_page: Callable[..., Any], broken: cr.Lesson, axe: str, scheme: str
) -> None:
    page = open_page(broken.to_html(), color_scheme=scheme, reduced_motion="reduce")
    assert serious_faults(page, axe) == []
