"""The training view: data of every kind, learning that is seen, and what one takes away from it."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_wine
from tests.browser.formula_view import FormulaView
from tests.browser.training_view import TrainingView
from tests.browser.visiting import Visitor, held, settle
from tests.web.serving import Served

from chainrule.cli.main import main as cli

pytestmark = pytest.mark.browser


@pytest.fixture
def view(visit: Visitor) -> TrainingView:
    """The view as it opens: with the moons."""
    return TrainingView(visit("#training"))


def colours_of(view: TrainingView, canvas: str) -> int:
    """How many colours a canvas shows, roughly."""
    return view.page.locator(canvas).first.evaluate(
        """canvas => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const found = new Set();
            for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3]) found.add([data[i] >> 4, data[i + 1] >> 4, data[i + 2] >> 4].join());
            }
            return found.size;
        }"""
    )


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


@pytest.fixture(scope="session")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real table: wine by its cultivar, with a code that begins with a zero, and cells that are missing."""
    data = load_wine(as_frame=True)
    frame = data.frame.rename(columns={"target": "cultivar"})
    frame["cultivar"] = [data.target_names[row] for row in frame["cultivar"]]
    frame.insert(0, "cellar", [f"0{1000 + row % 7}" for row in range(len(frame))])
    frame.loc[frame.index % 11 == 3, "magnesium"] = None
    path = tmp_path_factory.mktemp("tables") / "wine & more.csv"
    frame.to_csv(path, index=False)
    return path


def learns_wine(view: TrainingView) -> None:
    view.choose_speed("full speed")
    view.button("Play").click()
    view.wait_for("training-score", "value >= 0.97")
    view.button("Pause").click()


def test_an_own_file_is_chosen_and_its_columns_are_edited(view: TrainingView, wine: Path) -> None:
    view.page.get_by_label("Own data").set_input_files(wine)
    table = view.page.get_by_role("region", name="Own table")
    table.wait_for()
    said = table.inner_text()
    assert "wine & more.csv" in said
    assert "178 rows" in said
    cellar = table.get_by_role("row", name=re.compile("^cellar"))
    assert table.get_by_role("combobox", name="Kind of cellar").input_value() == "category"
    assert "01000" in cellar.inner_text()
    assert "16" in table.get_by_role("row", name=re.compile("^magnesium")).inner_text()
    table.get_by_role("combobox", name="Target").select_option("cultivar")
    table.get_by_role("combobox", name="Kind of cellar").select_option("ignored")
    table.locator("tr.is-left-out").filter(has_text="cellar").wait_for()
    table.get_by_role("button", name="Use this data").click()
    view.page.wait_for_function("() => document.querySelectorAll('.tr-confusion tbody td').length === 9")
    names = [option.inner_text() for option in view.page.get_by_role("combobox", name="x axis").locator("option").all()]
    assert "alcohol" in names
    assert "cellar" not in " ".join(names)
    learns_wine(view)


def test_an_own_file_is_dropped(view: TrainingView, wine: Path) -> None:
    drop = view.page.evaluate_handle(
        """text => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], 'wine.csv', {type: 'text/csv'}));
            return transfer;
        }""",
        wine.read_text(encoding="utf-8"),
    )
    for kind in ("dragenter", "dragover", "drop"):
        view.page.locator(".tr-own-data").dispatch_event(kind, {"dataTransfer": drop})
    table = view.page.get_by_role("region", name="Own table")
    table.get_by_text("wine.csv").wait_for()
    table.get_by_role("combobox", name="Target").select_option("cultivar")
    table.get_by_role("button", name="Use this data").click()
    view.page.wait_for_function("() => document.querySelectorAll('.tr-confusion tbody td').length === 9")
    learns_wine(view)


def test_a_file_that_is_no_table_is_refused_with_reasons(view: TrainingView) -> None:
    for name, content in [("empty.csv", b""), ("picture.csv", bytes(range(256)) * 20)]:
        view.page.get_by_label("Own data").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
        table = view.page.get_by_role("region", name="Own table")
        table.get_by_role("heading", name=name).wait_for()
        table.get_by_role("alert").filter(has_text=re.compile(r"\w{3}")).wait_for()
        assert table.get_by_role("button", name="Use this data").is_disabled()


def test_a_column_in_the_way_is_left_out(view: TrainingView) -> None:
    weights = ["inf" if k == 3 else k % 7 for k in range(41)]
    rows = "".join(f'{7 * k % 41},"{k},5",{weights[k]},{"yes" if k > 20 else "no"}\n' for k in range(1, 41))
    file = {"name": "commas.csv", "mimeType": "text/csv", "buffer": f"size,price,weight,sold\n{rows}".encode()}
    view.page.get_by_label("Own data").set_input_files(file)
    table = view.page.get_by_role("region", name="Own table")
    table.get_by_text("is written with a decimal comma").wait_for()
    table.get_by_role("button", name="Leave out column price").click()
    table.get_by_role("button", name="Leave out column weight").click()
    table.get_by_text("40 rows, 4 columns").wait_for()
    kinds = [table.get_by_role("combobox", name=f"Kind of {name}") for name in ("size", "price", "weight", "sold")]
    assert [kind.input_value() for kind in kinds] == ["integer", "ignored", "ignored", "category"]
    kinds[1].select_option("category")  # what is left out can be taken back
    table.get_by_text("40 distinct").wait_for()
    kinds[1].select_option("ignored")
    table.get_by_text("40 distinct").wait_for(state="detached")
    table.get_by_role("button", name="Use this data").click()
    view.page.wait_for_function("() => document.querySelectorAll('.tr-confusion tbody td').length === 4")


def test_decimal_commas_are_read_where_they_are_clear_and_where_one_says_so(view: TrainingView) -> None:
    table = view.page.get_by_role("region", name="Own table")
    signs = table.get_by_role("combobox", name="Numbers")

    def drop(name: str, size: str) -> None:
        rows = "".join(f"{k},5;{size};{'ja' if k > 20 else 'nein'}\n" for k in range(1, 41))
        file = {"name": name, "mimeType": "text/csv", "buffer": f"Preis;Größe;verkauft\n{rows}7,5;6;ja\n".encode()}
        view.page.get_by_label("Own data").set_input_files(file)

    drop("clear.csv", "3,25")
    table.get_by_text("numbers are written with a decimal comma").wait_for()
    assert signs.input_value() == "auto"
    assert table.get_by_role("combobox", name="Kind of Größe").input_value() == "number"
    drop("unclear.csv", "3.125")
    alert = table.get_by_role("alert")
    alert.get_by_text("the point of '3.125' may stand between thousands or before decimals").wait_for()
    alert.get_by_text("choose 'decimal comma' beside 'Numbers'").wait_for()
    assert not re.search("decimal=|types=|--", alert.inner_text()), "words of Python or of the command line"
    signs.select_option("decimal comma")
    table.get_by_text("points between thousands, as in '3.125'").wait_for()
    assert signs.input_value() == ","
    table.get_by_role("button", name="Use this data").click()
    view.page.wait_for_function("() => document.querySelectorAll('.tr-confusion tbody td').length === 4")


def test_a_table_in_another_encoding_is_read_on_demand(view: TrainingView) -> None:
    rows = "".join(f"{k},5;{'schön' if k > 20 else 'trüb'}\n" for k in range(1, 41))
    file = {"name": "wetter.csv", "mimeType": "text/csv", "buffer": f"Säure;Wetter\n{rows}".encode("cp1252")}
    view.page.get_by_label("Own data").set_input_files(file)
    table = view.page.get_by_role("region", name="Own table")
    table.get_by_text("the name of column 1, read as windows-1252, is 'Säure'").wait_for()
    assert table.get_by_role("button", name="Leave out").count() == 0
    table.get_by_role("button", name="Read as windows-1252").click()
    table.get_by_text("Numbers are written with a decimal comma. Read as windows-1252.").wait_for()
    assert table.get_by_role("combobox", name="Kind of Säure").input_value() == "number"
    table.get_by_role("button", name="Use this data").click()
    view.page.wait_for_function("() => document.querySelectorAll('.tr-confusion tbody td').length === 4")


def test_dates_are_dates_on_an_axis_and_in_the_words_of_a_point(view: TrainingView) -> None:
    rows = "".join(f"{1 + k % 28:02}.{8 + k % 4:02}.2020;{k * k % 11};{k % 7};{k % 2}\n" for k in range(60))
    file = {"name": "harvest.csv", "mimeType": "text/csv", "buffer": f"when;size;weight;sold\n{rows}".encode()}
    view.page.get_by_label("Own data").set_input_files(file)
    view.page.get_by_role("button", name="Use this data").click()
    across = view.page.get_by_role("combobox", name="x axis")
    across.locator("option", has_text=re.compile("^when$")).wait_for(state="attached")
    with view.page.expect_response("**/look"):
        across.select_option("when")
    for text in ("2020-09", "when"):
        view.page.locator(".tr-axes text", has_text=re.compile(f"^{text}$")).wait_for()
    plot = view.page.locator(".tr-plot")
    plot.focus()
    plot.press("ArrowLeft")
    view.page.locator(".tr-point", has_text=re.compile(r"row: when 2020-\d\d-\d\d, ")).wait_for()


def test_kinds_can_be_changed_before_a_target_is_chosen(view: TrainingView) -> None:
    rows = "".join(f"remark number {k} of forty, in words;yes\n" for k in range(1, 41))
    file = {"name": "remarks.csv", "mimeType": "text/csv", "buffer": f"remark;sold\n{rows}".encode()}
    view.page.get_by_label("Own data").set_input_files(file)
    table = view.page.get_by_role("region", name="Own table")
    target = table.get_by_role("combobox", name="Target")
    target.wait_for()
    assert target.input_value() == "", "neither free text nor what is the same in all rows can be learnt"
    kind = table.get_by_role("combobox", name="Kind of remark")
    assert kind.input_value() == "ignored"
    with view.page.expect_response("**/schema") as answer:
        kind.select_option("category")
    assert answer.value.status == 200
    assert kind.input_value() == "category"


def test_changes_of_a_table_are_asked_one_after_the_other(view: TrainingView, wine: Path) -> None:
    view.page.get_by_label("Own data").set_input_files(wine)
    table = view.page.get_by_role("region", name="Own table")
    cellar = table.get_by_role("combobox", name="Kind of cellar")
    with held(view.page, "**/schema"):
        table.get_by_role("combobox", name="Target").select_option("cultivar")
        cellar.select_option("ignored")
    table.locator("tr.is-left-out").filter(has_text="cellar").wait_for()
    settle(view.page)
    assert cellar.input_value() == "ignored"
    with view.another_run(), held(view.page, "**/schema"):
        cellar.select_option("category")
        table.get_by_role("button", name="Use this data").click()
    assert not table.is_visible(), "the answer comes when the table is in use"


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


def test_a_point_becomes_a_formula_with_the_same_loss(view: TrainingView) -> None:
    for epoch in (1, 2):
        view.button("One epoch").click()
        view.wait_for_epoch(epoch)
    view.plot.focus()
    for _ in range(3):
        view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("Enter")
    view.page.wait_for_function("() => location.hash.startsWith('#formula')")
    formula = FormulaView(view.page)
    formula.leave_fields()
    formula.page.keyboard.press("End")
    assert formula.step == formula.total > 10
    # the loss of that row, by hand, from the weights that stand in the values
    view.page.wait_for_function("() => document.querySelector('.outcome').textContent.includes('=')")
    asked = view.page.evaluate("Object.fromEntries(new URLSearchParams(location.hash.split('?')[1]))")
    values = {key[1:]: np.array(json.loads(text)) for key, text in asked.items() if key.startswith(".")}
    assert {"x", "y"} <= set(values)
    loss = float(formula.outcome.inner_text().split("=")[1].replace("−", "-"))
    assert loss == pytest.approx(loss_by_hand(values), rel=1e-4)
    said = view.page.locator("main")
    assert re.search(r"Row \d+ of Two moons \(\w+\) and the weights after epoch 2", said.inner_text())
    formula.statements.fill("L = x @ x")
    formula.page.get_by_text("Your own formula.").wait_for()


def test_a_regression_shows_the_network_as_it_trains(view: TrainingView) -> None:
    """Equations, weights, and the row that is clicked have the same numbers: those of standardised targets."""
    view.choose_data("Diabetes")
    view.page.get_by_text("Diabetes: ").wait_for()
    for name in ("The equations, with the weights in them", "The weights as numbers"):
        view.page.locator("summary").filter(has_text=name).click()
    note = view.page.locator(".tr-equations + p").filter(has_text="is the column progression")
    note.wait_for()
    scale = re.search(r"are standardised: ŷ · ([\d.]+) \+ ([\d.]+) is the prediction", note.text_content() or "")
    assert scale is not None
    assert [float(number) for number in scale.groups()] == pytest.approx([77, 152], rel=0.1)
    texts = view.page.locator(".tr-numbers").nth(2).locator("tbody td")
    texts.first.filter(has_text=re.compile(r"^−?\d\.\d{3}$")).wait_for()
    shown = [float(text.replace("−", "-")) for text in texts.all_inner_texts()]
    assert max(map(abs, shown)) < 5, "not 77 times as large"
    view.plot.focus()
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("Enter")
    view.page.wait_for_function("() => location.hash.startsWith('#formula')")
    asked = view.page.evaluate("Object.fromEntries(new URLSearchParams(location.hash.split('?')[1]))")
    assert [*json.loads(asked[".W3"]), json.loads(asked[".b3"])] == pytest.approx(shown, abs=0.005)
    assert abs(json.loads(asked[".y"])) < 3
    view.page.locator("main").get_by_text("y and ŷ are standardised as well").wait_for()


def test_equations_are_written_in_symbols(view: TrainingView) -> None:
    view.page.locator("summary").filter(has_text="The equations, with the weights in them").click()
    lines = view.page.locator(".tr-equations li")
    lines.first.filter(has_text="z1=xW1+b1").wait_for()
    assert lines.first.locator("mi[mathvariant=normal]").count() == 0, "x stands as x1 does"
    # as the lesson of a row has it: weights of one output are a vector, and vectors are rows
    lines.nth(4).filter(has_text="z3=a2W3T+b3").wait_for()
    lines.last.filter(has_text="L=meanrowsℓ(y^,y)").wait_for()
    view.page.get_by_text("is 1 where label is B, and 0 where it is A").wait_for()


def loss_by_hand(values: dict[str, Any]) -> float:
    """Cross-entropy of a perceptron with tanh, for one row."""
    a = values["x"]
    depth = sum(re.fullmatch(r"W\d*", name) is not None for name in values)
    for layer in range(1, depth + 1):
        z = a @ values[f"W{layer}"] + values[f"b{layer}"]
        a = np.tanh(z) if layer < depth else 1 / (1 + np.exp(-z))
    y, y_hat = values["y"].reshape(-1)[0], np.reshape(a, -1)[0]
    return float(-(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat)))


def test_the_model_file_is_read_by_predict(view: TrainingView, tmp_path: Path) -> None:
    view.choose_data("Blobs")
    view.page.wait_for_function("() => document.querySelectorAll('.tr-confusion tbody td').length === 9")
    view.choose_speed("full speed")
    view.button("Play").click()
    view.wait_for("training-score", "value >= 0.95")
    view.button("Pause").click()
    with view.page.expect_download() as waiting:
        view.button("Download model").click()
    model = tmp_path / "model.safetensors"
    waiting.value.save_as(model)
    rows = tmp_path / "rows.csv"
    rows.write_text("x1,x2\n0.5,0.5\n-1,2\n")
    answer = CliRunner().invoke(cli, ["predict", str(model), str(rows)])
    assert answer.exit_code == 0, answer.output
    head, *predicted = answer.stdout.strip().splitlines()
    assert head == "predicted_label"
    assert len(predicted) == 2
    inspected = CliRunner().invoke(cli, ["inspect", str(model)])
    assert "x1" in inspected.output


def test_the_report_and_the_program_are_there(view: TrainingView, tmp_path: Path) -> None:
    for epoch in (1, 2):
        view.button("One epoch").click()
        view.wait_for_epoch(epoch)
    with view.page.expect_download() as waiting:
        view.button("Download report").click()
    report = tmp_path / "report.html"
    waiting.value.save_as(report)
    assert "<!doctype html>" in report.read_text(encoding="utf-8").lower()
    view.button("Show the code").click()
    dialog = view.page.get_by_role("dialog")
    dialog.wait_for()
    program = dialog.locator("pre").inner_text()
    box, text = dialog.locator("pre").bounding_box(), dialog.locator("code").bounding_box()
    assert box["y"] + box["height"] - text["y"] - text["height"] >= 12, "the last line keeps its distance"
    view.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    script = tmp_path / "again.py"
    script.write_text(program, encoding="utf-8")
    answer = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path, env=environment())
    assert answer.returncode == 0, answer.stderr
    assert f"{view.readout('training-loss'):.3g}"[:5] in answer.stdout


def environment() -> dict[str, str]:
    import os

    import chainrule

    return {**os.environ, "PYTHONPATH": str(Path(chainrule.__file__).parent.parent)}


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
