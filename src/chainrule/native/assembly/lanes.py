"""Loops that go through an axis by vectors, and how those are loaded and stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Type, Value

__all__ = ["lane_loop", "lane_offsets", "load_lanes", "store_lanes", "strided_address"]

#: What is done in a round: ``body(index, mask, carried)``.
_Body = Callable[[Value, Value | None, list[Value]], list[Value]]


def lane_loop(
    b: Builder,
    length: int | Value,
    lanes: int,
    carry: Sequence[Value],
    body: _Body,
) -> list[Value]:
    """Loop over an axis, by vectors with a masked rest, or (``lanes`` = 0) by single elements.

    Parameters
    ----------
    b : Builder
    length : int or Value
    lanes : int
    carry : sequence of Value
        Values that are handed from round to round.
    body : callable
        ``body(index, mask, carried)`` writes a round and returns what it hands on; the mask of a full vector is `None`.
    """
    if isinstance(length, int):
        return _loop_of_known_length(b, length, lanes, list(carry), body)
    return _loop_of_any_length(b, length, lanes, list(carry), body)


def _loop_of_known_length(b: Builder, length: int, lanes: int, carried: list[Value], body: _Body) -> list[Value]:
    step = lanes or 1
    full = length // step * step
    if full == step:
        carried = body(b.i64(0), None, carried)
    elif full:
        loop = b.begin_loop(b.i64(0), b.i64(full), step, carried)
        carried = b.end_loop(loop, body(loop.index, None, list(loop.carried)))
    if length > full:
        mask = b.vector_of([1] * (length - full) + [0] * (lanes - length + full), "i1")
        carried = body(b.i64(full), mask, carried)
    return carried


def _loop_of_any_length(b: Builder, length: Value, lanes: int, carried: list[Value], body: _Body) -> list[Value]:
    full = b.and_(length, b.i64(-lanes)) if lanes else length
    begun = b.begin_if(b.icmp("sgt", full, b.i64(0)))
    loop = b.begin_loop(b.i64(0), full, lanes or 1, carried)
    inside = b.end_loop(loop, body(loop.index, None, list(loop.carried)))
    carried = b.end_if(begun, carried, inside)
    if lanes:
        rest = b.isub(length, full)
        begun = b.begin_if(b.icmp("sgt", rest, b.i64(0)))
        mask = b.icmp("slt", b.lane_numbers(lanes), b.splat(rest, lanes))
        carried = b.end_if(begun, carried, body(full, mask, carried))
    return carried


def load_lanes(b: Builder, pointer: Value, type: Type, mask: Value | None, stride: int = 1) -> Value:
    """Load a vector of elements that are `stride` apart: all of them, or those of a mask."""
    if stride != 1:
        every = mask or b.constant(1, type.of("i1"))
        return b.gather(pointer, lane_offsets(b, type.lanes, stride), type.scalar, every)
    return b.load(pointer, type) if mask is None else b.masked_load(pointer, mask, type)


def store_lanes(b: Builder, value: Value, pointer: Value, mask: Value | None, stride: int = 1) -> None:
    """Store a vector of elements `stride` apart: all of them, or those of a mask."""
    if stride != 1:
        every = mask or b.constant(1, value.type.of("i1"))
        b.scatter(value, pointer, lane_offsets(b, value.type.lanes, stride), every)
    elif mask is None:
        b.store(value, pointer)
    else:
        b.masked_store(value, pointer, mask)


def lane_offsets(b: Builder, lanes: int, stride: int) -> Value:
    """0, stride, 2 · stride, ... as i64."""
    return b.vector_of([i * stride for i in range(lanes)], "i64")


def strided_address(b: Builder, base: Value, index: Value | int, stride: int, scalar: str) -> Value:
    """The address of the element that is `index` steps of `stride` away."""
    if not stride or (isinstance(index, int) and not index):
        return base
    if isinstance(index, int):
        return b.address(base, b.i64(index * stride), scalar)
    step = index if stride == 1 else b.imul(index, b.i64(stride))
    return b.address(base, step, scalar)
