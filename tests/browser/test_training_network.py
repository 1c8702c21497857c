"""The network in the training view: its layers and units, its equations, and what goes wrong in it."""

from __future__ import annotations

import itertools
import re

import pytest
from tests.browser.training_view import TrainingView, colours_of
from tests.browser.visiting import Visitor, settle

pytestmark = pytest.mark.browser


def test_layers_and_units_are_added_and_removed(view: TrainingView) -> None:
    units = view.page.get_by_role("button", name=re.compile(r"^Unit \d+ of layer \d"))
    before = units.count()
    view.button("Add a unit to layer 1").click()
    view.page.wait_for_function(
        "before => document.querySelectorAll('button.tr-node.is-unit').length === before + 1", arg=before
    )
    view.button("Remove a layer").click()
    view.page.wait_for_function(
        "before => document.querySelectorAll('button.tr-node.is-unit').length < before", arg=before
    )
    view.button("Remove a layer").click()
    view.page.wait_for_function("() => document.querySelectorAll('button.tr-node.is-unit').length === 0")
    assert view.page.get_by_role("combobox", name="Model").input_value() in ("logistic", "linear")
    view.button("Add a layer").click()
    view.page.wait_for_function("() => document.querySelectorAll('button.tr-node.is-unit').length > 0")


def test_the_most_layers_are_all_seen_and_the_last_button_says_why(visit: Visitor) -> None:
    view = TrainingView(visit("#training?hidden=8,8,8,8,8", width=1280))
    with view.another_run():
        view.button("Add a layer").click()
    more = view.page.get_by_role("button", name="Add a layer: at most 6 layers")
    assert more.get_attribute("title") == "At most 6 layers"
    more.press("Enter")
    view.page.locator(".tr-network").wait_for()
    assert view.page.evaluate("document.activeElement.title") == "At most 6 layers", "it keeps the focus"
    settle(view.page)
    assert (
        view.page.evaluate(
            "(network => network.scrollWidth - network.clientWidth)(document.querySelector('.tr-network'))"
        )
        == 0
    )
    names = view.page.locator(".tr-column-name")
    assert names.count() == 8
    boxes = [name.bounding_box() for name in names.all()]
    assert all(one["x"] + one["width"] <= other["x"] for one, other in itertools.pairwise(boxes))


def test_a_network_that_is_wider_than_its_card_shows_where_it_goes_on(visit: Visitor) -> None:
    view = TrainingView(visit("#training?hidden=8,8,8,8,8,8", width=360))
    view.page.locator(".tr-network.is-wider").wait_for()
    with view.another_run():
        view.button("Remove a layer").click()
    for _ in range(2):
        with view.another_run():
            view.button("Remove a layer").click()
    view.page.locator(".tr-network:not(.is-wider)").wait_for()


def test_units_end_at_one_and_at_the_most(visit: Visitor) -> None:
    view = TrainingView(visit("#training?hidden=1,64"))
    view.page.get_by_role("button", name="Remove a unit from layer 1: at least 1 unit").wait_for()
    view.page.get_by_role("button", name="Add a unit to layer 2: at most 64 units").wait_for()
    view.button("Add a unit to layer 1").click()
    view.button("Remove a unit from layer 1").wait_for()


def test_each_hidden_unit_shows_its_own_surface(view: TrainingView) -> None:
    view.button("One epoch").click()
    view.wait_for_epoch(1)
    unit = view.page.get_by_role("button", name=re.compile(r"^Unit 1 of layer 1"))
    assert unit.locator("canvas").evaluate("c => c.width") > 20
    assert colours_of(view, "button.tr-node.is-unit canvas") > 3
    unit.click()
    view.page.wait_for_function("() => document.querySelector('.tr-output').textContent.includes('Unit 1 of layer 1')")


def test_a_run_that_diverges_stops_and_names_the_node(view: TrainingView) -> None:
    view.choose_data("Plane")
    view.choose("Optimiser", "Gradient descent")
    view.choose("Learning rate", "10")
    view.choose("Activation", "ReLU")
    view.button("Play").click()
    view.alert.wait_for()
    said = view.alert.inner_text()
    assert "diverged" in said
    assert "Node" in said
    assert "learning rate" in said
    assert not re.search(r"\de[+−-]?\d", said), "numbers are spelled as elsewhere, 2.3·10⁴⁸"
    view.alert.locator("dd math msub").first.wait_for()
    view.button("Play").wait_for()
    view.page.get_by_role("button", name=re.compile("Use learning rate")).click()
    view.alert.wait_for(state="detached")


def test_exploding_and_vanishing_gradients_are_marked(visit: Visitor) -> None:
    view = TrainingView(visit("#training?data=moons&hidden=4,4,4,4,4,4&activation=sigmoid&lr=0.0001"))
    view.button("One epoch").click()
    view.wait_for_epoch(1)
    view.page.locator(".tr-mark:visible").first.filter(has_text="anishing gradient").wait_for()


def test_units_that_are_off_are_named(visit: Visitor) -> None:
    view = TrainingView(visit("#training?data=moons&hidden=8,8&activation=relu&optimizer=sgd&lr=10"))
    for epoch in (1, 2):
        view.button("One epoch").click()
        view.wait_for_epoch(epoch)
    layers = view.page.locator(".tr-histograms > section")
    layers.nth(1).get_by_text("No gradient: its units are off for all rows (dead ReLU).").wait_for()
    layers.nth(2).get_by_text("so that only the bias learns").wait_for()
    layers.nth(2).get_by_text("‖∂L/∂W₃‖ = 0", exact=True).wait_for()


def test_equations_are_written_in_symbols(view: TrainingView) -> None:
    view.page.locator("summary").filter(has_text="The equations, with the weights in them").click()
    lines = view.page.locator(".tr-equations li")
    lines.first.filter(has_text="z1=xW1+b1").wait_for()
    assert lines.first.locator("mi[mathvariant=normal]").count() == 0, "x stands as x1 does"
    # as the lesson of a row has it: weights of one output are a vector, and vectors are rows
    lines.nth(4).filter(has_text="z3=a2W3T+b3").wait_for()
    lines.last.filter(has_text="L=meanrowsℓ(y^,y)").wait_for()
    view.page.get_by_text("is 1 where label is B, and 0 where it is A").wait_for()
