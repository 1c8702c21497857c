"""Operators and methods of traced arrays: each is the NumPy function of the same name."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError
from chainrule.graph.node import Node
from chainrule.graph.op import Op, literal
from chainrule.ops import comparison
from chainrule.ops.arithmetic import BINARY_OPERATORS, negative, positive
from chainrule.ops.complex_numbers import absolute, conjugate, imag, real
from chainrule.ops.indexing import Index, add_at_index, getitem, set_index
from chainrule.ops.products import matmul
from chainrule.ops.record import SERVED
from chainrule.ops.shaping import astype, cast, reshape, transpose
from chainrule.trace.dispatch import find_record
from chainrule.trace.record import call_record, explain_failure, record_nodes, record_op, to_node, unwrap, wrap
from chainrule.trace.source import user_site
from chainrule.trace.tracer import Tracer
from chainrule.trace.views import assign_index, assign_whole

#: Methods that call the NumPy function of the same name with the array as first argument.
_FUNCTION_METHODS = (
    "all any argmax argmin argsort argpartition choose clip cumprod cumsum diagonal dot max mean min nonzero "
    "prod put ravel repeat round searchsorted squeeze std sum swapaxes take trace var"
).split()

_COMPARISONS = {
    "eq": comparison.equal,
    "ne": comparison.not_equal,
    "lt": comparison.less,
    "le": comparison.less_equal,
    "gt": comparison.greater,
    "ge": comparison.greater_equal,
}
_BITWISE = {"and": comparison.bitwise_and, "or": comparison.bitwise_or, "xor": comparison.bitwise_xor}


_OPERANDS = (np.ndarray, np.generic, complex, bool, list, tuple)


def _operand(value: Any) -> Node | None:
    """The node of the other side of an operator; None for what is no number or array."""
    kind = type(value)
    if kind is Tracer:
        return value._node
    if kind is float or kind is int:
        return literal(value)
    return to_node(value) if isinstance(value, _OPERANDS) else None


#: Python's numbers by the kind of their dtype.
_PYTHON_NUMBERS = {"f": float, "c": complex, "i": int, "b": bool}


def _operate(op: Op, *nodes: Node) -> Tracer:
    """An operator. On Python's numbers it gives one of Python's numbers, which adapts to the dtype it meets."""
    if type(nodes[0].kind) is not type or any(type(node.kind) is not type for node in nodes):
        return record_nodes(op, nodes)
    if nodes[0].kind is bool and op in BINARY_OPERATORS.values():
        nodes = (cast(nodes[0], dtype=np.dtype(int)), *nodes[1:])  # True + True is 2 in Python, and True in NumPy
    result = record_nodes(op, nodes)
    result._node.kind = _PYTHON_NUMBERS[result.dtype.kind]
    return result


def _binary(op: Op) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    def forward(self: Tracer, other: Any) -> Any:
        node = _operand(other)
        return NotImplemented if node is None else _operate(op, self._node, node)

    def reflected(self: Tracer, other: Any) -> Any:
        node = _operand(other)
        return NotImplemented if node is None else _operate(op, node, self._node)

    def in_place(self: Tracer, other: Any) -> Any:
        result = forward(self, other)
        if result is NotImplemented or not (self.shape or self._link):
            return result  # a number, not an array: other names of the old value keep it
        assign_whole(self, result._node)
        return self

    return forward, reflected, in_place


def _install_operators() -> None:
    for name, op in {**BINARY_OPERATORS, "matmul": matmul, **_BITWISE}.items():
        forward, reflected, in_place = _binary(op)
        setattr(Tracer, f"__{name}__", forward)
        setattr(Tracer, f"__r{name}__", reflected)
        setattr(Tracer, f"__i{name}__", in_place)
    for name, op in _COMPARISONS.items():
        setattr(Tracer, f"__{name}__", _binary(op)[0])
    for name, op in {"neg": negative, "pos": positive, "abs": absolute, "invert": comparison.invert}.items():
        setattr(Tracer, f"__{name}__", lambda self, op=op: _operate(op, self._node))
    setattr(Tracer, "__divmod__", lambda self, other: (self // other, self % other))  # noqa: B010
    setattr(Tracer, "__rdivmod__", lambda self, other: (other // self, other % self))  # noqa: B010


def _install_function_methods() -> None:
    for name in _FUNCTION_METHODS:
        function = getattr(np, name)

        def method(self: Tracer, *args: Any, _function: Any = function, **kwargs: Any) -> Any:
            return _function(self, *args, **kwargs)

        method.__name__ = name
        method.__doc__ = f"The same as ``np.{name}(x, ...)``."
        setattr(Tracer, name, method)


def _getitem(self: Tracer, index: Any) -> Any:
    parsed, arrays = Index.parse(unwrap(index))
    return record_op(getitem, (self, *arrays), {"index": parsed})


def _setitem(self: Tracer, index: Any, value: Any) -> None:
    plain_index, node = unwrap(index), to_node(value)
    if not _is_part(node, self._node, plain_index):
        with _explaining("assignment", self._node, node):
            assign_index(self, plain_index, node)


@contextlib.contextmanager
def _explaining(what: str, *nodes: Node) -> Iterator[None]:
    """Turn the reason why shapes do not fit into an error with names, line and fix."""
    try:
        yield
    except ChainRuleError:
        raise
    except ValueError as error:
        raise explain_failure(what, nodes, error) from None


def _is_part(node: Node, array: Node, index: Any) -> bool:
    """Whether a node is ``array[index]`` already: at the end of ``v[i] += x`` the view has written through."""
    if node.op is not getitem or node.inputs[0] is not array:
        return False
    known: Index = node.params["index"]
    parsed, arrays = Index.parse(index)
    return known.shows_part and known == parsed and node.inputs[1:] == arrays


class _At:
    """``x.at``: changed copies of an array, for code that does not assign in place."""

    __slots__ = ("_array",)

    def __init__(self, array: Tracer) -> None:
        self._array = array

    def __getitem__(self, index: Any) -> _AtIndex:
        return _AtIndex(self._array, index)


class _AtIndex:
    """``x.at[index]``: what can be done with one part of the array."""

    __slots__ = ("_array", "_index")

    def __init__(self, array: Tracer, index: Any) -> None:
        self._array = array
        self._index = unwrap(index)

    def set(self, value: Any) -> Any:
        """A copy in which ``x[index]`` is `value`."""
        return self._changed("at[...].set", set_index, to_node(value))

    def add(self, value: Any) -> Any:
        """A copy with `value` added at the index; positions named twice are added to twice."""
        return self._changed("at[...].add", add_at_index, to_node(value))

    def _changed(self, what: str, change: Callable[..., Node], value: Node) -> Tracer:
        node = self._array._node
        with _explaining(what, node, value):
            new = change(node, self._index, value)
        new.site = user_site(2)
        return Tracer(new)

    def get(self) -> Any:
        """``x[index]``"""
        return wrap(self._array._node[self._index])


def _reshape(self: Tracer, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
    """The same as ``np.reshape``; the lengths may be given one by one."""
    return call_record(reshape, (self, shape[0] if len(shape) == 1 else shape), {"order": order})


def _transpose(self: Tracer, *axes: Any) -> Any:
    """The same as ``np.transpose``; the axes may be given one by one."""
    if not axes or axes == (None,):
        return call_record(transpose, (self,), {})
    return call_record(transpose, (self, axes[0] if isinstance(axes[0], (tuple, list)) else axes), {})


def _astype(self: Tracer, dtype: Any, *, copy: bool = True, casting: str = "unsafe") -> Any:
    """Convert to another dtype."""
    return self if not copy and self.dtype == dtype else call_record(astype, (self, dtype), {})


def _conjugate(self: Tracer) -> Tracer:
    """The complex conjugate; a real array is handed on as it is."""
    return record_op(conjugate, (self,)) if self.dtype.kind == "c" else self


def _copy(self: Tracer, order: str = "C") -> Tracer:
    """A traced array of its own: later assignments to either do not reach the other."""
    return Tracer(self._node)


def _fill(self: Tracer, value: Any) -> None:
    """Set every element."""
    assign_index(self, Ellipsis, to_node(value))


def _sort(self: Tracer, axis: int = -1, kind: Any = None) -> None:
    """Sort in place."""
    assign_whole(self, call_record(find_record(np.sort), (self,), {"axis": axis})._node)


def _partition(self: Tracer, kth: Any, axis: int = -1, kind: str = "introselect") -> None:
    """Partition in place."""
    assign_whole(self, call_record(find_record(np.partition), (self, kth), {"axis": axis})._node)


def _compress(self: Tracer, condition: Any, axis: int | None = None, out: Any = None) -> Any:
    """The same as ``np.compress``, where the condition comes first."""
    return np.compress(condition, self, axis=axis, out=out)


def _install_the_rest() -> None:
    members: dict[str, Any] = {
        "__getitem__": _getitem,
        "__setitem__": _setitem,
        "reshape": _reshape,
        "transpose": _transpose,
        "astype": _astype,
        "copy": _copy,
        "__copy__": _copy,
        "__deepcopy__": lambda self, memo: _copy(self),
        "flatten": lambda self, order="C": np.ravel(self, order=order).copy(),
        "fill": _fill,
        "sort": _sort,
        "partition": _partition,
        "compress": _compress,
        "conj": _conjugate,
        "conjugate": _conjugate,
        "at": property(_At),
        "T": property(lambda self: call_record(transpose, (self,), {})),
        "mT": property(lambda self: call_record(SERVED[np.matrix_transpose], (self,), {})),
        "real": property(lambda self: call_record(real, (self,), {})),
        "imag": property(lambda self: call_record(imag, (self,), {})),
        "flat": property(lambda self: np.ravel(self)),
        "device": property(lambda self: "cpu"),
        "__array_namespace__": lambda self, api_version=None: importlib.import_module("chainrule.numpy"),
    }
    for name, member in members.items():
        setattr(Tracer, name, member)


_install_operators()
_install_function_methods()
_install_the_rest()
