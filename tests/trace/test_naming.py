"""Names that are given to values without a variable of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.trace.naming import named


def test_values_of_a_loop_are_numbered() -> None:
    def f(x: Any) -> Any:
        for i in range(1, 4):
            x = named(np.tanh(x), f"h{i}")
        return x

    names = [node.name for node in cr.trace(f, np.ones(2)).nodes]
    assert names == ["x", "h1", "h2", "h3"]


def test_a_variable_of_the_user_comes_first() -> None:
    def f(x: Any) -> Any:
        slope = x * 2
        return named(slope, "W1") + 1

    assert [node.name for node in cr.trace(f, np.ones(2)).nodes if node.name] == ["x", "slope"]


def test_a_part_of_an_argument_is_called_anew() -> None:
    graph = cr.trace(lambda params: named(params[0], "W1") * 2, [np.ones(2)])
    assert graph.inputs[0].name == "W1"


def test_what_is_not_traced_is_handed_on() -> None:
    x = np.ones(2)
    assert named(x, "x1") is x
    assert named(None, "nothing") is None
