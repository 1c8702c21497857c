"""The traced array: it behaves as a NumPy array and records what is done with it.

A `Tracer` is a handle on a node. Operators, methods and NumPy functions called on it make new nodes; assignment
into it (``v[i] = x``) moves the handle to a node with the change, so that plain NumPy code with in-place updates
has a graph without cycles.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from chainrule.errors import TraceLeakError
from chainrule.graph.node import Node, is_known
from chainrule.graph.provenance import describe_value
from chainrule.trace.session import must_not_look, refuse_to_look
from chainrule.trace.source import assigned_name, line_of_frame, name_in_frame, user_frame

if TYPE_CHECKING:
    from chainrule.trace.views import ViewLink

__all__ = ["Tracer"]


class Tracer:
    """A value that is being traced: a NumPy array as far as the traced function can tell.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    """

    __slots__ = ("__weakref__", "_link", "_node", "_views")

    __array_priority__ = 1000.0
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, node: Node) -> None:
        self._node = node
        self._views: list[Any] | None = None
        self._link: ViewLink | None = None

    # Looking at the value without a derivative -------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return self._node.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._node.dtype

    @property
    def ndim(self) -> int:
        return len(self._node.shape)

    @property
    def size(self) -> int:
        return self._node.size

    @property
    def itemsize(self) -> int:
        return self._node.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self._node.size * self._node.dtype.itemsize

    def __len__(self) -> int:
        if not self._node.shape:
            raise TypeError("len() of a value without dimensions")
        return self._node.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self._node.shape:
            raise TypeError("iteration over a value without dimensions")
        return (self[i] for i in range(self._node.shape[0]))  # type: ignore[index]

    def __bool__(self) -> bool:
        """Control flow on values: the branch is taken for the numbers at hand."""
        return bool(self._look("bool"))

    def __index__(self) -> int:
        if self._carries_gradient():
            self._leak("an integer index")
        return self._look("int()").__index__()

    def __int__(self) -> int:
        if self._carries_gradient():
            self._leak("int()")
        return int(self._look("int()"))

    def __float__(self) -> float:
        if self._carries_gradient():
            self._leak("float()")
        return float(self._look("float()"))

    def __complex__(self) -> complex:
        if self._carries_gradient():
            self._leak("complex()")
        return complex(self._look("float()"))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self._carries_gradient():
            self._leak("np.asarray() or an assignment into a plain array")
        return np.array(self._look("array"), dtype=dtype)

    def item(self, *args: Any) -> Any:
        """Refuses, as it would cut the value out of the graph; index the array instead."""
        if self._carries_gradient():
            self._leak("item()")
        return self._look("item()").item(*args)

    def tolist(self) -> Any:
        """Refuses, as it would cut the value out of the graph; iterate over the array instead."""
        if self._carries_gradient():
            self._leak("tolist()")
        return self._look("tolist()").tolist()

    def _carries_gradient(self) -> bool:
        """Whether a derivative would be lost if the number left the graph."""
        node = self._node
        return node.dtype.kind not in "iub" and node.op.name != "stop_gradient"

    def _look(self, purpose: str = "") -> Any:
        if must_not_look(self._node):
            refuse_to_look(self._node, purpose, name_in_frame(user_frame(2), self))
        return self._node.value

    def _leak(self, caller: str) -> NoReturn:
        frame = user_frame(2)
        if must_not_look(self._node):
            refuse_to_look(self._node, caller, name_in_frame(frame, self))
        name = self._node.name or name_in_frame(frame, self) or assigned_name(self._node)
        raise TraceLeakError(
            f"{caller} was called on the traced value {describe_value(name, self.shape, self.dtype)}, "
            "which would cut it out of the graph",
            where=line_of_frame(frame),
            fix=_LEAK_FIXES.get(caller, _LEAK_FIXES["float()"]),
        )

    def __repr__(self) -> str:
        name = self._node.name or assigned_name(self._node)
        value = "any number"
        if is_known(self._node):
            value = np.array2string(np.asarray(self._node.value), threshold=12, precision=6)
        return f"Traced({f'{name} = ' if name else ''}{value}, shape={self.shape}, dtype={self.dtype})"

    def __format__(self, spec: str) -> str:
        """Printing is no leak: the text shows the present number."""
        return format(self._look("text"), spec) if spec else repr(self)


_LEAK_FIXES = {
    "float()": "use NumPy's function instead of math's (np.exp(x), not math.exp(x)), leave out float(), and write "
    "v = chainrule.numpy.zeros(...) for an array v that traced values are assigned into; "
    "chainrule.stop_gradient(x) gives the plain number where no gradient is wanted",
    "np.asarray() or an assignment into a plain array": "use chainrule.numpy.asarray(x), chainrule.numpy.array([x, y]) "
    "or np.stack([x, y]); and make arrays that are assigned into with chainrule.numpy.zeros(...)",
    "item()": "leave .item() out: a traced value without dimensions is a number already",
    "tolist()": "iterate over the traced array itself, its elements are traced numbers",
    "an integer index": "use chainrule.stop_gradient(x) and int() to index by a number that was computed",
}
