"""Bodies: equal for equal code, free of data, and what programs keep of them."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import GraphError, NonFiniteWarning
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.op import abstract_input, constant
from chainrule.graph.verify import verify
from chainrule.interpret import Program, signature
from chainrule.transforms import running
from chainrule.transforms.control_flow.body import Body


def scan_in(graph: Graph) -> Node:
    (loop,) = [node for node in graph.nodes if node.op.name == "scan"]
    return loop


def traced(factor: Any, data: Any, x: Any) -> Graph:
    return cr.trace(lambda x: cr.scan(lambda c, x: (c * factor + np.sum(x * data), None), 0.0, x)[0], x)


def test_the_same_code_on_other_numbers_has_an_equal_body() -> None:
    one, other = [scan_in(traced(2.0, data, data + 1)) for data in (np.ones(3), np.arange(3.0))]
    assert one.params["body"] is not other.params["body"]
    assert one.params == other.params
    assert hash(one.params["body"]) == hash(other.params["body"])


@pytest.mark.parametrize(
    "change",
    [(3.0, np.ones(3), np.ones(3)), (2, np.ones(3), np.ones(3)), (2.0, np.ones(1), np.ones(3))],
    ids=["literal", "type of a literal", "shape"],
)
def test_other_code_has_another_body(change: Any) -> None:
    one, other = scan_in(traced(2.0, np.ones(3), np.ones(3))), scan_in(traced(*change))
    assert one.params["body"] != other.params["body"]


def test_constants_that_rules_write_into_bodies_count_by_their_values() -> None:
    x = abstract_input((2,), float)

    def with_constant(value: Any) -> Body:
        return Body(Graph([x], [x * constant(value)]))

    assert with_constant(np.ones(2)) == with_constant(np.ones(2))
    assert hash(with_constant(np.ones(2))) == hash(with_constant(np.ones(2)))
    assert with_constant(np.ones(2)) != with_constant(np.array([1.0, 2.0]))
    assert with_constant(np.ones(2)) != with_constant(np.ones(2, int))
    assert with_constant(np.ones(2)) != with_constant(np.ones((1, 2)))


def test_the_order_of_inputs_counts() -> None:
    x, y = abstract_input((), float), abstract_input((), float)
    assert Body(Graph([x, y], [x - y])) != Body(Graph([y, x], [x - y]))
    assert Body(Graph([x], [x])) != Body(Graph([x, y], [x]))


def test_arrays_that_the_body_uses_are_operands_and_no_part_of_it() -> None:
    data = np.arange(3.0)
    loop = scan_in(traced(2.0, data, np.ones(3)))
    body = loop.params["body"].graph
    assert not [node for node in body.nodes if node.op.name == "constant"]
    np.testing.assert_array_equal(loop.inputs[-1].value, data)
    assert len(body.inputs) == len(loop.inputs) == 3


def test_equal_graphs_share_a_program_whatever_the_data() -> None:
    def gradient(data: Any) -> Any:
        return cr.grad(lambda x: cr.scan(lambda c, x: (c * x + np.sum(data), None), 1.0, x)[0])(np.ones(4))

    gradient(np.ones(3))
    before = len(running._programs)
    assert gradient(np.arange(3.0))[0] == 1
    assert len(running._programs) == before


def test_two_traces_of_one_function_have_the_same_signature() -> None:
    def f(w: Any, x: Any) -> Any:
        return cr.while_loop(lambda v: np.sum(v) < 9, lambda v: v + cr.cond(v[0] > w, lambda: x, lambda: x * 2), x)

    keys = []
    for scale in (1.0, 2.0):
        graph = cr.trace(lambda *a: np.sum(cr.grad(lambda *b: np.sum(f(*b)))(*a)), scale, np.ones(3) * scale)
        keys.append(signature(graph.nodes, graph.outputs)[0])
    assert keys[0] == keys[1]
    assert hash(keys[0]) == hash(keys[1])


def test_equal_loops_run_once() -> None:
    def f(x: Any) -> Any:
        first, second = [cr.scan(lambda c, x: (c * x, None), x[0], x)[0] for _ in range(2)]
        return first * second

    graph = cr.trace(f, np.array([2.0, 3.0]))
    program = Program(graph.outputs, graph.inputs)
    assert len(program) == 4  # x[0], scan, item, multiply
    assert program.run([np.array([2.0, 3.0])]) == [144.0]


@pytest.mark.interpreted("compiled programs keep nodes for their plan; those of jit hold no values")
def test_programs_do_not_keep_the_data() -> None:
    def run(data: Any) -> None:
        cr.grad(lambda x: cr.scan(lambda c, row: (c + np.sum(row * data), None), 0.0, x)[0])(np.ones((5, 1)))
        cr.scan(lambda c, row: (c + np.sum(row * data), None), 0.0, data)

    data = np.ones(100_000)
    gone = weakref.ref(data)
    run(data)
    del data
    gc.collect()
    assert gone() is None


def test_the_carries_are_stacked_only_for_a_gradient() -> None:
    def f(x: Any) -> Any:
        return cr.scan(lambda c, x: (np.sin(c + x), None), 0.0, x)[0]

    def results(graph: Graph) -> list[int]:
        found: list[int] = []
        program = Program([node.stable or node for node in graph.outputs], graph.inputs)
        for _, call, *_ in program._steps:
            keywords = getattr(call, "keywords", {})
            if "body" in keywords:
                found.append(len(keywords["body"].graph.outputs))
        return found

    x = np.ones(4)
    assert results(cr.trace(f, x)) == [1]
    assert results(cr.trace(cr.grad(f), x)) == [2, 2]


def test_the_gradient_of_an_operand_is_summed_up_and_never_stacked() -> None:
    graph = cr.trace(
        cr.grad(lambda w, x: np.sum(cr.scan(lambda c, x: (np.tanh(w @ c), None), x, length=50)[0])),
        np.eye(3),
        np.ones(3),
    )
    shapes = [shape for node in graph.nodes if node.is_tuple for shape, _ in node.shape]
    assert (3, 3) in shapes
    assert (50, 3, 3) not in shapes


def test_a_graph_with_a_broken_body_does_not_pass_the_verifier() -> None:
    graph = traced(2.0, np.ones(3), np.ones(3))
    body = scan_in(graph).params["body"].graph
    body.outputs[0].shape = (7,)
    with pytest.raises(GraphError):
        verify(graph)


def test_a_loop_on_inputs_that_do_not_fit_does_not_pass_the_verifier() -> None:
    graph = traced(2.0, np.ones(3), np.ones(3))
    loop = scan_in(graph)
    loop.params["length"] = 4
    with pytest.raises(GraphError, match="input 1 must have shape"):
        verify(graph)


def test_printing_in_a_body_shows_that_it_is_for_any_number(capsys: pytest.CaptureFixture[str]) -> None:
    def step(state: Any, row: Any) -> Any:
        product = state * row
        print(product, f"{state}")
        return product, None

    cr.scan(step, 1.0, np.ones(3, np.float32))
    shown = "Traced(product = any number, shape=(), dtype=float32) Traced(state = any number, shape=(), dtype=float32)"
    assert shown in capsys.readouterr().out


def test_a_nan_is_reported_with_the_loop_where_it_begins() -> None:
    with pytest.warns(NonFiniteWarning, match=r"(?s)begins in scan of .*test_control_flow_bodies.py"):
        cr.grad(lambda x: cr.scan(lambda c, x: (np.log(c - x), None), 1.0, x)[0])(np.array([1.0, 3.0]))


def custom_rules(loop: Any) -> Any:
    @cr.custom_vjp
    def steep(x: Any) -> Any:
        return x

    steep.defvjp(lambda x: (x, None), lambda saved, g: (3.0 * g,))

    @cr.custom_jvp
    def logistic(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    logistic.defjvp(lambda p, t: (logistic(p[0]), logistic(p[0]) * (1 - logistic(p[0])) * t[0]))
    return lambda x: np.sum(loop(lambda c, x: (steep(c) * x, logistic(c)), 0.7, x)[1])


def checkpointed(loop: Any) -> Any:
    def f(x: Any) -> Any:
        step = cr.checkpoint(lambda c, v: (np.sin(c * v) + np.sum(x), c))
        return np.sum(loop(step, 0.5, x)[1] ** 2)

    return f


def stopped(loop: Any) -> Any:
    return lambda x: loop(lambda c, x: (cr.stop_gradient(c) * x + c, None), 1.0, x)[0]


@pytest.mark.parametrize("case", [custom_rules, checkpointed, stopped])
@pytest.mark.parametrize("derive", [cr.grad, cr.hessian])
def test_other_transforms_inside_a_body(case: Any, derive: Any) -> None:
    def unrolled(f: Any, c: Any, xs: Any) -> Any:
        ys = []
        for x in xs:
            c, y = f(c, x)
            ys.append(y)
        return c, None if ys[0] is None else np.stack(ys)

    x = np.array([0.3, 1.2, -0.4])
    np.testing.assert_allclose(derive(case(cr.scan))(x), derive(case(unrolled))(x), rtol=1e-10, atol=1e-12)


def test_gradient_descent_through_a_scan() -> None:
    x = np.linspace(-1, 1, 20)

    def mean_square(scan: Any) -> Any:
        return lambda rate, x: np.mean(scan(lambda c, x: (c + rate * (x - c), c), 0.0, x)[1] ** 2)

    def unrolled(step: Any, c: Any, xs: Any) -> Any:
        ys = []
        for x in xs:
            c, y = step(c, x)
            ys.append(y)
        return c, np.stack(ys)

    ours, theirs = [
        cr.minimize(mean_square(scan), 0.9, (x,), optimizer=cr.GradientDescent(lr=0.1), steps=10)
        for scan in (cr.scan, unrolled)
    ]
    np.testing.assert_allclose(ours.history["loss"], theirs.history["loss"], rtol=1e-12)
    assert ours.history["loss"][-1] < ours.history["loss"][0]
