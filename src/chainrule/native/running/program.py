"""Native programs: compiled kernels, and between them what only NumPy can compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.config import config
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import INPUT, abstract_input
from chainrule.interpret.program import Program, handed_out
from chainrule.native.planning.nodes import is_compiled, is_immediate
from chainrule.native.planning.prepare import prepare
from chainrule.native.planning.request import Request
from chainrule.native.running.executable import Executable
from chainrule.native.running.plan import program_plan
from chainrule.native.target import Target
from chainrule.simplify.rewrite import rebuild

__all__ = ["NativeProgram", "is_native_graph"]


@dataclass
class Part:
    """A part of a program, computed by one kernel or by NumPy.

    Attributes
    ----------
    is_native : bool
    nodes : list of Node
    inputs, outputs : list of Node
    run : callable
        From the values of the inputs to those of the outputs.
    """

    is_native: bool
    nodes: list[Node]
    inputs: list[Node]
    outputs: list[Node]
    run: Callable[[list[Any]], list[Any]]


class NativeProgram:
    """A graph as compiled code.

    Parameters
    ----------
    outputs : sequence of Node
        Nodes whose values are wanted.
    leaves : sequence of Node
        Nodes whose values are given at each run, in this order.
    name : str
    target : Target, optional
        By default this machine.
    guard : int, default 0
        Bytes left free between buffers, for tests.
    """

    def __init__(
        self,
        outputs: Sequence[Node],
        leaves: Sequence[Node],
        name: str = "graph",
        target: Target | None = None,
        guard: int = 0,
    ) -> None:
        self.name = name
        outputs, leaves = _with_inputs_for_leaves(outputs, leaves)
        outputs = prepare(outputs, leaves)
        self.parts = [_make_part(*group, target, guard) for group in _groups(ancestors(outputs), outputs, leaves)]
        slots: dict[Node, int] = {leaf: i for i, leaf in enumerate(leaves)}
        self._template: list[Any] = [None] * len(leaves)
        self._steps: list[tuple[Callable[[list[Any]], list[Any]], list[int], list[int]]] = []

        def slot(node: Node) -> int:
            if node not in slots:
                slots[node] = len(self._template)
                self._template.append(np.asarray(node._value, node.dtype) if not node.inputs else None)
            return slots[node]

        for part in self.parts:
            taken = [slot(node) for node in part.inputs]
            self._steps.append((part.run, taken, [slot(node) for node in part.outputs]))
        self._outputs = [slot(node) for node in outputs]
        fresh = {node for part in self.parts if part.is_native for node in part.outputs}
        first_use: set[int] = set()
        self._copied = []
        for node, place in zip(outputs, self._outputs, strict=True):
            self._copied.append(node not in fresh or place in first_use)
            first_use.add(place)
        single = len(self.parts) == 1 and self.parts[0].is_native and not any(self._copied)
        self._is_direct = (
            single and self._steps[0][2] == self._outputs and self._steps[0][1] == list(range(len(leaves)))
        )

    def run(self, values: Sequence[Any]) -> list[Any]:
        """Compute the outputs for given values of the leaves.

        Returns
        -------
        list of array
            Fresh arrays that share no memory with the leaves or with each other.
        """
        arrays = [_in_c_order(value) for value in values]
        if self._is_direct:
            return [result if result.ndim else result[()] for result in self._steps[0][0](arrays)]
        slots = self._template[:]
        slots[: len(arrays)] = arrays
        with np.errstate(all="ignore"):
            for run, taken, given in self._steps:
                for place, value in zip(given, run([slots[i] for i in taken]), strict=True):
                    slots[place] = value
        return [handed_out(slots[i], copied) for i, copied in zip(self._outputs, self._copied, strict=True)]

    def plan(self) -> str:
        """Which part of the graph is computed how, in tiles of how many rows, in which memory."""
        return program_plan(self.name, self.parts)


def is_native_graph(outputs: Sequence[Node], leaves: Sequence[Node]) -> bool:
    """Whether one kernel can compute a graph."""
    given = set(leaves)
    return all(
        node in given or not node.inputs or is_compiled(node) for node in ancestors(outputs, skip=given.__contains__)
    )


def _with_inputs_for_leaves(outputs: Sequence[Node], leaves: Sequence[Node]) -> tuple[Sequence[Node], Sequence[Node]]:
    """The graph with inputs in place of leaves that are constants, whose values would become part of the code."""
    if all(leaf.op is INPUT for leaf in leaves):
        return outputs, leaves
    done: dict[Node, Node] = {}
    for leaf in leaves:
        done[leaf] = abstract_input(leaf.shape, leaf.dtype, leaf.name)
        done[leaf].kind = leaf.kind
    for node in ancestors(outputs, skip=frozenset(leaves).__contains__):
        done[node] = rebuild(node, tuple([done[source] for source in node.inputs])) if node.inputs else node
    return [done[node] for node in outputs], [done[leaf] for leaf in leaves]


def _by_numpy(program: Program) -> Callable[[list[Any]], list[Any]]:
    """Runs a part through NumPy, whose results may be scalars, or lie in memory in another order."""
    return lambda values: [value if type(value) is tuple else _in_c_order(value) for value in program.run(values)]


def _in_c_order(value: Any) -> Any:
    """The value as an array whose elements lie one after the other, as compiled code reads them."""
    if type(value) is not np.ndarray:
        value = np.array(value)
    flags = value.flags
    if flags.c_contiguous and flags.aligned and value.dtype.isnative:
        return value
    return np.require(value, value.dtype.newbyteorder("="), ["C", "A"])


def _groups(
    order: Sequence[Node], outputs: Sequence[Node], leaves: Sequence[Node]
) -> list[tuple[bool, list[Node], list[Node], list[Node]]]:
    """The graph in parts that are native or not, each with its inputs and outputs, in the order in which they run."""
    given = {leaf: position for position, leaf in enumerate(leaves)}
    level: dict[Node, tuple[int, bool]] = {}
    groups: dict[tuple[int, bool], list[Node]] = {}
    for node in order:
        if node in given or not node.inputs:
            continue
        native = is_compiled(node)
        depth = max(
            (level[source][0] + (level[source][1] != native) for source in node.inputs if source in level), default=0
        )
        level[node] = (depth, native)
        groups.setdefault((depth, native), []).append(node)
    wanted = {node: position for position, node in reversed(list(enumerate(outputs)))}
    used_by: dict[Node, set[tuple[int, bool]]] = {}
    for node, place in level.items():
        for source in node.inputs:
            used_by.setdefault(source, set()).add(place)
    found = []
    for place in sorted(groups):
        nodes = groups[place]
        members = set(nodes)
        sources = dict.fromkeys(source for node in nodes for source in node.inputs)
        inputs = [s for s in sources if s not in members and (s in given or s.inputs or not is_immediate(s))]
        inputs.sort(key=lambda node: given.get(node, len(given)))
        results = [node for node in nodes if node in wanted or used_by.get(node, set()) - {place}]
        results.sort(key=lambda node: wanted.get(node, len(wanted)))
        found.append((place[1], nodes, inputs, results))
    return found


def _make_part(
    native: bool, nodes: list[Node], inputs: list[Node], outputs: list[Node], target: Target | None, guard: int
) -> Part:
    if not native:
        return Part(False, nodes, inputs, outputs, _by_numpy(Program(outputs, inputs)))
    constants = [node for node in inputs if node.op.name == "constant"]
    given = [node for node in inputs if node.op.name != "constant"]
    request = Request(outputs, given, constants, threads=config.threads, guard=guard)
    return Part(True, nodes, given, outputs, Executable(request, target))
