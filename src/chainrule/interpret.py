"""Graph to numbers, node by node, with NumPy.

A graph is turned once into a `Program`, a flat list of NumPy calls on numbered slots, and the program is kept:
a function that is differentiated again and again is traced each time, as its control flow may depend on the
numbers, but as long as it records the same graph, the same program runs.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import NonFiniteWarning
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL
from chainrule.graph.provenance import describe, where_recorded
from chainrule.simplify.canonicalise import CANONICALISE
from chainrule.simplify.constants import fold_constants
from chainrule.simplify.stabilise import stable

__all__ = [
    "Program",
    "ProgramCache",
    "compute_once",
    "evaluate",
    "non_finite_message",
    "run_checked",
    "signature",
]

Step = tuple[int, Callable[..., Any], Any, int, int]


class Program:
    """A graph as a flat list of calls.

    Parameters
    ----------
    outputs : sequence of Node
        Nodes whose values are wanted.
    leaves : sequence of Node
        Nodes whose values are given at each run, in this order; they need not all matter.

    Notes
    -----
    Equal subexpressions are computed once, and a slot is reused as soon as nobody reads it any more, so that a
    run holds no more arrays than it needs.
    """

    def __init__(self, outputs: Sequence[Node], leaves: Sequence[Node]) -> None:
        done: dict[Node, Node] = {leaf: leaf for leaf in leaves}
        CANONICALISE.rewrite(ancestors(outputs), done)
        outputs = [done[node] for node in outputs]
        outputs = fold_constants(outputs, leaves)
        self._leaf_count = len(leaves)
        order, same = _merge_equal(ancestors(outputs), leaves)
        outputs = [same.get(node, node) for node in outputs]
        self._template: list[Any] = [None] * len(leaves)
        self._steps: list[Step] = []
        self._slots = {leaf: slot for slot, leaf in enumerate(leaves)}
        self._allocate(order, same, outputs)
        self._outputs = [self._slots[node] for node in outputs]
        self._copied = [_may_share_memory(node, same, set(leaves)) for node in outputs]
        self._repeated = len(set(self._outputs)) < len(self._outputs)

    def _allocate(self, order: list[Node], same: dict[Node, Node], outputs: list[Node]) -> None:
        """Give each value a slot, free again after its last use."""
        last_use: dict[Node, Node] = {}
        inputs_of: dict[Node, tuple[Node, ...]] = {}
        for node in order:
            if node in self._slots or not node.inputs:
                continue
            inputs_of[node] = tuple([same.get(source, source) for source in node.inputs])
            for source in inputs_of[node]:
                last_use[source] = node
        kept = set(outputs)
        free: list[int] = []
        for node in order:
            if node in self._slots:
                continue
            if not node.inputs:
                self._slots[node] = len(self._template)
                self._template.append(node._value)
                kept.add(node)
                continue
            arguments = [self._slots[source] for source in inputs_of[node]]
            dying = [s for s in dict.fromkeys(inputs_of[node]) if last_use[s] is node and s not in kept]
            free.extend(self._slots[s] for s in dying if self._slots[s] >= self._leaf_count)
            if free:
                slot = free.pop()
            else:
                slot = len(self._template)
                self._template.append(None)
            self._slots[node] = slot
            self._steps.append(_step(node, arguments, slot))

    def run(self, values: Iterable[Any]) -> list[Any]:
        """Compute the outputs for given values of the leaves.

        Returns
        -------
        list of array
            Fresh arrays that share no memory with the leaves or with each other.
        """
        slots = self._template[:]
        slots[: self._leaf_count] = values
        for arity, call, first, second, target in self._steps:
            if arity == 2:
                slots[target] = call(slots[first], slots[second])
            elif arity == 1:
                slots[target] = call(slots[first])
            else:
                slots[target] = call(*[slots[i] for i in first])
        results = [
            np.array(slots[i]) if copied else slots[i] for i, copied in zip(self._outputs, self._copied, strict=True)
        ]
        if self._repeated:
            seen: set[int] = set()
            for position, slot in enumerate(self._outputs):
                if slot in seen:
                    results[position] = np.array(results[position])
                seen.add(slot)
        return results

    def __len__(self) -> int:
        return len(self._steps)


def _step(node: Node, arguments: list[int], target: int) -> Step:
    call = functools.partial(node.op.compute, **node.params) if node.params else node.op.compute
    if len(arguments) == 1:
        return 1, call, arguments[0], 0, target
    if len(arguments) == 2:
        return 2, call, arguments[0], arguments[1], target
    return 3, call, arguments, 0, target


def _parameter_key(params: dict[str, Any]) -> Any:
    """Settings as a key; settings that cannot be hashed match nothing but themselves."""
    key = tuple(params.items())
    try:
        hash(key)
    except TypeError:
        return id(params)
    return key


def _merge_equal(order: list[Node], leaves: Sequence[Node]) -> tuple[list[Node], dict[Node, Node]]:
    """Common subexpressions: the nodes to compute, and for each other node the one that stands for it."""
    same: dict[Node, Node] = {}
    first: dict[Any, Node] = {}
    given = set(leaves)
    merged = []
    for node in order:
        if node in given:
            merged.append(node)
            continue
        if node.inputs:
            inputs = tuple([same.get(source, source).index for source in node.inputs])
            key: Any = (node.op, inputs, _parameter_key(node.params))
        elif node.op is LITERAL:
            key = (node.kind, repr(node._value))
        else:
            key = id(node._value)
        known = first.setdefault(key, node)
        if known is node:
            merged.append(node)
        else:
            same[node] = known
    return merged, same


def _may_share_memory(node: Node, same: dict[Node, Node], leaves: set[Node]) -> bool:
    """Whether the value is an argument or a view of one, which a caller must not be handed."""
    while node.op.is_view and node.inputs:
        node = same.get(node.inputs[0], node.inputs[0])
        if node in leaves or not node.inputs:
            return True
        if not node.op.is_view:
            return True  # a view keeps its base alive and may be read-only
    return node in leaves or not node.inputs


def signature(order: Sequence[Node], outputs: Sequence[Node], given: Iterable[Node] = ()) -> tuple[Any, list[Node]]:
    """What makes two recorded graphs the same program, and the leaves whose values it takes.

    Parameters
    ----------
    order : sequence of Node
        All nodes, in topological order.
    outputs : sequence of Node
    given : iterable of Node
        Nodes that count as leaves although they have inputs.

    Returns
    -------
    key : tuple
        Equal for graphs that differ in nothing but the values of their leaves.
    leaves : list of Node
    """
    positions: dict[int, int] = {}
    parts: list[Any] = []
    leaves: list[Node] = []
    boundary = {node.index for node in given}
    for node in order:
        inputs = node.inputs
        if inputs and node.index not in boundary:
            parts.append(node.op)
            if len(inputs) == 1:
                parts.append(positions[inputs[0].index])
            elif len(inputs) == 2:
                parts.append((positions[inputs[0].index], positions[inputs[1].index]))
            else:
                parts.append(tuple([positions[source.index] for source in inputs]))
            if node.params:
                parts.append(tuple(node.params.items()))
            if not node.op.broadcasts:
                parts.append(node.shape)  # it may depend on values, as that of x[mask] does
        elif node.op is LITERAL:
            value = node._value
            parts.append(node.kind)
            parts.append(value)
            if value == 0 and node.kind is float:
                parts.append(math.copysign(1.0, value))
        else:
            parts.append(node.dtype)
            parts.append(node.shape)
            leaves.append(node)
        positions[node.index] = len(positions)
    parts.append(tuple([positions[node.index] for node in outputs]))
    return tuple(parts), leaves


class ProgramCache:
    """Programs by signature; when there are too many, the oldest goes.

    Parameters
    ----------
    capacity : int, default 512
        How many programs are kept.
    """

    def __init__(self, capacity: int = 512) -> None:
        self._programs: OrderedDict[Any, Program] = OrderedDict()
        self._capacity = capacity

    def get(self, key: Any, build: Callable[[], Program]) -> Program:
        """The program for a key, built where it is not known yet."""
        try:
            program = self._programs.get(key)
        except TypeError:  # an operation with a setting that cannot be hashed, such as a list of sizes
            return build()
        if program is None:
            program = self._programs[key] = build()
            while len(self._programs) > self._capacity:
                try:
                    self._programs.popitem(last=False)
                except KeyError:  # another thread was quicker
                    break
        return program

    def __len__(self) -> int:
        return len(self._programs)


def compute_once(outputs: Sequence[Node]) -> list[Any]:
    """Compute nodes of a graph that is too large to keep as a program; each array is dropped after its last use.

    Returns
    -------
    list of array
        Fresh arrays, as from `Program.run`.
    """
    order = ancestors(outputs)
    uses = dict.fromkeys(order, 0)
    for node in order:
        for source in node.inputs:
            uses[source] += 1
    for node in outputs:
        uses[node] += 1
    values: dict[Node, Any] = {}
    for node in order:
        if node._value is not None:
            values[node] = node._value
            continue
        values[node] = node.op.compute(*[values[source] for source in node.inputs], **node.params)
        for source in node.inputs:
            uses[source] -= 1
            if not uses[source]:
                del values[source]
    return [np.array(values[node]) if node.op.is_view or not node.inputs else values[node] for node in outputs]


class _Alarm:
    """Hears of floating-point exceptions during a run, at no cost as long as there are none."""

    def __init__(self) -> None:
        self.rang = False

    def __call__(self, kind: str, flag: int) -> None:
        self.rang = True


def run_checked(run: Callable[[], list[Any]], leaves: Iterable[Node], diagnose: Callable[[], str | None]) -> list[Any]:
    """Compute something, and warn if a result is NaN or infinite although no input was.

    Parameters
    ----------
    run : callable
    leaves : iterable of Node
        The inputs.
    diagnose : callable
        Called only in that case: tells which node it was, or `None` if nothing is wrong after all.
    """
    alarm = _Alarm()
    with np.errstate(over="call", divide="call", invalid="call", under="ignore", call=alarm):
        results = run()
    if alarm.rang and not all(map(_is_finite, results)) and all(_is_finite(leaf._value) for leaf in leaves):
        message = diagnose()
        if message:
            warnings.warn(message, NonFiniteWarning, stacklevel=4)
    return results


def _is_finite(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


def evaluate(nodes: Sequence[Node]) -> list[Any]:
    """Values of nodes, computed from their stable forms; partial results are kept on the nodes."""
    forms = [stable(node) for node in nodes]
    pending = [node for node in forms if node._value is None]
    if pending:
        with np.errstate(all="ignore"):
            for node in ancestors(pending, skip=lambda node: node._value is not None):
                node._value = node.op.compute(*[source._value for source in node.inputs], **node.params)
    for node, form in zip(nodes, forms, strict=True):
        node._value = form._value
    return [form._value for form in forms]


def first_bad_node(nodes: Iterable[Node]) -> Node | None:
    """The first node, in topological order, whose value is NaN or infinite although its inputs are finite."""
    for node in nodes:
        if node.is_tuple or not node.inputs or _is_finite(node.value):
            continue
        if all(source.is_tuple or _is_finite(source.value) for source in node.inputs):
            return node
    return None


def non_finite_message(order: Sequence[Node], what: str) -> str:
    """The sentence for a NaN or inf: where it began, and the usual remedy."""
    bad = first_bad_node(order)
    if bad is None:
        return f"{what} is NaN or infinite, although the forward pass is finite: a local gradient is infinite"
    remedy = _REMEDIES.get(bad.op.name, "look at the values of its inputs")
    at = where_recorded(bad)
    operands = " and ".join(describe(source) for source in bad.inputs)
    return (
        f"{what} is NaN or infinite: it begins in {bad.op.name} of {operands}"
        + (f"\n  at  {at}" if at else "")
        + f"\n  fix {remedy}"
    )


_REMEDIES = {
    "log": "the logarithm of 0 or of a negative number: add a small constant, or use a loss that takes logits",
    "exp": "the exponential overflows above 709 (88 in float32): scale its argument, or use softmax, logsumexp",
    "divide": "a division by zero: add a small constant to the denominator",
    "sqrt": "the square root of a negative number",
    "power": "a power overflows, or a negative base meets a fractional exponent",
}


Node.evaluator = staticmethod(lambda node: evaluate([node])[0])
