"""``chainrule explain``: a formula and its values in, a lesson out."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from chainrule.cli.main import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments])


def test_the_formula_of_the_lecture_is_explained() -> None:
    result = run("q = x + y; f = q * z", "x=5", "y=-2", "z=-4")
    assert result.exit_code == 0
    assert result.stderr == ""
    for line in ("q = x + y = 5 + (-2) = 3", "f = q * z = 3 * (-4) = -12", "∂f/∂z = 3 ", "∂f/∂x = -4", "✓"):
        assert line in result.stdout


def test_a_formula_without_names_for_its_parts_is_explained() -> None:
    result = run("(x + y) * z", "x=5", "y=-2", "z=-4")
    assert result.exit_code == 0
    assert result.stdout.count("✓") == 3


def test_a_formula_may_begin_with_a_minus() -> None:
    result = run("-x * 2", "x=3")
    assert result.exit_code == 0
    assert "∂f/∂x = -2" in result.stdout


def test_vectors_and_matrices_are_values() -> None:
    result = run("sum((W @ x - y) ** 2)", "W=[[1, 2], [3, 4]]", "x=[1, 2]", "y = [0, 1]")
    assert result.exit_code == 0
    assert "(2, 2)" in result.stdout


def test_wrt_chooses_the_gradients() -> None:
    result = run("w * x + b", "w=2", "x=3", "b=1", "--wrt", "w, b")
    assert result.exit_code == 0
    assert "∂f/∂w = 3" in result.stdout
    assert "∂f/∂x" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x * y", "x=1"), "the formula needs values: y=…"),
        (("x", "x=1", "y=2"), "y does not occur in the formula"),
        (("x", "x=1", "x=2"), "x is given twice"),
        (("x", "five"), "'five' is no value: write name=value"),
        (("x", "x=five"), "'five' is no number, vector or matrix"),
        (("2x", "x=1"), "write 2*x"),
        (("x ^ 2", "x=1"), "write ** for a power"),
        (("x +", "x=1"), "this is no formula"),
        (("",), "the formula is empty"),
        (("__import__('os')",), "no known function"),
        (("e * x", "e=1", "x=2"), "e is the number 2.718"),
        (("x * y", "x=1", "y=2", "--wrt", "x,q"), "q is none of the inputs x, y"),
        (("x / 0 * (1 / 0)", "x=1"), "divides by zero"),
        (("exp(x, x)", "x=1"), "exp"),
        ((), "FORMULA"),
    ],
)
def test_wrong_input_ends_with_2_and_says_what_is_wrong(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x * 2", "x=[1, 2]"), "one real number"),
        (("x @ y", "x=[1, 2]", "y=[1, 2, 3]"), "2 elements meet 3 elements"),
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


def test_a_point_outside_the_domain_is_marked() -> None:
    result = run("log(x)", "x=-1")
    assert result.exit_code == 0
    assert "✗ not finite at this point" in result.stdout
