"""In which order the backward pass visits the nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.explain.telling import order

import chainrule as cr


def test_leaves_come_before_inner_nodes() -> None:
    def f(a: Any, b: Any) -> Any:
        u = np.exp(a)
        y = u * b
        return y  # noqa: RET504

    assert order(cr.explain(f, 1.0, 2.0)) == ["y", "b", "u", "a"]


def test_later_arguments_come_first() -> None:
    def f(a: Any, b: Any, c: Any) -> Any:
        y = a * b * c
        return y  # noqa: RET504

    assert order(cr.explain(f, 1.0, 2.0, 3.0)) == ["y", "c", "b", "a"]


def test_it_goes_deep_before_it_goes_on() -> None:
    def f(a: Any, b: Any) -> Any:
        u = np.exp(a)
        v = np.exp(b)
        y = u * v
        return y  # noqa: RET504

    assert order(cr.explain(f, 1.0, 2.0)) == ["y", "v", "b", "u", "a"]


def test_a_node_comes_after_all_its_uses() -> None:
    def f(x: Any) -> Any:
        a = np.sin(x)
        b = np.exp(a)
        y = a * b + np.tanh(b)
        return y  # noqa: RET504

    assert order(cr.explain(f, 0.3)) == ["y", "b", "a", "x"]


def test_what_is_not_asked_for_is_not_visited() -> None:
    def f(a: Any, b: Any) -> Any:
        u = np.exp(a)
        y = u * b
        return y  # noqa: RET504

    assert order(cr.explain(f, 1.0, 2.0, wrt=["b"])) == ["y", "b"]


def test_a_result_that_is_an_input_is_visited_once() -> None:
    assert order(cr.explain(lambda x: x, 1.0)) == ["x"]
