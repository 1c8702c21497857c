"""Reading and writing parts of arrays: indexing by integers, slices, ``None``, masks and integer arrays."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.graph.node import Node, is_known
from chainrule.graph.op import CONSTANT, Op, constant, lift
from chainrule.notation.tree import Item
from chainrule.ops.comparison import equal
from chainrule.ops.selection import where
from chainrule.ops.shaping import broadcast, reshape, sum_to, transpose_op


class _Following:
    """Stands in an `Index` for the next of its arrays."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


#: An index array.
_ARRAY = _Following("[…]")
#: One integer whose number is not known while tracing. It takes a part of the array as any integer does.
_NUMBER = _Following("i")


class Index:
    """The static part of an index: everything but its arrays, which are inputs of the node.

    Attributes
    ----------
    is_basic : bool
        Whether there are no arrays at all.
    shows_part : bool
        Whether what is taken out is a part of the same memory: integers and slices, no index arrays.

    >>> index, arrays = Index.parse((slice(None), 2))
    >>> index
    [:, 2]
    >>> index.assemble(arrays)
    (slice(None, None, None), 2)
    """

    __slots__ = ("_plain", "entries", "is_basic", "shows_part")

    def __init__(self, entries: tuple[Any, ...]) -> None:
        self.entries = entries
        self.shows_part = _ARRAY not in entries
        self.is_basic = self.shows_part and _NUMBER not in entries
        self._plain = tuple([slice(*entry) if type(entry) is tuple else entry for entry in entries])

    @classmethod
    def parse(cls, index: Any) -> tuple[Index, tuple[Any, ...]]:
        """Split what stands between the brackets into the static part and the arrays."""
        entries: list[Any] = []
        arrays: list[Any] = []
        for part in index if type(index) is tuple else (index,):
            if part is None or part is Ellipsis:
                entries.append(part)
            elif isinstance(part, slice):
                bounds = (part.start, part.stop, part.step)
                entries.append(tuple([None if b is None else _bound(b) for b in bounds]))
            elif isinstance(part, (int, np.integer)) and not isinstance(part, (bool, np.bool_)):
                entries.append(int(part))
            elif isinstance(part, Node) and part.ndim == 0 and part.dtype.kind in "iu":
                if is_known(part):
                    entries.append(int(part.value))
                else:
                    entries.append(_NUMBER)
                    arrays.append(part)
            else:
                entries.append(_ARRAY)
                arrays.append(part if isinstance(part, Node) else _index_array(part))
        return cls(tuple(entries)), tuple(arrays)

    def assemble(self, arrays: tuple[Any, ...]) -> tuple[Any, ...]:
        """The index as NumPy takes it."""
        if self.is_basic:
            return self._plain
        following = iter(arrays)
        return tuple([next(following) if type(entry) is _Following else entry for entry in self._plain])

    def __hash__(self) -> int:
        return hash(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and self.entries == other.entries

    def __repr__(self) -> str:
        def show(entry: Any) -> str:
            if type(entry) is tuple:
                start, stop, step = ["" if bound is None else str(bound) for bound in entry]
                return f"{start}:{stop}" + (f":{step}" if step else "")
            return "..." if entry is Ellipsis else str(entry)

        return "[" + ", ".join(show(entry) for entry in self.entries) + "]"


def _bound(bound: Any) -> int:
    """A limit of a slice, on which the shape of the result depends."""
    return operator.index(bound.value if isinstance(bound, Node) else bound)


def _index_array(part: Any) -> Any:
    array = np.asarray(part)
    if array.size == 0 and not hasattr(part, "dtype"):
        array = array.astype(np.intp)  # an empty list is an empty index
    return array


def _index_value(node: Node) -> Any:
    """The value of an index array. Positions do not count as looked at: only a mask's values decide the shape."""
    if node.dtype.kind not in "iu":
        return node.value
    if node._value is not None:
        return node._value
    return node.value if is_known(node) else np.broadcast_to(np.intp(0), node.shape)


def _indexed_shape(shape: tuple[int, ...], index: Index, arrays: tuple[Node, ...]) -> tuple[int, ...]:
    """Let NumPy index an array of that shape which takes no memory."""
    hollow = np.broadcast_to(np.int8(0), shape)
    try:
        return hollow[index.assemble(tuple([_index_value(node) for node in arrays]))].shape
    except IndexError as error:
        raise IndexError(f"{error}; the array has shape {shape}") from None


def _infer_getitem(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    array, *arrays = inputs
    index = params["index"]
    if not index.is_basic:
        return _indexed_shape(array.shape, index, tuple(arrays)), array.dtype
    key = (array.shape, index)
    shape = _BASIC_SHAPES.get(key)
    if shape is None:
        if len(_BASIC_SHAPES) > 4096:
            _BASIC_SHAPES.clear()
        shape = _BASIC_SHAPES[key] = _indexed_shape(array.shape, index, ())
    return shape, array.dtype


_BASIC_SHAPES: dict[Any, tuple[int, ...]] = {}


@dataclass(frozen=True)
class _Picking:
    """An index by arrays in two steps: a basic index, and then positions along some axes of what it shows.

    Attributes
    ----------
    basic : Index
    shape : tuple of int
        What the basic index shows.
    axes : tuple of int
        The axes of it that are indexed by positions.
    positions : list
        One array or number for each of them.
    count : int
        Axes that the positions have together.
    place : int
        Where those axes come in the result, among the axes that are left.
    """

    basic: Index
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    positions: list[Any]
    count: int
    place: int

    @property
    def order(self) -> tuple[int, ...]:
        """The indexed axes first."""
        return (*self.axes, *[i for i in range(len(self.shape)) if i not in self.axes])

    @property
    def result_order(self) -> tuple[int, ...]:
        """From the axes of the positions first to their place in the result."""
        rest = range(self.count, self.count + len(self.shape) - len(self.axes))
        return (*rest[: self.place], *range(self.count), *rest[self.place :])

    def located(self) -> list[Any]:
        """Checked positions, which broadcast to the picked part with the indexed axes first."""
        from chainrule.ops.positions import located

        rest = len(self.shape) - len(self.axes)
        return [
            located(position, self.shape[axis], "raise", rest)
            for axis, position in zip(self.axes, self.positions, strict=True)
        ]


def _without_masks(index: Index, arrays: tuple[Any, ...]) -> tuple[Index, tuple[Any, ...]]:
    """The same index with positions in the place of Boolean arrays that are always the same."""
    following = iter(arrays)
    entries: list[Any] = []
    found: list[Any] = []
    for entry in index.entries:
        parts = [next(following)] if type(entry) is _Following else []
        if entry is _ARRAY and parts[0].op is CONSTANT and parts[0].dtype == bool and parts[0].ndim:
            parts = [constant(positions) for positions in np.nonzero(parts[0]._value)]
        entries += [entry] * max(len(parts), 1)
        found += parts
    return Index(tuple(entries)), tuple(found)


def _picking(shape: tuple[int, ...], index: Index, arrays: tuple[Any, ...]) -> _Picking | None:
    """Take an index apart; None for Boolean arrays, if their numbers decide on the shape, and for empty ones."""
    index, arrays = _without_masks(index, arrays)
    if not arrays or 0 in shape or any(array.dtype.kind not in "iu" or not array.size for array in arrays):
        return None
    entries = list(index.entries)
    if Ellipsis not in entries:
        entries.append(Ellipsis)
    spared = len(shape) - sum([entry is not None and entry is not Ellipsis for entry in entries])
    dots = entries.index(Ellipsis)
    entries[dots : dots + 1] = [_EVERYTHING] * spared
    following = iter(arrays)
    basic: list[Any] = []
    positions: dict[int, Any] = {}
    for place, entry in enumerate(entries):
        if type(entry) is _Following or isinstance(entry, int):
            positions[place] = next(following) if type(entry) is _Following else np.asarray(entry)
            basic.append(_EVERYTHING)
        else:
            basic.append(entry)
    axes = tuple(positions)
    # Between an ellipsis that stands for no axis and its neighbours NumPy sees a gap all the same.
    marks = [i for i, entry in enumerate(index.entries) if type(entry) is _Following or isinstance(entry, int)]
    together = marks == list(range(marks[0], marks[-1] + 1))
    shown = Index(tuple(basic))
    count = max([np.ndim(position) for position in positions.values()])
    return _Picking(shown, _indexed_shape(shape, shown, ()), axes, list(positions.values()), count, axes[0] * together)


_EVERYTHING = (None, None, None)


def _getitem_steps(x: Any, *arrays: Any, index: Index) -> Any:
    from chainrule.ops.positions import gather

    picking = _picking(x.shape, index, arrays)
    if picking is None or 0 in picking.shape:
        return None
    shown = transpose_op(getitem(x, index=picking.basic), axes=picking.order)
    return transpose_op(gather(shown, *picking.located()), axes=picking.result_order)


def _scatter_steps(g: Any, *arrays: Any, index: Index, shape: tuple[int, ...]) -> Any:
    from chainrule.ops.positions import add_at

    picking = _picking(shape, index, arrays)
    if picking is None or 0 in picking.shape:
        return None
    values = transpose_op(g, axes=tuple(np.argsort(picking.result_order).tolist()))
    total = add_at(values, *picking.located(), shape=tuple([picking.shape[i] for i in picking.order]))
    shown = transpose_op(total, axes=tuple(np.argsort(picking.order).tolist()))
    return shown if picking.shape == shape else scatter(shown, index=picking.basic, shape=shape)


def _add_steps(x: Any, value: Any, *arrays: Any, index: Index) -> Any:
    if index.is_basic:
        return index_set(x, getitem(x, index=index) + value, index=index)
    target = _indexed_shape(x.shape, index, arrays)
    if any(array.dtype == bool for array in arrays) or len(value.shape) > len(target):
        return None
    spread = value if value.shape == target else broadcast(value, shape=target)
    return x + scatter(spread, *arrays, index=index, shape=x.shape)


def _scatter(g: Any, *arrays: Any, index: Index, shape: tuple[int, ...]) -> Any:
    result = np.zeros(shape, np.asarray(g).dtype)
    where_to = index.assemble(arrays)
    if index.is_basic or all(array.dtype == bool for array in arrays):
        result[where_to] = g
    else:
        np.add.at(result, where_to, g)
    return result


def _write(x: Any, value: Any, *arrays: Any, index: Index) -> Any:
    result = np.array(x)
    result[index.assemble(arrays)] = value
    return result


def _accumulate(x: Any, value: Any, *arrays: Any, index: Index) -> Any:
    result = np.array(x)
    np.add.at(result, index.assemble(arrays), value)
    return result


def _vjp_of_written_value(g: Any, out: Any, x: Any, value: Any, *arrays: Any, index: Index) -> Any:
    """Where an index array names an element twice, the last write wins and takes the gradient alone."""
    taken = getitem(g, *arrays, index=index)
    if any(array.dtype != bool for array in arrays):
        order = np.arange(taken.size).reshape(taken.shape)
        last = index_set(np.full(x.shape, -1), order, *arrays, index=index)
        taken = where(equal(getitem(last, *arrays, index=index), order), taken, 0.0)
    return _undo_assignment_broadcast(taken, value.shape)


def _undo_assignment_broadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Assignment also drops leading axes of length 1 from the value."""
    if len(shape) > g.ndim:
        return reshape(sum_to(g, shape=shape[len(shape) - g.ndim :]), shape)
    return g if g.shape == shape else sum_to(g, shape=shape)


def _index_vjp(position: int, g: Any, out: Any, x: Any, value: Any, *arrays: Any, index: Index) -> Any:
    """Of an assignment ``x[index] = value``: what was overwritten has no influence any more."""
    if position == 0:
        return index_set(g, 0.0, *arrays, index=index)
    return _vjp_of_written_value(g, out, x, value, *arrays, index=index)


def _add_vjp(position: int, g: Any, out: Any, x: Any, value: Any, *arrays: Any, index: Index) -> Any:
    if position == 0:
        return g
    return _undo_assignment_broadcast(getitem(g, *arrays, index=index), value.shape)


def _infer_write(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    array, value, *arrays = inputs
    target = _indexed_shape(array.shape, params["index"], tuple(arrays))
    trimmed = value.shape
    while len(trimmed) > len(target) and trimmed[0] == 1:
        trimmed = trimmed[1:]
    fits = len(trimmed) <= len(target) and all(
        n in (1, wanted) for n, wanted in zip(trimmed[::-1], target[::-1], strict=False)
    )
    if not fits:
        raise ValueError(f"a value of shape {value.shape} does not fit the indexed part, of shape {target}")
    return array.shape, array.dtype


def _assignment_jvp(op: Op) -> Any:
    def jvp(tangents: tuple[Any, ...], out: Any, x: Any, value: Any, *arrays: Any, index: Index) -> Any:
        moved_x, moved_value = tangents[:2]
        base = moved_x if moved_x is not None else lift(np.zeros(x.shape, x.dtype))
        return op(base, 0.0 if moved_value is None else moved_value, *arrays, index=index)

    return jvp


getitem = Op(
    "getitem",
    lambda x, *arrays, index: x[index.assemble(arrays)],
    _infer_getitem,
    vjp=lambda position, g, out, x, *arrays, index: scatter(g, *arrays, index=index, shape=x.shape),
    jvp="multilinear",
    decompose=_getitem_steps,
    is_view=True,
    notation=lambda x, *arrays, index: Item(x, repr(index)[1:-1]),
)
#: Zeros of a given shape with values added at an index: the transpose of `getitem`.
scatter = Op(
    "scatter",
    _scatter,
    lambda op, inputs, params: (params["shape"], inputs[0].dtype),
    vjp=lambda position, g, out, value, *arrays, index, shape: getitem(g, *arrays, index=index),
    jvp="multilinear",
    decompose=_scatter_steps,
)
#: A copy of an array with some elements replaced.
index_set = Op("index_set", _write, _infer_write, vjp=_index_vjp)
index_set.jvp = _assignment_jvp(index_set)
#: A copy of an array with values added at an index, repeated positions adding up.
index_add = Op(
    "index_add",
    _accumulate,
    _infer_write,
    vjp=_add_vjp,
    decompose=_add_steps,
)
index_add.jvp = _assignment_jvp(index_add)


def take_index(x: Any, index: Any) -> Any:
    """``x[index]`` for a node or an array."""
    parsed, arrays = Index.parse(index)
    return getitem(x, *arrays, index=parsed)


def set_index(x: Any, index: Any, value: Any) -> Any:
    """A copy of `x` in which ``x[index]`` is `value`."""
    parsed, arrays = Index.parse(index)
    return index_set(x, value, *arrays, index=parsed)


def add_at_index(x: Any, index: Any, value: Any) -> Any:
    """A copy of `x` with `value` added at the index; positions named twice are added to twice."""
    parsed, arrays = Index.parse(index)
    return index_add(x, value, *arrays, index=parsed)


Node.__getitem__ = take_index  # type: ignore[method-assign]
