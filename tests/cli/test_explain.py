"""``chainrule explain``: a formula and its values in, a lesson out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chainrule.cli import formats
from chainrule.cli.main import main
from chainrule.explain.lesson import Lesson


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments])


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_formula_of_the_lecture_is_explained() -> None:
    result = run("q = x + y; f = q * z", "x=5", "y=-2", "z=-4")
    assert result.exit_code == 0
    assert result.stderr == ""
    for line in ("q = x + y = 5 + (−2) = 3", "f = qz = 3 · (−4) = −12", "∂f/∂z = ", "∂f/∂x = ", "✓"):
        assert line in result.stdout


def test_a_formula_without_names_for_its_parts_is_explained() -> None:
    result = run("(x + y) * z", "x=5", "y=-2", "z=-4")
    assert result.exit_code == 0
    assert result.stdout.count("✓") == 3


@pytest.mark.parametrize(
    ("formula", "gradient"),
    [("-x * 2", "∂f/∂x = −2"), ("-cos(x) * 0 - x", "∂f/∂x"), ("-wrt * 2 + x", "∂f/∂wrt"), ("-o*x", "∂f/∂o")],
)
def test_a_formula_may_begin_with_a_minus(formula: str, gradient: str) -> None:
    names = [name for name in ("x", "wrt", "o") if f"/∂{name}" in gradient or name in formula.split()[-1]]
    result = run("--level", "operation", formula, *[f"{name}=3" for name in dict.fromkeys(names)])
    assert result.exit_code == 0, result.stderr
    assert gradient in result.stdout


def test_vectors_and_matrices_are_values() -> None:
    result = run("sum((W @ x - y) ** 2)", "W=[[1, 2], [3, 4]]", "x=[1, 2]", "y = [0, 1]")
    assert result.exit_code == 0
    assert "(2, 2)" in result.stdout


def test_wrt_chooses_the_gradients() -> None:
    result = run("w * x + b", "w=2", "x=3", "b=1", "--wrt", "w, b")
    assert result.exit_code == 0
    assert "∂f/∂w = " in result.stdout
    assert "∂f/∂x" not in result.stdout


def test_names_may_be_typed_as_they_are_printed() -> None:
    result = run("L = (ŷ − y)²", "y_hat=2", "y=0", "--wrt", "ŷ")
    assert result.exit_code == 0
    assert "∂L/∂ŷ = " in result.stdout
    assert "∂L/∂y " not in result.stdout


def test_a_level_shows_every_operation_or_every_statement() -> None:
    arguments = ("L = w * x + b", "w=2", "x=3", "b=1")
    assert "∂t1/∂" not in run(*arguments).stdout
    assert "∂t1/∂" in run(*arguments, "--level", "operation").stdout


FORMATS = {
    "text": "1. Forward pass",
    "latex": r"\documentclass",
    "svg": "<svg",
    "html": "<!doctype html>",
    "json": '"forward"',
    "markdown": "#",
}
PRODUCT = ("x * y", "x=2", "y=3")


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_written_to_standard_output(format: str) -> None:
    result = run(*PRODUCT, "--format", format)
    assert result.exit_code == 0
    assert FORMATS[format].lower() in result.stdout.lower()
    assert result.stdout.endswith("\n")


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("lesson.txt", "f at"),
        ("lesson.tex", "\\documentclass"),
        ("lesson.svg", "<svg"),
        ("lesson.HTML", "<!doctype html>"),
        ("lesson.json", "{"),
        ("lesson.md", "#"),
    ],
)
def test_the_ending_of_a_file_says_what_is_written(name: str, begin: str, tmp_path: Path) -> None:
    file = tmp_path / name
    result = run(*PRODUCT, "-o", str(file))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == f"wrote {file}\n"
    assert file.read_text("utf-8").lstrip().lower().startswith(begin.lower())


def test_a_format_goes_before_the_ending(tmp_path: Path) -> None:
    file = tmp_path / "lesson.data"
    assert run(*PRODUCT, "-o", str(file), "--format", "json").exit_code == 0
    assert json.loads(file.read_text("utf-8"))


def test_pixels_are_written_to_a_file_and_to_a_pipe(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    file = tmp_path / "lesson.png"
    assert run(*PRODUCT, "-o", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    assert run(*PRODUCT, "--format", "png").stdout_bytes.startswith(b"\x89PNG")


class Terminal:
    """A standard output that says that it is a terminal."""

    @staticmethod
    def isatty() -> bool:
        return True


class TerminalSystem:
    stdout = Terminal


def test_pixels_are_not_written_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "sys", TerminalSystem)
    result = run(*PRODUCT, "--format", "png")
    assert result.exit_code == 2
    assert "add -o lesson.png" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("more", [(), ("--format", "text")])
def test_a_terminal_shows_the_lesson_in_colours(more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Lesson] = []
    monkeypatch.setattr(formats, "sys", TerminalSystem)
    monkeypatch.setattr(Lesson, "show", lambda lesson: shown.append(lesson))
    result = run(*PRODUCT, *more)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert [lesson.title for lesson in shown] == ["f"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x * y", "x=1"), "the formula needs values: y=…"),
        (("w * x + wx", "w=1", "x=2"), "wx is one name: write w*x for a product"),
        (("x", "x=1", "y=2"), "y does not occur in the formula"),
        (("x", "x=1", "x=2"), "x is given twice"),
        (("ŷ", "ŷ=1", "y_hat=2"), "y_hat is given twice"),
        (("x", "five"), "'five' is no value: write name=value"),
        (("x", "5=x"), "'5=x' is no value: write name=value"),
        (("x", "x:text=1"), "x: text is none of the types float, float32, int, bool"),
        (("x", "x:int=1.5"), "x = 1.5 is not of type int"),
        (("x", "x=five"), "x: 'five' is no number, vector or matrix"),
        (("2x", "x=1"), "write 2*x"),
        (("x ^ 2", "x=1"), "write ** for a power"),
        (("x +", "x=1"), "this is no formula"),
        (("",), "the formula is empty"),
        (("__import__('os')",), "no known function"),
        (("e * x", "e=1", "x=2"), "e is the number 2.718"),
        (("x * y", "x=1", "y=2", "--wrt", "x,q"), "q is none of the inputs x, y"),
        (("x / 0 * (1 / 0)", "x=1"), "divides by zero"),
        (("exp(x, x)", "x=1"), "exp"),
        (("x @ y", "x=[1, 2]", "y=[1, 2, 3]"), "2 elements meet 3 elements"),
        (("x", "x=1", "--level", "line"), "'line' is not one of 'statement', 'operation'"),
        (("x", "x=1", "--format", "gif"), "'gif' is not one of 'text'"),
        (("x", "x=1", "-o", "lesson.gif"), "lesson.gif: written as what?"),
        (("x", "x=1", "-o", "nowhere/lesson.svg"), "there is no folder nowhere to write lesson.svg in"),
        (("x", "x=1", "--colour"), "No such option"),
        (("x", "x=1", "--wrt"), "requires an argument"),
        ((), "FORMULA"),
    ],
)
def test_wrong_input_ends_with_2_and_says_what_is_wrong(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in one_line(result.stderr)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x * 2", "x=[1, 2]"), "one real number"),
        (("x > 0", "x=1"), "one real number"),
        (("3 + 4",), "nothing to explain"),
    ],
)
def test_a_formula_that_cannot_be_explained_ends_with_1(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "click" not in result.stderr
    assert result.stdout == ""


def test_a_file_that_cannot_be_written_ends_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    result = run(*PRODUCT, "-o", str(tmp_path / "lesson.txt"))
    assert result.exit_code == 1
    assert "lesson.txt cannot be written: Permission denied" in one_line(result.stderr)


def test_a_point_outside_the_domain_is_marked() -> None:
    result = run("log(x)", "x=-1")
    assert result.exit_code == 0
    assert "nan" in result.stdout
    assert ".py" not in result.stdout  # a typed formula has no line of code
