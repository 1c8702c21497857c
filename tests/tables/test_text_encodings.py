"""Text that is not in UTF-8: told by its byte and row, and read as the user says."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from chainrule.advice import advice_for
from chainrule.errors import DataError
from chainrule.tables import infer_schema, open_table, read_batches

WINE = "Nr;Säure;Lage\n7;5,04;Süd – 1\n3;4,87;Nord €\n9;5,5;Süd – 1\n"


def refused(data: bytes) -> DataError:
    with pytest.raises(DataError) as caught:
        infer_schema(open_table(data, name="wine.csv"))
    return caught.value


def test_a_header_that_is_no_utf_8_is_told_and_no_column_is_offered_to_be_left_out() -> None:
    for data in (WINE.encode("cp1252"), "Säure;b\n1;2\n3;4\n".encode("cp1252")):
        error = refused(data)
        assert error.what.startswith("wine.csv, header: byte 0xe4 is no UTF-8; the name of column ")
        assert error.what.endswith(", read as windows-1252, is 'Säure'")
        assert (error.column, error.encoding) == (None, "windows-1252")
        assert error.fix is not None
        assert 'open_table(…, encoding="windows-1252")' in error.fix
        assert "if that is right, --encoding windows-1252;" in str(advice_for("command", error.fix))
        assert "if that is right, press 'Read as windows-1252';" in str(advice_for("page", error.fix))


def test_a_cell_that_is_no_utf_8_is_told_by_row_and_column() -> None:
    error = refused("a;b\n1;x\n2;ö\n".encode("latin-1"))
    assert error.what == (
        "wine.csv, row 2 (line 3), column 'b': byte 0xf6 is no UTF-8; the cell, read as windows-1252, is 'ö'"
    )
    assert (error.column, error.encoding) == ("b", "windows-1252")


@pytest.mark.parametrize("data", [b"a;b\n1;\x81\n", b"a;b\n1;\x02\xff\n"])
def test_bytes_that_are_no_text_get_no_encoding_offered(data: bytes) -> None:
    error = refused(data)
    assert "is no UTF-8, and the bytes around it are no text" in error.what
    assert error.encoding is None


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "utf-8"])
def test_the_encoding_that_is_said_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "wine.csv"
    path.write_bytes(WINE.encode(encoding))
    with path.open("rb") as file:
        tables = [open_table(source, encoding=encoding) for source in (path, path.read_bytes(), file)]
    for table in tables:
        schema = infer_schema(table)
        assert schema.decimal == ","
        (batch,) = read_batches(table, schema, columns=["Säure", "Lage"])
        assert batch.column("Säure").to_pylist() == [5.04, 4.87, 5.5]
        assert batch.column("Lage").to_pylist() == ["Süd – 1", "Nord €", "Süd – 1"]
        assert ("windows-1252" in table.description) == (encoding == "windows-1252")


def test_text_that_is_text_already_needs_none() -> None:
    assert open_table(io.StringIO(WINE), encoding="windows-1252").columns == ("Nr", "Säure", "Lage")


def test_a_large_file_in_another_encoding_names_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(("Größe;b\n" + "1;ä\n" * 700_000 + "inf;ä\n").encode("cp1252"))
    with pytest.raises(DataError, match=r"row 700,001 \(line 700,002\), column 'Größe': 'inf' is no finite number"):
        infer_schema(open_table(path, encoding="windows-1252"))


def test_a_table_is_opened_again_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "wine.csv"
    path.write_bytes(WINE.encode("cp1252"))
    with path.open("rb") as file:
        table = open_table(file)
    table = table.in_encoding("windows-1252")  # the temporary file stays as long as it is needed
    assert infer_schema(table).rows == 3
    assert open_table({"a": [1, 2]}).in_encoding("windows-1252").columns == ("a",)


def test_what_is_no_encoding_is_refused() -> None:
    for name in ("windows-1259", "base64"):
        with pytest.raises(DataError, match=f"there is no encoding '{name}' of text"):
            open_table(b"a\n1\n", encoding=name)
    with pytest.raises(DataError, match="is no text in windows-1252, which has no byte 0x81"):
        open_table(b"a\n\x81\n", encoding="windows-1252")
    with pytest.raises(DataError, match="is no text in ascii, which has no byte 0xe4"):
        infer_schema(open_table(b"a\n" + b"1\n" * 100_000 + b"\xe4\n", encoding="ascii"))


@pytest.mark.parametrize("name", ["undefined", "punycode", "idna", "unicode_escape", "raw-unicode-escape"])
def test_codecs_that_are_not_of_files_are_refused(name: str) -> None:
    with pytest.raises(DataError, match=f"'{name}' is no encoding of files") as caught:
        open_table(b"a\n1\n", encoding=name)
    assert str(advice_for("command", caught.value.fix)) == "--encoding windows-1252"


@pytest.mark.parametrize("name", ["a\0b", "\ud800", ""])
def test_names_that_no_codec_can_have_are_refused(name: str) -> None:
    with pytest.raises(DataError) as caught:
        open_table(b"a\n1\n", encoding=name)
    assert caught.value.what == f"there is no encoding {name!r} of text"


@pytest.mark.parametrize(
    ("encoding", "data", "why"),
    [
        ("utf-16", "a\n1\nx\n".encode("utf-16")[:-1], r"truncated data \(byte 0x0a\)"),
        ("shift_jis", "a\n1\n日".encode("shift_jis")[:-1], r"incomplete multibyte sequence \(byte 0x93\)"),
        ("utf-16", b"a\n1\n", "UTF-16 stream does not start with BOM"),
    ],
    ids=["half a character", "half a sign", "no mark"],
)
def test_text_that_is_cut_off_is_told_as_such(encoding: str, data: bytes, why: str) -> None:
    with pytest.raises(DataError, match=f"is no text in {encoding}: {why}"):
        open_table(data, encoding=encoding)


def test_a_table_that_is_open_is_read_in_the_encoding_that_is_said_and_else_stays() -> None:
    table = open_table(WINE.encode("cp1252"))
    assert "Säure" not in table.columns
    table = open_table(table, encoding="windows-1252")
    assert table.columns == ("Nr", "Säure", "Lage")
    assert open_table(table).columns == ("Nr", "Säure", "Lage")
