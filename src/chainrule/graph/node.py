"""The computational graph's building stone: a node is one operation applied to its input nodes.

Nodes are immutable in what they compute (``op``, ``inputs``, ``params``), and they are created in an order
in which every input comes before its users: sorting nodes by ``index`` is a topological order.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from chainrule.graph.op import Op

__all__ = ["Node", "SourceSite", "ancestors", "is_known", "next_index"]

_counter = itertools.count()
next_index = _counter.__next__

#: Where a node was recorded: the code object of the user's function and the offset of the instruction in it.
SourceSite = tuple[Any, int]

_NO_PARAMS: dict[str, Any] = {}


class Node:
    """One operation of the computational graph, with its inputs and, once computed, its value.

    Attributes
    ----------
    op : Op
        The record of the operation.
    inputs : tuple of Node
    params : dict
        Static settings of the operation, such as ``axis``.
    shape : tuple of int
        For an operation with several results: a tuple of (shape, dtype) pairs.
    dtype : numpy.dtype or None
        `None` for an operation with several results.
    kind : numpy.dtype or type
        What NumPy's promotion sees: the dtype, or the Python type of a literal such as ``2.0``, which adapts
        to the dtype it meets.
    index : int
        Order of creation; every input has a smaller index.
    name : str or None
        The user's variable name, where one is known.
    local_name : str or None
        For an input: the variable that the traced function unpacked it into.
    site : tuple or None
        Where in the user's code the node was recorded; `chainrule.trace.source` reads it.
    stable : Node or None
        The numerically stabilised form of this node, if it has one that differs from it.
    is_settled : bool
        Whether the stable form has been derived.
    gradient_of : Node or None
        For a node of a backward pass: the node whose gradient this is.
    """

    __slots__ = (
        "__weakref__",
        "_value",
        "dtype",
        "gradient_of",
        "index",
        "inputs",
        "is_settled",
        "kind",
        "local_name",
        "name",
        "op",
        "params",
        "shape",
        "site",
        "stable",
    )

    #: Tells NumPy that ``array * node`` is the node's affair (`__rmul__`), and not an array of products.
    __array_ufunc__: ClassVar[None] = None

    #: Computes the value of a node; set by `chainrule.interpret`, which stands on a higher floor.
    evaluator: ClassVar[Callable[[Node], Any]]
    #: Hears that the value of a node which depends on inputs is read; set by `chainrule.trace.session`.
    observer: ClassVar[Callable[[Node], None]]

    def __init__(
        self,
        op: Op,
        inputs: tuple[Node, ...],
        params: dict[str, Any] | None,
        shape: tuple[Any, ...],
        dtype: np.dtype[Any] | None,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.params = params or _NO_PARAMS
        self.shape = shape
        self.dtype: Any = dtype
        self.kind: Any = dtype
        self.index = next_index()
        self._value: Any = None
        self.name: str | None = None
        self.local_name: str | None = None
        self.site: SourceSite | None = None
        self.stable: Node | None = None
        self.is_settled = False
        self.gradient_of: Node | None = None

    @property
    def value(self) -> Any:
        """The partial result of the forward pass: an array, computed when first asked for, then kept."""
        if self.inputs or self.op.name == "input":
            Node.observer(self)
        if self._value is None:
            self._value = Node.evaluator(self)
        return self._value

    @property
    def source(self) -> tuple[str, int] | None:
        """File and line of the user's code that made this node, or `None` where it is not known."""
        if self.site is None:
            return None
        code, instruction = self.site
        line = None
        for start, end, at in code.co_lines():
            if start <= instruction < end:
                line = at
        return code.co_filename, line or code.co_firstlineno

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        count = 1
        for length in self.shape:
            count *= length
        return count

    @property
    def is_differentiable(self) -> bool:
        """Whether the node holds real or complex floating-point numbers (or a tuple of arrays)."""
        return self.dtype is None or self.dtype.kind in "fc"

    @property
    def is_tuple(self) -> bool:
        """Whether the operation has several results (``svd``, ``qr``, ...), taken out by ``item`` nodes."""
        return self.dtype is None

    if TYPE_CHECKING:  # installed by chainrule.ops.arithmetic and chainrule.ops.indexing, on a higher floor

        def __add__(self, other: Any) -> Node: ...
        def __radd__(self, other: Any) -> Node: ...
        def __sub__(self, other: Any) -> Node: ...
        def __rsub__(self, other: Any) -> Node: ...
        def __mul__(self, other: Any) -> Node: ...
        def __rmul__(self, other: Any) -> Node: ...
        def __truediv__(self, other: Any) -> Node: ...
        def __rtruediv__(self, other: Any) -> Node: ...
        def __pow__(self, other: Any) -> Node: ...
        def __rpow__(self, other: Any) -> Node: ...
        def __neg__(self) -> Node: ...
        def __getitem__(self, index: Any) -> Node: ...

    def __repr__(self) -> str:
        name = f"{self.name} = " if self.name else ""
        inputs = ", ".join(node.name or f"%{node.index}" for node in self.inputs)
        return f"<Node {name}{self.op.name}({inputs}) {self.dtype}{list(self.shape)}>"


def ancestors(outputs: Iterable[Node], *, after: int = -1, skip: Callable[[Node], bool] | None = None) -> list[Node]:
    """Every node that the outputs depend on, outputs included, in topological order.

    Parameters
    ----------
    outputs : iterable of Node
    after : int
        Nodes with an index up to this one are left out, and not looked behind: they belong to an enclosing
        trace.
    skip : callable, optional
        Nodes for which it is true are left out, and not looked behind.

    Notes
    -----
    Iterative and linear in the number of edges: a chain of a million nodes is no special case.
    """
    stack = [node for node in outputs if node.index > after]
    if skip is not None:
        stack = [node for node in stack if not skip(node)]
    seen = {node.index: node for node in stack}
    while stack:
        for node in stack.pop().inputs:
            index = node.index
            if index not in seen and index > after and (skip is None or not skip(node)):
                seen[index] = node
                stack.append(node)
    return [seen[index] for index in sorted(seen)]


def is_known(node: Node) -> bool:
    """Whether the node's value can be computed: no input that it depends on is abstract, a shape without numbers."""
    reaching = ancestors([node], skip=lambda source: source._value is not None)
    return all(source.inputs for source in reaching)
