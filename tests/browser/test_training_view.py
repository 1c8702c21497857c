"""The training view: data of every kind, learning that is seen, and a place for each part."""

from __future__ import annotations

import re
import time

import pytest
from tests.browser.training_view import TrainingView, colours_of
from tests.browser.visiting import Visitor, held, settle
from tests.web.serving import Served

pytestmark = pytest.mark.browser


def test_moons_are_learnt_to_99_per_cent(view: TrainingView) -> None:
    view.choose_speed("full speed")
    view.button("Play").click()
    view.wait_for("training-score", "value >= 0.99")
    view.wait_for("validation-score", "value >= 0.95")
    view.wait_for("training-loss", "value < 0.1")
    view.button("Pause").click()
    assert colours_of(view, ".tr-surface") > 10
    view.picture("Decision surface at epoch").wait_for()
    curves = view.page.locator(".tr-curves .chart-line")
    curves.nth(3).wait_for(state="attached")
    assert curves.count() == 4, "loss and accuracy, of training and validation rows"


def test_play_pause_step_epoch_and_reset(view: TrainingView) -> None:
    start = view.readout("training-loss")
    view.button("One step").click()
    view.wait_for("step", "value === 1")
    assert view.readout("epoch") == 0
    view.button("One epoch").click()
    view.wait_for_epoch(1)
    view.choose_speed("5 epochs/s")
    view.button("Play").click()
    view.wait_for_epoch(3)
    with view.page.expect_response("**/control") as answer:
        view.button("Pause").click()
    paused = answer.value.json()
    view.wait_for("step", f"value === {paused['step']}")
    view.wait_for("epoch", f"value === {paused['epoch']}")
    view.page.wait_for_timeout(600)  # in which it would do three epochs
    assert view.readout("epoch") == paused["epoch"]
    view.button("Reset").click()
    view.wait_for("epoch", "value === 0")
    view.wait_for("step", "value === 0")
    assert view.readout("training-loss") == start


def test_the_same_seed_gives_the_same_run(view: TrainingView, visit: Visitor) -> None:
    losses = []
    for tab in (view, TrainingView(visit("#training"))):
        for epoch in (1, 2, 3):
            tab.button("One epoch").click()
            tab.wait_for_epoch(epoch)
        losses.append(tab.readout("training-loss"))
    assert losses[0] == losses[1]


def test_three_classes_have_a_confusion_matrix_of_nine_cells(view: TrainingView) -> None:
    view.choose_data("Blobs")
    view.page.wait_for_function("() => document.querySelectorAll('.tr-confusion tbody td').length === 9")
    view.choose_speed("full speed")
    view.button("Play").click()
    view.wait_for("training-score", "value >= 0.95")
    view.button("Pause").click()
    view.page.get_by_role("table", name="Confusion matrix").wait_for()
    view.page.wait_for_function(
        """() => {
            const cells = [...document.querySelectorAll('.tr-confusion .tr-count')];
            const counts = cells.map(cell => Number(cell.textContent));
            const sum = numbers => numbers.reduce((total, number) => total + number, 0);
            return sum(counts) > 0 && sum([0, 4, 8].map(k => counts[k])) >= 0.8 * sum(counts);
        }"""
    )


def test_a_regression_surface_fits_numbers(view: TrainingView) -> None:
    view.choose_data("Hills")
    view.page.get_by_role("table", name="Confusion matrix").wait_for(state="hidden")
    view.choose_speed("full speed")
    view.button("Play").click()
    view.wait_for("training-score", "value >= 0.9")
    view.button("Pause").click()
    view.picture("Regression surface at epoch").wait_for()


def test_columns_that_are_left_out_are_told(view: TrainingView) -> None:
    view.choose_data("Digits")
    facts = view.page.locator(".tr-facts")
    facts.filter(has_text=re.compile(r"Left out: \d columns with the same value in each training row")).wait_for()
    assert "pixel_0_0" in facts.inner_text()


def test_a_pair_of_features_is_chosen_for_a_table_of_many(view: TrainingView) -> None:
    view.choose_data("Breast cancer")
    x_axis = view.page.get_by_role("combobox", name="x axis")
    x_axis.wait_for()
    assert x_axis.locator("option").count() == 30
    assert "worst area" not in view.page.locator(".tr-axes").text_content()
    x_axis.select_option("worst area")
    view.page.locator(".tr-axes").filter(has_text="worst area").wait_for()
    view.button("Play").click()
    view.wait_for("training-score", "value >= 0.9")


def test_a_run_goes_on_with_other_settings(view: TrainingView) -> None:
    view.choose_data("Breast cancer")
    view.page.get_by_role("combobox", name="x axis").select_option("worst area")
    view.page.locator(".tr-axes").filter(has_text="worst area").wait_for()
    view.choose_speed("60 epochs/s")
    view.button("Play").click()
    view.wait_for_epoch(60)
    view.choose("Learning rate", "0.003")
    view.wait_for_epoch(1)
    view.button("Pause").wait_for()


def test_a_button_is_believed_until_its_answer_comes(view: TrainingView) -> None:
    with held(view.page, "**/control"):
        view.button("Play").click()
        view.page.wait_for_timeout(900)
        assert view.button("Pause").is_visible()
    view.wait_for_epoch(1)
    assert view.button("Pause").is_visible()


def test_two_tabs_train_independently(view: TrainingView, visit: Visitor) -> None:
    other = TrainingView(visit("#training"))
    other.choose_data("XOR")
    view.choose_speed("full speed")
    view.button("Play").click()
    view.wait_for_epoch(20)
    assert other.readout("epoch") == 0
    other.button("One epoch").click()
    other.wait_for_epoch(1)
    assert other.readout("epoch") == 1
    assert view.readout("epoch") >= 20
    assert view.tab != other.tab


def test_closing_a_tab_stops_its_run(visit: Visitor, site: Served) -> None:
    view = TrainingView(visit("#training"))
    view.button("Play").click()
    view.wait_for_epoch(2)
    tab = view.tab
    assert site.get(f"/api/tabs/{tab}/code").status == 200
    view.page.close()
    deadline = time.monotonic() + 60
    while site.get(f"/api/tabs/{tab}/code").status == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert site.get(f"/api/tabs/{tab}/code").status == 404


def test_a_link_brings_the_settings(view: TrainingView, visit: Visitor) -> None:
    view.choose("Activation", "ReLU")
    view.choose("Learning rate", "0.03")
    view.page.wait_for_function("() => location.hash.includes('lr=0.03')")
    other = TrainingView(visit(view.page.evaluate("location.hash")))
    assert other.page.get_by_role("combobox", name="Activation").input_value() == "relu"
    assert other.page.get_by_role("combobox", name="Learning rate").input_value() == "0.03"


def parts_of(view: TrainingView) -> list[str]:
    """Parts of the view from first to last, which must be the order in which they are seen from above."""
    view.page.evaluate("scrollTo(0, 0)")
    found = view.page.evaluate(
        """() => [...document.querySelectorAll('#training-view :is(.tr-bar, .tr-strip, .tr-data, .tr-card)')]
            .filter(part => part.offsetHeight)
            .map(part => [part.querySelector('h2')?.textContent ?? part.className, part.getBoundingClientRect().y])"""
    )
    if view.page.viewport_size["width"] < 700:
        assert [name for name, _ in found] == [name for name, _ in sorted(found, key=lambda part: part[1])]
    return [name for name, _ in found]


def test_on_a_phone_the_output_comes_before_the_settings(visit: Visitor) -> None:
    view = TrainingView(visit("#training", width=360, height=740))
    narrow = ["tr-bar", "Output", "Network", "Learning curves", "tr-strip", "Data", "Confusion matrix"]
    assert parts_of(view)[:7] == narrow
    view.page.get_by_role("combobox", name="Activation").focus()
    view.page.set_viewport_size({"width": 1280, "height": 800})
    view.page.wait_for_function("() => document.querySelector('.tr-stage').firstChild.matches('.tr-strip')")
    assert parts_of(view)[:4] == ["tr-bar", "tr-strip", "Data", "Network"]
    assert view.page.evaluate("document.activeElement.matches('.tr-strip select')")
    view.page.set_viewport_size({"width": 360, "height": 740})
    view.page.wait_for_function("() => document.querySelector('.tr-stage').firstChild.matches('.tr-main')")
    assert parts_of(view)[:7] == narrow


def test_the_bar_keeps_its_place_while_numbers_change(view: TrainingView) -> None:
    places = """() => [...document.querySelectorAll('.tr-bar, .tr-bar > *, .tr-readouts > div')]
        .map(part => part.getBoundingClientRect()).map(({ x, y }) => [Math.round(x), Math.round(y)].join()).join(' ')"""
    settle(view.page)
    before = view.page.evaluate(places)
    view.choose_speed("full speed")
    view.button("Play").click()
    for epoch in (1, 100, 2000):
        view.wait_for_epoch(epoch)
        assert view.page.evaluate(places) == before
