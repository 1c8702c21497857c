"""Random programs, their values, gradients and Hessian products held against JAX.

Hypothesis draws a list of steps; each step takes earlier values and makes a new one, in such a way that every program
is smooth and stays in a moderate range. The same steps run on NumPy's names (traced by chainrule) and on JAX's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr

jax = pytest.importorskip("jax", reason="the extra `oracle` installs it")
pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore::chainrule.errors.IndependentOutputWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

jax.config.update("jax_enable_x64", True)

Step = Callable[[Any, list[Any]], Any]

UNARY: dict[str, Step] = {
    "sin": lambda xp, v: xp.sin(v[0]),
    "tanh": lambda xp, v: xp.tanh(v[0]),
    "exp": lambda xp, v: xp.exp(-(v[0] ** 2)),
    "log": lambda xp, v: xp.log(1 + v[0] ** 2),
    "log1p": lambda xp, v: xp.log1p(v[0] ** 2),
    "sqrt": lambda xp, v: xp.sqrt(v[0] ** 2 + 0.5),
    "arctan": lambda xp, v: xp.arctan(v[0]),
    "sigmoid": lambda xp, v: 1 / (1 + xp.exp(-v[0])),
    "softplus": lambda xp, v: xp.log(1 + xp.exp(v[0])),
    "cube": lambda xp, v: xp.tanh(v[0]) ** 3,
    "quotient": lambda xp, v: v[0] / (2 + xp.cos(v[0])),
    "negative": lambda xp, v: -v[0],
    "where": lambda xp, v: xp.where(v[0] > 0.1, xp.sin(v[0]), v[0] * 0.5),
    "where log": lambda xp, v: xp.where(v[0] > 0.1, xp.log(xp.where(v[0] > 0.1, v[0], 1.0)), 0.0),
    "abs": lambda xp, v: xp.abs(v[0] - 0.123),
    "scaled": lambda xp, v: 3 * v[0] - 0.5,
}
BINARY: dict[str, Step] = {
    "add": lambda xp, v: v[0] + v[1],
    "subtract": lambda xp, v: v[0] - v[1],
    "multiply": lambda xp, v: xp.tanh(v[0]) * v[1],
    "divide": lambda xp, v: v[0] / (1 + v[1] ** 2),
    "maximum": lambda xp, v: xp.maximum(v[0], v[1] + 0.0123),
    "minimum": lambda xp, v: xp.minimum(v[0] - 0.0345, v[1]),
    "hypot": lambda xp, v: xp.hypot(v[0], v[1] + 3),
    "logaddexp": lambda xp, v: xp.logaddexp(v[0], v[1]),
    "power": lambda xp, v: (1 + xp.tanh(v[0]) ** 2) ** xp.tanh(v[1]),
    "where": lambda xp, v: xp.where(v[0] > v[1] + 0.0456, v[0] * v[1], v[1]),
    "arctan2": lambda xp, v: xp.arctan2(v[0], v[1] ** 2 + 1),
}


def _axis_of(value: Any, number: int) -> int:
    return number % np.ndim(value) - (np.ndim(value) if number % 2 else 0)


def reduction(name: str, number: int, keepdims: bool, v: list[Any]) -> Step:
    axis = None if np.ndim(v[0]) == 0 or number % 4 == 3 else _axis_of(v[0], number)

    def step(xp: Any, v: list[Any]) -> Any:
        if name == "softmax":
            e = xp.exp(v[0])
            return e / xp.sum(e, axis=axis, keepdims=True)
        if name == "logsumexp":
            return xp.log(xp.sum(xp.exp(v[0]), axis=axis, keepdims=keepdims))
        if name == "norm":
            return xp.sqrt(xp.sum(v[0] ** 2, axis=axis, keepdims=keepdims) + 0.1)
        if name == "cumsum":
            return xp.tanh(xp.cumsum(v[0], axis=axis))
        if name == "sort":
            return xp.sort(v[0] + 1e-3 * xp.arange(float(np.size(v[0]))).reshape(np.shape(v[0])), axis=axis)
        return getattr(xp, name)(v[0], axis=axis, keepdims=keepdims)

    return step


REDUCTIONS = ["sum", "mean", "max", "min", "var", "prod", "softmax", "logsumexp", "norm", "cumsum", "sort"]


def movement(name: str, number: int, v: list[Any]) -> Step:
    shape, ndim = np.shape(v[0]), np.ndim(v[0])
    if name == "reshape":
        return lambda xp, v: xp.reshape(v[0], (-1,) if number % 2 else (*shape, 1))
    if name == "transpose":
        order = tuple(np.roll(range(ndim), number).tolist())
        return lambda xp, v: xp.transpose(v[0], order)
    if name == "flip":
        return lambda xp, v: xp.flip(v[0])
    if name == "concatenate":
        return lambda xp, v: xp.concatenate([xp.ravel(v[0]), xp.ravel(v[0])[:2] * 2])
    if name == "stack":
        return lambda xp, v: xp.stack([v[0], v[0] * v[0]], axis=number % (ndim + 1))
    if name == "broadcast":
        return lambda xp, v: xp.broadcast_to(v[0], (2, *shape))
    if name == "roll":
        return lambda xp, v: xp.roll(v[0], number)
    index: Any = [
        (..., None), slice(None, None, -1), slice(0, 1), 0, -1, (Ellipsis, slice(None, None, 2)),
        np.array([0, 0, -1]), np.array([[0, -1], [-1, 0]]),
    ][number % 8]  # fmt: skip
    if ndim == 0:
        return lambda xp, v: v[0][None]
    return lambda xp, v: v[0][index] if shape[0] else v[0]


MOVEMENTS = ["reshape", "transpose", "flip", "concatenate", "stack", "broadcast", "roll", "index", "index", "index"]


def product(number: int) -> Step:
    """A matrix product that fits whatever comes: both sides are made two-dimensional."""

    def step(xp: Any, v: list[Any]) -> Any:
        a, b = xp.reshape(v[0], (-1, np.shape(v[0])[-1] if np.ndim(v[0]) else 1)), xp.ravel(v[1])
        if number % 3 == 0:
            return xp.tanh(a @ a.T)
        if number % 3 == 1:
            return xp.tanh(xp.dot(a.T, a))
        return xp.tanh(xp.einsum("ij,k->ik", a, b[:2]))

    return step


class Program:
    """A list of steps with the positions of their operands."""

    def __init__(self, steps: list[tuple[str, Step, tuple[int, ...]]]) -> None:
        self.steps = steps

    def __call__(self, xp: Any, *inputs: Any) -> Any:
        values = list(inputs)
        for _, step, operands in self.steps:
            values.append(step(xp, [values[i] for i in operands]))
        return functools.reduce(lambda total, value: total + xp.sum(xp.sin(value)), values[len(inputs) :], 0.0)

    def __repr__(self) -> str:
        return "; ".join(f"{name}{operands}" for name, _, operands in self.steps)


SHAPES = [(), (3,), (1,), (2, 3), (3, 1), (2, 1, 3)]
LARGEST = 60


@st.composite
def programs(draw: Any) -> tuple[Program, list[Any]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    inputs = [rng.normal(size=draw(st.sampled_from(SHAPES))) for _ in range(draw(st.integers(1, 3)))]
    values, steps = list(inputs), []
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["unary", "unary", "binary", "binary", "reduction", "movement", "product"]))
        number = draw(st.integers(0, 23))
        operands = tuple(draw(st.integers(0, len(values) - 1)) for _ in range(2))
        chosen = [values[i] for i in operands]
        if kind == "unary":
            name = draw(st.sampled_from(sorted(UNARY)))
            step = UNARY[name]
        elif kind == "binary":
            name = draw(st.sampled_from(sorted(BINARY)))
            step = BINARY[name]
        elif kind == "reduction":
            name = draw(st.sampled_from(REDUCTIONS))
            step = reduction(name, number, draw(st.booleans()), chosen)
        elif kind == "movement":
            name = draw(st.sampled_from(MOVEMENTS))
            step = movement(name, number, chosen)
        else:
            name, step = "product", product(number)
        try:
            value = step(np, chosen)
        except ValueError:
            continue  # shapes that do not broadcast
        if np.size(value) == 0 or np.size(value) > LARGEST or np.max(np.abs(value)) > 50:
            continue
        values.append(value)
        steps.append((name, step, operands))
    if not steps:
        steps.append(("sin", UNARY["sin"], (0,)))
    return Program(steps), inputs


def close(ours: Any, theirs: Any, rtol: float) -> None:
    theirs = np.asarray(theirs)
    assert np.shape(ours) == theirs.shape
    assert np.asarray(ours).dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * max(1.0, float(np.max(np.abs(theirs), initial=0))))


bounded = settings(
    max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@bounded
@given(programs())
def test_values_and_gradients_equal_those_of_jax(drawn: tuple[Program, list[Any]]) -> None:
    program, inputs = drawn
    argnums = tuple(range(len(inputs)))
    value, gradients = cr.value_and_grad(functools.partial(program, np), argnums)(*inputs)
    expected, theirs = jax.value_and_grad(functools.partial(program, jax.numpy), argnums)(*inputs)
    close(value, expected, 1e-10)
    for gradient, other in zip(gradients, theirs, strict=True):
        close(gradient, other, 1e-9)


@bounded
@given(programs())
def test_directional_derivatives_equal_those_of_jax(drawn: tuple[Program, list[Any]]) -> None:
    program, inputs = drawn
    directions = [np.cos(np.arange(float(np.size(x)))).reshape(np.shape(x)) for x in inputs]
    value, tangent = cr.jvp(functools.partial(program, np), inputs, directions)
    expected, other = jax.jvp(functools.partial(program, jax.numpy), tuple(inputs), tuple(directions))
    close(value, expected, 1e-10)
    close(tangent, other, 1e-9)


@settings(bounded, max_examples=40)
@given(programs())
def test_hessian_products_equal_those_of_jax(drawn: tuple[Program, list[Any]]) -> None:
    program, inputs = drawn
    argnums = tuple(range(len(inputs)))
    directions = [np.cos(np.arange(float(np.size(x)))).reshape(np.shape(x)) for x in inputs]
    ours = cr.jvp(cr.grad(functools.partial(program, np), argnums), inputs, directions)[1]
    reverse = cr.grad(
        lambda *x: sum(
            np.sum(g * v) for g, v in zip(cr.grad(functools.partial(program, np), argnums)(*x), directions, strict=True)
        ),
        argnums,
    )(*inputs)
    theirs = jax.jvp(jax.grad(functools.partial(program, jax.numpy), argnums), tuple(inputs), tuple(directions))[1]
    for one, two, other in zip(ours, reverse, theirs, strict=True):
        close(one, other, 1e-8)
        close(two, other, 1e-8)


@settings(bounded, max_examples=40)
@given(programs())
def test_the_traced_graph_and_its_backward_graph_give_the_same_and_pass_the_verifier(
    drawn: tuple[Program, list[Any]],
) -> None:
    from chainrule.graph.verify import verify

    program, inputs = drawn
    graph = cr.trace(functools.partial(program, np), *inputs)
    gradients = cr.backward(graph)
    _, theirs = jax.value_and_grad(functools.partial(program, jax.numpy), tuple(range(len(inputs))))(*inputs)
    for node, other in zip(gradients.outputs, theirs, strict=True):
        close(node.value, other, 1e-9)
    verify(graph)
    verify(gradients)
