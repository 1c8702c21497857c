"""Assignment into traced arrays, with NumPy's view semantics.

``v[i] = x`` moves the handle `v` to a node in which the element is replaced. Handles that look at the same memory
must follow: a view made by slicing or transposing is linked to its base, a write to the base is seen through the
view, and a write through the view changes the base. Where NumPy itself may or may not make a view (``reshape`` of
an array that is not contiguous), a handle that would go stale refuses to be used.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeMismatchError, StaleViewError
from chainrule.graph.node import Node
from chainrule.graph.provenance import describe_value
from chainrule.ops.complex_numbers import real
from chainrule.ops.indexing import Index, getitem, set_index
from chainrule.ops.shaping import broadcast_to, cast, reshape_op, transpose_op
from chainrule.trace.source import assigned_name, line_of_frame, name_in_frame, user_frame, user_site
from chainrule.trace.tracer import Tracer

__all__ = ["ViewLink", "assign_index", "assign_whole", "link_view", "link_views"]


class ViewLink:
    """How a view follows its base, and how a write through it gets back.

    Attributes
    ----------
    base : Tracer
    read : callable
        From the base's node to the view's node.
    write : callable or None
        From the base's node and the view's new node to the base's new node; None where NumPy may have copied.
    """

    __slots__ = ("base", "read", "write")

    def __init__(self, base: Tracer, read: Callable[[Node], Node], write: Callable[[Node, Node], Node] | None) -> None:
        self.base = base
        self.read = read
        self.write = write


def link_view(base: Tracer, view: Tracer) -> Tracer:
    """Link a freshly recorded result to the array that it may share memory with."""
    return link_views((base,), view) if view._node.op.is_view else view


def link_views(bases: Sequence[Tracer], result: Any, *, may_copy: bool = False) -> Any:
    """Link what a call returned, also the parts of a list, to those of its arguments that it shows a part of."""
    if type(result) is list or type(result) is tuple:
        return type(result)(link_views(bases, part) for part in result)
    if type(result) is not Tracer:
        return result
    steps: list[Node] = []
    node = result._node
    while True:
        for base in bases:
            if base._node is node and (steps or may_copy):
                _link(base, result, steps[::-1], may_copy)
                return result
        if not _shows_memory(node):
            return result
        steps.append(node)
        node = node.inputs[0]


def _shows_memory(node: Node) -> bool:
    """Whether a node is a view of its input. An element is a number, unless ``...`` asks for an array."""
    if node.op is not getitem:
        return node.op.is_view
    index: Index = node.params["index"]
    return index.shows_part and (bool(node.shape) or Ellipsis in index.entries)


def _link(base: Tracer, view: Tracer, steps: list[Node], may_copy: bool) -> None:
    backs = [_way_back(step) for step in steps]

    def read(node: Node) -> Node:
        for step in steps:
            node = step.op.apply((node, *step.inputs[1:]), step.params)
        return node

    def write(node: Node, new: Node) -> Node:
        passed = [node]
        for step in steps[:-1]:
            passed.append(step.op.apply((passed[-1], *step.inputs[1:]), step.params))
        for at, back in zip(reversed(passed), reversed(backs), strict=True):
            assert back is not None
            new = back(at, new)
        return new

    view._link = ViewLink(base, read, None if may_copy or None in backs else write)
    if base._views is None:
        base._views = []
    base._views.append(weakref.ref(view))


def _way_back(step: Node) -> Callable[[Node, Node], Node] | None:
    """How a write to a view changes the array it shows; None where NumPy may have copied."""
    op, params = step.op, step.params
    if op is getitem:
        entries = params["index"].assemble(step.inputs[1:])
        return lambda node, new: set_index(node, entries, new)
    if op is transpose_op:
        inverse = {"axes": tuple(np.argsort(params["axes"]).tolist())}
        return lambda node, new: transpose_op.apply((new,), inverse)
    if op is reshape_op and _without_ones(step.shape) == _without_ones(step.inputs[0].shape):
        return lambda node, new: reshape_op.apply((new,), {"shape": node.shape})
    if op is real and step.dtype == step.inputs[0].dtype:
        return lambda node, new: new
    return None


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple([length for length in shape if length != 1])


def assign_index(target: Tracer, index: Any, value: Node) -> None:
    """``target[index] = value``"""
    node = target._node
    if value.dtype.kind == "c" and node.dtype.kind != "c":
        raise ShapeMismatchError(
            f"a complex value cannot be assigned into {_shown(target)}",
            where=line_of_frame(user_frame()),
            fix="make the array complex, or assign the real part",
        )
    new = set_index(node, index, value)
    new.site = user_site()
    assign_whole(target, new)


def assign_whole(target: Tracer, new: Node) -> None:
    """Move a handle to a new node of the same shape and dtype, and with it all that shares its memory."""
    shape, dtype = target._node.shape, target._node.dtype
    if new.dtype != dtype:
        if not np.can_cast(new.dtype, dtype, "same_kind"):
            raise ShapeMismatchError(
                f"values of dtype {new.dtype} cannot be written into {_shown(target)}",
                where=line_of_frame(user_frame()),
                fix="write v = v + x instead of v += x, or make the array with the wider dtype",
            )
        new = cast(new, dtype=dtype)
    if new.shape != shape:
        if np.broadcast_shapes(new.shape, shape) != shape:
            raise ShapeMismatchError(
                f"a result of shape {new.shape} cannot be written into {_shown(target)}",
                where=line_of_frame(user_frame()),
                fix="write v = v + x instead of v += x",
            )
        new = broadcast_to(new, shape)
    link = target._link
    if link is None:
        _move(target, new)
    elif link.write is None:
        raise StaleViewError(
            f"{_shown(target)} may be a view or a copy of another array, so writing into it is ambiguous",
            where=line_of_frame(user_frame()),
            fix="write into the original array, or take a copy first: v = v.copy()",
        )
    else:
        assign_whole(link.base, link.write(link.base._node, new))


def _move(target: Tracer, new: Node) -> None:
    """Point a handle at its new node, and its views at theirs."""
    if new.name is None:
        new.name = target._node.name
    target._node = new
    if target._views is None:
        return
    alive = []
    for reference in target._views:
        view = reference()
        if view is None or view._link is None:
            continue
        alive.append(reference)
        if view._link.write is None:
            _go_stale(view, target)
        else:
            _move(view, view._link.read(new))
    target._views = alive


def _go_stale(view: Tracer, base: Tracer) -> None:
    """Make a view, and the views of it, refuse to be used."""
    pending = [view]
    while pending:
        handle = pending.pop()
        handle._node = _StaleNode(handle._node, base)  # type: ignore[assignment]
        pending += [one for reference in handle._views or () if (one := reference()) is not None]
        handle._views = None


class _StaleNode:
    """Stands where the node of a stale view was; whatever is asked of it raises."""

    def __init__(self, view: Node, base: Tracer) -> None:
        name = view.name or assigned_name(view) or "a view"
        self._message = (
            f"{name} (shape {view.shape}) was made from {_shown(base)} by {view.op.name}, and that array was "
            "assigned to since; NumPy may show the old or the new numbers here"
        )

    def __getattr__(self, attribute: str) -> Any:
        raise StaleViewError(
            self._message,
            where=line_of_frame(user_frame()),
            fix="take the view again after the assignment, or copy it before: v.reshape(...).copy()",
        )


def _shown(target: Tracer) -> str:
    name = target._node.name or name_in_frame(user_frame(), target)
    return describe_value(name, target.shape, target.dtype)
