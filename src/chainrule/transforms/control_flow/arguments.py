"""What users hand to branches and loops, and what their functions return: taken apart, adapted, and checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeMismatchError, StructureError, UnsupportedOperationError
from chainrule.graph.node import Node
from chainrule.graph.op import CONSTANT, ITEM, LITERAL, abstract_input, constant
from chainrule.graph.provenance import describe, where_recorded
from chainrule.interpret import compute_once
from chainrule.ops.shaping import cast
from chainrule.structure import Structure
from chainrule.trace.record import to_node
from chainrule.trace.session import active_sessions, refuse_other_algebra
from chainrule.trace.source import line_of_frame, user_frame, user_site
from chainrule.trace.tracer import Tracer
from chainrule.transforms.control_flow.body import Recording, settled

__all__ = [
    "agree",
    "finish",
    "or_zeros",
    "placeholders",
    "record_carry",
    "require_truth_value",
    "same_structure",
    "to_operand",
    "zeros",
]

_PYTHON_NUMBERS = (bool, int, float, complex)


def to_operand(leaf: Any, what: str) -> Node:
    """The node of an argument; outside of traces an array is used as it is, since the loop runs at once."""
    if type(leaf) is Tracer:
        return settled(leaf._node)
    if isinstance(leaf, np.ndarray) and active_sessions():
        return to_node(leaf)
    refuse_other_algebra(leaf)
    array = np.asarray(leaf)
    if array.dtype.kind not in "fciub":
        raise UnsupportedOperationError(
            f"{what} is of type {type(leaf).__name__}, which is no array of numbers",
            where=line_of_frame(user_frame()),
            fix="give arrays, or nested tuples, lists, dicts and dataclasses of them",
        )
    return constant(array)


def _python_kind(leaf: Any) -> Any:
    """The type of a Python number, traced ones among them; None for arrays and NumPy's numbers, which keep theirs."""
    kind = leaf._node.kind if type(leaf) is Tracer else type(leaf)
    return kind if any(kind is number for number in _PYTHON_NUMBERS) else None


def _cast(node: Node, dtype: np.dtype[Any]) -> Node:
    if node.dtype == dtype:
        return node
    return constant(np.asarray(node._value, dtype)) if node.op is CONSTANT else cast(node, dtype=dtype)


def placeholders(nodes: Sequence[Node], names: Sequence[str]) -> list[Node]:
    """Inputs of a body, for values of the shapes and dtypes of the given nodes."""
    return [abstract_input(node.shape, node.dtype, name) for node, name in zip(nodes, names, strict=True)]


def record_carry(
    leaves: Sequence[Any],
    carry: list[Node],
    names: Sequence[str],
    record_with: Callable[[list[Node]], Recording],
) -> tuple[list[Node], Recording]:
    """Record a loop's body, and give Python numbers in its first carry the dtype that the body makes of them.

    Parameters
    ----------
    leaves : sequence
        What the user gave as first carry.
    carry : list of Node
    names : sequence of str
        Of the carry, inside the body.
    record_with : callable
        Records the body for a carry; the first outputs of what it returns are the next carry.

    Returns
    -------
    carry : list of Node
        Adapted: ``0.0`` is float32 where the body adds float32 to it.
    recording : Recording
    """
    kinds = {i: kind for i, kind in enumerate(map(_python_kind, leaves)) if kind is not None}
    if kinds:
        inputs = placeholders(carry, names)
        for i, kind in kinds.items():
            inputs[i].kind = kind
        following = record_with(inputs).outputs
        carry = list(carry)
        for i, kind in kinds.items():
            carry[i] = _cast(carry[i], np.result_type(following[i].dtype, kind(0)))
    recording = record_with(placeholders(carry, names))
    for i, node in enumerate(carry):
        following_node = recording.outputs[i] = agree(recording.outputs[i], node)
        if (following_node.shape, following_node.dtype) != (node.shape, node.dtype):
            raise _changed(recording, recording.inputs[i], following_node)
    return carry, recording


def agree(output: Node, like: Node) -> Node:
    """An output of a body as it has to come out: a Python number takes the dtype that is expected of it."""
    if type(output.kind) is not type:
        return output
    adapts = np.result_type(like.dtype, output.kind(0)) == like.dtype
    dtype = like.dtype if adapts else output.dtype
    return constant(np.asarray(output._value, dtype)) if output.op is LITERAL else cast(output, dtype=dtype)


def require_truth_value(node: Node, what: str) -> None:
    """Raise unless a node is one truth value.

    Raises
    ------
    UnsupportedOperationError
    """
    if node.shape != () or node.dtype.kind != "b":
        reduce = "reduce it with np.any or np.all" if node.shape else "compare it, as in x != 0"
        raise UnsupportedOperationError(
            f"{what} must be one truth value, but it is {describe(node)}",
            where=line_of_frame(user_frame()),
            fix=reduce + (", or choose element by element with np.where" if node.shape else ""),
        )


def same_structure(given: Structure, wanted: Structure, what: str, other: str) -> None:
    """Raise unless two containers have the same structure.

    Raises
    ------
    StructureError
    """
    if given != wanted:
        raise StructureError(
            f"{what} has the structure {given}, but {other} has {wanted}",
            where=line_of_frame(user_frame()),
            fix="return containers with the same keys, lengths and types",
        )


def _changed(recording: Recording, carried: Node, returned: Node) -> ShapeMismatchError:
    """The error for a carry that does not come out as it came in."""
    if carried.shape != returned.shape:
        fix = (
            "start with an array of the shape that the body returns, or reduce the result to the shape it started with"
        )
    else:
        fix = f"start with {returned.dtype} numbers, or cast the result with .astype({str(carried.dtype)!r})"
    return ShapeMismatchError(
        f"{recording.name} takes the carry {describe(carried)} and returns it with shape {returned.shape}, "
        f"{returned.dtype}; it must stay the same from step to step",
        where=where_recorded(returned) or line_of_frame(user_frame()),
        fix=fix,
    )


def finish(node: Node, leaves: Sequence[Any], operands: Sequence[Node], kept: int) -> list[Any]:
    """The first results of a loop or a branch: traced values, or arrays where nothing is traced."""
    node.site = user_site(2)
    results = [ITEM(node, position=position) for position in range(kept)]
    for result in results:
        result.site = node.site
    if any(type(leaf) is Tracer for leaf in leaves) or any(operand.op is not CONSTANT for operand in operands):
        return [Tracer(result) for result in results]
    return compute_once(results)


def zeros(shape: tuple[int, ...], dtype: Any) -> Node:
    """Zeros that take no memory."""
    return constant(np.broadcast_to(np.zeros((), dtype), shape))


def or_zeros(node: Node | None, like: Node) -> Node:
    """A gradient or tangent, where None stands for zero, in full."""
    return zeros(like.shape, like.dtype) if node is None else node
