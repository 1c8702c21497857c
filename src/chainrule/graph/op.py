"""The record of an operation: everything that the system knows about it, in one place.

An `Op` is callable. On arrays it computes; on nodes it builds a node. That is why a rule such as
``lambda out, x: 1 - out * out`` works for numbers and for graphs, and can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.notation.tree import Expression, Item

__all__ = [
    "CONSTANT",
    "INPUT",
    "ITEM",
    "LITERAL",
    "OPS",
    "ZERO",
    "Hazard",
    "Op",
    "Zero",
    "abstract_input",
    "constant",
    "input_node",
    "items",
    "lift",
    "literal",
]


class Zero:
    """Marks a derivative that is zero wherever it exists, as that of ``floor``."""

    def __repr__(self) -> str:
        return "ZERO"


ZERO = Zero()

#: Every primitive operation by name.
OPS: dict[str, Op] = {}

_NO_PARAMS: dict[str, Any] = {}

#: A rule for one argument: ``partial(out, *inputs, **params)`` or ``vjp(g, out, *inputs, **params)``.
Rule = Callable[..., Any]


@dataclass(frozen=True)
class Hazard:
    """A way in which an operation on finite numbers gives NaN or infinity.

    Attributes
    ----------
    reason : str
        What happens, such as ``log of 0``. ``{name}`` stands for the operation's name and, if it is elementwise,
        ``{0}`` and ``{1}`` for the numbers that it happens to.
    fix : str
        What to write instead.
    when : callable, optional
        ``when(*values)``: where it happens, elementwise. Left out: wherever the result is not finite.
    in_slope : bool
        The result is finite there, and the derivative is not: ``sqrt`` at 0.
    """

    reason: str
    fix: str
    when: Callable[..., Any] | None = None
    in_slope: bool = False


@dataclass(eq=False)
class Op:
    """One primitive operation.

    Attributes
    ----------
    name : str
        Unique; what a printed graph shows.
    compute : callable
        ``compute(*values, **params)``: the NumPy function.
    infer : callable
        ``infer(op, inputs, params)`` returns shape and dtype of the result (rules are in
        `chainrule.graph.infer`).
    partials : tuple of (callable, number or ZERO), optional
        Elementwise operations: for each argument the partial derivative, ``partial(out, *inputs)``, or a
        plain number where it is constant. Forward and reverse rules are derived from it.
    vjp : tuple of (callable or ZERO) or callable, optional
        Where the Jacobian is not elementwise: for each argument ``vjp(g, out, *inputs, **params)``, the
        upstream gradient times the Jacobian. A single callable takes the argument's position first.
    jvp : callable or str, optional
        ``"multilinear"``: linear in each argument on its own (products). ``"linear"``: linear in all arguments
        together (sums, concatenation). A callable ``jvp(tangents, out, *inputs, **params)`` gets `None` for an
        argument that does not move. Left out: derived from `partials`, or by transposing `vjp`.
    broadcasts : bool
        Whether NumPy broadcasting applies, so that gradients are summed back to the arguments' shapes.
    serves : tuple of callable
        NumPy or SciPy functions that record this operation when called on a traced value.
    notation : callable, optional
        How it is written: ``notation(*operands, **params)`` makes an expression of expressions
        (`chainrule.notation.tree`). Where the parameter ``axis`` names all axes, it is given `None`; see
        `chainrule.graph.written`.
    domain : tuple of (float, float)
        Elementwise operations: for each argument the interval that tests sample from; it avoids kinks and
        poles.
    holomorphic : bool
        Whether tests run it on complex numbers too.
    examples : callable, optional
        Other operations: ``examples(sampler)`` returns the calls that tests make; see `chainrule.ops.record`.
    is_view : bool
        Whether the result may share memory with an argument.
    pull : callable, optional
        In place of `vjp`, for operations with several results whose gradients come out of one pass together, as those
        of a loop do: ``pull(g, wanted, out, *inputs, **params)``, where `g` has `None` for a result that nobody used
        and `wanted` are the positions of the inputs whose gradients are asked for. Returns one for each, `None` for
        zero.
    prune : callable, optional
        For operations with several results: ``prune(node, used)`` takes the positions of the results that are used and
        returns settings, positions of results and positions of inputs of a node that computes no more than these; None
        where there is nothing to leave out.
    lower : callable, optional
        Elementwise operations: ``lower(e, *values, **params)`` computes one element with the instructions of an
        `Emitter` (`chainrule.native.assembly.emitter`); the values have the dtype that NumPy's loop would have.
        Without it, or where it returns `None` for some dtypes, compiled code calls `compute`.
    decompose : callable, optional
        ``decompose(*inputs, **params)``: the same in terms of other operations, for compiled code; `None` where there
        is no such form.
    hazards : tuple of Hazard
        How a result that is not finite comes about, the more special cases first. An operation that lists none, and
        has such a result all the same, is said to overflow.
    """

    name: str
    compute: Callable[..., Any]
    infer: Callable[..., tuple[Any, Any]]
    partials: tuple[Rule | Zero | float | None, ...] | None = None
    vjp: tuple[Rule | Zero | None, ...] | Rule | None = None
    jvp: Callable[..., Any] | str | None = None
    broadcasts: bool = False
    serves: tuple[Any, ...] = ()
    notation: Callable[..., Expression] | None = None
    domain: tuple[tuple[float, float], ...] = ()
    holomorphic: bool = False
    examples: Callable[..., Any] | None = None
    is_view: bool = False
    pull: Callable[..., Any] | None = None
    prune: Callable[..., Any] | None = None
    lower: Callable[..., Any] | None = None
    decompose: Callable[..., Any] | None = None
    hazards: tuple[Hazard, ...] = ()
    dtypes: dict[Any, np.dtype[Any]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.name in OPS:
            raise ValueError(f"an operation named {self.name!r} exists already")
        OPS[self.name] = self

    def __call__(self, *args: Any, **params: Any) -> Any:
        """Compute on arrays; build a node as soon as one argument is a node."""
        for arg in args:
            if isinstance(arg, Node):
                return self.apply(tuple([lift(value) for value in args]), params)
        return self.compute(*args, **params)

    def apply(self, inputs: tuple[Node, ...], params: dict[str, Any] | None = None) -> Node:
        """Build the node for this operation on given input nodes, folding literals on the way."""
        if inputs and inputs[0].op is LITERAL and all(node.op is LITERAL for node in inputs):
            numbers = [node._value if self.broadcasts else np.asarray(node._value) for node in inputs]
            folded = self.compute(*numbers, **(params or {}))
            if np.ndim(folded) == 0 and not isinstance(folded, tuple):
                return literal(folded.item() if isinstance(folded, (np.generic, np.ndarray)) else folded)
        shape, dtype = self.infer(self, inputs, params or _NO_PARAMS)
        return Node(self, inputs, params, shape, dtype)

    def rule_for(self, position: int) -> Rule | Zero | float | None:
        """The derivative rule of one argument: from `partials`, else from `vjp`; None where there is none."""
        rules = self.partials if self.partials is not None else self.vjp
        if isinstance(rules, tuple):
            return rules[position] if position < len(rules) else None
        return rules

    def __repr__(self) -> str:
        return f"<Op {self.name}>"


def _leaf_compute(*_: Any, **__: Any) -> Any:
    raise AssertionError("a leaf carries its value, it is not computed")


def _leaf_infer(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    return inputs[0].shape, inputs[0].dtype


def _identity(value: Any) -> Any:
    return value


#: A value that a function is applied to. Inside another trace it is an alias of the outer node.
INPUT = Op("input", _identity, _leaf_infer, partials=(1,))
#: An array that the traced function met but that is not one of its inputs.
CONSTANT = Op("constant", _leaf_compute, _leaf_infer)
#: A Python number in the code, such as the 2 in ``x ** 2``.
LITERAL = Op("literal", _leaf_compute, _leaf_infer)

#: One result of an operation with several.
ITEM = Op(
    "item",
    lambda results, position: results[position],
    lambda op, inputs, params: inputs[0].shape[params["position"]],
    vjp=(lambda g, *_, **__: g,),
    is_view=True,
    notation=lambda results, position: Item(results, str(position)),
)

_LITERAL_TYPES = (float, int, bool, complex)
_LITERAL_DTYPES = {kind: np.dtype(kind) for kind in _LITERAL_TYPES}


def literal(value: float | int | bool | complex) -> Node:
    """A node for a Python number, which adapts to the dtype it meets."""
    kind = type(value)
    node = Node(LITERAL, (), None, (), _LITERAL_DTYPES[kind])
    node.kind = kind
    node._value = value
    return node


def constant(value: Any) -> Node:
    """A node for an array that is not an input. The array is not copied."""
    array = value if isinstance(value, (np.ndarray, np.generic)) else np.asarray(value)
    node = Node(CONSTANT, (), None, array.shape, array.dtype)
    node._value = array
    return node


def input_node(value: Any, name: str | None = None) -> Node:
    """An input of a graph: holds a value, or stands for a node of an enclosing trace."""
    if isinstance(value, Node):
        node = Node(INPUT, (value,), None, value.shape, value.dtype)
    else:
        array = value if isinstance(value, (np.ndarray, np.generic)) else np.asarray(value)
        node = Node(INPUT, (), None, array.shape, array.dtype)
        node._value = array
    node.name = name
    return node


def abstract_input(shape: tuple[int, ...], dtype: np.dtype[Any], name: str | None = None) -> Node:
    """An input of a graph that is made for any numbers: shape and dtype are known, a value is not."""
    node = Node(INPUT, (), None, shape, dtype)
    node.name = name
    return node


def lift(value: Any) -> Node:
    """Turn an argument of an operation into a node: nodes pass, numbers become literals, arrays constants."""
    if isinstance(value, Node):
        return value
    if type(value) in _LITERAL_DTYPES:
        return literal(value)
    return constant(value)


def items(node: Any) -> tuple[Any, ...]:
    """The results of an operation with several, one by one."""
    if isinstance(node, Node):
        return tuple([ITEM(node, position=position) for position in range(len(node.shape))])
    return tuple(node)
