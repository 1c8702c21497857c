"""Both views for everybody: small and large screens, light and dark, keyboard alone, little motion, strict policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.browser.formula_view import FormulaView
from tests.browser.training_view import TrainingView
from tests.browser.visiting import Visitor, focused, serious_faults, settle, tab_until, width_needed

pytestmark = pytest.mark.browser


#: From the narrowest phone to a lecture hall; closely, where the page changes its shape with its width.
WIDTHS = (*range(320, 701, 10), 768, 900, 1088, 1280, 1536, 1920)


def view_of(page: Any, fragment: str) -> FormulaView | TrainingView:
    """The view that an address names, as soon as it shows a lesson or a run."""
    return TrainingView(page) if fragment.startswith("#training") else FormulaView(page)


def formulas(page: Any) -> None:
    """The formula view in the middle of a backward pass, after a step of descent."""
    view = FormulaView(page)
    with view.another_lesson():
        page.get_by_role("button", name="One step", exact=True).click()
    page.locator(".descent-words").filter(has_text="After").wait_for()
    page.locator("body").press("ArrowRight")
    view.player.get_by_role("slider").fill("5")


def an_error(page: Any) -> None:
    """The formula view with something that is not understood, and a value that is none."""
    view = FormulaView(page)
    view.set_value("w", "..")
    view.statements.fill("L = 2x")
    page.locator("#statements-error .error").wait_for()


def training(page: Any) -> None:
    """The training view with everything that it shows of a run."""
    view = TrainingView(page)
    view.button("One epoch").click()
    view.wait_for_epoch(1)
    page.evaluate("document.querySelectorAll('#training-view details').forEach(part => part.open = true)")
    page.locator(".tr-numbers tbody td").filter(has_text=re.compile(r"\d")).first.wait_for()


def a_table(page: Any) -> None:
    """The training view with the columns of an own table."""
    TrainingView(page)
    file = {"name": "t.csv", "mimeType": "text/csv", "buffer": b"a,b,c\n" + b"1,x,0.5\n2,y,\n3,x,0.1\n" * 9}
    page.get_by_label("Own data").set_input_files(file)
    page.get_by_role("region", name="Own table").get_by_role("button", name="Use this data").wait_for()


STATES: list[tuple[str, Callable[[Any], None]]] = [
    ("#formula", formulas),
    ("#formula?preset=lstm&step=9&level=operation", lambda page: None),
    ("#formula", an_error),
    ("#training", training),
    ("#training?data=blobs", training),
    ("#training?data=breast_cancer", training),
    ("#training", a_table),
]
NAMES = ["formulas", "lstm", "error", "training", "classes", "many features", "table"]
in_every_state = pytest.mark.parametrize(("fragment", "prepare"), STATES, ids=NAMES)


@in_every_state
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1920, "dark")])
def test_axe_finds_no_serious_fault(
    visit: Visitor, axe: str, fragment: str, prepare: Callable[[Any], None], width: int, scheme: str
) -> None:
    page = visit(fragment, width=width, color_scheme=scheme, reduced_motion="reduce")
    view_of(page, fragment)
    prepare(page)
    assert serious_faults(page, axe) == []


@in_every_state
def test_nothing_is_wider_than_the_screen(visit: Visitor, fragment: str, prepare: Callable[[Any], None]) -> None:
    page = visit(fragment, width=320)
    view_of(page, fragment)
    prepare(page)
    assert too_narrow(page) == []


def test_large_numbers_make_the_bar_no_wider_than_the_screen(visit: Visitor) -> None:
    page = visit("#training", width=320)
    TrainingView(page)
    page.evaluate(
        """numbers => {
            for (const [name, text] of Object.entries(numbers))
                document.querySelector(`[data-readout=${name}]`).textContent = text;
            document.querySelector('.tr-rate').textContent = '12,345/s';
        }""",
        {
            "epoch": "123,456",
            "step": "1,234",
            "training-loss": "1.2·10⁻¹²",
            "validation-loss": "0.000123",
            "training-score": "100.0 %",
            "validation-score": "< −99",
        },
    )
    assert too_narrow(page) == []


def too_narrow(page: Any) -> list[tuple[int, int]]:
    """Widths of a screen for which a page is too wide, and how wide it is."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        settle(page)
        if (needed := width_needed(page)) > width:
            found.append((width, needed))
    return found


def test_no_step_of_any_example_is_wider_than_a_phone(visit: Visitor) -> None:
    page = visit("#formula", width=360)
    view = FormulaView(page)
    for name in view.examples:
        view.choose_example(name)
        view.player.get_by_role("slider").fill("0")
        for step in range(view.total + 1):
            assert width_needed(page) <= 360, f"{name}, step {step}"
            view.player.get_by_role("slider").press("ArrowRight")


def test_the_formula_view_is_used_by_keyboard_alone(visit: Visitor) -> None:
    page = visit()
    view = FormulaView(page)
    assert tab_until(page, lambda role, name: name == "Skip to the content")
    tab_until(page, lambda role, name: role == "textbox" and name == "Formula")
    page.keyboard.press("Control+A")
    page.keyboard.type("L = (3*w - 1)**2")
    view.shows_loss("L = 1")
    tab_until(page, lambda role, name: role == "textbox" and name == "w")
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    view.shows_loss("L = 25")
    tab_until(page, lambda role, name: name == "Learning rate")
    page.keyboard.press("Control+A")
    page.keyboard.type("0.01")
    tab_until(page, lambda role, name: role == "button" and name == "One step")
    page.keyboard.press("Enter")
    w = 2 - 0.01 * 2 * 3 * (3 * 2 - 1)
    view.shows_loss(f"L = {(3 * w - 1) ** 2:.6g}")
    tab_until(page, lambda role, name: role == "radio")
    with view.another_lesson():
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.hash.includes('level=operation')")
    tab_until(page, lambda role, name: role in ("switch", "checkbox") and name == "Closed forms")
    with view.another_lesson():
        page.keyboard.press("Space")
    tab_until(page, lambda role, name: role == "button" and name == "Export")
    page.keyboard.press("Enter")
    assert focused(page)[0] == "menuitem"
    page.keyboard.press("Escape")
    assert focused(page) == ("button", "Export")
    tab_until(page, lambda role, name: role == "button" and name.startswith("Next step"))
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert view.step == 2
    assert focused(page)[1].startswith("Next step"), "the focus stays"
    page.keyboard.press("End")
    assert view.step == view.total


def test_the_training_view_is_used_by_keyboard_alone(visit: Visitor) -> None:
    page = visit()
    FormulaView(page)
    tab_until(page, lambda role, name: role == "link" and name == "Training")
    page.keyboard.press("Enter")
    view = TrainingView(page)
    tab_until(page, lambda role, name: role == "button" and name == "Play")
    page.keyboard.press("Enter")
    view.wait_for_epoch(1)
    assert focused(page) == ("button", "Pause"), "the focus stays"
    page.keyboard.press("Enter")
    tab_until(page, lambda role, name: role == "combobox" and name == "Activation")
    with view.another_run():
        page.keyboard.press("ArrowDown")
    tab_until(page, lambda role, name: role == "radio")
    with view.another_run():
        page.keyboard.press("ArrowRight")
    view.wait_for("epoch", "value === 0")
    tab_until(page, lambda role, name: name == "Add a layer")
    with view.another_run():
        page.keyboard.press("Enter")
    view.page.wait_for_function("() => location.hash.match(/hidden=\\d+%2C\\d+%2C\\d+|hidden=\\d+,\\d+,\\d+/)")
    tab_until(page, lambda role, name: role == "button" and re.match("Input|Unit", name) is not None)
    page.keyboard.press("ArrowRight")
    assert "Unit" in focused(page)[1]
    tab_until(page, lambda role, name: role == "application")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.hash.startsWith('#formula')")
    FormulaView(page)
    page.go_back()
    page.wait_for_function("() => location.hash.startsWith('#training')")
    view.is_ready()


@pytest.mark.parametrize(
    ("typed", "shown", "title"),
    [
        ("#/training", "#training?data=moons", "Training"),
        ("#training/?data=xor", "#training?data=xor", "Training"),
        ("#/formula?preset=lstm", "#formula?preset=lstm", "Formulas"),
        ("#nonsense?data=xor", "#formula", "Formulas"),
        ("#formula?preset=zzz", "#formula?preset=logistic", "Formulas"),
        ("", "", "Formulas"),
    ],
)
def test_the_address_says_what_is_shown(visit: Visitor, typed: str, shown: str, title: str) -> None:
    page = visit(typed)
    view_of(page, shown)
    page.wait_for_function("shown => location.hash.startsWith(shown)", arg=shown)
    assert page.title().startswith(title)
    if "preset" in shown:
        assert page.get_by_role("combobox", name="Example").input_value() == shown.partition("=")[2]
    if "xor" in shown:
        assert page.get_by_role("radio", name="XOR").is_checked()


#: Whether what has the focus, its box or the sign beside it, is drawn with a frame that it does not have without.
SEEN = """() => {
    const focused = document.activeElement;
    const inside = focused.querySelector('.cr-shape');
    const around = [focused.parentElement, focused.closest('label, .stepper-box'), focused.nextElementSibling];
    const looks = style => [style.outlineStyle, style.boxShadow, style.strokeWidth];
    const near = [focused, inside, ...around].filter(Boolean);
    const framed = () => near.map(element => looks(getComputedStyle(element))).join();
    const before = framed();
    focused.blur();
    const after = framed();
    focused.focus();
    return before !== after;
}"""


def test_every_stop_of_the_keyboard_has_a_name_and_is_seen(visit: Visitor) -> None:
    for fragment in ("#formula", "#training"):
        page = visit(fragment)
        view_of(page, fragment)
        stops = set()
        for _ in range(150):
            page.keyboard.press("Tab")
            role, name = focused(page)
            if role in ("RootWebArea", "generic", "none", ""):  # the page begins again
                break
            stops.add((role, name))
            assert name.strip(), f"a {role} without a name"
            assert page.evaluate(SEEN), f"the focus on {role} {name!r} is not seen"
        assert len(stops) > 12


@pytest.mark.parametrize("fragment", ["", "#formula", "#training", "#training?data=xor"])
def test_the_keyboard_begins_at_the_skip_link(visit: Visitor, fragment: str) -> None:
    page = visit(fragment)
    view_of(page, fragment)
    page.keyboard.press("Tab")
    assert focused(page) == ("link", "Skip to the content")


def test_the_policy_lets_no_inline_script_run(visit: Visitor) -> None:
    page = visit()
    FormulaView(page)
    page.evaluate(
        """async () => {
            const script = document.createElement('script');
            script.textContent = 'globalThis.injected = true';
            document.body.append(script);
            const image = document.createElement('div');
            image.innerHTML = '<img src="/static/none" onerror="globalThis.injected = true">';
            document.body.append(image);
            await new Promise(done => image.firstChild.addEventListener('error', done));
        }"""
    )
    assert page.evaluate("globalThis.injected") is None
    assert page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'read', () => 'refused')") == "refused"
    assert len(visit.forgive(page, "Content Security Policy", least=3)) >= 3
    visit.forgive(page, "status of 404", least=1)


@pytest.mark.parametrize("fragment", ["#formula", "#training"])
def test_reduced_motion_moves_nothing(visit: Visitor, fragment: str) -> None:
    page = visit(fragment, reduced_motion="reduce")
    view_of(page, fragment)
    moves = page.evaluate(
        """[...document.querySelectorAll('*')].filter(e => {
            const style = getComputedStyle(e);
            const long = text => text.split(',').some(part => parseFloat(part) > 0.01);
            return long(style.transitionDuration) || (style.animationName !== 'none' && long(style.animationDuration));
        }).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert moves == []


@pytest.mark.parametrize("fragment", ["#formula", "#training"])
def test_the_page_follows_the_system_into_the_dark_and_can_be_told_otherwise(visit: Visitor, fragment: str) -> None:
    page = visit(fragment, color_scheme="dark")
    view_of(page, fragment)

    def brightness() -> float:
        colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3

    assert brightness() < 60
    page.get_by_role("button", name=re.compile("^Colours")).click()
    assert brightness() > 200
    page.reload()
    view_of(page, fragment)
    assert brightness() > 200, "the choice is kept"


def test_mathematics_is_set_in_the_embedded_font(visit: Visitor) -> None:
    page = visit()
    FormulaView(page)
    for family in ("STIX Two Text", "STIX Two Math"):
        page.wait_for_function(
            "name => [...document.fonts].some(f => f.status === 'loaded' && f.family.replaceAll('\"', '') === name)",
            arg=family,
        )
    assert "STIX Two Math" in page.evaluate("getComputedStyle(document.querySelector('math')).fontFamily")


def test_a_screen_reader_gets_the_graph_as_a_table_and_each_step_in_words(visit: Visitor) -> None:
    page = visit()
    view = FormulaView(page)
    page.get_by_text("The graph as a table").click()
    table = view.lesson.get_by_role("table").first
    assert table.get_by_role("columnheader", name="value").count() == 1
    assert table.get_by_role("row").count() > 5
    page.locator("body").press("End")
    assert "Backward step" in view.player.locator("[aria-live=polite]").inner_text()
    snapshot = page.locator("main").aria_snapshot()
    assert "img" in snapshot
    assert "math" in snapshot


def test_every_view_has_its_landmarks_and_one_heading_of_the_first_level(visit: Visitor) -> None:
    for fragment in ("#formula", "#training"):
        page = visit(fragment)
        view_of(page, fragment)
        assert page.get_by_role("main").count() == 1
        assert page.get_by_role("navigation", name="Views").count() == 1
        assert page.get_by_role("heading", level=1).count() == 1
        assert page.get_by_role("link", name="Training").count() == 1
        assert page.title().endswith("chainrule")
