"""Tables that cannot be trained on: each refusal names the place and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from chainrule.cli.main import main

GOOD = "a,b,c\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n"

CASES = {
    "missing target": (GOOD, "has no column 'target'", "its columns are a, b, c"),
    "a word": ("a,target\n1,x\ntall,y\n3,x\n4,y\n", "line 3, column 'a': 'tall' is no finite number", "give numbers"),
    "an empty cell": ("a,target\n1,x\n,y\n3,x\n4,y\n", "line 3, column 'a': '' is no finite number", "give numbers"),
    "nan": ("a,target\n1,x\n2,y\nNaN,x\n4,y\n", "line 4, column 'a': 'NaN' is no finite number", "give numbers"),
    "infinity": ("a,target\n1,x\n2,y\n3,x\n-inf,y\n", "line 5, column 'a': '-inf' is no finite number", "give numbers"),
    "after a blank line": ("a,target\n1,x\n\n2,y\noops,x\n4,y\n", "line 5, column 'a': 'oops'", "give numbers"),
    "after a quoted line break": (
        'a,target\n1,"x\nx"\n2,y\noops,x\n4,y\n',
        "line 5, column 'a': 'oops'",
        "give numbers",
    ),
    "ragged": ("a,target\n1,x\n2,y,3\n", "line 3: 3 cells, but the header has 2 columns", "quote cells"),
    "short row": ("a,b,target\n1,2,x\n2,y\n", "line 3: 2 cells, but the header has 3 columns", "quote cells"),
    "empty": ("", "has no data rows", "a header and at least"),
    "blank": ("\n\n\n", "has no data rows", "a header and at least"),
    "header only": ("a,target\n", "has no data rows", "a header and at least"),
    "one class": ("a,target\n1,x\n2,x\n3,x\n", "column 'target': 1 distinct values (x)", "two distinct values"),
    "three classes": ("a,target\n1,x\n2,y\n3,z\n", "3 distinct values (x, y, z)", "two distinct values"),
    "many classes": (
        "a,target\n" + "".join(f"{i},{i}\n" for i in range(9)),
        "9 distinct values (0, 1, 2, 3, 4, …)",
        "two distinct values",
    ),
    "one row of a class": ("a,target\n1,x\n2,x\n3,x\n4,y\n", "a class has 1 row", "at least two rows of each class"),
    "four rows": ("a,target\n1,x\n2,x\n3,y\n4,y\n", "has 4 rows, too few", "give at least 5 rows"),
    "a missing label": ("a,target\n1,x\n2,\n3,x\n4,\n", "line 3, column 'target': the cell is empty", "fill it in"),
    "duplicate columns": ("a,a,target\n1,2,x\n3,4,y\n", "has two columns named 'a'", "rename"),
    "only the target": ("target\nx\ny\nx\ny\n", "no column beside 'target'", "give at least one column of numbers"),
}


def fails(path: Path) -> str:
    result = CliRunner().invoke(main, ["train", str(path), "--target", "target", "--steps", "2"])
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stderr


@pytest.mark.parametrize("name", CASES)
def test_a_table_that_does_not_fit_is_refused(name: str, tmp_path: Path) -> None:
    text, what, fix = CASES[name]
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    message = fails(path)
    assert "table.csv" in message
    assert what in message
    assert fix in message


@pytest.mark.parametrize(
    "content", ["a,target\n1,Zoë\n".encode("latin-1"), b"\xff\xfea\x00,\x00", b"a,target\n\x00,x\n"]
)
def test_a_file_that_is_no_utf8_text_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert "table.csv" in fails(path)


def test_five_rows_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,target\n1,x\n2,x\n3,y\n4,y\n5,y\n")
    result = CliRunner().invoke(main, ["train", str(path), "--target", "target", "--steps", "2"])
    assert result.exit_code == 0, result.output
