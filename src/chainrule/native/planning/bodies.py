"""Control flow that compiled code can run: the bodies of `cond`, `scan` and `while_loop`, ready for compilation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL
from chainrule.native.assembly.emitter import is_native

__all__ = ["CONTROL", "Lowered", "bodies_of", "compiles", "is_result", "lowered"]

#: By the name of the operation: its parameters that are bodies, in the order in which their code is kept.
CONTROL: dict[str, tuple[str, ...]] = {
    "scan": ("body",),
    "cond": ("true_body", "false_body"),
    "while_loop": ("condition", "body"),
    "while_loop_back": ("condition", "body", "back"),
}


@dataclass(frozen=True, eq=False)
class Lowered:
    """A body in the form that is compiled.

    Attributes
    ----------
    name : str
        Of the function that was recorded.
    inputs, outputs : tuple of Node
    constants : tuple of Node
        Arrays that are a part of the body.
    """

    name: str
    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    constants: tuple[Node, ...]


def bodies_of(node: Node) -> list[Any]:
    """The bodies of a node of control flow."""
    return [node.params[name] for name in CONTROL[node.op.name]]


def is_result(node: Node) -> bool:
    """Whether a node is one of the results of control flow."""
    return node.op.name == "item" and node.inputs[0].op.name in CONTROL


def compiles(node: Node) -> bool:
    """Whether compiled code can run a node of control flow: all that its bodies do has code, and no array is empty."""
    arrays = [(source.shape, source.dtype) for source in node.inputs]
    if not all(is_native(dtype) and 0 not in shape for shape, dtype in [*arrays, *node.shape]):
        return False
    return node.params.get("length") != 0 and all(_is_lowered(body) for body in bodies_of(node))


def _is_lowered(body: Any) -> bool:
    try:
        hash(body)
    except TypeError:
        return False  # a derivative rule of the user in it may look at numbers, and is never kept
    return lowered(body) is not None


@lru_cache(maxsize=512)
def lowered(body: Any) -> Lowered | None:
    """A body, simplified and taken apart; None where a part of it has no code. Equal bodies share the work.

    Parameters
    ----------
    body : Body
        Hashable, with the graph ``body.stable``.
    """
    from chainrule.native.planning.prepare import prepare  # what is prepared asks here whether inner loops have code

    inputs = body.stable.inputs
    outputs = prepare(body.stable.outputs, inputs)
    given = set(inputs)
    order = [node for node in ancestors(outputs) if node not in given]
    if not all(_has_code(node) for node in order):
        return None
    constants = [node for node in order if not node.inputs and node.op is not LITERAL and node.ndim]
    return Lowered(body.stable.name, tuple(inputs), tuple(outputs), tuple(constants))


def _has_code(node: Node) -> bool:
    from chainrule.native.planning.nodes import is_compiled

    if node.inputs:
        return is_compiled(node)
    return is_native(node.dtype) and bool(node.size)
