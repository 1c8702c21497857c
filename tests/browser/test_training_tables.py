"""Own files in the training view: how they are read, and what each column is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sklearn.datasets import load_wine
from tests.browser.training_view import TrainingView
from tests.browser.visiting import held, settle

pytestmark = pytest.mark.browser


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
