"""Branches and loops in compiled functions: the same numbers as without `jit`, and one trace for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import TracedBranchError
from chainrule.structure import flatten

X = np.linspace(-1.0, 1.5, 12).reshape(6, 2)


def scans(a: Any, x: Any) -> Any:
    last, ys = cr.scan(lambda c, row: (np.tanh(c * a) + row, np.sum(c * row)), a * x[0], x, reverse=True)
    return np.sum(last**2) + np.sum(np.sin(ys)) * a


def conds(a: Any, x: Any) -> Any:
    return cr.cond(a > 0.5, lambda x: np.sum(x**2) * a, lambda x: np.sum(np.cos(x * a)), x)


def while_loops(a: Any, x: Any) -> Any:
    n, v = cr.while_loop(lambda c: np.sum(c[1] ** 2) < 50, lambda c: (c[0] + 1, c[1] * (1 + a) + x), (0, x))
    return np.sum(v) * n


def indices(a: Any, x: Any) -> Any:
    def step(carry: Any, _: Any) -> Any:
        i, v = carry
        v[i] = v[i - 1] * a
        return (i + 1, v), v[(i + 1) % 6]

    (_, v), rows = cr.scan(step, (0, x), length=6)
    return np.sum(v**2) + np.sum(rows)


def nested(a: Any, x: Any) -> Any:
    def outer(c: Any, row: Any) -> Any:
        inner, _ = cr.scan(lambda d, v: (cr.cond(v > d, lambda: np.sin(d * v), lambda: d * a), None), c, row)
        return inner + cr.while_loop(lambda d: d < 1, lambda d: d * 2 + a, a), inner

    last, ys = cr.scan(outer, 0.1, x)
    return last + np.sum(ys**2)


CASES = [scans, conds, while_loops, indices, nested]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.parametrize(
    "derive",
    [lambda f: f, lambda f: cr.grad(f, (0, 1)), lambda f: cr.hessian(f, (0, 1)), lambda f: cr.grad(cr.grad(f))],
    ids=["value", "grad", "hessian", "grad of grad"],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_compiled_and_not_compiled_agree(case: Any, derive: Any, dtype: Any) -> None:
    compiled = cr.jit(derive(case))
    for a in (0.9, 0.3):
        arguments = (np.asarray(a, dtype), X.astype(dtype))
        ours, expected = compiled(*arguments), derive(case)(*arguments)
        for one, other in zip(flatten(ours)[0], flatten(expected)[0], strict=True):
            assert one.dtype == other.dtype
            tolerance = 1e-9 if dtype is np.float64 else 2e-3
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_python_number_adapts_to_float32_inside_and_outside_of_a_body(case: Any) -> None:
    x = X.astype(np.float32)
    ours, expected = cr.jit(case)(0.9, x), case(0.9, x)
    assert np.asarray(ours).dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(ours, expected, rtol=1e-5)


def test_a_compiled_function_is_traced_once_whatever_the_branch_and_the_number_of_steps() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(x)
        return cr.cond(x > 0, lambda: cr.while_loop(lambda v: v < 100.0, lambda v: v * 3.0, x), lambda: -x)

    compiled = cr.jit(f)
    assert [float(compiled(x)) for x in (2.0, -4.0, 50.0, 200.0)] == [162, 4, 150, 200]
    assert len(calls) == 1


def test_looking_at_numbers_is_refused_inside_of_both() -> None:
    with pytest.raises(TracedBranchError, match="decides a branch"):
        cr.jit(lambda x: cr.scan(lambda c, v: (c if v > 0 else -c, None), x[0], x)[0])(np.ones(3))
