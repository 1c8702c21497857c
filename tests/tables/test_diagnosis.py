"""Where a file of text is broken: rows and lines, however it is cut into pieces while it is read."""

from __future__ import annotations

import io

import pytest

from chainrule.errors import DataError
from chainrule.tables import diagnosis
from chainrule.tables.delimited import Dialect, sniff
from chainrule.tables.diagnosis import diagnose, line_of_row

ROWS = b'\xef\xbb\xbfa,b\n1,2\r\n\r\n"3\n""4""\r5",6\r7,"8"\n"9,\n""\n10","11"\n12,13'
#: The line on which each row of it begins.
LINES = [2, 4, 7, 8, 11]


def open_rows(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data))


def dialect_of(data: bytes) -> Dialect:
    return sniff("data.csv", open_rows(data))


@pytest.mark.parametrize("size", [4, 5, 7, 16, 1 << 20])
def test_lines_are_those_of_the_file(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "_PIECE", size)
    dialect = dialect_of(ROWS)
    found = [line_of_row(lambda: open_rows(ROWS), dialect, row) for row in range(6)]
    assert found == [*LINES, None]
    diagnose("data.csv", lambda: open_rows(ROWS), dialect)  # every row is well formed


@pytest.mark.parametrize("inside", [b"1,2\n", b'""\n', b'"",""\r\n', b"\n"])
def test_an_open_quote_is_told_with_the_line_on_which_it_opens(inside: bytes) -> None:
    data = b'a,b\n1,2\n3,"' + inside * 300_000
    with pytest.raises(DataError, match=r"data\.csv, row 2 \(line 3\): a quote opens here and is never closed"):
        diagnose("data.csv", lambda: open_rows(data), dialect_of(data))


def test_lines_behind_a_long_cell_are_counted_on() -> None:
    data = b'a,b\n1,"' + b'x\n""\n' * 400_000 + b'"\n2,3,4\n'
    with pytest.raises(DataError, match=r"row 2 \(line 800,003\): 3 cells"):
        diagnose("data.csv", lambda: open_rows(data), dialect_of(data))
