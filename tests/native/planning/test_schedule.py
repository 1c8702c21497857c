"""The schedule: which nodes share a loop, where light ones are computed, and which values get memory."""

# ruff: noqa: RET504 -- a traced value has the name of its variable, also the one that is returned

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from chainrule.graph.graph import Graph
from chainrule.native.planning import schedule
from chainrule.native.planning.layout import Layout
from chainrule.native.planning.stages import LoopStage, ProductStage, Stage

X = np.ones((40, 6))

Planned = Callable[..., tuple[Graph, Layout]]


def stages(layout: Layout) -> list[Stage]:
    return [stage for section in layout.sections for stage in section.stages]


def names(nodes: Sequence[Any]) -> list[str | None]:
    return [node.name for node in nodes]


def loops(layout: Layout) -> list[list[str | None]]:
    """The names of what each loop computes."""
    return [names(stage.nodes) for stage in stages(layout) if isinstance(stage, LoopStage)]


def stored(layout: Layout) -> set[str | None]:
    return {node.name for stage in stages(layout) if isinstance(stage, LoopStage) for node in stage.stored}


# Loops that are shared ------------------------------------------------------------------------------------------------


def test_an_elementwise_chain_and_its_sum_share_one_loop(planned: Planned) -> None:
    def function(X: Any) -> Any:
        a = np.exp(X)
        b = np.sin(a)
        c = a / b
        total = np.sum(c)
        return total

    _, layout = planned(function, X)
    assert loops(layout) == [["a", "b", "c", "total"]]
    assert stored(layout) == {"total"}
    assert layout.arena_bytes == 0


def test_independent_chains_of_one_domain_share_a_loop(planned: Planned) -> None:
    def function(X: Any, Z: Any) -> Any:
        a = np.exp(X)
        b = np.sin(Z)
        return a, b

    _, layout = planned(function, X, X)
    assert loops(layout) == [["a", "b"]]


def test_another_domain_is_another_loop(planned: Planned) -> None:
    def function(X: Any, w: Any) -> Any:
        a = np.exp(X)
        b = np.exp(w)
        return a, b

    _, layout = planned(function, X, X[0])
    assert loops(layout) == [["a"], ["b"]]


def test_a_user_of_a_sum_waits_for_the_end_of_its_loop(planned: Planned) -> None:
    def function(X: Any) -> Any:
        e = np.exp(X)
        s = np.sum(e, axis=1, keepdims=True)
        p = e / s
        return p

    _, layout = planned(function, X)
    assert loops(layout) == [["e", "s"], ["p"]]
    assert stored(layout) == {"e", "s", "p"}


def test_sums_over_axes_within_each_other_share_a_loop(planned: Planned) -> None:
    def function(X: Any) -> Any:
        total = np.sum(X)
        rows = np.sum(X, axis=1)
        return total, rows

    _, layout = planned(function, X)
    assert loops(layout) == [["total", "rows"]]


def test_sums_over_different_axes_do_not(planned: Planned) -> None:
    """The loop over rows cannot be inside of that over columns and around it at once."""

    def function(X: Any) -> Any:
        columns = np.sum(X, axis=0)
        rows = np.sum(X, axis=1)
        return columns, rows

    _, layout = planned(function, X)
    assert loops(layout) == [["columns"], ["rows"]]


def test_a_product_is_a_stage_of_its_own(planned: Planned) -> None:
    def function(X: Any, W: Any) -> Any:
        a = np.exp(X)
        z = a @ W
        u = np.exp(z)
        return u

    _, layout = planned(function, X, np.ones((6, 3)))
    kinds = [type(stage) for stage in stages(layout)]
    assert kinds == [LoopStage, ProductStage, LoopStage]
    assert stored(layout) == {"a", "u"}


def test_a_loop_may_be_joined_later_if_nothing_stands_between(planned: Planned) -> None:
    """What needs no product goes into the loop before it."""

    def function(X: Any, W: Any) -> Any:
        a = np.exp(X)
        z = a @ W
        b = np.sin(a)
        c = np.cos(z)
        return b, c

    _, layout = planned(function, X, np.ones((6, 6)))
    assert loops(layout) == [["a", "b"], ["c"]]


def test_a_value_in_another_order_is_read_from_memory(planned: Planned) -> None:
    def function(S: Any) -> Any:
        a = np.exp(S)
        b = np.sin(a.T)
        return b

    _, layout = planned(function, np.ones((5, 5)))
    assert loops(layout) == [["a"], ["b"]]
    assert stored(layout) == {"a", "b"}


def test_a_reshape_that_strides_cannot_express_is_a_copy(planned: Planned) -> None:
    def function(X: Any) -> Any:
        a = np.exp(X)
        b = np.sin(a.T.reshape(-1))
        return b

    _, layout = planned(function, X)
    assert [len(nodes) for nodes in loops(layout)] == [1, 1, 1]
    copy = stages(layout)[1]
    assert isinstance(copy, LoopStage)
    assert copy.nodes[0].op.name == "cast"
    assert copy.nodes == copy.stored
    assert copy.domain == (6, 40)


# Light nodes ----------------------------------------------------------------------------------------------------------


def test_a_light_node_is_computed_where_it_is_needed(planned: Planned) -> None:
    """2X costs less to compute than to read: it waits for the second loop, and needs no memory."""

    def function(X: Any) -> Any:
        doubled = X * 2.0
        s = np.sum(np.exp(X), axis=1, keepdims=True)
        z = doubled / s
        return z

    _, layout = planned(function, X)
    assert loops(layout) == [[None, "s"], ["doubled", "z"]]
    assert stored(layout) == {"s", "z"}


def test_a_heavy_node_is_computed_as_soon_as_it_can_be(planned: Planned) -> None:
    def function(X: Any) -> Any:
        heavy = np.sin(X)
        s = np.sum(np.exp(X), axis=1, keepdims=True)
        z = heavy / s
        return z

    _, layout = planned(function, X)
    assert loops(layout) == [["heavy", None, "s"], ["z"]]
    assert stored(layout) == {"heavy", "s", "z"}


def test_a_light_node_that_two_loops_need_is_computed_once(planned: Planned) -> None:
    def function(X: Any) -> Any:
        doubled = X * 2.0
        s = np.sum(np.exp(doubled), axis=1, keepdims=True)
        z = doubled / s
        return z

    _, layout = planned(function, X)
    assert loops(layout) == [["doubled", None, "s"], ["z"]]
    assert stored(layout) == {"doubled", "s", "z"}


def test_a_chain_of_light_nodes_waits_together(planned: Planned) -> None:
    def function(X: Any) -> Any:
        a = X * 2.0
        b = -a
        c = b + 1.0
        s = np.sum(np.exp(X), axis=1, keepdims=True)
        z = c / s
        return z

    _, layout = planned(function, X)
    assert loops(layout)[-1] == ["a", "b", "c", "z"]
    assert stored(layout) == {"s", "z"}


def test_a_light_node_that_a_product_needs_gets_memory(planned: Planned) -> None:
    def function(X: Any, W: Any) -> Any:
        doubled = X * 2.0
        z = doubled @ W
        return z

    _, layout = planned(function, X, np.ones((6, 3)))
    assert loops(layout) == [["doubled"]]
    assert stored(layout) == {"doubled"}


def test_a_light_result_is_no_exception(planned: Planned) -> None:
    def function(X: Any) -> Any:
        doubled = X * 2.0
        return doubled

    graph, layout = planned(function, X)
    assert loops(layout) == [["doubled"]]
    assert layout.memory.view(graph["doubled"]).buffer.home.value == "result"


# Bounds ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [np.sin, lambda x: x * 1.5, lambda x: np.sin(x) * 2.0 + x])
def test_loops_are_of_bounded_length(step: Callable[[Any], Any], planned: Planned) -> None:
    def function(X: Any) -> Any:
        for _ in range(150):
            X = step(X)
        return X

    graph, layout = planned(function, X)
    lengths = [len(nodes) for nodes in loops(layout)]
    assert len(lengths) >= 3
    assert max(lengths) <= schedule._MOST_NODES
    computed = {node for node in graph.nodes if node.inputs}
    assert sum(lengths) == len(computed)


# Rows -----------------------------------------------------------------------------------------------------------------


def test_passes_over_the_rows_are_sections(planned: Planned) -> None:
    def function(X: Any) -> Any:
        e = np.exp(X)
        below = np.sum(e, axis=0)
        factor = 1.0 / below
        p = e * factor
        total = np.sum(p * p)
        return total

    graph, layout = planned(function, X, data=(0,))
    found = [
        (section.phase, section.over_rows, [names(stage.nodes) for stage in section.stages])  # type: ignore[union-attr]
        for section in layout.sections
    ]
    assert found == [
        (0, True, [["e", "below"]]),
        (1, False, [["factor"]]),
        (1, True, [["p", None, "total"]]),
    ]
    assert list(layout.memory.whole) == [graph["e"]]  # the second pass reads what the first one computed
    assert all(stage.row_axis == 0 for section in layout.sections if section.over_rows for stage in section.stages)
