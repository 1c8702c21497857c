"""NumPy's two protocols: functions called on a traced array are looked up among the records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import TraceLeakError, UnsupportedOperationError
from chainrule.graph.op import Op
from chainrule.graph.provenance import describe_value
from chainrule.ops.indexing import add_at_index
from chainrule.ops.load import load_for_scipy
from chainrule.ops.record import SERVED, Function
from chainrule.trace.inplace import IN_PLACE
from chainrule.trace.record import call_record, record_op, to_node, unwrap
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.trace.tracer import Tracer
from chainrule.trace.views import assign_whole

__all__ = ["find_record"]

#: What ``ufunc.reduce`` and ``ufunc.accumulate`` are called by their own names.
_REDUCTIONS: dict[Any, Any] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}
_ACCUMULATIONS: dict[Any, Any] = {np.add: np.cumsum, np.multiply: np.cumprod}


def find_record(callable_: Any) -> Op | Function:
    """The record that serves a NumPy or SciPy function.

    Raises
    ------
    UnsupportedOperationError
        If there is none.
    """
    record = SERVED.get(callable_)
    if record is None:
        load_for_scipy()
        record = SERVED.get(callable_)
    if record is None:
        module = getattr(callable_, "__module__", None) or "numpy"
        raise UnsupportedOperationError(
            f"{module}.{getattr(callable_, '__name__', callable_)} is not known to chainrule, so it cannot be recorded",
            where=line_of_frame(user_frame()),
            fix="write it with functions of the coverage table, or give it a gradient with chainrule.custom_vjp",
        )
    return record


def _array_ufunc(self: Tracer, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    if method == "__call__":
        record = SERVED.get(ufunc) or find_record(ufunc)
        if not kwargs:
            return record_op(record, inputs) if isinstance(record, Op) else call_record(record, inputs, {})
        return _ufunc_with_settings(record, inputs, kwargs)
    if method == "reduce" and ufunc in _REDUCTIONS:
        kwargs.setdefault("axis", 0)
        return _array_function(self, _REDUCTIONS[ufunc], (), inputs, kwargs)
    if method == "accumulate" and ufunc in _ACCUMULATIONS:
        kwargs.setdefault("axis", 0)
        return _array_function(self, _ACCUMULATIONS[ufunc], (), inputs, kwargs)
    if method == "outer":
        left, right = inputs
        return ufunc(np.expand_dims(left, tuple(range(-np.ndim(right), 0))), right)
    if method == "at" and ufunc is np.add and isinstance(inputs[0], Tracer):
        array, index, value = inputs
        assign_whole(array, add_at_index(array._node, unwrap(index), to_node(value)))
        return None
    raise UnsupportedOperationError(
        f"numpy.{ufunc.__name__}.{method} is not known to chainrule for traced values",
        where=line_of_frame(user_frame()),
        fix="write it with NumPy functions of the coverage table",
    )


def _ufunc_with_settings(record: Op | Function, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """The keyword arguments that every ufunc takes: out, where, dtype, casting."""
    out = settings.pop("out", None)
    where = settings.pop("where", True)
    dtype = settings.pop("dtype", None)
    settings.pop("casting", None)
    result = call_record(record, inputs, settings)
    if dtype is not None:
        result = result.astype(dtype)
    target = out[0] if isinstance(out, tuple) else out
    if where is not True:
        if target is None:
            raise UnsupportedOperationError(
                f"{record.name} was called with where= but without out=, which leaves elements undefined",
                where=line_of_frame(user_frame()),
                fix="use np.where(mask, result, other)",
            )
        result = np.where(where, result, target)
    return result if target is None else _write_out(target, result)


def _write_out(target: Any, result: Tracer) -> Any:
    if isinstance(target, Tracer):
        assign_whole(target, result._node)
        return target
    raise TraceLeakError(
        "out= is a plain array, but the result is traced: "
        f"{describe_value(result._node.name, result.shape, result.dtype)}",
        where=line_of_frame(user_frame()),
        fix="leave out= away, write v = v + x instead of v += x, or make v with chainrule.numpy.zeros(...)",
    )


def _array_function(
    self: Tracer, func: Callable[..., Any], types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    record = SERVED.get(func)
    if record is None:
        if func in IN_PLACE:
            return IN_PLACE[func](*args, **kwargs)
        record = find_record(func)
    out = kwargs.pop("out", None)
    result = call_record(record, args, kwargs)
    return result if out is None else _write_out(out[0] if isinstance(out, tuple) else out, result)


Tracer.__array_ufunc__ = _array_ufunc  # type: ignore[attr-defined]
Tracer.__array_function__ = _array_function  # type: ignore[attr-defined]
