"""Where a graph is cut into the nodes of a lesson."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.explain.telling import forward

import chainrule as cr
from chainrule.explain.building.blocks import Block, find_blocks, is_inline, operands


def names(blocks: list[Block]) -> list[tuple[str | None, list[str | None]]]:
    return [(block.node.name, [source.name for source in block.sources]) for block in blocks]


def two_statements(w: Any, x: Any) -> Any:
    z = w * x + 1.0
    p = np.tanh(z) * z
    return p  # noqa: RET504


def test_a_statement_is_one_block() -> None:
    graph = cr.trace(two_statements, 1.0, 2.0)
    assert names(find_blocks(graph, "statement")) == [("z", ["w", "x"]), ("p", ["z"])]


def test_an_operation_is_one_block() -> None:
    blocks = find_blocks(cr.trace(two_statements, 1.0, 2.0), "operation")
    assert [block.node.op.name for block in blocks] == ["multiply", "add", "tanh", "multiply"]
    assert all(len(block.interior) == 1 + len([n for n in block.interior if is_inline(n)]) for block in blocks)


def test_a_value_without_a_name_that_two_statements_use_is_a_block() -> None:
    def f(x: Any) -> Any:
        pair = [np.exp(x)]
        a = pair[0] * 2.0
        b = pair[0] + x
        return a * b

    assert forward(cr.explain(f, 0.0))[0] == "t1 = exp(x) = exp(0)"


def test_a_value_that_one_statement_uses_twice_stays_in_it() -> None:
    def f(x: Any) -> Any:
        return np.multiply(*[np.exp(x)] * 2)

    assert forward(cr.explain(f, 0.0)) == ["f = exp(x) exp(x) = exp(0) exp(0)"]


def test_what_changes_nothing_is_no_step() -> None:
    lesson = cr.explain(lambda x: np.sum(np.broadcast_to(x.astype(float), (2,))), np.float32(1.0), level="operation")
    assert len(lesson.forward) == 1


def test_a_statement_too_long_to_read_is_told_in_parts() -> None:
    def f(x: Any) -> Any:
        return sum([np.sin(k * x) * np.exp(x) for k in range(1, 13)])

    blocks = find_blocks(cr.trace(f, 0.5), "statement")
    assert len(blocks) > 1
    assert max(sum(not is_inline(node) and bool(node.inputs) for node in block.interior) for block in blocks) <= 20
    assert cr.explain(f, 0.5).result[0].agrees


def test_formulas_do_not_grow_with_the_powers_of_two() -> None:
    def f(x: Any) -> Any:
        y = [x]
        for _ in range(40):
            y.append(np.sin(y[-1]) * y[-1])  # written out, the last one has 2**40 parts
        return y[-1]

    lesson = cr.explain(f, 0.5)
    assert max(len(line) for line in forward(lesson)) < 400
    assert lesson.result[0].agrees


def test_a_rule_of_the_users_own_has_the_arguments_as_operands() -> None:
    @cr.custom_vjp
    def cube(x: Any) -> Any:
        return x**3

    cube.defvjp(lambda x: (x**3, x * 2.0), lambda saved, g: (g * saved,))
    graph = cr.trace(lambda x: cube(x), 2.0)
    (grouped,) = [node for node in graph.nodes if node.is_tuple]
    assert operands(grouped) == tuple(graph.inputs)
