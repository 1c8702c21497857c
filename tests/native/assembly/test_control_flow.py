"""Branches and loops inside kernels: the numbers of the interpreter, to second order, in one piece of native code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.graph import Graph
from chainrule.graph.op import abstract_input, constant, input_node, items
from chainrule.native.assembly import control
from chainrule.native.assembly.code import FunctionCode
from chainrule.native.planning import kernel
from chainrule.native.planning.bodies import lowered
from chainrule.native.planning.kernel import make_layout
from chainrule.native.planning.prepare import prepare
from chainrule.native.planning.request import Request
from chainrule.native.running.executable import Executable
from chainrule.native.running.program import NativeProgram
from chainrule.native.target import host
from chainrule.structure import flatten
from chainrule.transforms.control_flow.body import Body
from chainrule.transforms.control_flow.scan import scan_op

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.IndependentOutputWarning")

Function = Callable[..., Any]

X = np.linspace(-1.0, 1.5, 24).reshape(8, 3)


# One function of a number and a matrix for each kind of control flow --------------------------------------------------


def accumulated(a: Any, x: Any) -> Any:
    last, ys = cr.scan(lambda c, row: (np.tanh(c * a) + row, np.sum(c * row)), a * x[0], x)
    return np.sum(last**2) + np.sum(np.sin(ys)) * a


def in_reverse(a: Any, x: Any) -> Any:
    last, ys = cr.scan(lambda c, row: (c * a + np.sum(row), c * row), a, x, reverse=True)
    return last + np.sum(ys * x)


def without_rows(a: Any, x: Any) -> Any:
    last, _ = cr.scan(lambda c, _: (np.sin(c @ x.T @ x * 0.1) * a, None), x[1], length=5)
    return np.sum(last)


def without_carry(a: Any, x: Any) -> Any:
    _, ys = cr.scan(lambda c, row: (c, {"y": np.exp(row * a), "z": row[0] * a}), (), x)
    return np.sum(ys["y"]) + np.sum(np.exp(ys["z"]))


def swapped(a: Any, x: Any) -> Any:
    """Each part of the next carry is made from the other: a step must not read what it has just written."""
    (u, v), ys = cr.scan(lambda c, row: ((c[1] * a, c[0] + row), c[0] - c[1]), (x[0], x[1]), x[:7])
    return np.sum(u * v) + np.sum(ys**3)


def other_orders(a: Any, x: Any) -> Any:
    """Rows and operands that do not lie in memory as a body reads them."""
    first, _ = cr.scan(lambda c, row: (c * a + row @ x, None), x[2], x.T[:, ::-1])
    second, ys = cr.scan(
        lambda c, row: (c + np.sum(row * x[::2, 1]), row[::-1] * c), a, x[:, :1].T.repeat(4, 1)[:, ::8]
    )
    third, _ = cr.scan(lambda c, row: (c * row, None), a, np.broadcast_to(a, (4,)))
    return np.sum(first) + second + np.sum(ys) + third


def counted(a: Any, x: Any) -> Any:
    """Integers and truth values are carried along."""

    def step(carry: Any, row: Any) -> Any:
        count, is_large, total = carry
        above = total > 0.3
        count = count + np.where(above, 2, 1)
        return (count, is_large | above, total * a + np.where(is_large | (count > 4), *row[:2])), above

    (count, is_large, total), above = cr.scan(step, (0, False, a), x)
    return total * count + np.sum(np.where(above, a, 1.0)) + np.where(is_large, a, 0.0)


def branches(a: Any, x: Any) -> Any:
    return cr.cond(a > 0.5, lambda x: np.sum(x**2) * a, lambda x: np.sum(np.cos(x * a)), x)


def branches_with_several_results(a: Any, x: Any) -> Any:
    y, z = cr.cond(np.sum(x) * a > 100, lambda: (x * a, a), lambda: (np.sin(x), a * 3))
    return np.sum(y) * z


def until(a: Any, x: Any) -> Any:
    n, v = cr.while_loop(lambda c: np.sum(c[1] ** 2) < 500, lambda c: (c[0] + 1, c[1] * (1 + a) + x), (0, x))
    return np.sum(v) * n


def never(a: Any, x: Any) -> Any:
    return np.sum(cr.while_loop(lambda c: np.sum(c) > 1e6, lambda c: c * a, x)) + a


def many_steps(a: Any, x: Any) -> Any:
    """More steps than there is room for at first."""
    _, v = cr.while_loop(lambda c: c[0] < 300, lambda c: (c[0] + 1, np.sin(c[1]) * a + x), (0, x))
    return np.sum(v)


def nested(a: Any, x: Any) -> Any:
    def outer(c: Any, row: Any) -> Any:
        inner, _ = cr.scan(lambda d, v: (cr.cond(v > d, lambda: np.sin(d * v), lambda: d * a), None), c, row)
        return inner + cr.while_loop(lambda d: d < 1, lambda d: d * 2 + a, a), inner

    last, ys = cr.scan(outer, 0.1, x)
    return last + np.sum(ys**2)


CASES: list[Function] = [
    accumulated,
    in_reverse,
    without_rows,
    without_carry,
    swapped,
    other_orders,
    counted,
    branches,
    branches_with_several_results,
    until,
    never,
    many_steps,
    nested,
]
by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)

DERIVED: dict[str, Callable[[Function], Function]] = {
    "value": lambda f: f,
    "gradient": lambda f: cr.grad(f, (0, 1)),
    "Hessian product": lambda f: (
        lambda a, x: cr.grad(lambda a, x: sum(np.sum(np.sin(g)) for g in cr.grad(f, (0, 1))(a, x)), (0, 1))(a, x)
    ),
}


@by_case
@pytest.mark.parametrize("derive", DERIVED.values(), ids=DERIVED)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_kernels_agree_with_the_interpreter(case: Function, derive: Any, dtype: Any) -> None:
    function = derive(case)
    arguments = dtype(0.7), X.astype(dtype)
    compiled = cr.jit(function)
    for a in (dtype(0.7), dtype(0.3)):
        wanted, found = (flatten(f(a, arguments[1]))[0] for f in (function, compiled))
        for x, y in zip(wanted, found, strict=True):
            assert x.dtype == y.dtype
            scale = max(1.0, float(np.max(np.abs(x))))
            np.testing.assert_allclose(y, x, rtol=0, atol=2000 * np.finfo(dtype).eps * scale)
    plan = compiled.plan(*arguments)
    assert "native code" in plan
    assert "NumPy" not in plan


def test_branches_not_taken_do_not_run() -> None:
    """An endless loop in the other branch does not matter."""

    def choose(a: Any) -> Any:
        return cr.cond(a > 0, lambda: a * 2, lambda: cr.while_loop(lambda c: c < 1, lambda c: c, a))

    assert cr.jit(choose)(3.0) == 6.0


def test_results_are_independent_arrays() -> None:
    """The same result twice, a result that is an argument, and a carry that never changes."""

    def f(x: Any) -> Any:
        (u, v), ys = cr.scan(lambda c, row: ((c[0], c[1] + row), c[0]), (x[0], x[1]), x)
        return u, u, v, ys, ys[0], x

    found = cr.jit(f)(X)
    for x, y in zip(f(X), found, strict=True):
        np.testing.assert_array_equal(x, y)
    for i, y in enumerate(found):
        assert not any(np.shares_memory(y, other) for other in [X, *found[:i]])


def test_loops_of_no_step_are_left_to_numpy() -> None:
    f = cr.jit(lambda a, x: cr.scan(lambda c, row: (c * row, c), a, x))
    last, ys = f(2.0, np.zeros(0))
    assert (last, ys.shape) == (2.0, (0,))
    assert "NumPy: scan" in f.plan(2.0, np.zeros(0))


def test_bodies_that_numpy_must_run_stay_with_numpy() -> None:
    def f(a: Any, x: Any) -> Any:
        return cr.scan(lambda c, row: (c * np.linalg.det(row), None), a, x)[0]

    x = np.stack([np.eye(2) * 2, np.eye(2) * 3])
    assert np.isclose(cr.jit(f)(1.5, x), 1.5 * 4 * 9)
    plan = cr.jit(f).plan(1.5, x)
    assert "NumPy: scan" in plan


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16, np.bool_])
def test_arrays_of_a_body_are_a_part_of_its_code(dtype: Any) -> None:
    table = (np.arange(5) % 3 - 1).astype(dtype)
    carry, row = abstract_input((5,), np.dtype(float)), abstract_input((5,), np.dtype(float))
    body = Body(Graph([carry, row], [row + carry * constant(table)], "step"))
    start, rows = input_node(np.linspace(0, 1, 5)), input_node(np.linspace(1, 2, 15).reshape(3, 5))
    loop = scan_op.apply((start, rows), {"body": body, "carries": 1, "columns": 1, "length": 3, "reverse": False})
    last = items(loop)[0]
    assert lowered(body).constants
    program = NativeProgram([last], [start, rows])
    assert [part.is_native for part in program.parts] == [True]
    (found,) = program.run([start.value, rows.value])
    np.testing.assert_array_equal(found, last.value)


# Size of the code -----------------------------------------------------------------------------------------------------


def code_of(function: Function, *arguments: Any) -> str:
    graph = cr.trace(function, *arguments)
    outputs = prepare(graph.outputs, graph.inputs)
    return FunctionCode(make_layout(Request(outputs, graph.inputs), host()), host(), "run").text()


def recurrent(W: Any, x: Any) -> Any:
    def step(h: Any, row: Any) -> Any:
        h = np.tanh(h @ W + row)
        return h, h

    return np.mean(cr.scan(step, np.zeros(3), x)[1] ** 2)


def test_a_thousand_steps_are_as_much_code_as_ten() -> None:
    def backward(W: Any, x: Any) -> Any:
        graph = cr.trace(recurrent, W, x)
        return Graph(graph.inputs, cr.backward(graph).outputs)

    sizes = []
    for length in (16, 1024):
        graph = backward(np.eye(3), np.ones((length, 3)))
        outputs = prepare(graph.outputs, graph.inputs)
        layout = make_layout(Request(outputs, graph.inputs), host())
        sizes.append(len(FunctionCode(layout, host(), "run").text().splitlines()))
    assert sizes[0] == sizes[1]


def test_equal_bodies_share_their_code() -> None:
    def step(c: Any, row: Any) -> Any:
        return np.sin(c) + row, None

    def twice(x: Any) -> Any:
        return cr.scan(step, cr.scan(step, x[0], x)[0], x[1:])[0]

    assert code_of(twice, X).count("define internal void @body") == 1


def test_a_body_is_prepared_once() -> None:
    graph = cr.trace(recurrent, np.eye(3), X)
    loops = [node for node in graph.nodes if node.op.name == "scan"]
    assert lowered(loops[0].params["body"]) is lowered(loops[0].params["body"])


def test_the_plan_shows_loops_and_their_bodies() -> None:
    plan = cr.jit(recurrent).plan(np.eye(3), np.ones((1000, 3)))
    assert "loop of 1,000 steps" in plan
    assert plan.index("       body:") < plan.index("product %0 = h @ W")
    plan = cr.jit(cr.grad(until)).plan(0.7, X)
    for role in ("condition:", "body:", "back:", "loop, and back through it,"):
        assert role in plan
    assert "branch" in cr.jit(branches).plan(0.7, X)


# Memory ---------------------------------------------------------------------------------------------------------------


def stages(layout: Any) -> list[control.ControlStage]:
    own = layout.control_stages
    return own + [inner for stage in own for body in stage.bodies for inner in stages(body)]


def mark_owned(mask: Any, layout: Any, start: int) -> None:
    """Mark the bytes of an arena that belong to a value, in bodies too."""
    for stage in layout.control_stages:
        for body in stage.bodies:
            assert stage.arena is not None
            mark_owned(mask, body, start + stage.arena.offset)
        turns = stage.gradients if stage.gradients.parts else stage.state
        for block in stage.blocks:
            for part in turns.parts:
                first = start + block.offset + part.offset
                mask[first : first + part.nbytes] = True
        if stage.flag is not None:
            mask[start + stage.flag.offset] = True
    for view in layout.memory.views():
        if view.buffer.home.name == "ARENA":
            first = start + view.buffer.offset
            mask[first : first + view.buffer.nbytes] = True
    for stage in layout.control_stages:
        for view in stage.results:
            if view.buffer.home.name == "ARENA":
                first = start + view.buffer.offset
                mask[first : first + view.buffer.nbytes] = True


@by_case
def test_bodies_stay_within_their_memory(case: Function) -> None:
    graph = cr.trace(case, 0.7, X)
    graph = Graph(graph.inputs, [*graph.outputs, *cr.backward(graph).outputs])
    program = NativeProgram(graph.outputs, graph.inputs, guard=192)
    (made,) = [part.run for part in program.parts if isinstance(part.run, Executable)]
    assert stages(made.layout)
    workspace = made._take()
    workspace.arena[:] = 0xA5
    made._free.append(workspace)
    found = program.run([0.7, X])
    owned = np.zeros(workspace.arena.size, bool)
    assert made.layout.threads == 1
    mark_owned(owned, made.layout, made.layout.shared_bytes)
    assert np.all(workspace.arena[~owned] == 0xA5)
    assert not np.all(workspace.arena == 0xA5)
    for value, node in zip(found, graph.outputs, strict=True):
        np.testing.assert_allclose(value, node.value, rtol=1e-10)


def test_no_memory_for_the_carries_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for 2⁵⁸ carries is not there; the next call starts anew."""
    monkeypatch.setattr(cr.config, "cache", False)
    monkeypatch.setattr(control, "_FIRST_ROOM", 1 << 56)
    f = cr.jit(cr.grad(lambda x: cr.while_loop(lambda c: c < 10, lambda c: c * 2, x)))
    for _ in range(2):
        with pytest.raises(MemoryError, match="carry of every step"):
            f(1.0)


# Rows -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rows", [40, 65, 130])
def test_loops_stand_between_passes_over_rows(rows: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is computed by tiles of rows is there as a whole when a loop reads it, and the other way round."""
    monkeypatch.setattr(cr.config, "threads", threads)
    monkeypatch.setattr(kernel, "CALL_WORK", 10)
    monkeypatch.setattr(kernel, "STEP_WORK", 10)
    monkeypatch.setattr(kernel, "TILE_BYTES", 1500)
    X = np.random.default_rng(rows).normal(size=(rows, 3))

    def f(a: Any, X: Any) -> Any:
        z = np.tanh(X * a)
        last, ys = cr.scan(lambda c, row: (c * 0.5 + row, c), z[0], z / (1 + np.sum(z**2)))
        return np.sum(np.sin(ys) * X) + np.sum(last * np.sum(X, axis=0))

    graph = cr.trace(f, 0.7, X)
    graph = Graph(graph.inputs, [*graph.outputs, *cr.backward(graph).outputs])
    program = NativeProgram(graph.outputs, graph.inputs)
    (made,) = [part.run for part in program.parts if isinstance(part.run, Executable)]
    assert made.layout.threads == (threads if rows >= 40 else 1)
    assert made.layout.tiles > 1
    for value, node in zip(program.run([0.7, X]), graph.outputs, strict=True):
        np.testing.assert_allclose(value, node.value, rtol=1e-10, atol=1e-12)


# Training -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [None, 40])
@pytest.mark.parametrize("threads", [1, 2])
def test_minimize_runs_loops_natively(batch_size: int | None, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.learn import descent

    monkeypatch.setattr(cr.config, "threads", threads)
    monkeypatch.setattr(kernel, "CALL_WORK", 10)
    monkeypatch.setattr(kernel, "STEP_WORK", 10)
    monkeypatch.setattr(kernel, "TILE_BYTES", 1500)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 2))
    params = {"W": rng.normal(size=(4, 4)) * 0.3, "U": rng.normal(size=(2, 4)), "v": np.ones(4)}

    def loss(p: Any, x: Any, y: Any) -> Any:
        def step(h: Any, row: Any) -> Any:
            h = np.tanh(h @ p["W"] + row @ p["U"])
            return h, h

        _, h = cr.scan(step, np.zeros(4), x)
        return np.mean((h @ p["v"] - y) ** 2) + 0.01 * np.mean((x @ p["U"]) ** 2)

    def histories() -> Any:
        optimizer = cr.Adam(lr=0.05)
        data = (x, np.sin(x[:, 0]))
        return cr.minimize(loss, params, data, optimizer=optimizer, steps=20, batch_size=batch_size).history["loss"]

    loops: list[Any] = []
    compile_loop = descent.compile_loop
    with monkeypatch.context() as patch:
        patch.setattr(descent, "compile_loop", lambda *a, **k: loops.append(compile_loop(*a, **k)) or loops[-1])
        native = histories()
        assert loops
        assert all("loop of" in loop.plan() for loop in loops)
        patch.setattr(descent, "compile_loop", lambda *a, **k: None)
        np.testing.assert_allclose(native, histories(), rtol=1e-9)
    assert native[-1] < native[0]
