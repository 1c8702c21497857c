"""scan: the same values and derivatives as the loop written out, from one node of the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeMismatchError, StructureError, TracedBranchError, TraceLeakError
from chainrule.graph.verify import verify
from chainrule.structure import flatten, map_leaves

RNG = np.random.default_rng(0)
W = RNG.normal(size=(3, 3)) * 0.5
U = RNG.normal(size=(2, 3))
X = RNG.normal(size=(5, 2))
H = RNG.normal(size=3)


def unrolled(f: Any, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False) -> tuple[Any, Any]:
    """scan in plain Python."""
    rows = flatten(xs)[0]
    count = len(rows[0]) if rows else length or 0
    carry, ys = init, [None] * count
    for t in reversed(range(count)) if reverse else range(count):
        carry, ys[t] = f(carry, map_leaves(lambda x, t=t: x[t], xs))
    return carry, map_leaves(lambda *parts: np.stack(parts), *ys)


def recurrent_network(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    def f(w: Any, u: Any, h: Any, x: Any) -> Any:
        last, hs = scan(lambda h, x: (np.tanh(h @ w + x @ u),) * 2, h, x)
        return np.sum(hs**2) + np.sum(last * np.arange(3.0))

    return f, (W, U, H, X)


def containers(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    def step(state: Any, x: Any) -> Any:
        new = {"m": 0.9 * state["m"] + x["g"], "v": (state["v"][0] * np.cos(x["g"]), state["v"][1] + x["s"])}
        return new, {"norm": np.sum(new["m"] ** 2), "rest": [new["v"][0] * x["s"]]}

    def f(m: Any, v: Any, g: Any, s: Any) -> Any:
        last, ys = scan(step, {"m": m, "v": (v, np.sum(v))}, {"g": g, "s": s})
        return np.sum(last["m"]) * last["v"][1] + np.sum(last["v"][0]) + np.sum(ys["norm"] * ys["rest"][0][:, 0])

    return f, (H, RNG.normal(size=3), RNG.normal(size=(4, 3)), RNG.normal(size=4))


def backwards(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    def f(x: Any, a: Any) -> Any:
        last, ys = scan(lambda c, x: (a * c + np.sin(x), c * x), x[0, 0], x[:, 1], reverse=True)
        return last * np.sum(ys * np.arange(5.0))

    return f, (X, np.array(0.7))


def no_columns(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    def f(x: Any) -> Any:
        last, ys = scan(lambda c, _: (c * np.sin(c) + x, c), x * 0.5, length=4)
        return np.sum(last) + np.sum(ys[1:] * ys[:-1])

    return f, (H,)


def no_carry(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return lambda x, w: np.sum(scan(lambda _, row: (None, np.exp(row @ w)), None, x)[1] ** 2), (X, U)


def only_the_carry(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return lambda x: scan(lambda p, x: (p * x, None), np.sum(x), x)[0], (H,)


def counters(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Integers and truth values in the carry, and an index that the loop counts up."""

    take = cr.numpy.take

    def f(x: Any, w: Any) -> Any:
        def step(carry: Any, _: Any) -> Any:
            i, total, seen = carry
            return (i + 1, total * 0.5 + take(x, i) * take(w[:, 0], i), seen | (take(x, i) > 0)), (i, total)

        (i, total, seen), (numbers, totals) = scan(step, (0, 0.0, np.array(False)), length=3)
        return total * i + np.sum(totals * numbers) + np.where(seen, total, 0.0)

    return f, (H, RNG.normal(size=(3, 2)))


def unused_parts(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A part of the carry that nothing depends on, and operands without influence."""

    def f(x: Any, w: Any) -> Any:
        def step(carry: Any, x: Any) -> Any:
            a, b = carry
            return (a * x, b + np.sum(w)), (a + 0.0 * np.floor(b), b)

        (a, _), (y, _) = scan(step, (x[0], x[1]), x)
        return a + np.sum(y**2)

    return f, (H, W)


def constant_carry(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The carry is overwritten, or handed on unchanged."""

    def f(x: Any) -> Any:
        (a, b), ys = scan(lambda c, x: ((1.0, c[1]), c[0] * x * c[1]), (x[0], x[1]), x)
        return np.sum(ys) + a * b

    return f, (H,)


def nested(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    def f(x: Any, w: Any) -> Any:
        def outer(c: Any, row: Any) -> Any:
            inner, ys = scan(lambda d, v: (np.sin(d * v) + c, d * c), c * w[0, 0], row)
            return inner * 0.5, np.sum(ys) + inner

        last, ys = scan(outer, x[0, 0], x)
        return last * np.sum(ys**2)

    return f, (X, W)


def gradient_inside(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Gradient descent whose steps are derivatives themselves."""

    def f(x: Any, rate: Any) -> Any:
        def loss(v: Any, target: Any) -> Any:
            return np.sum((np.tanh(v) - target) ** 2) * rate

        def step(v: Any, target: Any) -> Any:
            value, gradient = cr.value_and_grad(loss)(v, target)
            return v - rate * gradient, value

        last, losses = scan(step, x[0], x)
        return np.sum(last**2) + np.sum(losses)

    return f, (X[:3], np.array(0.3))


def assignment(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    def f(x: Any) -> Any:
        def step(v: Any, row: Any) -> Any:
            v[0] = v[1] * row[0]
            v[1:] += row
            return v, v[::-1].copy()

        last, ys = scan(step, x[0, 0] * np.ones(3), x)
        return np.sum(last) + np.sum(ys * ys)

    return f, (X,)


def stable_forms(scan: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The textbook cross-entropy at logits where it overflows as written."""

    def f(w: Any, x: Any) -> Any:
        def step(total: Any, x: Any) -> Any:
            p = 1 / (1 + np.exp(-(w * x)))
            return total - np.log(p) - 2 * np.log(1 - p), None

        return scan(step, 0.0, x)[0]

    return f, (np.array(900.0), np.array([1.0, -1.0, 0.001]))


CASES = [
    recurrent_network,
    containers,
    backwards,
    no_columns,
    no_carry,
    only_the_carry,
    counters,
    unused_parts,
    constant_carry,
    nested,
    gradient_inside,
    assignment,
    stable_forms,
]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)


def compare(derivative: Callable[[Any, int], Any], case: Any) -> None:
    f, args = case(cr.scan)
    g, _ = case(unrolled)
    for argnum in range(len(args)):
        ours, theirs = derivative(f, argnum)(*args), derivative(g, argnum)(*args)
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


@each_case
def test_values_and_gradients_equal_those_of_the_loop_written_out(case: Any) -> None:
    f, args = case(cr.scan)
    g, _ = case(unrolled)
    np.testing.assert_allclose(cr.value_and_grad(f)(*args)[0], cr.value_and_grad(g)(*args)[0], rtol=1e-12)
    compare(cr.grad, case)


@each_case
def test_forward_mode_equals_that_of_the_loop_written_out(case: Any) -> None:
    compare(cr.jacfwd, case)


@each_case
def test_second_derivatives_equal_those_of_the_loop_written_out(case: Any) -> None:
    compare(cr.hessian, case)
    compare(lambda f, i: cr.jacobian(cr.grad(f, i), i), case)


@each_case
def test_reverse_over_forward_equals_that_of_the_loop_written_out(case: Any) -> None:
    def derivative(f: Any, i: int) -> Any:
        def directional(*args: Any) -> Any:
            return cr.jvp(f, args, tuple([np.ones_like(a) * 0.7 for a in args]))[1]

        return cr.grad(directional, i)

    compare(derivative, case)


@pytest.mark.parametrize("case", [recurrent_network, backwards, nested, counters], ids=lambda case: case.__name__)
def test_third_derivatives(case: Any) -> None:
    def derivative(f: Any, i: int) -> Any:
        def quadratic(*args: Any) -> Any:
            def at(v: Any) -> Any:
                return f(*args[:i], v, *args[i + 1 :])

            return np.sum(cr.hvp(at, (args[i],), (np.ones_like(args[i]),)) ** 2)

        return cr.grad(quadratic, i)

    compare(derivative, case)


@each_case
def test_on_plain_arrays_it_computes(case: Any) -> None:
    f, args = case(cr.scan)
    g, _ = case(unrolled)
    if case is gradient_inside or case is stable_forms:
        with np.errstate(all="ignore"):
            assert np.isfinite(f(*args))
        return
    if case is assignment:
        args = (args[0].copy(),)
    np.testing.assert_allclose(f(*args), g(*args), rtol=1e-12)


@each_case
def test_graphs_and_their_gradients_pass_the_verifier(case: Any) -> None:
    f, args = case(cr.scan)
    graph = cr.trace(f, *args)
    verify(graph)
    gradients = cr.backward(graph)
    verify(gradients)
    verify(cr.trace(cr.grad(f), *args))


def test_zero_steps() -> None:
    def f(c: Any, x: Any, w: Any) -> Any:
        last, ys = cr.scan(lambda c, x: (c * w + x, c * x), c, x)
        assert ys.shape == (0, 3)
        return np.sum(last) + np.sum(ys)

    empty = np.ones((0, 3))
    gradients = cr.grad(f, (0, 1, 2))(H, empty, W[0])
    assert [g.shape for g in gradients] == [(3,), (0, 3), (3,)]
    np.testing.assert_array_equal(gradients[0], 1.0)
    np.testing.assert_array_equal(gradients[2], 0.0)
    last, ys = cr.scan(lambda c, x: (c + x, c), H, empty)
    np.testing.assert_array_equal(last, H)
    assert last is not H
    assert ys.shape == (0, 3)
    np.testing.assert_array_equal(cr.hessian(f)(H, empty, W[0]), 0.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept(dtype: Any) -> None:
    def f(x: Any, w: Any) -> Any:
        last, ys = cr.scan(lambda c, x: (c * w + x, (c, x * 2, 0 * x > 1)), 0.0, x)
        assert (last.dtype, ys[0].dtype, ys[1].dtype, ys[2].dtype) == (dtype, dtype, dtype, bool)
        return last

    x, w = np.arange(3, dtype=dtype), np.asarray(0.5, dtype)
    value, gradients = cr.value_and_grad(f, (0, 1))(x, w)
    assert {value.dtype, *[g.dtype for g in gradients]} == {np.dtype(dtype)}
    assert cr.jvp(f, (x, w), (x, w))[1].dtype == dtype
    assert cr.hessian(f)(x, w).dtype == dtype
    assert f(x, w).dtype == dtype


def test_python_numbers_take_the_dtype_of_the_first_step() -> None:
    last, ys = cr.scan(lambda c, x: (c + x, c), 0, np.array([0.5, 1.0]))
    assert (last.dtype, ys.dtype) == (np.float64, np.float64)
    counted, _ = cr.scan(lambda c, x: (c + 1, None), 0, np.ones(3))
    assert (counted.dtype, counted) == (np.int64, 3)
    constant, ys = cr.scan(lambda c, x: (1.0, 2), np.float32(0), np.ones(3))
    assert (constant.dtype, ys.tolist()) == (np.float32, [2, 2, 2])


def test_complex_numbers() -> None:
    z = np.array([1 + 2j, 0.5 - 1j, 0.3j])

    def f(scan: Any) -> Any:
        return lambda z: np.sum(np.abs(scan(lambda c, z: (c * z + 1j, c * np.conj(z)), z[0], z)[1]) ** 2)

    np.testing.assert_allclose(cr.grad(f(cr.scan))(z), cr.grad(f(unrolled))(z), rtol=1e-12)


def test_closures_over_values_of_enclosing_traces() -> None:
    def f(scan: Any) -> Any:
        def of(a: Any) -> Any:
            b = np.exp(a)
            inner = cr.grad(lambda x: np.sum(scan(lambda c, x: (np.sin(c * x * b), c), a, x)[1] ** 2))
            return np.sum(inner(np.array([0.3, 0.5, 0.7])) * b)

        return of

    for derive in (cr.grad, cr.jacfwd, lambda f: cr.grad(cr.grad(f))):
        np.testing.assert_allclose(derive(f(cr.scan))(0.4), derive(f(unrolled))(0.4), rtol=1e-10)


def test_what_does_not_depend_on_the_step_is_computed_outside() -> None:
    def f(w: Any, x: Any) -> Any:
        return cr.scan(lambda c, x: (c + np.sum(np.exp(w)) * x, None), 0.0, x)[0]

    graph = cr.trace(f, W, H)
    (loop,) = [node for node in graph.nodes if node.op.name == "scan"]
    assert "exp" in {node.op.name for node in graph.nodes}
    assert {node.op.name for node in loop.params["body"].graph.nodes} == {"input", "multiply", "add"}


def test_the_variables_of_the_body_have_their_names() -> None:
    graph = cr.trace(lambda w, x: cr.scan(lambda state, row: (state * w + row, None), 0.0, x)[0], 2.0, H)
    (loop,) = [node for node in graph.nodes if node.op.name == "scan"]
    assert [node.name for node in loop.params["body"].graph.inputs] == ["state", "row", "w"]


def test_a_traced_array_is_indexed_and_assigned_to_at_a_place_that_the_loop_counts() -> None:
    def f(loop: Any) -> Any:
        def of(x: Any, w: Any) -> Any:
            def step(carry: Any, _: Any) -> Any:
                i, v = carry
                v[i] = v[i - 1] * w[i, i % 2]
                v = v.at[(i + 1) % 3].add(np.sum(w[i]))
                return (i + 1, v), v[np.stack([i, i - 1])] * 2.0

            (_, v), ys = loop(step, (0, x), length=3)
            return np.sum(v**2) + np.sum(ys**2)

        return of

    args = (H, RNG.normal(size=(3, 2)))
    for derive in (cr.grad, cr.jacfwd, cr.hessian):
        ours, theirs = derive(f(cr.scan), (0, 1))(*args), derive(f(unrolled), (0, 1))(*args)
        for one, other in zip(flatten(ours)[0], flatten(theirs)[0], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10)


def test_random_numbers_are_drawn_while_recording() -> None:
    _, ys = cr.scan(lambda c, _: (c, c + np.random.default_rng().normal()), 0.0, length=4)
    assert len(set(ys.tolist())) == 1


def node_count(f: Any, *args: Any) -> int:
    return len(cr.trace(f, *args))


@pytest.mark.parametrize("derive", [lambda f: f, cr.grad, lambda f: cr.grad(lambda *a: np.sum(cr.grad(f)(*a)))])
def test_the_number_of_nodes_does_not_grow_with_the_number_of_steps(derive: Any) -> None:
    f, (w, u, h, _) = recurrent_network(cr.scan)
    counts = {node_count(derive(f), w, u, h, np.ones((n, 2))) for n in (1, 10, 10_000)}
    assert len(counts) == 1
    assert counts.pop() < 200


def test_a_long_scan() -> None:
    n = 10_000
    x = np.linspace(0, 1, n)
    value, gradient = cr.value_and_grad(lambda x: cr.scan(lambda c, x: (0.5 * c + x, None), 0.0, x)[0])(x)
    np.testing.assert_allclose(value, np.sum(0.5 ** np.arange(n)[::-1] * x))
    np.testing.assert_allclose(gradient, 0.5 ** np.arange(n)[::-1])


# Errors -------------------------------------------------------------------------------------------------------------


def raises(error: type[Exception], *words: str) -> Any:
    return pytest.raises(error, match="(?s)" + ".*".join(words))


def test_a_carry_that_changes_its_shape() -> None:
    with raises(ShapeMismatchError, "state", r"\(3,\)", r"returns it with shape \(\)", "test_control_flow_scan.py"):
        cr.scan(lambda state, x: (np.sum(state * x), None), H, np.ones(3))


def test_a_carry_that_changes_its_dtype() -> None:
    with raises(ShapeMismatchError, "float32", "float64", "fix", r"astype\('float32'\)"):
        cr.scan(lambda c, x: (c + x, None), np.float32(0), np.ones(3))


def test_a_carry_that_changes_its_structure() -> None:
    with raises(StructureError, "carry that step returns", r"\(\*, \*\)", r"the first carry of scan"):

        def step(c: Any, x: Any) -> Any:
            return (c, x), None

        cr.scan(step, 0.0, np.ones(3))


@pytest.mark.parametrize("result", [lambda c, x: c, lambda c, x: (c, x, x), lambda c, x: [c, x]])
def test_a_body_that_returns_no_pair(result: Any) -> None:
    with raises(StructureError, "must return a pair", "fix return carry, y"):
        cr.scan(result, 0.0, np.ones(3))


@pytest.mark.parametrize(
    ("xs", "length", "words"),
    [
        ((np.ones(3), np.ones(4)), None, (r"xs\[0\] has 3, xs\[1\] has 4",)),
        (np.ones(3), 4, ("length has 4, xs has 3",)),
        (None, None, ("neither xs nor length", "length=n")),
        (None, -1, ("-1 steps",)),
        ([1.0, 2.0], None, (r"xs\[0\]", "has none", r"np.array\(\[...\]\)")),
    ],
)
def test_lengths_that_do_not_agree(xs: Any, length: Any, words: Any) -> None:
    with raises(StructureError, *words):
        cr.scan(lambda c, x: (c, None), 0.0, xs, length)


@pytest.mark.parametrize(
    "body",
    [
        lambda c, x: (c if x > 0 else -c, None),
        lambda c, x: (c + np.sum(np.ones(3)[c < H]), None),
        lambda c, x: (c + len(range(int(x > 0))), None),
        lambda c, x: (c + np.sum((x * np.ones(3))[: np.argmax(c)]), None),
    ],
)
@pytest.mark.parametrize("derive", [lambda f: f, cr.grad])
def test_looking_at_numbers_in_the_body(body: Any, derive: Any) -> None:
    with raises(TracedBranchError, "no number yet", "test_control_flow_scan.py", "cr.cond"):
        derive(lambda x: cr.scan(body, 0.0, x)[0])(np.ones(3))


def test_an_index_that_is_out_of_range_when_the_loop_runs() -> None:
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        cr.scan(lambda c, i: (c, c[i]), H, np.arange(5))


def test_values_that_leave_the_body_by_the_side_door() -> None:
    kept = []

    def step(c: Any, x: Any) -> Any:
        kept.append(c * x)
        return c * x, None

    with raises(TraceLeakError, "fix return the value"):
        cr.grad(lambda x: cr.scan(step, 1.0, x)[0] * kept[-1])(H)


def test_what_is_no_array() -> None:
    with raises(TypeError, "the first carry of scan is of type str"):
        cr.scan(lambda c, x: (c, None), "text", np.ones(3))
