"""The formula view: examples stepped to their end, typing, errors, sliders, levels, descent, links, exports."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from tests.browser.formula_view import FormulaView
from tests.browser.visiting import Visitor, held
from tests.browser.waiting import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def view(visit: Visitor) -> FormulaView:
    """The view as it opens: with the lecture's neuron."""
    return FormulaView(visit())


def test_keys_step_through_the_lesson(view: FormulaView) -> None:
    total = view.total
    assert total > 5
    for key, step in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", total), ("ArrowRight", total)]:
        view.page.keyboard.press(key)
        assert view.step == step
    view.page.keyboard.press("Home")
    assert view.step == 0


def test_buttons_step_through_the_lesson_and_know_its_ends(view: FormulaView) -> None:
    back, on = (view.player.get_by_role("button", name=f"{which} step") for which in ("Previous", "Next"))
    assert back.is_disabled()
    for step in range(1, view.total + 1):
        on.click()
        assert view.step == step
    assert on.is_disabled()
    back.click()
    assert view.step == view.total - 1


def test_both_passes_look_different(view: FormulaView) -> None:
    view.page.keyboard.press("ArrowRight")
    colours = []
    for key in ("Home", "End"):
        view.page.keyboard.press(key)
        if key == "Home":
            view.page.keyboard.press("ArrowRight")
        badge = view.lesson.locator("[data-step][aria-current=step] .badge")
        colours.append(badge.evaluate("e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).borderRadius]"))
    assert colours[0][0] != colours[1][0]
    assert colours[0][1] != colours[1][1], "told by shape as well"


def test_typed_statements_are_answered(view: FormulaView) -> None:
    view.statements.fill("q = x + y\nf = q * z")
    view.page.get_by_role("textbox", name="z", exact=True).wait_for()
    for name, text in {"x": "5", "y": "-2", "z": "-4"}.items():
        view.set_value(name, text)
    view.shows_loss("f = −12")
    view.leave_fields()
    view.page.keyboard.press("End")
    assert view.told().name == "x"
    assert view.told().number == "−4"
    assert "Your own formula." in view.page.locator("main").inner_text()


def test_new_names_of_a_matrix_product_have_values_that_fit(view: FormulaView) -> None:
    view.statements.fill("h = tanh(W@x + c)\nL = sum(h**2)")
    expect(view.page.locator(".value-row")).to_have_count(3)
    expect(view.shape_of("W")).to_have_text("2 × 3")
    expect(view.shape_of("x")).to_have_text("3 numbers")
    expect(view.shape_of("c")).to_have_text("2 numbers")
    expect(view.page.locator("#statements-error .error")).to_have_count(0)
    expect(view.outcome).to_contain_text("L = 0.")
    view.page.get_by_role("textbox", name="x, element 3", exact=True).fill("0")
    expect(view.row("x")).not_to_have_class(re.compile("is-assumed"))
    expect(view.row("W")).to_have_class(re.compile("is-assumed"))


def test_rows_follow_a_formula_that_is_not_computed_yet(view: FormulaView) -> None:
    view.statements.fill("W@x + v")
    expect(view.page.locator("#statements-error .error")).to_contain_text("write sum(…)", ignore_case=True)
    for name in "Wxv":
        expect(view.row(name)).to_be_visible()
    expect(view.page.locator(".value-row")).to_have_count(3)
    view.shape_of("W").click()
    view.set_value("W", "[[1, 2]]")
    expect(view.shape_of("x")).to_have_text("2 numbers")


def test_a_value_of_an_example_that_fits_no_more_is_no_part_of_the_link(view: FormulaView, visit: Visitor) -> None:
    view.statements.fill("L = sum((W@x + b)**2)")  # x was 50
    expect(view.shape_of("x")).to_have_text("3 numbers")
    before = view.outcome.text_content()
    view.page.get_by_role("textbox", name="W, row 1, column 1", exact=True).fill("2")
    view.page.wait_for_function("() => location.hash.includes('&.W=')")
    expect(view.outcome).not_to_have_text(before)
    assert "&.x=" not in view.page.evaluate("location.hash")
    outcome = view.outcome.text_content()
    other = FormulaView(visit(view.page.evaluate("location.hash")))
    expect(other.shape_of("x")).to_have_text("3 numbers")
    expect(other.outcome).to_have_text(outcome)


def test_an_own_formula_keeps_nothing_of_an_example_but_values(view: FormulaView) -> None:
    rate = view.page.get_by_role("textbox", name="Learning rate")
    expect(rate).to_have_value("0.0005")
    example = view.statements.input_value()
    view.statements.fill("L = (w*x - 1)**2")
    expect(view.row("b")).to_have_count(0)
    expect(rate).to_have_value("0.1")
    view.page.wait_for_function("() => location.hash.includes('wrt=w&') || location.hash.endsWith('wrt=w')")
    assert "lr=" not in view.page.evaluate("location.hash")
    view.statements.fill(example)
    expect(rate).to_have_value("0.0005")
    expect(view.row("b").get_by_role("button", name="Gradient of b")).to_have_attribute("aria-pressed", "true")
    expect(view.row("y").get_by_role("button", name="Gradient of y")).to_have_attribute("aria-pressed", "false")


def test_where_no_wanted_name_is_left_all_are_wanted(view: FormulaView) -> None:
    view.statements.fill("L = (p*x - 1)**2")
    for name in "px":
        wanted = view.row(name).get_by_role("button", name=f"Gradient of {name}")
        expect(wanted).to_have_attribute("aria-pressed", "true")
    view.page.wait_for_function("() => !location.hash.includes('wrt=')")


def test_a_learning_rate_that_somebody_chose_stays(view: FormulaView) -> None:
    rate = view.page.get_by_role("textbox", name="Learning rate")
    rate.fill("0.02")
    view.statements.fill("L = (w*x - 1)**2")
    expect(view.row("b")).to_have_count(0)
    expect(rate).to_have_value("0.02")
    view.page.wait_for_function("() => location.hash.includes('lr=0.02')")


def test_typing_letter_by_letter_keeps_every_letter(view: FormulaView) -> None:
    view.statements.fill("")
    view.statements.press_sequentially("a = tanh(w*x)\nL = (a - y)**2 + 0.5*w**2", delay=5)
    assert view.statements.input_value() == "a = tanh(w*x)\nL = (a - y)**2 + 0.5*w**2"
    view.page.get_by_role("textbox", name="y", exact=True).wait_for()
    w, x, y = 0.0, 50.0, 1.0  # the values that these names had before
    view.shows_loss(f"L = {(np.tanh(w * x) - y) ** 2 + 0.5 * w**2:g}")


@pytest.mark.parametrize(
    ("typed", "column", "what", "fix"),
    [
        ("L = 2x + 1", 5, "", "2*x"),
        ("z = w*x + b\nL = sigmoidd(z)", 4, "no known function", "sigmoid"),
        ("L = (w*x", 4, "", ""),
    ],
)
def test_what_is_not_understood_stands_below_with_a_caret(
    view: FormulaView, typed: str, column: int, what: str, fix: str
) -> None:
    view.statements.fill(typed)
    box = view.page.locator("#statements-error .error")
    box.wait_for()
    assert box.locator("..").get_attribute("role") in ("alert", "status")
    said = box.text_content()
    assert what in said
    assert fix in said
    caret = box.locator(".caret")
    assert caret.count() == 1
    line = typed.splitlines()[-1]
    marked = box.locator("mark").evaluate("e => e.firstChild.textContent")
    assert marked == (line[column] if column < len(line) else " ")
    assert view.statements.get_attribute("aria-invalid") == "true"
    view.statements.fill("L = w*x")
    box.wait_for(state="detached")
    assert view.statements.get_attribute("aria-invalid") == "false"


def test_a_wrong_value_is_shown_where_it_is_typed(view: FormulaView) -> None:
    view.set_value("w", "1..2")
    error = view.page.locator(".value-row.is-wrong")
    error.wait_for()
    assert error.get_attribute("data-name") == "w"
    view.set_value("w", "1.2")
    error.wait_for(state="detached")


def test_a_slider_changes_value_and_lesson(view: FormulaView) -> None:
    slider = view.page.get_by_role("slider", name="w", exact=True)
    slider.focus()
    before = view.outcome.inner_text()
    slider.press("ArrowRight")
    value = float(slider.input_value())
    assert value > 0
    view.page.wait_for_function("before => document.querySelector('.outcome').innerText !== before", arg=before)
    assert float(view.page.get_by_role("textbox", name="w", exact=True).input_value()) == pytest.approx(value)
    y_hat = 1 / (1 + np.exp(-50 * value))
    view.shows_loss(f"L = {float(f'{-np.log(y_hat):.4g}'):g}"[:7])


def test_operations_are_more_steps_than_statements(view: FormulaView) -> None:
    statements = view.total
    view.choose_level("Operations")
    view.page.wait_for_function(
        "before => Number(document.querySelector('.lesson .player input').max) > before", arg=statements
    )
    view.leave_fields()
    view.page.keyboard.press("End")
    assert view.told().name in ("w", "b")
    assert view.step == view.total > statements


@pytest.mark.parametrize("step", [2, 5, 6, 8])
def test_another_level_keeps_the_place(view: FormulaView, step: int) -> None:
    for _ in range(step):
        view.page.keyboard.press("ArrowRight")
    here = view.told()
    with view.another_lesson():
        view.choose_level("Operations")
    there = view.told()
    assert (there.phase, there.name) == (here.phase, here.name)
    view.page.wait_for_function(f"() => location.hash.includes('step={view.step}')")
    assert view.page.evaluate("location.hash").count("step=") == 1
    with view.another_lesson():
        view.choose_level("Statements")
    assert view.step == step
    assert view.told() == here


def test_another_level_goes_where_a_node_that_it_lacks_would_be(view: FormulaView) -> None:
    with view.another_lesson():
        view.choose_level("Operations")
    view.leave_fields()
    view.page.keyboard.press("ArrowRight")
    assert view.told().name not in ("z", "ŷ", "L")
    with view.another_lesson():
        view.choose_level("Statements")
    assert (view.step, view.told().phase) == (1, "forward")


def test_a_lesson_that_plays_goes_on_at_another_level(view: FormulaView) -> None:
    view.player.get_by_role("button", name="Play").click()
    view.shows_step(1)
    with view.another_lesson():
        view.choose_level("Operations")
    expect(view.player.get_by_role("button", name="Pause")).to_be_visible()
    begun = view.step
    assert begun > 0
    view.shows_step(begun + 1)


def test_closed_forms_are_shown_on_demand(view: FormulaView) -> None:
    view.page.keyboard.press("End")
    closed = view.lesson.locator("[data-step][aria-current=step]").get_by_text("closed form", exact=False)
    said = view.player.locator("[aria-live]")
    assert closed.count() == 0
    assert "∂L/∂w = x · ∂L/∂z = −25" in said.inner_text()
    view.page.get_by_role("checkbox", name="Closed forms").check()
    closed.first.wait_for()
    assert "∂L/∂w = x(ŷ − y) = −25" in said.inner_text()
    assert view.step == view.total
    view.page.wait_for_function("() => location.hash.includes('closed=1')")
    view.page.reload()
    closed.first.wait_for()
    assert view.page.get_by_role("checkbox", name="Closed forms").is_checked()


def test_descent_lowers_the_loss_and_draws_it(view: FormulaView) -> None:
    rate = view.page.get_by_role("textbox", name="Learning rate")
    rate.fill("0.001")
    view.page.get_by_role("button", name="One step").click()
    losses = neuron_by_hand(steps=51, lr=0.001)
    assert losses[:2] == pytest.approx([np.log(2), 0.251818], abs=1e-6)
    view.shows_loss(f"L = {losses[1]:.6g}")
    view.page.get_by_role("button", name="Run").click()
    view.shows_loss(f"L = {losses[51]:.6g}")
    chart = view.page.get_by_role("img", name="Loss")
    assert chart.locator(".chart-line").count() == 1
    assert "step 51" in chart.get_attribute("aria-label")
    view.page.get_by_role("button", name="Start again").click()
    view.shows_loss("L = 0.693147")


def neuron_by_hand(steps: int, lr: float) -> list[float]:
    """Losses of gradient descent for one neuron with x = 50, y = 1, from w = b = 0 on."""
    w = b = 0.0
    losses = []
    for _ in range(steps + 1):
        y_hat = 1 / (1 + np.exp(-(w * 50 + b)))
        losses.append(float(-np.log(y_hat)))
        w, b = w - lr * 50 * (y_hat - 1), b - lr * (y_hat - 1)
    return losses


def test_a_rate_that_is_too_large_is_told(view: FormulaView) -> None:
    view.statements.fill("L = (w*x - y)**2")
    view.shows_loss("L = 1")
    view.page.get_by_role("textbox", name="Learning rate").fill("1000")
    view.page.get_by_role("button", name="Run").click()
    told = view.page.locator(".descent-words .error")
    told.wait_for()
    assert "learning rate" in told.inner_text()


def test_a_link_brings_formula_values_level_and_step(view: FormulaView, visit: Visitor) -> None:
    view.statements.fill("h = tanh(w*x + v)\nL = (h - y)**2")
    view.page.get_by_role("textbox", name="v", exact=True).wait_for()
    for name, text in {"w": "0.75", "v": "-1", "x": "2", "y": "0.5"}.items():
        view.set_value(name, text)
    view.choose_level("Operations")
    view.shows_loss(f"L = {(np.tanh(0.5) - 0.5) ** 2:.6g}")
    view.page.wait_for_function("() => Number(document.querySelector('.lesson .player input').max) > 8")
    view.leave_fields()
    for _ in range(4):
        view.page.keyboard.press("ArrowRight")
    view.page.wait_for_function("() => location.hash.includes('step=4')")
    told = view.told()

    other = FormulaView(visit(view.page.evaluate("location.hash")))
    assert other.statements.input_value() == "h = tanh(w*x + v)\nL = (h - y)**2"
    other.shows_loss(f"L = {(np.tanh(0.5) - 0.5) ** 2:.6g}")
    other.shows_step(4)
    assert other.told() == told
    assert other.page.get_by_role("radio", name="Operations").is_checked()
    assert other.page.get_by_role("textbox", name="v", exact=True).input_value() == "-1"


@pytest.mark.parametrize(
    "fragment",
    [
        "#formula?step=999999999",
        "#formula?f=" + "x%2B" * 3000 + "1",
        "#formula?preset=%3Cscript%3E&level=x&lr=nan&wrt=%00&.w=1e999",
        "#formula?f=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
        "#nonsense?%%%",
        "#formula?%E0%A4%A",
    ],
)
def test_an_address_of_any_kind_leaves_a_page_that_works(visit: Visitor, fragment: str) -> None:
    page = visit(fragment)
    page.get_by_role("textbox", name="Formula", exact=True).wait_for()
    page.wait_for_selector(".lesson, .error")
    page.get_by_role("textbox", name="Formula", exact=True).fill("Q = 3*q")
    page.wait_for_function("() => document.querySelector('.outcome').textContent.includes('Q = 3')")


def test_going_back_undoes_an_example(view: FormulaView) -> None:
    first = view.statements.input_value()
    view.choose_example("softmax")
    view.page.wait_for_function("first => document.querySelector('#statements').value !== first", arg=first)
    view.page.go_back()
    view.page.wait_for_function("first => document.querySelector('#statements').value === first", arg=first)


def test_an_answer_that_comes_late_changes_nothing_of_an_example(view: FormulaView) -> None:
    with view.another_lesson(), held(view.page, "**/api/lesson"):
        view.statements.fill("L = 2*k")
        view.page.get_by_role("combobox", name="Example").select_option("perceptron")
    wanted = view.page.get_by_role("button", name="Gradient of", pressed=True)
    names = [button.get_attribute("aria-label").removeprefix("Gradient of ") for button in wanted.all()]
    assert names == ["W1", "b1", "W2", "b2"]


def test_descent_that_comes_late_changes_nothing_of_an_example(view: FormulaView) -> None:
    with held(view.page, "**/api/descent"):
        view.page.get_by_role("button", name="One step").click()
        view.choose_example("reused")
    assert view.page.locator(".descent-words").inner_text() == ""
    assert view.page.get_by_role("combobox", name="Example").input_value() == "reused"
    assert "preset=reused" in view.page.evaluate("location.hash")
    assert "&.w=" not in view.page.evaluate("location.hash")


@pytest.mark.parametrize(
    ("entry", "ending", "holds"),
    [
        ("SVG", ".svg", b"<svg"),
        ("PNG", ".png", b"\x89PNG"),
        ("LaTeX", ".tex", rb"\begin{document}"),
        ("HTML", ".html", b"<!DOCTYPE html>"),
        ("Markdown", ".md", "ŷ".encode()),
        ("JSON", ".json", b'"backward"'),
    ],
)
def test_exports_are_files_of_the_lesson(
    view: FormulaView, tmp_path: Path, entry: str, ending: str, holds: bytes
) -> None:
    view.page.get_by_role("button", name="Export").click()
    with view.page.expect_download() as waiting:
        view.page.get_by_role("menuitem", name=entry).click()
    found = waiting.value
    assert found.suggested_filename.endswith(ending)
    path = tmp_path / found.suggested_filename
    found.save_as(path)
    content = path.read_bytes()
    assert holds.lower() in content.lower()
    if ending == ".json":
        gradients = {step["gradient"]["text"]: step for step in json.loads(content)["backward"]}
        assert len(gradients) == 5
