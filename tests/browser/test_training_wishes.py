"""What somebody wishes to train: by a link, with an own table, and in vain."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.browser.training_view import TrainingView
from tests.browser.visiting import Visitor, held
from tests.web.serving import Served

pytestmark = pytest.mark.browser

RENTS = "area,rooms,rent\n" + "".join(f"{30 + k % 60},{1 + k % 4},{400 + 11 * (k % 60) + k % 7}.5\n" for k in range(80))
ONE_CLASS = "x,y,label\n" + "".join(f"{k / 7:.3f},{k % 5},same\n" for k in range(40))


def has_address(page: Any, part: str) -> None:
    """Wait until the address has something in it."""
    page.wait_for_function("part => location.hash.includes(part)", arg=part)


def table_of(view: TrainingView, name: str, text: str) -> Any:
    """Upload a table; gives the part of the page that shows its columns."""
    file = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    view.page.get_by_label("Own data").set_input_files(file)
    table = view.page.get_by_role("region", name="Own table")
    table.get_by_role("heading", name=name).wait_for()
    return table


def use(view: TrainingView, name: str, text: str) -> None:
    """Upload a table, and train it."""
    table = table_of(view, name, text)
    with view.another_run():
        table.get_by_role("button", name="Use this data").click()


def test_axes_that_a_table_does_not_have_are_left_out_of_a_link(visit: Visitor) -> None:
    for axes in ("1,1", "0,9", "7", "a,b"):
        view = TrainingView(visit(f"#training?data=iris&axes={axes}&lr=0.03"))
        has_address(view.page, "lr=0.03")
        view.page.wait_for_function("() => !location.hash.includes('axes')")
        assert view.alert.count() == 0
        assert view.page.get_by_role("combobox", name="Learning rate").input_value() == "0.03", "the rest is used"


def test_axes_of_a_link_are_shown(visit: Visitor) -> None:
    view = TrainingView(visit("#training?data=iris&axes=1,0"))
    x_axis, y_axis = (view.page.get_by_role("combobox", name=f"{name} axis") for name in "xy")
    assert (x_axis.input_value(), y_axis.input_value()) == ("1", "0")
    has_address(view.page, "axes=1,0")


def test_numbers_of_a_link_stay_within_their_sliders(visit: Visitor) -> None:
    link = "data=moons&rows=99999&noise=5&data-seed=12345&split=0.9&seed=777"
    view = TrainingView(visit(f"#training?{link}"))
    has_address(view.page, "data=moons&rows=1000&noise=0.5&data-seed=99")
    has_address(view.page, "split=0.5")
    has_address(view.page, "seed=99")
    for name in ("Rows", "Noise", "Data seed", "Validation share", "Seed"):
        slider = view.page.get_by_role("slider", name=name, exact=True)
        assert slider.get_attribute("max") == slider.input_value()


def test_a_number_between_two_stops_of_a_slider_is_the_nearest(visit: Visitor) -> None:
    view = TrainingView(visit("#training?data=moons&noise=0.12&rows=209"))
    has_address(view.page, "rows=200&noise=0.1&")
    assert view.page.get_by_role("slider", name="Noise").input_value() == "0.1"


def test_a_link_that_is_refused_gives_way_to_the_usual_run(visit: Visitor) -> None:
    def refuse_the_first(route: Any) -> None:
        if "iris" in (route.request.post_data or ""):
            route.fulfill(status=422, json={"error": {"what": "iris is on holiday", "fix": "choose another table"}})
        else:
            route.continue_()

    page = visit()
    page.route("**/run", refuse_the_first)
    page.goto(f"{visit.address}/#training?data=iris")
    view = TrainingView(page)
    view.alert.get_by_text("Iris is on holiday.").wait_for()
    view.alert.get_by_text("Choose another table.").wait_for()
    has_address(page, "data=moons")
    assert page.get_by_role("radio", name="Moons").is_checked()
    view.button("One step").click()
    view.wait_for("step", "value === 1")
    assert view.alert.is_visible(), "why the link shows something else is to be seen until something is chosen"
    view.choose_data("XOR")
    view.alert.wait_for(state="detached")


def test_an_own_table_that_is_refused_leaves_the_one_that_is_trained(view: TrainingView) -> None:
    use(view, "rents.csv", RENTS)
    page = view.page
    own = page.locator(".tr-drop")
    own.filter(has_text="rents.csv").wait_for()
    has_address(page, "table=rents.csv")
    loss = page.get_by_role("combobox", name="Loss")
    before = (page.evaluate("location.hash"), loss.input_value())
    assert "cross_entropy" not in before[1]

    table = table_of(view, "one.csv", ONE_CLASS)
    table.get_by_role("combobox", name="Target").select_option("label")
    table.get_by_role("row", name=re.compile("^label.*target")).wait_for()
    table.get_by_role("button", name="Use this data").click()
    table.get_by_role("alert").filter(has_text="one class").wait_for()

    assert own.inner_text().endswith("rents.csv")
    assert loss.input_value() == before[1]
    page.wait_for_function("before => location.hash === before", arg=before[0])
    view.button("One epoch").click()
    view.wait_for_epoch(1)
    assert table.get_by_role("alert").filter(has_text="one class").is_visible()
    # settings that change go on with the table that is trained, though the server was sent another one
    view.choose("Learning rate", "0.03")
    page.locator(".tr-facts").filter(has_text="rents.csv").wait_for()
    # and the newer one can still be worked with
    table.get_by_role("combobox", name="Target").select_option("y")
    table.get_by_role("row", name=re.compile("^y.*target")).wait_for()
    with view.another_run():
        table.get_by_role("button", name="Use this data").click()
    page.locator(".tr-facts").filter(has_text="one.csv").wait_for()
    own.filter(has_text="one.csv").wait_for()


def test_an_own_table_that_is_refused_leaves_the_moons(view: TrainingView) -> None:
    page = view.page
    table = table_of(view, "one.csv", ONE_CLASS)
    table.get_by_role("combobox", name="Target").select_option("label")
    table.get_by_role("row", name=re.compile("^label.*target")).wait_for()
    table.get_by_role("button", name="Use this data").click()
    table.get_by_role("alert").filter(has_text="one class").wait_for()
    assert page.get_by_role("radio", name="Moons").is_checked()
    has_address(page, "data=moons")
    assert "one.csv" not in page.locator(".tr-drop").inner_text()
    view.button("One epoch").click()
    view.wait_for_epoch(1)


def test_settings_that_are_refused_are_taken_back(view: TrainingView, visit: Visitor) -> None:
    refused = {"error": {"what": "the network would learn too much", "fix": "choose fewer units"}}
    view.page.route("**/run", lambda route: route.fulfill(status=413, json=refused))
    before = view.page.evaluate("location.hash")
    rate = view.page.get_by_role("combobox", name="Learning rate")
    rate.select_option("0.3")
    view.alert.filter(has_text="The network would learn too much.").wait_for()
    visit.forgive(view.page, "status of 413", least=1)
    assert rate.input_value() == "0.01"
    view.page.wait_for_function("before => location.hash === before", arg=before)
    view.button("Play").click()
    view.wait_for_epoch(1)
    assert view.alert.is_visible()
    view.page.unroute("**/run")
    view.choose("Learning rate", "0.03")
    view.alert.wait_for(state="detached")


def test_a_table_that_is_no_table_leaves_the_name_of_the_one_that_is_trained(view: TrainingView) -> None:
    use(view, "rents.csv", RENTS)
    file = {"name": "empty.csv", "mimeType": "text/csv", "buffer": b""}
    view.page.get_by_label("Own data").set_input_files(file)
    table = view.page.get_by_role("region", name="Own table")
    table.get_by_role("alert").filter(has_text="empty.csv").wait_for()
    view.page.locator(".tr-drop").filter(has_text="rents.csv").wait_for()
    view.button("Columns of rents.csv").click()
    table.get_by_role("heading", name="rents.csv").wait_for()


def test_new_data_wait_for_play_though_the_run_before_goes_on(view: TrainingView) -> None:
    table = table_of(view, "rents.csv", RENTS)
    view.button("Play").click()
    view.wait_for_epoch(2)
    with view.another_run(), held(view.page, "**/run"):
        table.get_by_role("button", name="Use this data").click()
        view.page.wait_for_timeout(400)  # in which the run before sends frames
    view.button("Play").wait_for()
    assert view.readout("epoch") == 0


def test_a_link_about_an_own_table_says_so(view: TrainingView, visit: Visitor) -> None:
    use(view, "rents & more.csv", RENTS)
    view.choose("Activation", "ReLU")
    has_address(view.page, "activation=relu")
    page = visit(view.page.evaluate("location.hash"))
    other = TrainingView(page)
    data = page.get_by_role("region", name="Data", exact=True)
    data.get_by_text("This link is about a table of its own, rents & more.csv").wait_for()
    assert page.get_by_role("combobox", name="Activation").input_value() == "relu", "the settings are kept"
    assert page.get_by_role("radio", name="Moons").is_checked()
    page.reload()
    other.is_ready()
    data.get_by_text("This link is about a table of its own, rents & more.csv").wait_for()
    use(other, "rents & more.csv", RENTS)
    data.get_by_text("This link is about").wait_for(state="hidden")
    assert page.get_by_role("combobox", name="Activation").input_value() == "relu"


def test_a_run_that_begins_anew_in_a_new_tab_says_so(view: TrainingView, visit: Visitor, site: Served) -> None:
    said = view.page.get_by_text("this run begins anew")
    view.button("Play").click()
    view.wait_for_epoch(2)
    assert not said.is_visible()
    assert site.post(f"/api/tabs/{view.tab}/close").status == 204  # as if the server had been started again
    said.wait_for()
    visit.forgive(view.page, "status of 404", least=1)
    view.button("One epoch").click()
    said.wait_for(state="hidden")


VINES = ("Weissburgunder", "Gruener Veltliner", "Blaufraenkisch", "Sauvignonblanctraube vom Hang", "Zweigelt")
WINES = "harvest_date_month,harvest_date_year,sugar,acid,vine\n" + "".join(
    f"{8 + k % 3},{2010 + k % 9},{80 + 5 * (k % 5) + k % 7}.5,{4 + k % 5},{VINES[k % 5]}\n" for k in range(150)
)


def test_a_table_is_read_in_a_new_tab_where_the_old_one_was_given_up(
    view: TrainingView, visit: Visitor, site: Served
) -> None:
    use(view, "rents.csv", RENTS)
    assert site.post(f"/api/tabs/{view.tab}/close").status == 204
    table = table_of(view, "wines.csv", WINES)
    visit.forgive(view.page, "status of 404", least=1)
    view.button("One epoch").click()
    view.wait_for_epoch(1)
    view.page.locator(".tr-facts").filter(has_text="rents.csv").wait_for()
    with view.another_run():
        table.get_by_role("button", name="Use this data").click()
    view.page.locator(".tr-facts").filter(has_text="wines.csv").wait_for()


@pytest.mark.parametrize("width", [360, 1280])
def test_long_names_break_between_words_and_are_told_whole(visit: Visitor, width: int) -> None:
    view = TrainingView(visit("#training", width=width))
    use(view, "wines.csv", WINES)
    page = view.page
    lines = """names => names.map(name => {
        const style = getComputedStyle(name);
        return Math.round(name.getBoundingClientRect().height / parseFloat(style.lineHeight));
    })"""
    for names in (page.locator(".tr-confusion th .tr-cut"), page.locator(".tr-name.is-right")):
        assert sorted(name.get_attribute("title") for name in names.all()) == sorted([*VINES] * (names.count() // 5))
        assert set(names.evaluate_all(lines)) <= {1, 2}
    x_axis, y_axis = (page.get_by_role("combobox", name=f"{name} axis") for name in "xy")
    above, below = x_axis.bounding_box(), y_axis.bounding_box()
    assert above["y"] + above["height"] <= below["y"], "long names stand one above the other"
    assert above["width"] > 180
