"""cond, scan and while_loop, held against JAX's, whose names and conventions they have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

jax = pytest.importorskip("jax", reason="the extra `oracle` installs it")
pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
jax.config.update("jax_enable_x64", True)

RNG = np.random.default_rng(3)


def lstm(xp: Any, flow: Any) -> Callable[..., Any]:
    def f(params: Any, x: Any) -> Any:
        def step(state: Any, row: Any) -> Any:
            h, c = state
            z = h @ params["U"] + row @ params["W"] + params["b"]
            i, f, o, g = [z[2 * k : 2 * k + 2] for k in range(4)]
            c = c / (1 + xp.exp(-f)) + xp.tanh(g) / (1 + xp.exp(-i))
            h = xp.tanh(c) / (1 + xp.exp(-o))
            return (h, c), {"h": h}

        (h, _), ys = flow.scan(step, (x[0, :2], x[1, :2]), x)
        return xp.sum(ys["h"] ** 2) + xp.sum(h)

    return f


LSTM = (
    {"U": RNG.normal(size=(2, 8)), "W": RNG.normal(size=(3, 8)), "b": RNG.normal(size=8)},
    RNG.normal(size=(6, 3)),
)


def reversed_scan_of_conds(xp: Any, flow: Any) -> Callable[..., Any]:
    def f(a: Any, x: Any) -> Any:
        def step(c: Any, row: Any) -> Any:
            c = flow.cond(xp.sum(row) > c, lambda c, r: c + a * xp.sum(r**2), lambda c, r: xp.sin(c) * r[0], c, row)
            return c, (c, row * c)

        last, (cs, rows) = flow.scan(step, a * 0.1, x, reverse=True)
        return last * xp.sum(cs * xp.arange(5.0)) + xp.sum(rows[1:] * rows[:-1])

    return f


def scan_of_length(xp: Any, flow: Any) -> Callable[..., Any]:
    def f(a: Any, x: Any) -> Any:
        last, counts = flow.scan(lambda c, _: ((c[0] + 1, xp.tanh(c[1] @ x.T @ x + a)), c[0]), (0, x[0]), length=7)
        return xp.sum(last[1]) * last[0] + xp.sum(counts)

    return f


def scan_of_scans(xp: Any, flow: Any) -> Callable[..., Any]:
    def f(a: Any, x: Any) -> Any:
        def outer(c: Any, row: Any) -> Any:
            d, ys = flow.scan(lambda d, v: (xp.sin(d * v) + c * a, d * c), c, row)
            return d, xp.sum(ys)

        last, ys = flow.scan(outer, a, x)
        return last + xp.sum(ys**2)

    return f


SMALL = (np.array(0.7), RNG.normal(size=(5, 2)))
REVERSE: dict[str, Any] = {
    "lstm": (lstm, LSTM),
    "reversed scan of conds": (reversed_scan_of_conds, SMALL),
    "scan of length": (scan_of_length, SMALL),
    "scan of scans": (scan_of_scans, SMALL),
}


def while_loops(xp: Any, flow: Any) -> Callable[..., Any]:
    def f(a: Any, x: Any) -> Any:
        def body(state: Any) -> Any:
            n, v = state
            inner = flow.while_loop(lambda u: xp.sum(u**2) > 1.0, lambda u: u * 0.8, v)
            return n + 1, xp.tanh(inner @ x.T @ x * a) + x[0]

        n, v = flow.while_loop(lambda s: s[0] < 4, body, (0, x[1] * 2))
        return n * xp.sum(v**2)

    return f


FORWARD: dict[str, Any] = {**REVERSE, "while loops": (while_loops, SMALL)}


def both(case: Any) -> tuple[Any, Any, Any]:
    make, args = case
    return make(np, cr), make(jax.numpy, jax.lax), args


def assert_close(ours: Any, theirs: Any) -> None:
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", REVERSE)
def test_values_and_gradients(name: str) -> None:
    ours, theirs, args = both(REVERSE[name])
    assert_close(cr.value_and_grad(ours, (0, 1))(*args), jax.value_and_grad(theirs, (0, 1))(*args))
    assert_close(ours(*args), theirs(*args))


@pytest.mark.parametrize("name", FORWARD)
def test_forward_mode(name: str) -> None:
    ours, theirs, args = both(FORWARD[name])
    assert_close(cr.jvp(ours, args, args), jax.jvp(theirs, args, args))
    assert_close(cr.jacfwd(ours, 1)(*args), jax.jacfwd(theirs, 1)(*args))


@pytest.mark.parametrize("name", REVERSE)
def test_hessians(name: str) -> None:
    ours, theirs, args = both(REVERSE[name])
    assert_close(cr.hessian(ours)(*args), jax.hessian(theirs)(*args))


def test_gradients_of_a_while_loop_equal_its_forward_mode() -> None:
    """JAX has no reverse mode here, but two forward passes are second derivatives."""
    ours, theirs, args = both(FORWARD["while loops"])
    assert_close(cr.grad(ours, (0, 1))(*args), jax.jacfwd(theirs, (0, 1))(*args))
    assert_close(cr.hessian(ours, (0, 1))(*args), jax.jacfwd(jax.jacfwd(theirs, (0, 1)), (0, 1))(*args))


def test_float32_stays_float32_as_in_jax() -> None:
    ours, theirs, _ = both(REVERSE["reversed scan of conds"])
    args = (np.float32(0.7), SMALL[1].astype(np.float32))
    x, y = cr.grad(ours, 1)(*args), jax.grad(theirs, 1)(*args)
    assert x.dtype == y.dtype
    np.testing.assert_allclose(x, y, rtol=2e-4, atol=1e-4)
