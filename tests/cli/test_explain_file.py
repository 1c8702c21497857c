"""``chainrule explain path.py:function``: a function of the user's own file."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chainrule.cli.main import main

LOSSES = '''
"""Losses of a small model."""

import numpy as np
from helper_of_losses import half

print("loading")
RATE = 0.5


def squared(w, x, y=1.0):
    """Squared error of a line.

    chainrule-example:
        w = 2
        x = 3      # one sample

    A line that is no part of the example = 7.
    """
    print("computing")
    z = w * x
    return half * (z - y) ** 2


def perceptron(W1, b1, x, labels):
    """
    Chainrule-Example:
        W1 = [[1, 2],
              [3, 4],
              [5, 6]]
        b1 = [0, 0, 0]

        x = [−0.5, 1]
        labels: int = [0, 2]
    """
    a1 = np.tanh(W1 @ x + b1)
    return np.sum(a1[labels])


def power(x, n: int, flag: bool = False, *, scale=1.0, **_):
    for _ in range(n):
        x = x * x
    return x * scale if flag else x


def divide(x):
    return x / 0 if x > 100 else 1 // 0


def leave(x):
    raise SystemExit(3)


def fixed(x):
    return 3.0


def vector(x):
    return x * 2


def leak(x):
    import math

    return math.exp(x)


def bad_example(x):
    """chainrule-example:
        x is 5
    """
    return x


def example_of_others(x):
    """chainrule-example:
        y = 5
    """
    return x


if __name__ == "__main__":
    raise RuntimeError("this is no program")
'''

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "losses.py").write_text(LOSSES, "utf-8")
    (tmp_path / "helper_of_losses.py").write_text("half = 0.5\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, ["explain", *arguments])


def test_the_example_of_the_docstring_is_explained(run: Run) -> None:
    result = run("losses.py:squared")
    assert "z = wx = 2 · 3 = 6" in _flat(result)
    assert "∂squared/∂w" in result.stdout


def test_values_of_the_command_line_win(run: Run) -> None:
    result = run("losses.py:squared", "w=4", "y=0")
    assert "z = wx = 4 · 3 = 12" in _flat(result)
    assert "y = 0" in result.stdout


def test_a_path_may_lead_elsewhere(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert run(f"{tmp_path / 'losses.py'}:squared", "--wrt", "w").exit_code == 0


def test_matrices_over_several_lines_and_labels_are_understood(run: Run) -> None:
    result = run("losses.py:perceptron", "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert '"W1"' in result.stdout


def test_what_the_file_prints_does_not_mix_with_the_result(run: Run) -> None:
    result = run("losses.py:squared")
    assert "loading" in result.stderr
    assert "computing" in result.stderr
    assert "computing" not in result.stdout


def test_nothing_of_the_file_is_left_behind(run: Run, tmp_path: Path) -> None:
    path = list(sys.path)
    run("losses.py:squared")
    assert sys.path == path
    assert [name for name in sys.modules if name in ("helper_of_losses", "explained_losses")] == []
    assert sorted(file.name for file in tmp_path.iterdir()) == ["helper_of_losses.py", "losses.py"]


def test_annotated_integers_and_switches_stay_what_they_are(run: Run) -> None:
    assert "/∂x = 32" in _flat(run("losses.py:power", "x=2", "n=2"))
    assert "/∂x = 96" in _flat(run("losses.py:power", "x=2", "n=2", "flag=True", "scale=3"))


def _flat(result: Result) -> str:
    assert result.exit_code == 0, result.stderr
    return " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("los.py:squared",), "there is no file los.py: did you mean losses.py?"),
        (("nowhere/los.py:squared",), "there is no file nowhere/los.py"),
        (("losses.py",), "which function of losses.py? Write losses.py:squared. It has squared, perceptron"),
        (("losses.py:",), "which function of losses.py?"),
        (("losses.py:sqared",), "losses.py has no function sqared: did you mean squared?"),
        (("losses.py:qqqqqq",), "losses.py has no function qqqqqq; it has squared, perceptron"),
        (("losses.py:RATE",), "RATE in losses.py is no function, but of type float"),
        (("losses.py:power", "n=2"), "power needs values: x=… Write them behind it, or in its docstring:"),
        (("losses.py:power", "x=2", "n=2.5"), "n = 2.5 is not of type int"),
        (("losses.py:power", "x=2", "n=1", "flag=2"), "flag = 2 is not of type bool"),
        (("losses.py:squared", "q=2"), "q is no parameter of squared(w, x, y)"),
        (("losses.py:power", "sale=2"), "sale is no parameter of power(x, n, flag, scale): did you mean scale?"),
        (("losses.py:squared", "--wrt", "q"), "q is none of the inputs w, x"),
        (("losses.py:bad_example",), "the example in the docstring of bad_example: 'x is 5' is no value"),
        (("losses.py:example_of_others",), "the example in the docstring of example_of_others: y is no parameter"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_write(arguments: tuple[str, ...], message: str, run: Run) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("function", "lines"),
    [
        ("divide", ["divide raised an exception", "losses.py, line 47: return x / 0", "ZeroDivisionError: "]),
        ("leave", ["leave raised an exception", "SystemExit: 3", "__name__"]),
        ("fixed", ["fixed returns a fixed number, so there is nothing to explain"]),
        ("vector", ["one real number"]),
        ("leak", ["float() was called", "losses.py", "math.exp(x)"]),
    ],
)
def test_a_function_that_cannot_be_explained_ends_with_1(function: str, lines: list[str], run: Run) -> None:
    result = run(f"losses.py:{function}", "x=[1, 2]" if function == "vector" else "x=1")
    assert result.exit_code == 1
    for line in lines:
        assert line in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x = 1\ny = (x\n", ["bad.py could not be run", "bad.py, line 2: y = (x", "SyntaxError"]),
        ("import numpy\nimport not_there_at_all\n", ["line 2: import not_there_at_all", "install not_there_at_all"]),
        ("def f():\n    return 1 / 0\n\nf()\n", ["bad.py, line 2: return 1 / 0", "ZeroDivisionError"]),
        ("import sys\nsys.exit(1)\n", ["bad.py, line 2: sys.exit(1)", 'if __name__ == "__main__":']),
    ],
)  # fmt: skip
def test_errors_of_the_file_are_shown_with_their_line(text: str, lines: list[str], run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(textwrap.dedent(text), "utf-8")
    result = run("bad.py:f")
    assert result.exit_code == 1
    for line in lines:
        assert line in result.stderr
    assert "Traceback" not in result.stderr
