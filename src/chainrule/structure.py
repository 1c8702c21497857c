"""Nested containers of arrays: tuples, lists, dicts, named tuples and dataclasses, flattened and rebuilt.

A container of parameters such as ``{"W": W, "b": [b1, b2]}`` is taken apart into its leaves, ``[W, b1, b2]``,
and a `Structure` that puts leaves back into the same shape. Dict keys keep their order of insertion in the
rebuilt container; two dicts with the same keys in another order have the same structure.

>>> leaves, structure = flatten({"W": 1.0, "b": [2.0, 3.0]})
>>> leaves
[1.0, 2.0, 3.0]
>>> structure.unflatten([10.0, 20.0, 30.0])
{'W': 10.0, 'b': [20.0, 30.0]}
>>> structure.paths()
["['W']", "['b'][0]", "['b'][1]"]
"""

from __future__ import annotations

import dataclasses
import operator
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from chainrule.errors import StructureError

__all__ = ["Structure", "builder", "collector", "exact_key", "flatten", "map_leaves"]


class Structure:
    """The shape of a container, without its leaves.

    Attributes
    ----------
    kind : type or None
        The container's type; `None` marks a leaf.
    keys : tuple
        What leads to each child: positions, dict keys, or field names.
    children : tuple of Structure
    leaf_count : int
        How many leaves `unflatten` takes.
    """

    __slots__ = ("children", "keys", "kind", "leaf_count", "static")

    def __init__(
        self, kind: type | None, keys: tuple[Any, ...], children: tuple[Structure, ...], static: Any = None
    ) -> None:
        self.kind = kind
        self.keys = keys
        self.children = children
        self.static = static
        self.leaf_count: int = 1 if kind is None else sum(child.leaf_count for child in children)

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """Put leaves, in the order of `flatten`, back into this structure.

        Raises
        ------
        StructureError
            If the number of leaves is not `leaf_count`.
        """
        leaves = list(leaves)
        if len(leaves) != self.leaf_count:
            raise StructureError(
                f"{len(leaves)} leaves were given for a structure of {self.leaf_count}: {self}",
                fix="give one leaf for each * of the structure",
            )
        return self._build(iter(leaves))

    def _build(self, leaves: Iterator[Any]) -> Any:
        kind = self.kind
        if kind is None:
            return next(leaves)
        values = [child._build(leaves) for child in self.children]
        if kind is tuple:
            return tuple(values)
        if kind is list:
            return values
        if kind is type(None):
            return None
        return _REBUILDERS[_family(kind)](kind, self.keys, values, self.static)

    def paths(self, prefix: str = "") -> list[str]:
        """One access path for each leaf, such as ``[0]['W']`` or ``.bias``."""
        if self.kind is None:
            return [prefix]
        step = ".{}".format if _family(self.kind) in ("dataclass", "namedtuple") else "[{!r}]".format
        return [
            path
            for key, child in zip(self.keys, self.children, strict=True)
            for path in child.paths(prefix + step(key))
        ]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Structure)
            and self.kind is other.kind
            and self.keys == other.keys
            and self.static == other.static
            and self.children == other.children
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.keys, self.children))

    def __repr__(self) -> str:
        if self.kind is None:
            return "*"
        shown = self._build(iter([_Star()] * self.leaf_count))
        return repr(shown)


class _Star:
    def __repr__(self) -> str:
        return "*"


_LEAF = Structure(None, (), ())


def _family(kind: type) -> str:
    """Which rebuilding rule a container type follows; an empty string for a leaf."""
    if kind in (tuple, list, dict, OrderedDict, defaultdict, type(None)):
        return kind.__name__
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return "namedtuple"
    if dataclasses.is_dataclass(kind):
        return "dataclass"
    return ""


def _rebuild_dataclass(kind: type, keys: tuple[str, ...], values: list[Any], static: Any) -> Any:
    instance: Any = object.__new__(kind)
    for name, value in (*zip(keys, values, strict=True), *static):
        object.__setattr__(instance, name, value)
    return instance


_REBUILDERS: dict[str, Callable[[Any, Any, list[Any], Any], Any]] = {
    "dict": lambda kind, keys, values, static: _in_order(dict(zip(keys, values, strict=True)), static),
    "OrderedDict": lambda kind, keys, values, static: OrderedDict(
        _in_order(dict(zip(keys, values, strict=True)), static)
    ),
    "defaultdict": lambda kind, keys, values, static: defaultdict(
        static.default_factory, _in_order(dict(zip(keys, values, strict=True)), static)
    ),
    "namedtuple": lambda kind, keys, values, static: kind(*values),
    "dataclass": _rebuild_dataclass,
}


class _Insertion:
    """A dict's order of insertion: kept for rebuilding, ignored when structures are compared."""

    __slots__ = ("default_factory", "order")

    def __init__(self, container: dict[Any, Any]) -> None:
        self.order = tuple(container)
        self.default_factory = getattr(container, "default_factory", None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Insertion)

    __hash__ = None  # type: ignore[assignment]


def _in_order(values: dict[Any, Any], insertion: _Insertion) -> dict[Any, Any]:
    return {key: values[key] for key in insertion.order}


def _sorted_keys(container: dict[Any, Any]) -> tuple[Any, ...]:
    try:
        return tuple(sorted(container))
    except TypeError:  # keys of several types have no order of their own
        return tuple(sorted(container, key=lambda key: (type(key).__name__, repr(key))))


def flatten(container: Any) -> tuple[list[Any], Structure]:
    """Take a nested container apart into its leaves and its structure.

    Parameters
    ----------
    container : tuple, list, dict, named tuple, dataclass, None or leaf
        Anything that is not one of these containers is a leaf. `None` is an empty container.

    Returns
    -------
    leaves : list
    structure : Structure

    Examples
    --------
    >>> flatten((1.0, {"b": 2.0}))
    ([1.0, 2.0], (*, {'b': *}))
    """
    leaves: list[Any] = []
    return leaves, _flatten_into(container, leaves)


def _flatten_into(container: Any, leaves: list[Any]) -> Structure:
    kind = type(container)
    if kind is tuple or kind is list:
        children = tuple([_flatten_into(item, leaves) for item in container])
        return Structure(kind, tuple(range(len(children))), children)
    family = _family(kind)
    static: Any
    if not family or isinstance(container, type):
        leaves.append(container)
        return _LEAF
    if family == "NoneType":
        return Structure(kind, (), ())
    if family == "namedtuple":
        keys, static = container._fields, None
        items = tuple(container)
    elif family == "dataclass":
        fields = [field.name for field in dataclasses.fields(container)]
        values = {name: getattr(container, name) for name in fields}
        keys = tuple(name for name in fields if _holds_arrays(values[name]))
        static = tuple((name, values[name]) for name in fields if name not in keys)
        items = tuple(values[name] for name in keys)
    else:
        keys, static = _sorted_keys(container), _Insertion(container)
        items = tuple(container[key] for key in keys)
    return Structure(kind, keys, tuple([_flatten_into(item, leaves) for item in items]), static)


def _holds_arrays(value: Any) -> bool:
    """Settings in a dataclass (strings, flags, sizes, functions) are part of its structure, not leaves."""
    return not (isinstance(value, (str, bytes, bool, int, type)) or (callable(value) and not hasattr(value, "dtype")))


def map_leaves(function: Callable[..., Any], container: Any, *others: Any) -> Any:
    """Apply a function to each leaf of a container, and to the matching leaves of further ones.

    Raises
    ------
    StructureError
        If the containers differ in structure.

    Examples
    --------
    >>> map_leaves(lambda p, g: p - 0.1 * g, {"w": 1.0}, {"w": 2.0})
    {'w': 0.8}
    """
    leaves, structure = flatten(container)
    columns = [leaves]
    for other in others:
        other_leaves, other_structure = flatten(other)
        if other_structure != structure:
            raise StructureError(
                f"the containers differ in structure: {structure} and {other_structure}",
                fix="give containers with the same keys, lengths and types",
            )
        columns.append(other_leaves)
    return structure.unflatten(function(*values) for values in zip(*columns, strict=True))


def exact_key(structure: Structure) -> Any:
    """What tells structures apart where more matters than equality: the order of dict keys, the types of settings.

    Returns
    -------
    tuple or None
        To be hashed, which raises `TypeError` if a setting in a dataclass cannot be.
    """
    static = structure.static
    if isinstance(static, _Insertion):
        static = (static.order, static.default_factory)
    elif static is not None:
        static = tuple([(name, type(value), value) for name, value in static])
    if structure.kind is None:
        return None
    return structure.kind, structure.keys, static, tuple([exact_key(child) for child in structure.children])


#: Appends a container's leaves to a list; False if the container has another structure.
Collector = Callable[[Any, list[Any]], bool]


def collector(structure: Structure) -> Collector:
    """Make a function that takes containers of one exact structure apart, several times faster than `flatten`.

    Returns
    -------
    callable
        ``collect(container, leaves)`` appends the leaves to a list and returns True, or returns False if the
        container has another `exact_key`. Where a leaf was, it takes anything for a leaf, also a container.

    Examples
    --------
    >>> collect = collector(flatten({"W": 1.0, "b": 2.0})[1])
    >>> leaves = []
    >>> collect({"W": 3.0, "b": 4.0}, leaves), leaves
    (True, [3.0, 4.0])
    >>> collect({"b": 3.0, "W": 4.0}, leaves)
    False
    """
    kind: Any = structure.kind
    static = structure.static
    if kind is None:
        return _collect_leaf
    if kind is type(None):
        return lambda value, leaves: value is None
    parts = [None if child.kind is None else collector(child) for child in structure.children]
    add = _adder(parts)
    if isinstance(static, _Insertion):
        return _mapping_collector(kind, structure.keys, static, add)
    if _family(kind) == "dataclass":
        return _fields_collector(kind, structure.keys, static, add)
    count = len(parts)

    def collect(value: Any, leaves: list[Any]) -> bool:
        return type(value) is kind and len(value) == count and add(leaves, value)

    return collect


def _collect_leaf(value: Any, leaves: list[Any]) -> bool:
    leaves.append(value)
    return True


def _adder(parts: list[Collector | None]) -> Callable[[list[Any], Iterable[Any]], bool]:
    """What appends the leaves of a container's children; None stands for a child that is a leaf."""

    def add_leaves(leaves: list[Any], values: Iterable[Any]) -> bool:
        leaves += values
        return True

    def add(leaves: list[Any], values: Iterable[Any]) -> bool:
        for part, value in zip(parts, values):  # noqa: B905  (the lengths are equal, and strict=True costs time)
            if part is None:
                leaves.append(value)
            elif not part(value, leaves):
                return False
        return True

    return add if any(parts) else add_leaves


def _mapping_collector(kind: Any, keys: tuple[Any, ...], insertion: _Insertion, add: Callable[..., bool]) -> Collector:
    order, pick = insertion.order, _picker(keys)

    def collect(value: Any, leaves: list[Any]) -> bool:
        return type(value) is kind and tuple(value) == order and add(leaves, pick(value))

    def collect_with_factory(value: Any, leaves: list[Any]) -> bool:
        return collect(value, leaves) and value.default_factory is insertion.default_factory

    return collect_with_factory if kind is defaultdict else collect


def _fields_collector(kind: type, keys: tuple[str, ...], static: Any, add: Callable[..., bool]) -> Collector:
    def collect(value: Any, leaves: list[Any]) -> bool:
        if type(value) is not kind:
            return False
        for name, setting in static:
            present = getattr(value, name)
            if type(present) is not type(setting) or present != setting:
                return False
        return add(leaves, [getattr(value, key) for key in keys])

    return collect


def builder(structure: Structure) -> Callable[[Sequence[Any]], Any]:
    """Make a function that puts a list of leaves into one structure, several times faster than `Structure.unflatten`.

    Examples
    --------
    >>> build = builder(flatten((0.0, {"W": 0.0, "b": 0.0}))[1])
    >>> build([1.0, 2.0, 3.0])
    (1.0, {'W': 2.0, 'b': 3.0})
    """
    return _builder(structure, 0)


def _builder(structure: Structure, start: int) -> Callable[[Sequence[Any]], Any]:
    """The function for a part whose leaves begin at a position."""
    kind, keys, static = structure.kind, structure.keys, structure.static
    if kind is None:
        return operator.itemgetter(start)
    if kind is type(None):
        return lambda leaves: None
    placed = []
    for key, child in zip(keys, structure.children, strict=True):
        placed.append((key, child, start))
        start += child.leaf_count
    if isinstance(static, _Insertion):
        placed.sort(key=lambda entry: static.order.index(entry[0]))
        keys = static.order
    pick = _picker([at for _, _, at in placed])
    if any(child.kind is not None for child in structure.children):
        parts = [_builder(child, at) for _, child, at in placed]
        pick = lambda leaves: [part(leaves) for part in parts]  # noqa: E731
    if kind is tuple or kind is list:
        return lambda leaves: kind(pick(leaves))
    if kind is dict:
        return lambda leaves: dict(zip(keys, pick(leaves)))  # noqa: B905  (strict=True costs time)
    rebuild = _REBUILDERS[_family(kind)]
    return lambda leaves: rebuild(kind, keys, list(pick(leaves)), static)


def _picker(keys: Sequence[Any]) -> Callable[[Any], Sequence[Any]]:
    """``(container[key] for key in keys)`` as a tuple, in one call."""
    if len(keys) > 1:
        return operator.itemgetter(*keys)
    return lambda container: tuple([container[key] for key in keys])
