"""Random graphs: the interpreter on the graph as it was recorded against compiled code for the simplified one.

Hypothesis draws inputs, among them empty ones and ones of unusual memory layout, and a list of steps; each step takes
earlier values and makes a new one. Values, gradients and Hessian products must agree.
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
from chainrule.graph.graph import Graph
from chainrule.interpret import compute_once
from chainrule.native.planning import kernel
from chainrule.native.running.program import NativeProgram

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.IndependentOutputWarning", "ignore::RuntimeWarning")

Step = Callable[..., Any]


def _with_assignment(x: Any) -> Any:
    x[..., :1] += 0.5
    x[-1:] = x[:1]
    return x


UNARY: dict[str, Step] = {
    "sin": np.sin,
    "tanh": np.tanh,
    "gauss": lambda x: np.exp(-(x**2)),
    "log1p": lambda x: np.log1p(x * x),
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
    "log of logistic": lambda x: np.log(1 / (1 + np.exp(-x))),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "root": lambda x: np.sqrt(x * x + 0.5),
    "cube": lambda x: np.tanh(x) ** 3,
    "relu": lambda x: np.maximum(x, 0),
    "clip": lambda x: np.clip(x, -0.51, 0.73),
    "abs": np.abs,
    "gelu": cr.gelu,
    "step": lambda x: np.where(x > 0.1, x, x * 0.25),
    "floor": lambda x: x - np.floor(x * 3) / 3,
    "flip": np.flip,
    "transpose": np.transpose,
    "ravel": np.ravel,
    "new axis": lambda x: x[..., None],
    "every other": lambda x: x[..., ::2] if np.ndim(x) else x[None],
    "backwards": lambda x: x[::-1] if np.ndim(x) else x[None],
    "last": lambda x: x[..., -1:] if np.ndim(x) else x,
    "picked": lambda x: x[np.array([0, -1, 0])] if np.ndim(x) and x.shape[0] else x,
    "taken": lambda x: np.take(x, [0, -1, 0], axis=-1) if np.ndim(x) and x.shape[-1] else x,
    "running product": lambda x: np.cumprod(np.tanh(x), axis=0) if np.ndim(x) else x,
    "gram": lambda x: np.tanh(np.atleast_2d(x) @ np.swapaxes(np.atleast_2d(x), -1, -2)),
    "total": np.sum,
    "mean of rows": lambda x: np.mean(x, axis=-1, keepdims=True) if np.ndim(x) and x.shape[-1] else x,
    "spread of columns": lambda x: np.var(x, axis=0) if np.ndim(x) and x.shape[0] else x,
    "softmax": lambda x: cr.softmax(x) if np.ndim(x) and x.shape[-1] else x,
    "logsumexp": lambda x: cr.logsumexp(x, axis=-1, keepdims=True) if np.ndim(x) and x.shape[-1] else x,
    "maxima": lambda x: np.max(x, axis=0) if np.ndim(x) and x.shape[0] else x,
    "product": lambda x: np.prod(np.tanh(x), axis=-1) if np.ndim(x) else x,
    "running sum": lambda x: np.tanh(np.cumsum(x, axis=-1)) if np.ndim(x) else x,
    "sorted": lambda x: np.sort(x, axis=-1) if np.ndim(x) else x,
    "repeated": lambda x: np.repeat(np.atleast_1d(x), 2, axis=0),
    "rolled": lambda x: np.roll(x, 1),
    "padded": lambda x: np.pad(np.atleast_1d(x), 1),
    "lower triangle": lambda x: np.tril(np.atleast_2d(x)),
    "diagonal": lambda x: np.diagonal(np.atleast_2d(x)),
    "assignment": lambda x: _with_assignment(np.atleast_1d(x) * 1.5),
}
BINARY: dict[str, Step] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: np.tanh(x) * y,
    "divide": lambda x, y: x / (1 + y * y),
    "maximum": np.maximum,
    "minimum": lambda x, y: np.minimum(x, y - 0.1),
    "hypot": lambda x, y: np.hypot(x, y + 3),
    "logaddexp": np.logaddexp,
    "arctan2": lambda x, y: np.arctan2(x, y * y + 1),
    "power": lambda x, y: (1 + np.tanh(x) ** 2) ** np.tanh(y),
    "choice": lambda x, y: np.where(x > y, x * y, y),
    "stack": lambda x, y: np.stack([x + 0 * y, y + 0 * x]),
    "concatenate": lambda x, y: np.concatenate([np.ravel(x), np.ravel(y) * 2]),
    "matrix product": lambda x, y: np.tanh(np.atleast_2d(x) @ np.atleast_2d(y)),
    "outer": lambda x, y: np.einsum("i,j->ij", np.ravel(x)[:3], np.ravel(y)[:4]),
    "inner": lambda x, y: np.einsum("...i,...i->...", np.atleast_1d(x), np.atleast_1d(y)),
}
STEPS = UNARY | BINARY

SHAPES = [(), (3,), (1,), (2, 3), (3, 1), (2, 1, 3), (0,), (2, 0), (17, 2), (40, 3)]
LARGEST = 2000


class Composition:
    """A list of steps with the positions of their operands; the result is a sum over all that they make."""

    def __init__(self, steps: list[tuple[str, tuple[int, ...]]]) -> None:
        self.steps = steps

    def values(self, *inputs: Any) -> list[Any]:
        values = list(inputs)
        for name, operands in self.steps:
            values.append(STEPS[name](*[values[i] for i in operands]))
        return values[len(inputs) :]

    def __call__(self, *inputs: Any) -> Any:
        return functools.reduce(lambda total, value: total + np.sum(np.sin(value)), self.values(*inputs), 0.0)

    def __repr__(self) -> str:
        return "; ".join(f"{name}{operands}" for name, operands in self.steps)


# Inputs in all sorts of memory ----------------------------------------------------------------------------------------


def _strided(x: Any) -> Any:
    wide = np.zeros((*x.shape, 3), x.dtype)
    wide[..., 1] = x
    return wide[..., 1]


def _misaligned(x: Any) -> Any:
    raw = bytearray(x.nbytes + 1)
    view = np.frombuffer(raw, x.dtype, x.size, 1).reshape(x.shape)
    view[...] = x
    return view


def _read_only(x: Any) -> Any:
    x = x.copy()
    x.flags.writeable = False
    return x


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "plain": np.array,
    "Fortran": np.asfortranarray,
    "strided": _strided,
    "backwards": lambda x: np.flip(np.flip(x).copy()),
    "misaligned": _misaligned,
    "read-only": _read_only,
    "repeated": lambda x: np.broadcast_to(x.ravel()[:1].reshape((1,) * x.ndim), x.shape) if x.size else x,
    "foreign byte order": lambda x: x.astype(x.dtype.newbyteorder()),
}


@st.composite
def compositions(
    draw: Any, dtypes: Any = (np.float64, np.float32), shapes: Any = SHAPES
) -> tuple[Composition, list[Any]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    dtype = draw(st.sampled_from(dtypes))
    inputs = [
        LAYOUTS[draw(st.sampled_from(sorted(LAYOUTS)))](np.asarray(rng.normal(size=shape), dtype))
        for shape in draw(st.lists(st.sampled_from(shapes), min_size=1, max_size=3))
    ]
    if len(inputs) > 1 and draw(st.booleans()):
        whole = np.asarray(rng.normal(size=7), dtype)
        inputs[:2] = [whole[:-1], whole[1:]]  # they overlap
    values, steps = list(inputs), []
    for _ in range(draw(st.integers(1, 7))):
        name = draw(st.sampled_from(sorted(STEPS)))
        operands = tuple(draw(st.integers(0, len(values) - 1)) for _ in range(1 if name in UNARY else 2))
        try:
            value = STEPS[name](*[values[i] for i in operands])
        except (ValueError, IndexError):
            continue  # shapes that do not fit
        if np.size(value) <= LARGEST and np.all(np.abs(value) < 50):
            values.append(value)
            steps.append((name, operands))
    return Composition(steps or [("sin", (0,))]), inputs


def directions(inputs: list[Any]) -> list[Any]:
    return [np.cos(np.arange(float(np.size(x)))).reshape(np.shape(x)).astype(x.dtype.newbyteorder("=")) for x in inputs]


def hessian_product(composition: Composition, inputs: list[Any]) -> Callable[..., Any]:
    argnums = tuple(range(len(inputs)))

    def product(*x: Any) -> Any:
        gradients = cr.grad(composition, argnums)(*x)
        return sum(np.sum(g * v) for g, v in zip(gradients, directions(inputs), strict=True))

    return product


def both_ways(graph: Graph, inputs: list[Any]) -> tuple[list[Any], list[Any]]:
    """What the interpreter makes of a graph as it is, and compiled code of the simplified one."""
    before = [np.array(x) for x in inputs]
    wanted = compute_once(graph.outputs)
    found = NativeProgram(graph.outputs, graph.inputs).run(inputs)
    for x, kept in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(x, kept)
    return found, wanted


def close(found: Any, wanted: Any, units: float, eps: float) -> None:
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert (found.shape, found.dtype.newbyteorder("=")) == (wanted.shape, wanted.dtype.newbyteorder("="))
    size = max(1.0, float(np.max(np.abs(wanted), initial=0, where=np.isfinite(wanted))))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=units * eps * size)


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "cache", False)


bounded = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@bounded
@given(compositions())
def test_values_and_gradients_agree(drawn: tuple[Composition, list[Any]]) -> None:
    composition, inputs = drawn
    graph = cr.trace(composition, *inputs)
    graph = Graph(graph.inputs, [*graph.outputs, *cr.backward(graph).outputs])
    for found, wanted in zip(*both_ways(graph, inputs), strict=True):
        close(found, wanted, 1e4, float(np.finfo(inputs[0].dtype).eps))


@settings(bounded, max_examples=40)
@given(compositions(dtypes=(np.float64,)))
def test_second_order_derivatives_agree(drawn: tuple[Composition, list[Any]]) -> None:
    composition, inputs = drawn
    graph = cr.trace(hessian_product(composition, inputs), *inputs)
    graph = Graph(graph.inputs, [*graph.outputs, *cr.backward(graph).outputs])
    for found, wanted in zip(*both_ways(graph, inputs), strict=True):
        close(found, wanted, 1e6, float(np.finfo(inputs[0].dtype).eps))


@pytest.fixture
def small_tiles_and_two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays of a few dozen rows are cut into tiles, as otherwise only large ones are."""
    monkeypatch.setattr(kernel, "TILE_BYTES", 2048)
    monkeypatch.setattr(kernel, "CALL_WORK", 100)
    monkeypatch.setattr(cr.config, "threads", 2)


@pytest.mark.usefixtures("small_tiles_and_two_threads")
@bounded
@given(compositions(shapes=[(40, 3), (33,), (65, 2), (40, 1), (3,), (40, 40)]))
def test_values_and_gradients_agree_in_tiles_of_rows_on_threads(drawn: tuple[Composition, list[Any]]) -> None:
    composition, inputs = drawn
    graph = cr.trace(composition, *inputs)
    graph = Graph(graph.inputs, [*graph.outputs, *cr.backward(graph).outputs])
    for found, wanted in zip(*both_ways(graph, inputs), strict=True):
        close(found, wanted, 1e4, float(np.finfo(inputs[0].dtype).eps))


@settings(bounded, max_examples=40)
@given(compositions(), st.lists(st.sampled_from([np.nan, np.inf, -np.inf, -0.0, 1e30, 1e-40]), min_size=1, max_size=3))
def test_values_agree_where_inputs_are_not_finite(drawn: tuple[Composition, list[Any]], special: list[float]) -> None:
    composition, inputs = drawn
    inputs = [np.array(x) for x in inputs]
    for x, value in zip(inputs, special, strict=False):
        x.ravel()[: x.size // 2] = value
    graph = cr.trace(composition.values, *inputs)
    for found, wanted in zip(*both_ways(graph, inputs), strict=True):
        close(found, wanted, 1e4, float(np.finfo(inputs[0].dtype).eps))
