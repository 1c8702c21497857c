"""Bodies: what a branch or a loop runs, recorded once as a graph of its own.

A body's inputs are placeholders, which have values only while the loop runs. Values of enclosing traces that the code
uses become further inputs, the operands (closure conversion), and so do the arrays that it meets: what is left in the
graph is structure and literals, so two bodies traced from the same code are equal whatever the numbers are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL, abstract_input, constant
from chainrule.interpret import Program, ProgramCache, signature
from chainrule.ops.shaping import cast
from chainrule.simplify.stabilise import stabilise
from chainrule.structure import Structure, flatten
from chainrule.trace.record import to_node
from chainrule.trace.session import Session, names_wanted
from chainrule.trace.tracer import Tracer
from chainrule.transforms.aliases import without_aliases
from chainrule.transforms.calling import run_for_any_numbers

__all__ = ["Body", "Recording", "close", "dependents", "record", "settled"]

_programs = ProgramCache()


class Body:
    """A graph as a setting of an operation: never changed, hashable, equal to every other of the same structure.

    Parameters
    ----------
    graph : Graph
        Its inputs are placeholders.

    Attributes
    ----------
    graph : Graph
        As it was recorded or derived.
    stable : Graph
        The same inputs, and the outputs in numerically stable form: what is computed, differentiated and compiled.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        key, leaves = signature(graph.nodes, graph.outputs)
        self._key = (len(graph.inputs), key, tuple([_fingerprint(node._value) for node in leaves[len(graph.inputs) :]]))
        self._hash: int | None = None

    @cached_property
    def stable(self) -> Graph:
        stabilise(self.graph.nodes)
        return Graph(self.graph.inputs, [node.stable or node for node in self.graph.outputs], self.graph.name)

    @cached_property
    def program(self) -> Program:
        """What computes the outputs from values of the inputs; equal bodies share it."""
        return _programs.get(self, lambda: Program(self.stable.outputs, self.stable.inputs))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Body) and bool(self._key == other._key))

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(self._key)
        return self._hash

    def __repr__(self) -> str:
        return f"<{self.graph.name}: {len(self.graph)} nodes>"


def _fingerprint(value: Any) -> tuple[Any, ...]:
    """A constant as a part of a key: equal for equal arrays, and small for large ones."""
    array = np.ascontiguousarray(value)
    return array.dtype, array.shape, hashlib.blake2b(array.tobytes(), digest_size=16).digest()


@dataclass
class Recording:
    """What a function did with its placeholders; not yet cut loose from the traces around it.

    Attributes
    ----------
    name : str
    inputs, outputs : list of Node
    structure : Structure
        Of the function's result.
    start : int
        Nodes up to this index belong to enclosing traces.
    """

    name: str
    inputs: list[Node]
    outputs: list[Node]
    structure: Structure
    start: int


def record(fun: Callable[..., Any], name: str, inputs: Sequence[Node], structure: Structure) -> Recording:
    """Call a function on placeholders, put into the structure of its arguments."""
    with Session(allows_looking=False, scans_names=names_wanted()) as session:
        arguments = structure.unflatten([Tracer(node) for node in inputs])
        result = run_for_any_numbers(session, fun, arguments, {})
        leaves, result_structure = flatten(result)
        outputs = [to_node(leaf) for leaf in leaves]
    return Recording(name, list(inputs), outputs, result_structure, session.start)


def close(recordings: Sequence[Recording], *, hoist: bool) -> tuple[list[Node], list[Graph]]:
    """Turn what the recordings use from outside into inputs, the same for all of them.

    Parameters
    ----------
    recordings : sequence of Recording
    hoist : bool
        Whether what does not depend on a recording's own inputs stays outside, to be computed once. Not for code that
        may not run at all.

    Returns
    -------
    operands : list of Node
        Nodes of the traces around, and constants.
    graphs : list of Graph
        With the inputs of each recording, followed by one for each operand.
    """
    insides = [_inside(recording, hoist) for recording in recordings]
    operands: dict[Node, None] = {}
    for recording, inside in zip(recordings, insides, strict=True):
        own = {*recording.inputs, *inside}
        used = [source for node in inside for source in node.inputs] + recording.outputs
        operands.update(dict.fromkeys(node for node in used if node not in own and node.op is not LITERAL))
    outside = sorted(operands, key=lambda node: node.index)
    graphs = [_copied(r, inside, outside) for r, inside in zip(recordings, insides, strict=True)]
    return [settled(node) for node in outside], graphs


def settled(node: Node) -> Node:
    """A node as a loop takes it from outside: one that was a Python number no longer adapts to the dtypes it meets."""
    if type(node.kind) is not type:
        return node
    return constant(np.asarray(node._value)) if node.op is LITERAL else cast.apply((node,), {"dtype": node.dtype})


def _inside(recording: Recording, hoist: bool) -> list[Node]:
    """The nodes that the body computes itself, in topological order."""
    given = set(recording.inputs)
    order = ancestors(recording.outputs, after=recording.start)
    moving = dependents(order, given) if hoist else set(order)
    return [node for node in order if node.inputs and node in moving and node not in given]


def dependents(order: Iterable[Node], sources: Iterable[Node]) -> set[Node]:
    """The nodes, given in topological order, whose values depend on the sources; the sources are among them."""
    found = set(sources)
    for node in order:
        if any(source in found for source in node.inputs):
            found.add(node)
    return found


def _copied(recording: Recording, inside: list[Node], outside: list[Node]) -> Graph:
    operands = [abstract_input(node.shape, node.dtype, node.name) for node in outside]
    for operand, node in zip(operands, outside, strict=True):
        operand.kind = node.kind
    copies: dict[Node, Node] = {node: node for node in recording.inputs}
    copies.update(zip(outside, operands, strict=True))
    for node in inside:
        inputs = tuple([source if source.op is LITERAL else copies[source] for source in node.inputs])
        copy = copies[node] = Node(node.op, inputs, node.params, node.shape, node.dtype)
        copy.kind, copy.name, copy.site = node.kind, node.name, node.site
        copy.gradient_of = copies.get(node.gradient_of) if node.gradient_of is not None else None
    outputs = without_aliases([copies[node] for node in recording.outputs])
    return Graph([*recording.inputs, *operands], outputs, recording.name)
