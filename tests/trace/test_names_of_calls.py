"""Calls name what they return, whether NumPy's functions make one node or several."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr


def test_the_result_of_a_method_is_named_when_nothing_is_recorded_after_it() -> None:
    def f(x: Any) -> Any:
        total = x.sum()
        return total  # noqa: RET504  (the assignment is what is tested)

    assert cr.trace(f, np.ones(3)).outputs[0].name == "total"


def test_only_the_result_of_a_call_that_makes_several_nodes_has_the_name() -> None:
    def f(x: Any) -> Any:
        c = np.cov(x)
        return np.sum(c)

    graph = cr.trace(f, np.arange(6.0).reshape(2, 3) ** 2)
    named = [node for node in graph.nodes if node.name == "c"]
    assert [node.shape for node in named] == [(2, 2)]
    assert all(node.source is not None for node in graph.nodes if node.inputs)
