"""How a lesson writes operations whose settings are code or an index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.explain.telling import formulas, forward, local

import chainrule as cr
from chainrule.explain.building.forms import opposite
from chainrule.notation.text import to_text
from chainrule.notation.tree import Relation, Symbol, call


def test_a_function_with_its_own_rule_is_called_by_its_name() -> None:
    @cr.custom_vjp
    def cube(x: Any) -> Any:
        return x * x * x

    cube.defvjp(lambda x: (x * x * x, x), lambda x, g: (3 * x * x * g,))
    lesson = cr.explain(lambda x, y: cube(x) + y, 2.0, 1.0)
    assert forward(lesson) == ["f = cube(x) + y = cube(2) + 1"]
    assert local(lesson) == {"∂f/∂y": "1", "∂f/∂x": "3x²"}


def test_a_rule_with_several_results_says_which() -> None:
    @cr.custom_jvp
    def both(x: Any) -> Any:
        return np.sin(x), np.cos(x)

    @both.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        (x,), (t,) = primals, tangents
        return both(x), (np.cos(x) * t, -np.sin(x) * t)

    def f(x: Any) -> Any:
        s, c = both(x)
        return s * c

    assert forward(cr.explain(f, 0.0)) == [
        "s = both(x)[0] = both(0)[0]",
        "c = both(x)[1] = both(0)[1]",
        "f = sc = 0 · 1",
    ]


def test_a_checkpoint_is_called_by_its_name_and_differentiated_as_written() -> None:
    def wave(x: Any) -> Any:
        return np.sin(x) * x

    lesson = cr.explain(lambda x: cr.checkpoint(wave)(x) * 2.0, 2.0)
    assert forward(lesson) == ["f = wave(x) · 2 = wave(2) · 2"]
    assert local(lesson) == {"∂f/∂x": "2(sin(x) + x cos(x))"}


def test_loops_and_branches_name_their_functions() -> None:
    def step(total: Any, x: Any) -> Any:
        return total * x, total

    scanned = cr.explain(lambda xs: cr.scan(step, 1.0, xs)[0], np.array([2.0, 3.0]))
    assert forward(scanned) == ["f = scan(step, 1, xs)[0]"]
    branch = cr.explain(lambda x: cr.cond(x > 0, np.sin, np.cos, x), 2.0)
    assert forward(branch)[0].startswith("f = cond(x > 0, sin, cos, x)")
    assert local(branch)["∂f/∂x"].startswith("cond(x > 0, sin′, cos′, ")


@pytest.mark.parametrize(
    ("index", "written"),
    [
        (lambda x, i: x[i], "x[i]"),
        (lambda x, i: x[i, 0], "x[i, 0]"),
        (lambda x, i: x[:, i], "x[:, i]"),
        (lambda x, i: x[i, i], "x[i, i]"),
        (lambda x, i: x[1:, ::-1], "x[1:, ::-1]"),
    ],
)
def test_index_arrays_have_their_names(index: Any, written: str) -> None:
    def f(x: Any, i: Any) -> Any:
        part = index(x, i)
        return np.sum(part * part)

    lesson = cr.explain(f, np.arange(9.0).reshape(3, 3), np.array([2, 0]))
    assert forward(lesson)[0] == f"part = {written}"
    assert formulas(lesson)["∂f/∂x"] == f"scatter(∂f/∂part, at=[{written[2:-1]}])"
    assert lesson.result[0].agrees


def test_assignments_say_where() -> None:
    def f(x: Any) -> Any:
        v = cr.numpy.zeros(3)
        v[1:] = x
        return np.sum(v * v)

    lesson = cr.explain(f, np.array([1.0, 2.0]))
    assert forward(lesson)[0].endswith("x, at=[1:])")
    assert lesson.result[0].agrees


def test_opposites() -> None:
    x = Symbol("x")
    for sign, other in [("=", "≠"), (">", "≤"), ("<", "≥")]:
        assert to_text(opposite(Relation(sign, (x, x)))) == f"x {other} x"
        assert to_text(opposite(Relation(other, (x, x)))) == f"x {sign} x"
    assert opposite(x) == call("not", x)
