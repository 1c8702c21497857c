"""The notation of every record: what is written is what is computed, and every printer prints it."""

from __future__ import annotations

import functools
import itertools
import math
import warnings
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import scipy.special

import chainrule as cr
from chainrule.errors import ChainRuleError
from chainrule.graph.node import Node
from chainrule.graph.op import OPS, Op, input_node
from chainrule.graph.text import formula
from chainrule.graph.written import generic, written
from chainrule.notation.latex import to_latex
from chainrule.notation.mathml import to_mathml
from chainrule.notation.program import to_program
from chainrule.notation.text import to_text
from chainrule.notation.tree import (
    Call,
    Cases,
    Expression,
    Fence,
    Fraction,
    Item,
    Negative,
    Number,
    Power,
    Product,
    Reduction,
    Relation,
    Root,
    Sum,
    Symbol,
    Transpose,
)
from chainrule.ops.examples import differentiated, examples_of
from chainrule.ops.load import load_all
from chainrule.ops.record import FUNCTIONS, Example, Function
from chainrule.trace.call import call_with

load_all()

LEAVES = ("input", "constant", "literal")
OPERATIONS = [op for op in OPS.values() if op.name not in LEAVES]
WRITTEN = [op for op in OPERATIONS if op.notation is not None]

FUNCTIONS_OF_MATHEMATICS: dict[str, Callable[..., Any]] = {
    "Γ": scipy.special.gamma,
    "ψ": scipy.special.digamma,
    "B": scipy.special.beta,
    "Φ": scipy.special.ndtr,
    "Φ⁻¹": scipy.special.ndtri,
    "Ei": scipy.special.expi,
    "E₁": scipy.special.exp1,
    "σ": scipy.special.expit,
    "log₂": np.log2,
    "log₁₀": np.log10,
    "H": np.heaviside,
    "Re": np.real,
    "Im": np.imag,
    "¬": np.invert,
    "mod": np.remainder,
    "max": lambda *x: functools.reduce(np.maximum, x) if len(x) > 1 else np.max(x[0]),
    "min": lambda *x: functools.reduce(np.minimum, x) if len(x) > 1 else np.min(x[0]),
    "softplus": lambda x: np.logaddexp(0, x),
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x * scipy.special.expit(x),
    "gelu": lambda x: x * scipy.special.ndtr(x),
    "median": functools.partial(np.median, axis=-1),
    **{f"J{'₀₁'[order]}": functools.partial(scipy.special.jv, order) for order in (0, 1)},
    **{f"Y{'₀₁'[order]}": functools.partial(scipy.special.yv, order) for order in (0, 1)},
    **{f"I{'₀₁'[order]}": functools.partial(scipy.special.iv, order) for order in (0, 1)},
    **{f"K{'₀₁'[order]}": functools.partial(scipy.special.kv, order) for order in (0, 1)},
}
RELATIONS: dict[str, Callable[..., Any]] = {
    "=": np.equal,
    "≠": np.not_equal,
    "<": np.less,
    "≤": np.less_equal,
    ">": np.greater,
    "≥": np.greater_equal,
    "≈": np.isclose,
    "∧": np.logical_and,
    "∨": np.logical_or,
    "&": np.bitwise_and,
    "|": np.bitwise_or,
    "⊕": lambda x, y: (np.bitwise_xor if np.result_type(x, y).kind in "iub" else np.logical_xor)(x, y),
}
FENCES: dict[str, Callable[..., Any]] = {
    "|": np.abs,
    "‖": np.linalg.norm,
    "⌊": np.floor,
    "⌈": np.ceil,
    "[": np.asarray,
}


def evaluate(expression: Expression, values: dict[Expression, Any]) -> Any:
    """What an expression says, with values for its symbols."""
    if expression in values:
        return values[expression]
    if isinstance(expression, Number):
        return expression.value
    parts = [evaluate(part, values) for part in expression.children]
    match expression:
        case Sum():
            return functools.reduce(np.add, parts)
        case Negative():
            return np.negative(parts[0])
        case Product(kind="matrix"):
            return functools.reduce(np.matmul, parts)
        case Product():
            return functools.reduce(np.multiply, parts)
        case Fraction():
            return np.divide(*parts)
        case Power():
            return np.float_power(*parts)
        case Root():
            return np.cbrt(parts[0]) if expression.degree == 3 else np.sqrt(parts[0])
        case Fence():
            return FENCES[expression.left](parts[0])
        case Transpose():
            return np.transpose(parts[0])
        case Relation():
            return RELATIONS[expression.sign](*parts)
        case Cases():
            return np.where(*parts)
        case Reduction():
            axes = tuple(["ijklmnop".index(letter) for letter in expression.index]) or None
            reduce = {"Σ": np.sum, "Π": np.prod}[expression.sign]
            return reduce(parts[0], axis=axes, keepdims="keepdims=True" in expression.settings)
        case Call(settings=()):
            return named(expression.function)(*parts)
        case _:
            raise AssertionError(f"no meaning for {expression}")


def named(function: str) -> Callable[..., Any]:
    if function in FUNCTIONS_OF_MATHEMATICS:
        return FUNCTIONS_OF_MATHEMATICS[function]
    found = getattr(np, function, None) or getattr(scipy.special, function)
    assert callable(found)
    return found


def recorded(record: Op | Function, one: Example) -> Iterator[Node]:
    """The nodes of an example and of its gradient."""
    positions = differentiated(one) or [i for i, arg in enumerate(one.args) if isinstance(arg, np.ndarray)]

    def run(*moving: Any) -> Any:
        args = list(one.args)
        for position, value in zip(positions, moving, strict=True):
            args[position] = value
        return call_with(record, *(args if one.prepare is None else one.prepare(*args)), **one.kwargs)

    try:
        graph = cr.trace(run, *[one.args[position] for position in positions])
        yield from graph.nodes
        yield from cr.backward(graph).nodes
    except (ChainRuleError, ValueError):  # it looks at numbers, or has no gradient
        return


@functools.cache
def nodes_of_examples() -> dict[Op, list[Node]]:
    """For each operation a few nodes, of different shapes and settings, from the examples of all records."""
    found: dict[Op, dict[Any, Node]] = {}
    for record in [*OPS.values(), *FUNCTIONS.values()]:
        for one in examples_of(record, np.float64):
            for node in recorded(record, one):
                kinds = tuple([source.shape for source in node.inputs])
                found.setdefault(node.op, {}).setdefault((kinds, str(node.params)), node)
    return {op: list(nodes.values())[:20] for op, nodes in found.items()}


def symbols(node: Node) -> list[Expression]:
    return [Symbol(f"x{i}", is_array=source.ndim > 0) for i, source in enumerate(node.inputs)]


def operands(node: Node) -> list[Expression]:
    """As `symbols`, Python's numbers as they are."""
    return [
        Number(source._value) if source.op.name == "literal" else symbol
        for source, symbol in zip(node.inputs, symbols(node), strict=True)
    ]


def is_closed(text: str) -> bool:
    """Whether every parenthesis and brace closes the last one that was opened."""
    opened = []
    for character in text:
        if character in "({":
            opened.append(character)
        elif character in ")}" and (not opened or opened.pop() + character not in ("()", "{}")):
            return False
    return not opened


#: Recorded for compiled code only, or by transforms of user functions: no example of a record leads there.
UNREACHED = set(
    "add_at checked_positions checkpoint cond correlate_windows custom_jvp custom_vjp flatnonzero gather index_add "
    "python python_reverse recurrence scan stop_gradient while_loop while_loop_back".split()
)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_every_operation_is_written_and_printed(op: Op) -> None:
    nodes = nodes_of_examples().get(op, [])
    assert nodes or op.name in UNREACHED
    for node, make in itertools.product(nodes, (symbols, operands)):
        expression = written(node, make(node))
        text = to_program(expression)
        for printed in (text, to_text(expression), to_latex(expression)):
            assert is_closed(printed)
        ElementTree.fromstring(to_mathml(expression))
        if expression not in make(node):
            assert expression.is_array is (node.ndim > 0)
            names = {part.name for part in expression.walk() if isinstance(part, Symbol)}
            assert names or not any(isinstance(operand, Symbol) for operand in make(node))
            assert all(name in text for name in names)


@pytest.mark.parametrize("op", WRITTEN, ids=lambda op: op.name)
def test_what_is_written_is_what_is_computed(op: Op) -> None:
    nodes = nodes_of_examples()[op]
    checked = 0
    for node in nodes:
        expression = written(node, operands(node))
        if node.is_tuple or isinstance(expression, Item) or (isinstance(expression, Call) and expression.settings):
            continue
        values = dict(zip(operands(node), [source.value for source in node.inputs], strict=True))
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = evaluate(expression, values)
        found = np.broadcast_to(found, node.shape)
        known = np.isfinite(found)  # 0 log 0 is 0 by agreement
        np.testing.assert_allclose(np.where(known, found, 0), np.where(known, node.value, 0), rtol=1e-9, atol=1e-12)
        checked += 1
    has_settings = any(node.params for node in nodes) or op.name in ("item", "getitem")
    assert checked or has_settings


@pytest.mark.parametrize("op", WRITTEN, ids=lambda op: op.name)
def test_a_line_of_a_program_names_every_operand_of_the_step(op: Op) -> None:
    for node in nodes_of_examples()[op]:
        names = [f"x{i}" for i in range(len(node.inputs))]
        text = formula(node, names)
        shown = names[:1] if op.name == "getitem" else names  # index arrays are shown as […]
        assert [name for name in shown if name not in text] == []
        assert text not in names, "each line does something"


def node_of(function: Callable[..., Any], *args: Any) -> Node:
    return cr.trace(function, *args).outputs[0]


MATRIX, STACK = np.ones((2, 3)), np.ones((2, 3, 4))


@pytest.mark.parametrize(
    ("node", "index"),
    [
        (node_of(np.sum, MATRIX), ""),
        (node_of(lambda x: np.sum(x, axis=0), MATRIX), "i"),
        (node_of(lambda x: np.sum(x, axis=-1), MATRIX), "j"),
        (node_of(lambda x: np.sum(x, axis=0), np.ones(3)), ""),
        (node_of(lambda x: np.sum(x, axis=(0, 1)), MATRIX), ""),
        (node_of(lambda x: np.sum(x, axis=(2, 0)), STACK), "ik"),
        (node_of(lambda x: np.prod(x, axis=1), STACK), "j"),
        (OPS["sum_to"](input_node(MATRIX), shape=(3,)), "i"),
        (OPS["sum_to"](input_node(MATRIX), shape=(2, 1)), "j"),
        (OPS["sum_to"](input_node(STACK), shape=(3, 1)), "ik"),
        (OPS["sum_to"](input_node(MATRIX), shape=()), ""),
    ],
)
def test_sums_run_over_the_axes_that_are_summed(node: Node, index: str) -> None:
    expression = written(node, [Symbol("x")])
    assert isinstance(expression, Reduction)
    assert expression.index == index


def test_a_sum_over_no_axes_is_no_sum_over_all() -> None:
    node = OPS["sum"](input_node(MATRIX), axis=(), keepdims=False)
    assert to_program(written(node, [Symbol("x")])) == "sum(x, axis=())"


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x.T, "xᵀ"),
        (lambda x: x.transpose(0, 2, 1), "transpose(x, axes=(0, 2, 1))"),
        (lambda x: np.mean(x, axis=0), "mean(x, axis=0)"),
        (lambda x: np.max(x, axis=(0, 2), keepdims=True), "max(x, axis=(0, 2), keepdims=True)"),
        (lambda x: np.mean(x, axis=(0, 1, 2)), "mean(x)"),
        (lambda x: np.linalg.norm(x[0, 0]), "‖x‖"),
        (lambda x: np.linalg.norm(x, axis=1), "norm(x, p=2.0, axis=1)"),
        (lambda x: x[0, 1:, ..., ::2], "x[0, 1:, ..., ::2]"),
        (lambda x: x.astype(np.float32), "x"),
        (lambda x: np.broadcast_to(x, (5, 2, 3, 4)), "x"),
        (lambda x: np.log1p(-x), "log(1 + x)"),
        (lambda x: np.heaviside(x, 0.0), "[x > 0]"),
        (lambda x: np.heaviside(x, 0.5), "H(x, 0.5)"),
        (lambda x: np.float_power(x, 2), "x²"),
        (lambda x: np.where(x > 0, x, 1), "where(c, x, 1)"),
        (lambda x: np.reshape(x, (6, 4)), "reshape(x, shape=(6, 4))"),
    ],
)
def test_how_operations_are_written(function: Callable[..., Any], text: str) -> None:
    node = node_of(function, STACK)
    others = iter([Symbol("x", is_array=True)] * 2)
    shown = [
        Number(source._value) if source.op.name == "literal" else Symbol("c") if source.dtype == bool else next(others)
        for source in node.inputs
    ]
    assert to_program(written(node, shown)) == text


def test_log1p_of_minus_the_prediction_reads_as_in_the_lecture() -> None:
    node = node_of(lambda p: np.log1p(-p), 0.3)
    assert written(node, [-Symbol("p")]) == Call("log", (1 - Symbol("p"),))


def test_an_operation_without_a_notation_is_a_call_with_its_settings() -> None:
    node = OPS["tril"](input_node(MATRIX), k=-1)
    assert written(node, [Symbol("x")]) == generic(node, [Symbol("x")])
    assert generic(node, [Symbol("x")]) == Call("tril", (Symbol("x"),), ("k=-1",), is_array=True)


def test_the_pieces_of_the_notation_know_whether_they_are_arrays() -> None:
    node = node_of(lambda x, y: scipy.special.xlogy(x, y), np.ones(3), np.full(3, math.e))
    product = written(node, [Symbol("x", is_array=True), Symbol("y", is_array=True)])
    assert isinstance(product, Product)
    assert product.kind == "elementwise"
    assert product.is_array
