"""Which sign stands before decimals: found out where nothing else is possible, told, and never guessed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.advice import advice_for
from chainrule.errors import DataError
from chainrule.tables import Preprocessing, RowStream, Schema, infer_schema, open_table, read_batches

WINE = "sugar;acid;place;good\n112,2;5,04;North;yes\n92;5,1;South;no\n1.104,25;;North;yes\n90,0;6;South;no\n"


def learn(text: str, target: str | None = None, **more: Any) -> Schema:
    return infer_schema(open_table(io.StringIO(text), name="data.csv"), target, **more)


def numbers(source: Any, schema: Schema, name: str) -> list[float | None]:
    return [value for batch in read_batches(source, schema) for value in batch.column(name).to_pylist()]


def test_a_table_with_decimal_commas_is_read_and_says_so() -> None:
    schema = learn(WINE, "good")
    assert schema.decimal == ","
    assert [column.kind for column in schema.columns] == ["number", "number", "category", "category"]
    assert (schema["sugar"].low, schema["sugar"].high, schema["acid"].missing) == (90.0, 1104.25, 1)
    assert schema["sugar"].example == "112,2"
    assert schema["sugar"].note == "points between thousands, as in '1.104,25'"
    assert str(schema).splitlines()[-1] == "numbers are written with a decimal comma"
    assert numbers(io.StringIO(WINE), schema, "sugar") == [112.2, 92.0, 1104.25, 90.0]
    assert numbers(io.StringIO(WINE), schema, "acid") == [5.04, 5.1, None, 6.0]


def test_the_sign_is_saved_with_the_schema() -> None:
    schema = learn(WINE, "good")
    assert Schema.from_json(schema.to_json()) == schema
    with_points = learn("a;b\n1.5;2\n2.5;3\n")
    assert "decimal" not in with_points.to_json()
    assert with_points.note == ""
    with pytest.raises(DataError, match="numbers with ';' before their decimals"):
        Schema.from_json(schema.to_json() | {"decimal": ";"})


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_any_separator_but_the_comma_will_do(separator: str) -> None:
    schema = learn("a;b\n12,5;1\n13;2\n".replace(";", separator))
    assert (schema.decimal, schema["a"].kind) == (",", "number")


def test_a_late_comma_counts_as_well(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_text("a;b\n" + "12;3\n" * 600_000 + "12,5;3\n")
    schema = infer_schema(path)
    assert (schema.decimal, schema["a"].kind, schema["a"].high, schema.rows) == (",", "number", 12.5, 600_001)
    assert sum(batch.column("a").to_numpy().sum() for batch in read_batches(path, schema)) == 12 * 600_000 + 12.5


WHOLES = st.lists(st.integers(-(10**9), 10**9), min_size=4, max_size=4)
DECIMALS = st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=4, max_size=4)


def written(columns: Sequence[Sequence[float]], sign: str) -> str:
    """A table, as German spreadsheets write it or with points only."""
    rows = ["a;b;c;y"]
    for row, (whole, decimal, label) in enumerate(zip(*columns, "nyny", strict=True)):
        numbers = [f"{whole}", f"{decimal:,.3f}".replace(",", ""), f"{row}.5"]
        if sign == ",":
            numbers = [f"{whole}", f"{decimal:,.3f}".translate(str.maketrans(",.", ".,")), f"{row},5"]
        rows.append(";".join([*numbers, label]))
    return "\n".join(rows) + "\n"


@given(WHOLES, DECIMALS)
@settings(max_examples=60, deadline=None)
def test_commas_and_points_give_the_same_numbers_at_once_and_as_a_stream(
    whole: list[float], decimal: list[float]
) -> None:
    found = []
    for sign in ".,":
        table = open_table(io.StringIO(written([whole, decimal], sign)))
        schema = infer_schema(table, "y")
        assert schema.decimal == sign
        preprocessing = Preprocessing.fit(table, schema)
        X, y = preprocessing.arrays(table)
        stream = RowStream(table, preprocessing, batch_size=3, shuffle=False, dtype=np.float64)
        with stream:
            parts = list(stream.epoch(0))
        np.testing.assert_array_equal(np.concatenate([X for X, _ in parts]), X)
        found.append((X, y, [(column.kind, column.low, column.high) for column in schema.columns]))
    (X, y, columns), (X_commas, y_commas, columns_commas) = found
    np.testing.assert_array_equal(X, X_commas)
    np.testing.assert_array_equal(y, y_commas)
    assert columns == columns_commas


REFUSED = {
    "points beside commas": (
        "a;b;c\n12,5;1.5;1\n13,5;2;2\n",
        "data.csv, row 1 (line 2), column 'a': '12,5' is written with a decimal comma, but '1.5' in column 'b' with",
        "a",
    ),
    "one column with points among two with commas": (
        "a;b;c\n12,5;1;0,5\n13,5;2.25;0,7\n",
        "row 2 (line 3), column 'b': '2.25' is written with a decimal point, but '12,5' in column 'a' with a decimal",
        "b",
    ),
    "both in one column": ("a;b\n12,5;1\n13.25;2\n", "row 2 (line 3), column 'a': '13.25' is written with a", "a"),
    "a point that may mean two things": (
        "a;b\n12,5;1.234\n13,5;2\n",
        "row 1 (line 2), column 'b': the point of '1.234' may stand between thousands or before decimals; '12,5' in",
        "b",
    ),
    "a comma that may mean two things": (
        "a;b\n1,234;1\n12,345;2\n",
        "row 1 (line 2), column 'a': the comma of '1,234' may stand before decimals or between thousands",
        "a",
    ),
    "commas between the cells too": (
        'a,b\n"12,5",1\n2,2\n',
        "row 1 (line 2), column 'a': '12,5' is written with a",
        "a",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_mean_two_things_is_refused_and_can_be_left_out(name: str) -> None:
    text, what, column = REFUSED[name]
    with pytest.raises(DataError) as caught:
        learn(text)
    assert what in caught.value.what
    assert caught.value.column == column
    assert advice_for("command", caught.value.fix).endswith(f"leave the column out: --type {column}=ignored")  # type: ignore[union-attr]
    assert learn(text, types={column: "ignored"})[column].kind == "ignored"


def test_what_may_mean_two_things_is_read_as_the_user_says() -> None:
    schema = learn("a;b\n12,5;1.234\n13,5;2\n", decimal=",")
    assert (schema["b"].high, schema["b"].note) == (1234.0, "points between thousands, as in '1.234'")
    assert learn("a;b\n1,234;1\n12,345;2\n", decimal=",")["a"].high == 12.345
    assert learn('a,b\n"12,5",1\n2,2\n', decimal=",")["a"].high == 12.5
    assert learn("a;b\n1.234;1\n2;2\n", decimal=",")["a"].high == 1234.0
    assert learn("a;b\n1.234;1\n2;2\n")["a"].high == 2.0
    assert infer_schema({"a": ["1,5", "2,5"]}, decimal=",")["a"].high == 2.5


def test_what_the_user_says_must_hold() -> None:
    with pytest.raises(DataError, match=r"row 2 \(line 3\), column 'a': '3\.5' is written with a decimal point"):
        learn("a;b\n1,5;1\n3.5;2\n", decimal=",")
    with pytest.raises(DataError, match="column 'a': '1,5' is written with a decimal comma") as caught:
        learn("a;b\n1,5;1\n2,5;2\n", decimal=".")
    assert 'say that they have commas: decimal=","' in str(caught.value)
    assert "choose 'decimal comma' beside 'Numbers'" in str(advice_for("page", caught.value.fix))
    with pytest.raises(DataError, match=r"decimal is one of 'auto', '\.', ',', not ';'"):
        learn("a;b\n1,5;1\n", decimal=";")


def test_a_number_that_the_user_names_is_read_with_its_comma() -> None:
    assert learn("a;b\n1,5;1\n2;2\n", types={"a": "number"})["a"].high == 2.0
    with pytest.raises(DataError, match=r"row 2 \(line 3\), column 'a': 'x' is no number"):
        learn("a;b\n1,5;1\nx;2\n", types={"a": "number"})
    with pytest.raises(DataError, match=r"row 2 \(line 3\), column 'a': '2.5' is written with a decimal point"):
        learn('a,b\n"1,5",1\n2.5,2\n', types={"a": "number"})


def test_words_among_numbers_with_commas_make_labels_of_them_as_ever() -> None:
    rows = "".join(f"{row},5;{row % 3},5\n" for row in range(30))
    schema = learn(f"a;b\n{rows}about 3;7,5\n")
    assert schema.decimal == ","
    assert (schema["a"].kind, schema["b"].kind) == ("ignored", "number")
    assert learn("a;b\n1,5;1\nabout 3;2\n1,5;4\n").decimal == "."


def test_later_tables_are_read_in_the_same_spelling_and_in_no_other() -> None:
    preprocessing = Preprocessing.fit(open_table(io.StringIO(WINE)), learn(WINE, "good"))
    same = preprocessing.transform(open_table(io.StringIO("sugar;acid;place\n2.000,5;5,5;North\n")))
    typed = preprocessing.transform({"sugar": [2000.5], "acid": [5.5], "place": ["North"]})
    np.testing.assert_array_equal(same, typed)
    for cell in ("100.5", "0.123"):
        with pytest.raises(DataError, match=r"row 1 \(line 2\), column 'acid': .* is written with a decimal point"):
            preprocessing.transform(open_table(io.StringIO(f"sugar;acid;place\n1;{cell};North\n")))
    with pytest.raises(DataError, match=r"column 'acid': '5\.123' has a point, which may stand between thousands"):
        preprocessing.transform(open_table(io.StringIO("sugar,acid,place\n1,5.123,North\n")))


def test_a_table_that_was_learnt_with_points_takes_no_commas() -> None:
    text = "a;y\n1.5;n\n2.5;y\n3.5;n\n"
    preprocessing = Preprocessing.fit(open_table(io.StringIO(text)), learn(text, "y"))
    with pytest.raises(DataError, match=r"column 'a': '1,5' is written with a decimal comma, and the numbers of this"):
        preprocessing.transform(open_table(io.StringIO("a;b\n1,5;x\n")))


THOUSANDS = 'price,y\n"1,234",1\n"12,345",2\n999,3\n'


@pytest.mark.parametrize("decimal", ["auto", "."])
def test_commas_that_may_all_stand_between_thousands_are_not_called_decimal(decimal: str) -> None:
    with pytest.raises(DataError) as caught:
        learn(THOUSANDS, decimal=decimal)
    assert caught.value.what == (
        "data.csv, row 1 (line 2), column 'price': the comma of '1,234' may stand before decimals or between"
        " thousands, and no other number of the column tells"
    )
    assert str(advice_for("page", caught.value.fix)).startswith(
        "if it stands between thousands, write them without it (1234); if it stands before decimals,"
        " choose 'decimal comma' beside 'Numbers'"
    )
    assert learn(THOUSANDS, decimal=decimal, types={"price": "category"})["price"].kind == "category"


def test_commas_that_may_all_stand_between_thousands_are_decimal_if_the_user_says_so() -> None:
    price = learn(THOUSANDS, decimal=",")["price"]
    assert (price.low, price.high) == (1.234, 999.0)


def test_a_comma_that_can_only_be_decimal_is_named_before_one_that_may_be() -> None:
    with pytest.raises(DataError, match=r"row 2 \(line 3\), column 'b': '12,5' is written with a decimal comma"):
        learn('a,b\n"1,234",1\n"2,345","12,5"\n')


def test_thousands_beside_a_decimal_point_are_told_as_such() -> None:
    with pytest.raises(DataError, match=r"'1,234' is written with a comma, and '999\.5' with") as caught:
        learn("a;b\n1,234;1\n999.5;2\n")
    assert "write thousands without a comma (1234)" in str(caught.value)


def test_thousands_beside_a_decimal_point_are_told_in_files_with_commas_too() -> None:
    with pytest.raises(DataError, match=r"'1,234' is written with a comma, and '999\.5' with"):
        learn('a,b\n"1,234",1\n999.5,2\n')


@pytest.mark.parametrize("odd", [0, 7, 29])
def test_a_word_among_numbers_with_commas_is_told_as_among_those_with_points(odd: int) -> None:
    cells = [f"{row % 5},5" for row in range(30)]
    cells[odd] = "k.A."
    notes = [
        learn("a;b\n" + "".join(f"{cell.replace(',', sign)};{row % 3}{sign}5\n" for row, cell in enumerate(cells)))["a"]
        for sign in ".,"
    ]
    assert notes[0].note.startswith(f"numbers, but data.csv, row {odd + 1} (line {odd + 2}) is 'k.A.'")
    assert notes[0].note == notes[1].note
    alone = learn("a\n" + "".join(f"{cell}\n" for cell in cells))["a"]
    assert alone.note == notes[0].note


ADDRESSES = "ip;load;y\n192.168.100.200;0,5;a\n192.168.100.201;1,5;b\n192.168.100.200;2,5;a\n192.168.100.201;3,5;b\n"


@pytest.mark.parametrize("decimal", ["auto", ","])
def test_addresses_stay_labels_beside_decimal_commas(decimal: str) -> None:
    schema = learn(ADDRESSES, "y", decimal=decimal)
    assert (schema["ip"].kind, schema["ip"].categories) == ("category", ("192.168.100.200", "192.168.100.201"))
    assert schema["ip"].note == "codes such as '192.168.100.200', not numbers"
    assert schema["load"].high == 3.5
    assert learn(ADDRESSES, "y", decimal=decimal, types={"ip": "number"})["ip"].low == 192168100200


@pytest.mark.parametrize("other", ["12", "548.547", "1.234,5"])
def test_groups_among_other_numbers_are_thousands(other: str) -> None:
    schema = learn(f"people;share\n3.644.826;0,5\n{other};1,5\n1.841.179;2,5\n")
    assert (schema["people"].kind, schema["people"].high) == ("number" if "," in other else "integer", 3644826.0)
