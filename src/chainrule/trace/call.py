"""Calling a record from outside: on arrays it computes, as soon as an argument is traced it records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.graph.op import Op
from chainrule.ops.record import Function
from chainrule.trace.record import call_record
from chainrule.trace.tracer import Tracer

__all__ = ["call_with", "is_traced"]


def is_traced(value: Any) -> bool:
    """Whether a value is traced, or a list or tuple that holds traced values."""
    kind = type(value)
    if kind is Tracer:
        return True
    return (kind is list or kind is tuple) and any(is_traced(item) for item in value)


def call_with(record: Op | Function, *args: Any, **kwargs: Any) -> Any:
    """Call a record with NumPy's arguments: with the NumPy function itself where nothing is traced."""
    if any(is_traced(value) for value in args) or any(is_traced(value) for value in kwargs.values()):
        return call_record(record, args, kwargs)
    plain: Callable[..., Any] = record.serves[0] if record.serves else record
    return plain(*args, **kwargs)
