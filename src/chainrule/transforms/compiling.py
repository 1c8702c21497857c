"""From a function to a compiled program: traced once, on inputs that stand for any numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from chainrule.errors import ChainRuleError
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import CONSTANT, INPUT, LITERAL
from chainrule.interpret import Program
from chainrule.native import is_available
from chainrule.ops.shaping import cast
from chainrule.simplify.rewrite import rebuild
from chainrule.simplify.stabilise import stabilise
from chainrule.structure import Structure, builder, flatten
from chainrule.trace.looking import leaked
from chainrule.trace.session import COPIED_UP_TO, Session
from chainrule.trace.tracer import Tracer
from chainrule.transforms.calling import function_name, run_user_function
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


def compile_graph(outputs: list[Node], leaves: list[Node], name: str) -> Runnable:
    """Compile a stabilised graph: the one place where a backend is chosen."""
    from chainrule.native.program import NativeProgram  # llvmlite is loaded when something is compiled

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
            leaves, structure = flatten(_trace(session, fun, args, kwargs))
            traced = [leaf._node for leaf in leaves if type(leaf) is Tracer]
            _check_and_own(traced, session.start)
            leaves = [
                leaf if type(leaf) is Tracer or not isinstance(leaf, np.ndarray) else leaf.copy() for leaf in leaves
            ]
        finish = _finisher(leaves, structure)
        outputs = _without_aliases(traced)
        stabilise(ancestors(outputs))
        self.program = compile_graph([node.stable or node for node in outputs], inputs, function_name(fun))
        self.values = signature.recogniser().values
        run = self.program.run
        #: From the dynamic leaves of a call to the function's result.
        self.result: Callable[[list[Any]], Any] = lambda values: finish(run(values))


def _trace(session: Session, fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call the function; where NumPy put an error of its own in the place of a refused look, show what was refused."""
    try:
        return run_user_function(fun, args, kwargs)
    except (TypeError, ValueError) as error:
        if session.refusal is None or isinstance(error, ChainRuleError):
            raise
        raise session.refusal from error


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


def _without_aliases(outputs: Sequence[Node]) -> list[Node]:
    """The same graph without the aliases that derivatives inside the function made of their arguments.

    Inputs that were Python's numbers become ordinary ones: where they met an array, the cast to the dtype that NumPy
    chose is written down, so that nobody after this has to know of them.
    """
    order = ancestors(outputs)
    kinds = {node: node.kind for node in order}
    weak = {node for node in order if type(node.kind) is type and node.op is not LITERAL}
    for node in weak:
        node.kind = node.dtype
    done: dict[Node, Node] = {}
    for node in order:
        sources = tuple([done[source] for source in node.inputs])
        if node.op is INPUT and sources:
            done[node] = sources[0]
        elif not weak.isdisjoint(node.inputs):
            done[node] = _with_casts(node, sources, kinds, weak)
        elif sources == node.inputs:
            done[node] = node
        else:
            done[node] = rebuild(node, sources)
    return [done[node] for node in outputs]


def _with_casts(node: Node, sources: tuple[Node, ...], kinds: dict[Node, Any], weak: set[Node]) -> Node:
    """A node on other inputs; those that were Python's numbers are cast to the dtype that the arrays ask for."""
    dtypes = [kinds[source] for source in node.inputs]
    if not all(type(kind) is type for kind in dtypes) and None not in dtypes:
        wanted = np.result_type(*[kind(0) if type(kind) is type else kind for kind in dtypes])
        casts = [
            cast(new, dtype=wanted) if old in weak and new.dtype != wanted else new
            for old, new in zip(node.inputs, sources, strict=True)
        ]
        rebuilt = rebuild(node, tuple(casts))
        if (rebuilt.shape, rebuilt.dtype) == (node.shape, node.dtype):
            return rebuilt
    return node if sources == node.inputs else rebuild(node, sources)
