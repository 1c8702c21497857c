"""while_loop: the same values and derivatives as Python's while, without knowing the number of steps beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeMismatchError, StructureError, TracedBranchError, UnsupportedOperationError
from chainrule.graph.verify import verify


def plain(cond_fun: Any, body_fun: Any, init: Any) -> Any:
    """while_loop in plain Python."""
    carry = init
    while cond_fun(carry):
        carry = body_fun(carry)
    return carry


def newton(loop: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    def f(a: Any, start: Any) -> Any:
        return loop(lambda x: np.abs(x * x - a) > 1e-3, lambda x: (x + a / x) / 2, start) * a

    return f, (np.array(2.0), np.array(1.7))


def doubling(loop: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Containers, integers, closures over an array, and parts of the carry that are not used."""

    def f(w: Any, x: Any) -> Any:
        def step(s: Any) -> Any:
            return {"n": s["n"] + 1, "v": np.tanh(w @ s["v"]) + x, "sum": s["sum"] + np.sum(s["v"] ** 2), "no": x * x}

        last = loop(lambda s: s["n"] < 5, step, {"n": 0, "v": x, "sum": 0.0, "no": x})
        return np.sum(last["v"]) * last["sum"]

    rng = np.random.default_rng(1)
    return f, (rng.normal(size=(3, 3)) * 0.4, rng.normal(size=3))


def data_dependent(loop: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """How often it runs depends on a value that is differentiated."""

    def f(x: Any, y: Any) -> Any:
        small, power = loop(lambda c: np.abs(c[0]) > 0.2, lambda c: (c[0] * y, np.sin(c[1]) * c[0] + y), (x, x))
        return small + power * np.exp(small)

    return f, (np.array(3.0), np.array(0.6))


def no_step(loop: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return lambda x, y: loop(lambda c: c < 0, lambda c: c * y, x) * x, (np.array(2.0), np.array(0.5))


def nested(loop: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    def f(x: Any, y: Any) -> Any:
        def outer(c: Any) -> Any:
            i, v = c
            inner = loop(lambda d: d[0] < i + 2, lambda d: (d[0] + 1, d[1] * np.cos(v * y)), (0, x))
            return i + 1, v * 0.5 + inner[1]

        return loop(lambda c: c[0] < 3, outer, (0, y * x))[1] ** 2

    return f, (np.array(0.8), np.array(0.7))


def gradient_inside(loop: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Gradient descent to a fixed accuracy, differentiated."""

    def f(target: Any, rate: Any) -> Any:
        slope = cr.grad(lambda w: np.sum((w**2 - target) ** 2))
        last, _ = loop(lambda s: s[1] < 6, lambda s: (s[0] - rate * slope(s[0]), s[1] + 1), (target * 0 + 1, 0))
        return np.sum(last * np.arange(1.0, 3.0))

    return f, (np.array([1.5, 0.6]), np.array(0.05))


CASES = [newton, doubling, data_dependent, no_step, nested, gradient_inside]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)


@each_case
@pytest.mark.filterwarnings("ignore::chainrule.errors.IndependentOutputWarning")  # of the Python version
@pytest.mark.parametrize(
    "derive",
    [
        cr.grad,
        cr.jacfwd,
        cr.hessian,
        lambda f, i: cr.jacobian(cr.grad(f, i), i),
        lambda f, i: cr.grad(lambda *a: cr.jvp(f, a, a)[1], i),
        lambda f, i: cr.grad(lambda *a: np.sum(cr.jacobian(cr.grad(f, i), i)(*a) ** 2), i),
    ],
    ids=["grad", "jacfwd", "hessian", "reverse over reverse", "reverse over forward", "third order"],
)
def test_derivatives_equal_those_of_a_python_loop(case: Any, derive: Any) -> None:
    (f, args), (g, _) = case(cr.while_loop), case(plain)
    for i in range(len(args)):
        np.testing.assert_allclose(derive(f, i)(*args), derive(g, i)(*args), rtol=1e-9, atol=1e-12)


@each_case
def test_values_equal_those_of_a_python_loop(case: Any) -> None:
    (f, args), (g, _) = case(cr.while_loop), case(plain)
    expected = cr.value_and_grad(g)(*args)[0]
    np.testing.assert_allclose(cr.value_and_grad(f)(*args)[0], expected, rtol=1e-12)
    np.testing.assert_allclose(f(*args), expected, rtol=1e-12)


@each_case
def test_graphs_and_their_gradients_pass_the_verifier(case: Any) -> None:
    f, args = case(cr.while_loop)
    graph = cr.trace(f, *args)
    verify(graph)
    verify(cr.backward(graph))
    verify(cr.trace(cr.grad(f), *args))
    verify(cr.trace(lambda *a: np.sum(cr.grad(f)(*a)), *args))


def test_hessian_products_and_finite_differences() -> None:
    f, args = doubling(cr.while_loop)
    cr.check_grads(f, *args, order=2)
    x = args[1]
    product = cr.hvp(lambda x: f(args[0], x), (x,), (np.ones(3),))
    np.testing.assert_allclose(product, cr.hessian(f, 1)(*args) @ np.ones(3), rtol=1e-10)


def test_one_program_whatever_the_number_of_steps() -> None:
    from chainrule.transforms import running

    gradient = cr.grad(lambda x: cr.while_loop(lambda v: v < 100.0, lambda v: v * v, x))
    assert gradient(2.0) == 8 * 2.0**7
    before = len(running._programs)
    assert [float(gradient(x)) for x in (5.0, 200.0, 3.0)] == [4 * 5.0**3, 1, 8 * 3.0**7]
    assert len(running._programs) == before


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept(dtype: Any) -> None:
    def f(x: Any) -> Any:
        last = cr.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * x + x), (0, 0.0))
        assert last[0].dtype == np.int64
        return last[1]

    x = np.asarray(0.5, dtype)
    value, gradient = cr.value_and_grad(f)(x)
    assert (value.dtype, gradient.dtype, f(x).dtype) == (dtype, dtype, dtype)
    assert cr.hessian(f)(x).dtype == dtype


def test_results_without_influence_and_discrete_results_have_no_gradient() -> None:
    def f(x: Any) -> Any:
        steps, rest = cr.while_loop(lambda c: c[1] > 1, lambda c: (c[0] + 1, c[1] / 2), (0, x))
        return steps * rest

    assert cr.value_and_grad(f)(10.0) == (4 * 10 / 16, 4 / 16)


def test_an_exception_of_the_body_comes_through() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        cr.grad(lambda x: np.sum(cr.while_loop(lambda a: a[0, 0] < 3, np.linalg.inv, x * np.zeros((2, 2)))))(1.0)


def test_what_only_the_body_computes_does_not_run_without_a_step() -> None:
    def f(x: Any) -> Any:
        return cr.while_loop(lambda v: v < 0, lambda v: v + np.sum(np.linalg.inv(np.zeros((2, 2)) * x)), x)

    assert cr.value_and_grad(f)(1.0) == (1.0, 1.0)


def test_a_condition_that_is_a_constant() -> None:
    assert cr.value_and_grad(lambda x: cr.while_loop(lambda v: False, lambda v: 2 * v, x))(3.0) == (3, 1)


def test_a_condition_that_is_no_truth_value() -> None:
    with pytest.raises(UnsupportedOperationError, match=r"(?s)condition of while_loop.*shape \(3,\), bool.*np.any"):
        cr.while_loop(lambda v: v < 1, lambda v: v + 1, np.zeros(3))
    with pytest.raises(UnsupportedOperationError, match=r"(?s)condition of while_loop.*as in x != 0"):
        cr.while_loop(lambda v: v, lambda v: v - 1, 3)
    with pytest.raises(StructureError, match="what <lambda> returns has the structure"):
        cr.while_loop(lambda v: (v < 1, v), lambda v: v - 1, 3)


def test_a_carry_that_changes() -> None:
    with pytest.raises(ShapeMismatchError, match=r"(?s)takes the carry v \(shape \(3,\).*shape \(1, 3\)"):
        cr.while_loop(lambda v: np.all(v < 1), lambda v: v[None], np.zeros(3))
    with pytest.raises(StructureError, match=r"(?s)the carry that <lambda> returns.*the first carry of while_loop"):
        cr.while_loop(lambda v: v[0] < 1, lambda v: v[0], (1.0, 2.0))


@pytest.mark.parametrize("derive", [lambda f: f, cr.grad])
def test_looking_at_numbers(derive: Any) -> None:
    with pytest.raises(TracedBranchError, match=r"(?s)decides a branch .*no number yet.*cr.while_loop"):
        derive(lambda x: cr.while_loop(lambda v: v < 1, lambda v: v + 1 if v > 0 else v + 2, x))(0.0)
    with pytest.raises(TracedBranchError, match=r"(?s)decides a branch .*no number yet.*cr.while_loop"):
        derive(lambda x: cr.while_loop(lambda v: bool(v < 1), lambda v: v + 1, x))(0.0)
