"""Every operation in compiled code against the interpreter: values and gradients, both precisions, special values.

Many examples share one program, so that the file compiles a few dozen kernels, and not a few thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import OPS, Op, input_node
from chainrule.native.planning.nodes import is_compiled
from chainrule.native.planning.prepare import decompose
from chainrule.native.running.program import NativeProgram
from chainrule.ops.examples import differentiated, examples_of, is_differentiable
from chainrule.ops.load import load_all
from chainrule.ops.record import FUNCTIONS, Example, Function
from chainrule.trace.call import call_with

load_all()

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::chainrule.errors.IndependentOutputWarning")

#: How far compiled code may be from the interpreter, in units of eps.
#: An element of an elementwise operation: relative to the element itself. NumPy is off by up to 4 units, we by 2.
ELEMENT = 6
#: Sums, products, and what is composed of several operations: relative to the largest element of the result.
ARRAY = 16
#: First-order gradients, likewise.
GRADIENT = 64
#: Operations whose formula cancels: as for arrays.
CANCELLING = {"logaddexp2", "kl_div", "logit", "sinc"}
#: Where both arguments are zeros the sign of the result is not defined, and differs between NumPy's own loops.
UNSIGNED_ZERO = {"maximum", "minimum", "fmax", "fmin"}
#: Where SciPy is itself off by more: in the tails of the normal distribution.
INACCURATE_PEER = {"ndtr": 4e3, "gelu": 4e3, "erfc": 40}

RECORDS: list[Op | Function] = [*OPS.values(), *FUNCTIONS.values()]
#: Records tested in one program.
PER_PROGRAM = 40

#: What looks at numbers while it is recorded, and cannot be put into a graph with others.
LOOKING = set(
    "arange argwhere flatnonzero linalg.eig linalg.eigvals linalg.lstsq nonzero scipy.linalg.logm scipy.linalg.sqrtm "
    "unique".split()
)


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "cache", False)


@dataclass(frozen=True)
class Tolerance:
    """How far a result may be off: so many units of eps, of each element or else of the largest; `around` is a number
    to whose precision all is known at best.
    """

    units: float
    by_element: bool = False
    around: float = 0.0


@dataclass
class Batch:
    """Many small graphs in one program."""

    dtype: Any
    leaves: list[Node] = field(default_factory=list)
    outputs: list[Node] = field(default_factory=list)
    labels: list[tuple[str, Tolerance]] = field(default_factory=list)

    def add(self, label: str, tolerance: Tolerance, outputs: Sequence[Node]) -> None:
        self.outputs += outputs
        self.labels += [(label, tolerance)] * len(outputs)

    def failures(self) -> list[str]:
        found = NativeProgram(self.outputs, self.leaves).run([leaf.value for leaf in self.leaves])
        compared = [
            (label, difference(value, node, tolerance, np.finfo(self.dtype)))
            for node, value, (label, tolerance) in zip(self.outputs, found, self.labels, strict=True)
        ]
        return [f"{label}: {problem}" for label, problem in compared if problem]


def difference(found: Any, node: Node, tolerance: Tolerance, limits: Any) -> str:
    """What is wrong with a value; nothing where it agrees."""
    found, wanted = np.asarray(found), np.asarray(node.value)
    if found.shape != wanted.shape or found.dtype != node.dtype:
        return f"{found.dtype}{found.shape} in place of {wanted.dtype}{wanted.shape}"
    if wanted.dtype.kind not in "fc":
        return "" if np.array_equal(found, wanted) else f"{found} in place of {wanted}"
    return "" if np.all(agrees(found, wanted, tolerance, limits)) else f"{found} in place of {wanted}"


def agrees(found: Any, wanted: Any, tolerance: Tolerance, limits: Any) -> Any:
    """Where two arrays agree; infinities and NaN must be the same."""
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    both = np.isfinite(found) & np.isfinite(wanted)
    size = np.where(both, np.abs(wanted), 0.0)
    size = np.maximum(size if tolerance.by_element else np.max(size, initial=0), tolerance.around)
    apart = np.abs(np.where(both, found, 0) - np.where(both, wanted, 0))
    return same | (both & (apart <= tolerance.units * limits.eps * size + limits.smallest_normal))


def call(record: Op | Function, example: Example, *moving: Any) -> Any:
    args = list(example.args)
    for position, value in zip(differentiated(example), moving, strict=True):
        args[position] = value
    if example.prepare is not None:
        args = list(example.prepare(*args))
    result = call_with(record, *args, **example.kwargs)
    return result if example.select is None else example.select(result)


def weighted_sum(result: Any) -> Any:
    """One number that depends on all elements of a result in different ways."""
    total = 0.0
    for leaf in cr.structure.flatten(result)[0]:
        leaf = np.real(leaf)
        weights = np.cos(np.arange(float(np.size(leaf)))).reshape(np.shape(leaf)).astype(leaf.dtype)
        total = total + np.sum(leaf * weights)
    return total


def largest(leaves: Sequence[Node]) -> float:
    """The largest finite number among the arguments."""
    sizes = [np.max(np.abs(leaf.value), initial=0, where=np.isfinite(leaf.value)) for leaf in leaves]
    return float(max(sizes, default=0.0))


def batch_of(records: Sequence[Op | Function], dtype: Any) -> Batch:
    """Values of all examples, and gradients of a weighted sum of them."""
    batch = Batch(dtype)
    for record in records:
        if record.name in LOOKING:
            continue
        by_element = isinstance(record, Op) and record.broadcasts and record.name not in CANCELLING
        units = INACCURATE_PEER.get(record.name, ELEMENT if by_element else ARRAY)
        for number, example in enumerate(examples_of(record, dtype)):
            point = [example.args[position] for position in differentiated(example)]
            has_gradient = is_differentiable(record) and bool(point)

            def outputs(
                *x: Any, record: Op | Function = record, example: Example = example, has_gradient: bool = has_gradient
            ) -> list[Any]:
                result = call(record, example, *x)
                return [*cr.structure.flatten(result)[0], *([weighted_sum(result)] if has_gradient else [])]

            graph = cr.trace(outputs, *point)
            around = largest(graph.inputs)
            values = graph.outputs[:-1] if has_gradient else graph.outputs
            batch.leaves += graph.inputs
            tolerance = Tolerance(units, by_element, 0.0 if by_element else around)
            batch.add(f"{record.name}-{number}", tolerance, values)
            if has_gradient:
                gradients = cr.backward(Graph(graph.inputs, graph.outputs[-1:])).outputs
                batch.add(f"gradient of {record.name}-{number}", Tolerance(GRADIENT, around=around), gradients)
    return batch


CHUNKS = [RECORDS[start : start + PER_PROGRAM] for start in range(0, len(RECORDS), PER_PROGRAM)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("records", CHUNKS, ids=[chunk[0].name for chunk in CHUNKS])
def test_values_and_gradients_of_all_examples_equal_those_of_the_interpreter(
    records: list[Op | Function], dtype: Any
) -> None:
    assert batch_of(records, dtype).failures() == []


# Special values -----------------------------------------------------------------------------------------------------

#: Zeros, ones, integers, halves, numbers beyond each threshold of an exponential, subnormal, tiny, large, infinite.
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 2.5, -3.0, 0.1, -0.9, 7.3, -20.5, 88.8, -104.0, 710.0, -746.0,
    1e-310, -1e-310, 1e-42, 1e-30, -1e-30, 1e30, -1e30, 1e300, np.inf, -np.inf, np.nan,
]  # fmt: skip
#: The settings of operations that need some.
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "nan_to_num": [{"nan": 0.0, "posinf": None, "neginf": None}, {"nan": 1.0, "posinf": 2.0, "neginf": -2.0}],
    "round": [{"decimals": 0}, {"decimals": 2}, {"decimals": -1}],
    "leaky_relu": [{"negative_slope": 0.1}],
    "isclose": [{"rtol": 1e-5, "atol": 1e-8, "equal_nan": True}, {"rtol": 0.1, "atol": 0.0, "equal_nan": False}],
}
ELEMENTWISE = [op for op in OPS.values() if op.broadcasts and (op.lower or op.decompose)]


def arity_of(op: Op) -> int:
    rules = op.partials if op.partials is not None else op.vjp
    assert isinstance(rules, tuple)
    return len(rules)


def operands_of(op: Op, dtype: Any) -> list[Any]:
    """All combinations of special values, of the dtypes that the operation takes."""
    with np.errstate(over="ignore"):
        special = np.array(SPECIAL).astype(dtype)
    if op.name.startswith("bitwise") or op.name == "invert":
        special = np.arange(-5, 6) if dtype == np.float64 else np.array([-128, -1, 0, 1, 127], np.int8)
    arity = 2 if op.name == "where" else arity_of(op)
    grids = [grid.ravel() for grid in np.meshgrid(*[special] * arity)]
    return [grids[0] > grids[1], *grids] if op.name == "where" else grids


def wrong_elements(op: Op, operands: Sequence[Any], found: Any, wanted: Any, limits: Any) -> list[str]:
    """Elements that differ, or are zeros of another sign."""
    if wanted.dtype.kind != "f":
        wrong = found != wanted
    else:
        around = 1.0 if op.name in CANCELLING else 0.0
        wrong = ~agrees(found, wanted, Tolerance(INACCURATE_PEER.get(op.name, ELEMENT), True, around), limits)
        if op.name not in UNSIGNED_ZERO:
            wrong |= (found == 0) & (wanted == 0) & (np.signbit(found) != np.signbit(wanted))
    return [
        f"{op.name}({', '.join(str(operand[i]) for operand in operands)}) = {found[i]}, and not {wanted[i]}"
        for i in np.flatnonzero(wrong)
    ]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_elementwise_operations_of_special_values_equal_those_of_the_interpreter(dtype: Any) -> None:
    calls = [(op, settings) for op in ELEMENTWISE for settings in SETTINGS.get(op.name, [{}])]
    operands = [operands_of(op, dtype) for op, _ in calls]
    leaves = [[input_node(operand) for operand in one] for one in operands]
    with np.errstate(all="ignore"):
        nodes = [op(*inputs, **settings) for (op, settings), inputs in zip(calls, leaves, strict=True)]
        found = NativeProgram(nodes, list(chain(*leaves))).run(list(chain(*operands)))
        wrong = [
            wrong_elements(op, one, result, node.value, np.finfo(dtype))
            for (op, _), one, result, node in zip(calls, operands, found, nodes, strict=True)
        ]
    assert list(chain(*wrong)) == []


# What is native -----------------------------------------------------------------------------------------------------


def fallbacks(record: Op | Function) -> set[str]:
    """Operations of the examples of a record that are left to NumPy, empty arrays aside."""
    found = set()
    for example in examples_of(record, np.float64):
        point = [example.args[position] for position in differentiated(example)]
        graph = cr.trace(lambda *x, example=example: cr.structure.flatten(call(record, example, *x))[0], *point)
        nodes = ancestors(decompose(graph.outputs, graph.inputs))
        if not any(node.is_tuple or 0 in node.shape or node.dtype.kind == "c" for node in nodes):
            found |= {node.op.name for node in nodes if node.inputs and not is_compiled(node)}
    return found


#: Operations that NumPy or SciPy compute between native parts: solvers, sorting, searching, functions without a vector
#: form of ours, indexing by masks, and checks of positions. This set may shrink, and not grow.
BY_NUMPY = set(
    """
    allclose argmax argmin argpartition argsort array_equal array_equiv beta betainc betaincc betaincinv betaln
    checked_positions cholesky dawsn det digamma digitize eigvalsh erfcinv erfcx erfi erfinv exp1
    expi expm frexp_exponent gamma gammainc gammaincc gammaincinv gammaln gammasgn i0 i0e i1 i1e
    index_set inv irfft isin iv ive j0 j1 jv k0 k0e k1 k1e kv kve ldexp lexsort log_ndtr loggamma matrix_rank
    median multigammaln nanargmax nanargmin ndtri odeint on_simplex partition pinv poisson.cdf poisson.logpmf
    poisson.pmf polygamma quantile quick_argsort rgamma searchsorted solve solve_banded solve_sylvester
    solve_triangular sort stdtr svdvals unwrap y0 y1 yn yv
    """.split()
)


def test_only_known_operations_are_left_to_numpy() -> None:
    found = set().union(*[fallbacks(record) for record in RECORDS if record.name not in LOOKING])
    assert sorted(found) == sorted(BY_NUMPY)  # one that is compiled by now is taken out of the set


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.lower], ids=lambda op: op.name)
def test_an_operation_with_instructions_is_compiled(op: Op) -> None:
    operands = operands_of(op, np.float64)
    for settings in SETTINGS.get(op.name, [{}]):
        assert is_compiled(op(*[input_node(operand) for operand in operands], **settings))
