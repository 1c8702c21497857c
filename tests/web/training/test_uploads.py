"""A user's own table: what the schema pass says of it, and what it says of mistakes."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from chainrule.errors import DataError
from chainrule.web.fields import Refused
from chainrule.web.limits import Limits
from chainrule.web.training.readings import AS_FOUND, Reading
from chainrule.web.training.uploads import Opened, Upload, file_name

HEADER = "id,size,city,when,flag,sold,price\n"
ROWS = [
    f"{i},{i * 0.37 % 5:.2f},{['Rome', 'Oslo', ''][i % 3]},2024-0{1 + i % 9}-1{i % 10},{['true', 'false'][i % 2]},"
    f"{['yes', 'no'][i % 5 == 0]},{100 + i * 1.5}\n"
    for i in range(60)
]
CSV = (HEADER + "".join(ROWS)).encode()


def read(data: bytes = CSV, name: str = "houses.csv", **limits: Any) -> Upload:
    return Upload.read(data, name, Limits(**limits))


def columns(upload: Upload) -> dict[str, dict[str, Any]]:
    return {column["name"]: column for column in upload.payload(Limits())["columns"]}


def test_columns_are_shown_with_kinds_reasons_and_examples() -> None:
    upload = read()
    payload = upload.payload(Limits())
    assert (payload["name"], payload["rows"], payload["target"]) == ("houses.csv", 60, "price")
    found = columns(upload)
    assert {name: column["kind"] for name, column in found.items()} == {
        "id": "ignored",
        "size": "number",
        "city": "category",
        "when": "date",
        "flag": "boolean",
        "sold": "category",
        "price": "number",
    }
    assert "an identifier: no value is there twice" in found["id"]["detail"]
    assert found["city"]["missing"] == 20
    assert found["city"]["detail"] == "2 distinct: Oslo, Rome"
    assert found["size"]["examples"] == ["0.00", "0.37", "0.74"]
    assert payload["notes"] == ["price is a column of numbers: the network predicts a number"]


def test_each_kind_that_is_offered_can_be_chosen() -> None:
    upload = read()
    for name, column in columns(upload).items():
        for kind in column["kinds"]:
            upload.decide("price", Reading({name: kind}))
            assert columns(upload)[name]["kind"] in (kind, "integer")


def test_the_target_is_a_column_with_a_telling_name_or_the_last_one() -> None:
    assert read(b"label,x\na,1\nb,2.5\na,3\nb,4\n").schema.targets == ("label",)
    assert read(b"x,kind\n1,a\n2.5,b\n3,a\n4,b\n").schema.targets == ("kind",)


def test_another_target_and_another_kind_are_decided_anew() -> None:
    upload = read()
    upload.decide("sold", Reading({"id": "number", "when": "ignored"}))
    found = columns(upload)
    assert found["id"]["kind"] == "integer"
    assert found["when"]["kind"] == "ignored"
    assert upload.outcome.classes == ("no", "yes")
    assert upload.payload(Limits())["notes"] == ["sold has 2 classes: no, yes"]


def test_a_column_that_is_left_out_can_be_taken_back() -> None:
    upload = read()
    upload.decide("sold", Reading({"when": "ignored", "size": "ignored"}))
    found = columns(upload)
    assert found["when"]["kinds"] == ["ignored", "date", "category"]
    assert found["size"]["kinds"] == ["ignored", "number", "category"]
    assert found["size"]["detail"] == "ignored, as you say"


def test_a_column_in_the_way_is_left_out_or_taken_as_a_category() -> None:
    opened = Opened.read(b'x,a,y\n1,"1,5",2\n2,"2,5",3\n', "commas.csv", Limits())
    with pytest.raises(DataError, match="decimal comma") as caught:
        opened.upload(Limits())
    assert caught.value.column == "a"
    upload = opened.upload(Limits(), Reading({"a": "ignored"}))
    assert upload.reading.types == {"a": "ignored"}
    assert upload.payload(Limits())["target"] == "y"
    assert columns(upload)["a"]["kinds"] == ["ignored", "category"]
    upload.decide("y", Reading({"a": "category"}))
    assert columns(upload)["a"]["kind"] == "category"


def test_decimal_commas_are_read_told_and_may_be_said() -> None:
    upload = read(b"x;a;y\n1;1,5;2\n2;2,5;3\n")
    payload = upload.payload(Limits())
    assert payload["decimal"] == "auto"
    assert payload["notes"][-1] == "numbers are written with a decimal comma"
    assert columns(upload)["a"]["examples"] == ["1,5", "2,5"]
    with pytest.raises(DataError, match="decimal comma"):
        upload.decide("y", Reading(decimal="."))
    assert upload.reading == AS_FOUND
    opened = Opened.read(b"x;a;y\n1;1,5;2.125\n2;2,5;3\n", "both.csv", Limits())
    with pytest.raises(DataError, match=r"the point of '2\.125' may stand"):
        opened.upload(Limits())
    upload = opened.upload(Limits(), Reading(decimal=","))
    assert upload.schema["y"].high == 2125
    assert upload.payload(Limits())["decimal"] == ","


def test_a_target_that_cannot_be_predicted_is_told_of() -> None:
    upload = read(b"size,sold,other\n1,yes,a\n2.5,yes,b\n3,yes,a\n")
    upload.decide("sold", Reading({}))
    assert upload.payload(Limits())["notes"] == ["the target 'sold' has one class only: each row is 'yes'"]


def test_a_kind_that_does_not_fit_names_row_and_column_and_leaves_the_schema_as_it_is() -> None:
    upload = read()
    before = upload.payload(Limits())
    with pytest.raises(DataError, match=r"houses\.csv, row 1 \(line 2\), column 'city': 'Rome' is no number"):
        upload.decide("sold", Reading({"city": "number"}))
    assert upload.payload(Limits()) == before


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (CSV + b"1,2\n", r"houses\.csv, row 61 \(line 62\): 2 cells, but the header has 7 columns"),
        (b"", "houses.csv is empty"),
        (b"a,b\n", "no rows"),
        (b"a,a\n1,2\n", "two columns named 'a'"),
        (b'a,b\n"1,5",2\n"2,5",3\n', r"row 1 \(line 2\), column 'a': '1,5' is written with a decimal comma"),
        (gzip.compress(CSV)[:-10], "cannot be read"),
        (b"PAR1" + bytes(50), "Parquet"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(data)


def test_endless_names_of_columns_are_refused() -> None:
    with pytest.raises(Refused, match="a name of 5,000 characters"):
        read(b"a," + b"b" * 5000 + b"\n1,2\n")


def test_endless_headers_are_refused_before_they_are_read() -> None:
    with pytest.raises(DataError, match="the header does not end within 256 KiB"):
        Upload.read(b"," * 2**20 + b"\n1\n", "wide.csv", Limits())


def test_lists_are_not_shown_for_a_few_bytes_may_stand_for_billions_of_parts() -> None:
    parts = 20_000_000
    lists = pa.ListArray.from_arrays(pa.array([0, parts, 2 * parts], pa.int32()), pa.nulls(2 * parts))
    indirect = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int8()), lists)
    table, file = pa.table({"x": lists, "again": indirect, "y": [1.0, 2.0]}), io.BytesIO()
    with pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    assert len(file.getvalue()) < 4000
    found = columns(Upload.read(file.getvalue(), "lists.arrow", Limits()))
    assert {name: found[name]["examples"] for name in found} == {"x": [], "again": [], "y": ["1.0", "2.0"]}


def test_times_may_be_beyond_those_of_python() -> None:
    far = pa.array([2**40, 0], pa.int64())
    table, file = pa.table({"when": far.cast(pa.timestamp("s")), "long": far.cast(pa.duration("s"))}), io.BytesIO()
    pyarrow.parquet.write_table(table.append_column("y", pa.array([1.0, 2.0])), file)
    found = columns(Upload.read(file.getvalue(), "far.parquet", Limits()))
    assert "1970-01-01 … 36812-02-20" in found["when"]["detail"]
    assert found["when"]["examples"][1].startswith("1970-01-01")
    assert len(found["long"]["examples"]) == 2


@pytest.mark.parametrize("limits", [{"table_rows": 59}, {"table_columns": 6}])
def test_tables_that_are_too_large_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(Refused, match=r"at most \d+") as refused:
        read(**limits)
    assert refused.value.status == 413
    assert "chainrule train" in str(refused.value.fix)


def test_categories_count_as_columns() -> None:
    upload = read()
    upload.decide("city", Reading({"sold": "ignored"}))
    upload.require_size(Limits())
    for limits in (Limits(features=6), Limits(table_numbers=60 * 6), Limits(classes=1)):
        with pytest.raises(Refused) as refused:
            upload.require_size(limits)
        assert refused.value.status == 413
        assert upload.payload(limits)["notes"] == [refused.value.what]


def test_what_unpacks_to_too_much_is_refused() -> None:
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * 1_000_000)
    with pytest.raises(DataError, match="larger than 1 MiB"):
        read(packed, table_bytes=1024**2)


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("%00%0a%1b", "your table"),
        ("a" * 500, "a" * 120),
        ("%FF%FE.csv", "\ufffd\ufffd.csv"),
    ],
)
def test_names_of_files_are_only_shown(header: str, shown: str) -> None:
    assert file_name(header) == shown
