"""cond: the branch that is taken, alone, forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeMismatchError, StructureError, TracedBranchError, UnsupportedOperationError
from chainrule.graph.verify import verify

X = np.array([0.4, 1.3, -0.8])


def plain(pred: Any, true_fun: Any, false_fun: Any, *operands: Any) -> Any:
    """cond in plain Python, which takes the branch for the numbers at hand."""
    return true_fun(*operands) if pred else false_fun(*operands)


def on_the_sum(cond: Any) -> Callable[..., Any]:
    return lambda x, y: np.sum(cond(np.sum(x) > 1, lambda a, b: np.sin(a) * b, lambda a, b: a + b**2, x, y))


def containers(cond: Any) -> Callable[..., Any]:
    def f(x: Any, y: Any) -> Any:
        out = cond(
            x[0] > y[0],
            lambda p: {"a": p["x"] * 2.0, "b": (np.sum(p["y"] ** 3), p["x"][:2])},
            lambda p: {"a": p["y"] * p["x"], "b": (np.prod(p["x"]), p["y"][1:])},
            {"x": x, "y": y},
        )
        return np.sum(out["a"]) * out["b"][0] + np.sum(out["b"][1] ** 2)

    return f


def closures(cond: Any) -> Callable[..., Any]:
    def f(x: Any, y: Any) -> Any:
        scale = np.exp(np.sum(x))
        return cond(x[1] > 1, lambda: np.sum(scale * y), lambda: np.sum(x**3) + scale)

    return f


def one_side_only(cond: Any) -> Callable[..., Any]:
    """Each branch uses another operand, and one result is used."""

    def f(x: Any, y: Any) -> Any:
        first, _ = cond(y[0] > 0, lambda x, y: (x * x, y), lambda x, y: (y * 3.0, x), x, y)
        return np.sum(first)

    return f


def numbers(cond: Any) -> Callable[..., Any]:
    return lambda x, y: np.sum(cond(x[0] > y[0], lambda: 2.0, lambda: x[0]) * y * x)


def nested(cond: Any) -> Callable[..., Any]:
    def f(x: Any, y: Any) -> Any:
        def positive(v: Any) -> Any:
            return cond(v[1] > 1, lambda v: np.sum(v * y), lambda v: np.sum(v) ** 2, v)

        return cond(np.sum(x) > 0, positive, lambda v: np.sum(np.cos(v) * y), x) * x[0]

    return f


def gradient_inside(cond: Any) -> Callable[..., Any]:
    def f(x: Any, y: Any) -> Any:
        def slope(v: Any) -> Any:
            return cr.grad(lambda u: np.sum(np.sin(u) ** 2 * y))(v)

        return np.sum(cond(x[0] > y[0], slope, lambda v: v**2, x) * x)

    return f


CASES = [on_the_sum, containers, closures, one_side_only, numbers, nested, gradient_inside]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
POINTS = [(X, np.array([1.1, -0.4, 0.6])), (X - 1, np.array([-1.1, 0.4, 2.0])), (X + 1, np.array([0.5, 0.5, 0.5]))]


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
    ],
    ids=["grad", "jacfwd", "hessian", "reverse over reverse", "reverse over forward"],
)
def test_derivatives_equal_those_of_an_if(case: Any, derive: Any) -> None:
    for args in POINTS:
        for i in (0, 1):
            ours, theirs = derive(case(cr.cond), i)(*args), derive(case(plain), i)(*args)
            np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)


@each_case
def test_values_equal_those_of_an_if(case: Any) -> None:
    for args in POINTS:
        expected = case(plain)(*args)
        np.testing.assert_allclose(cr.value_and_grad(case(cr.cond))(*args)[0], expected, rtol=1e-12)
        np.testing.assert_allclose(case(cr.cond)(*args), expected, rtol=1e-12)


@each_case
def test_graphs_and_their_gradients_pass_the_verifier(case: Any) -> None:
    graph = cr.trace(case(cr.cond), *POINTS[0])
    verify(graph)
    verify(cr.backward(graph))
    verify(cr.trace(cr.grad(case(cr.cond)), *POINTS[0]))


def test_the_branch_that_is_not_taken_has_gradient_zero_and_its_nan_does_not_show() -> None:
    def f(x: Any, w: Any) -> Any:
        return cr.cond(x > 0, lambda x: np.log(x) * w[0], lambda x: np.sqrt(-x) + w[1] / (x - x), x)

    value, (by_x, by_w) = cr.value_and_grad(f, (0, 1))(4.0, np.array([2.0, 3.0]))
    assert (value, by_x) == (2 * np.log(4.0), 0.5)
    np.testing.assert_array_equal(by_w, [np.log(4.0), 0.0])

    def at_the_edge(x: Any) -> Any:
        return cr.cond(x > 0, lambda x: np.log(x), lambda x: 0.0 * x, x)

    assert cr.grad(at_the_edge)(0.0) == 0
    assert cr.jvp(at_the_edge, (0.0,), (1.0,)) == (0, 0)
    assert cr.hessian(at_the_edge)(0.0) == 0


def test_only_the_branch_that_is_taken_runs() -> None:
    singular = np.zeros((2, 2))

    def f(x: Any) -> Any:
        return cr.cond(x > 0, lambda: x * 2.0, lambda: np.sum(np.linalg.inv(singular * x)))

    assert cr.value_and_grad(f)(3.0) == (6.0, 2.0)
    with pytest.raises(np.linalg.LinAlgError):
        f(-3.0)


def test_one_program_serves_both_branches() -> None:
    from chainrule.transforms import running

    gradient = cr.grad(lambda x: cr.cond(x > 0, lambda x: x**2, lambda x: -3.0 * x, x))
    assert gradient(2.0) == 4
    before = len(running._programs)
    assert [gradient(x) for x in (-1.0, 5.0, -2.0)] == [-3, 10, -3]
    assert len(running._programs) == before


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept_and_python_numbers_adapt(dtype: Any) -> None:
    for x in (np.asarray(1.5, dtype), np.asarray(-1.5, dtype)):
        value, gradient = cr.value_and_grad(lambda x: cr.cond(x > 0, lambda: x * x, lambda: 0.0))(x)
        assert (value.dtype, gradient.dtype) == (dtype, dtype)
        assert cr.cond(x > 0, lambda x: 1, lambda x: x, x).dtype == dtype
    assert cr.cond(True, lambda: 1, lambda: 2.0).dtype == np.float64
    assert cr.cond(False, lambda: 1, lambda: 2).dtype == np.int64


def test_a_predicate_may_be_python_or_numpy_and_results_may_be_nothing() -> None:
    for pred in (True, np.True_, np.array(True)):
        assert cr.cond(pred, lambda x: (x + 1, None), lambda x: (x, None), 1) == (2, None)
    assert cr.cond(False, lambda: None, lambda: None) is None


def test_inside_a_scan_each_step_chooses() -> None:
    def f(loop: Any, cond: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            c = cond(x > c, lambda c: c + x**2, lambda c: c * x, c)
            return c, c

        return lambda x: np.sum(loop(step, 0.1, x)[1] ** 2)

    def unrolled(step: Any, c: Any, x: Any) -> Any:
        ys = []
        for row in x:
            c, y = step(c, row)
            ys.append(y)
        return c, np.stack(ys)

    x = np.array([0.5, -1.0, 0.3, 0.9, 2.0, 0.1])
    for derive in (cr.grad, cr.jacfwd, cr.hessian):
        np.testing.assert_allclose(derive(f(cr.scan, cr.cond))(x), derive(f(unrolled, plain))(x), rtol=1e-11)


@pytest.mark.parametrize(
    ("pred", "words"),
    [
        (1, "fix compare it, as in x != 0"),
        (0.5, r"\(shape \(\), float64\)"),
        (np.array([True, False]), "np.any or np.all, or choose element by element with np.where"),
    ],
)
def test_a_predicate_that_is_no_truth_value(pred: Any, words: str) -> None:
    for call in (lambda: cr.cond(pred, lambda: 1.0, lambda: 2.0), lambda: cr.grad(lambda x: branch(x * pred))(2.0)):
        with pytest.raises(UnsupportedOperationError, match=r"(?s)predicate of cond must be one truth value"):
            call()
    with pytest.raises(UnsupportedOperationError, match=words):
        cr.cond(pred, lambda: 1.0, lambda: 2.0)


def branch(pred: Any) -> Any:
    return cr.cond(pred, lambda: 1.0, lambda: 2.0)


def test_branches_that_differ() -> None:
    left, right = named("left", lambda x: (x, x)), named("right", lambda x: [x, x])
    with pytest.raises(StructureError, match=r"(?s)what right returns has the structure .*, but what left returns has"):
        cr.cond(True, left, right, 1.0)
    with pytest.raises(ShapeMismatchError, match=r"(?s)differ in result\['a'\].*shape \(3,\).*shape \(2,\).*fix"):
        cr.cond(True, lambda x: {"a": x}, lambda x: {"a": x[:2]}, X)
    with pytest.raises(ShapeMismatchError, match=r"(?s)float64.*float32.*astype"):
        cr.cond(True, lambda x: x, lambda x: x.astype(np.float32), X)


def named(name: str, fun: Any) -> Any:
    fun.__name__ = name
    return fun


def test_looking_at_numbers_in_a_branch() -> None:
    with pytest.raises(TracedBranchError, match=r"(?s)decides a branch .*no number yet.*cr.cond"):
        cr.cond(True, lambda x: x if x > 0 else -x, lambda x: x, 1.0)
