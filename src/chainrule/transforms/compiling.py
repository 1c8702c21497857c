"""From a function to a compiled program: traced once, on inputs that stand for any numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import CONSTANT
from chainrule.interpret import Program
from chainrule.native import is_available
from chainrule.simplify.stabilise import stabilise
from chainrule.structure import Structure, builder, flatten
from chainrule.trace.looking import leaked
from chainrule.trace.session import COPIED_UP_TO, Session
from chainrule.trace.tracer import Tracer
from chainrule.transforms.aliases import without_aliases
from chainrule.transforms.calling import function_name, run_for_any_numbers
from chainrule.transforms.signatures import CallSignature

__all__ = ["CompiledCall", "Runnable"]


class Runnable(Protocol):
    """A compiled graph."""

    def run(self, values: list[Any]) -> list[Any]:
        """Fresh arrays for the outputs, given the leaves' values."""

    def plan(self) -> str:
        """What runs where, for a person to read."""


class _Interpreted:
    """A graph that NumPy runs, node by node."""

    def __init__(self, outputs: list[Node], leaves: list[Node], name: str) -> None:
        self._program = Program(outputs, leaves)
        self._graph = Graph(leaves, outputs, name)

    def run(self, values: list[Any]) -> list[Any]:
        with np.errstate(all="ignore"):
            return self._program.run([np.float64(value) if type(value) is float else value for value in values])

    def plan(self) -> str:
        return f"{len(self._program)} NumPy calls, one after the other\n{self._graph}"


def compile_graph(outputs: list[Node], leaves: list[Node], name: str = "graph") -> Runnable:
    """Compile a stabilised graph: the one place where a backend is chosen."""
    from chainrule.native.running.program import NativeProgram  # llvmlite is loaded when something is compiled

    return NativeProgram(outputs, leaves, name) if is_available() else _Interpreted(outputs, leaves, name)


class CompiledCall:
    """A function's program for one signature.

    Parameters
    ----------
    fun : callable
    signature : CallSignature

    Attributes
    ----------
    values : callable
        ``values(args, kwargs)`` gives the dynamic leaves of a call with this signature, None for any other.
    """

    __slots__ = ("program", "result", "values")

    def __init__(self, fun: Callable[..., Any], signature: CallSignature) -> None:
        with Session(allows_looking=False) as session:
            inputs = signature.abstract_inputs()
            args, kwargs = signature.arguments_with([Tracer(node) for node in inputs])
            leaves, structure = flatten(run_for_any_numbers(session, fun, args, kwargs))
            traced = [leaf._node for leaf in leaves if type(leaf) is Tracer]
            _check_and_own(traced, session.start)
            leaves = [
                leaf if type(leaf) is Tracer or not isinstance(leaf, np.ndarray) else leaf.copy() for leaf in leaves
            ]
        finish = _finisher(leaves, structure)
        outputs = without_aliases(traced)
        stabilise(ancestors(outputs))
        self.program = compile_graph([node.stable or node for node in outputs], inputs, function_name(fun))
        self.values = signature.recogniser().values
        run = self.program.run
        #: From the dynamic leaves of a call to the function's result.
        self.result: Callable[[list[Any]], Any] = lambda values: finish(run(values))


def _check_and_own(outputs: Sequence[Node], start: int) -> None:
    """Refuse traced values of earlier calls, and copy the large arrays that the function closes over.

    Small arrays were copied when the function met them.
    """
    for node in ancestors(outputs):
        if node.index <= start:
            raise leaked(node)
        if node.op is CONSTANT and node._value.nbytes > COPIED_UP_TO:
            node._value = np.array(node._value)


def _finisher(leaves: list[Any], structure: Structure) -> Callable[[list[Any]], Any]:
    """The function that puts what a program computed into the structure of the result.

    Leaves that were not traced are returned as they are, arrays among them as copies. What Python's arithmetic on
    Python's floats gave is a Python float again, so that it keeps adapting to the dtypes that it meets.
    """
    build = builder(structure)
    places = [position for position, leaf in enumerate(leaves) if type(leaf) is Tracer]
    python = [position for position in places if type(leaves[position]._node.kind) is type]
    arrays = [position for position, leaf in enumerate(leaves) if isinstance(leaf, np.ndarray)]
    if len(places) == len(leaves) and not python:
        return build
    fixed: list[Any] = [None if type(leaf) is Tracer else leaf for leaf in leaves]

    def finish(results: list[Any]) -> Any:
        whole = fixed[:]
        for position, value in zip(places, results, strict=True):
            whole[position] = value
        for position in python:
            whole[position] = whole[position].item()
        for position in arrays:
            whole[position] = whole[position].copy()
        return build(whole)

    return finish
