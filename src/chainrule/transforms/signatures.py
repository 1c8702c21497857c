"""Signatures of calls: what a compiled program is made for, and how later calls are recognised quickly.

Arrays, NumPy's scalars, and Python's floats and complex numbers are dynamic: a program takes them as they come, and
only their shapes and dtypes are part of the signature. Everything else is static: its value is part of the signature.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import StaticArgumentError
from chainrule.graph.node import Node
from chainrule.graph.op import abstract_input
from chainrule.graph.provenance import describe_value
from chainrule.structure import collector, exact_key, flatten
from chainrule.trace.looking import leaked
from chainrule.trace.session import refuse_other_algebra
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.trace.tracer import Tracer
from chainrule.transforms.calling import argument_names, function_name

__all__ = ["CallSignature", "Recogniser"]

#: Kinds of dtypes that are numbers.
_NUMERIC = "fciub"

_shape_and_dtype = operator.attrgetter("shape", "dtype")


class CallSignature:
    """What matters of the arguments of one call.

    Parameters
    ----------
    fun : callable
    args, kwargs : tuple, dict
        The arguments.
    static : callable
        ``static(position or name)`` tells whether an argument is static as a whole.

    Attributes
    ----------
    key : tuple
        Equal for calls that one program serves.
    values : list
        The dynamic leaves.

    Raises
    ------
    StaticArgumentError
        For a static value that cannot be hashed.
    """

    __slots__ = (
        "_args_structure",
        "_fun",
        "_kwargs_structure",
        "_static",
        "details",
        "dynamic",
        "key",
        "leaves",
        "values",
    )

    def __init__(
        self,
        fun: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        static: Callable[[int | str], bool],
    ) -> None:
        self._fun, self._static = fun, static
        self.leaves, self._args_structure = flatten(args)
        more, self._kwargs_structure = flatten(dict(sorted(kwargs.items())))
        self.leaves += more
        #: For each leaf, what a program depends on: shape and dtype, or the value.
        self.details: list[Any] = []
        #: For each leaf, whether a program takes it as it comes.
        self.dynamic: list[bool] = []
        for position, (leaf, is_static) in enumerate(zip(self.leaves, self._static_leaves(), strict=True)):
            dynamic = not is_static and _is_dynamic(leaf)
            self.dynamic.append(dynamic)
            self.details.append(_dynamic_detail(leaf) if dynamic else self._static_detail(position))
        self.values = [leaf for leaf, dynamic in zip(self.leaves, self.dynamic, strict=True) if dynamic]
        self.key = (exact_key(self._args_structure), exact_key(self._kwargs_structure), tuple(self.details))
        self._require_hashable()

    def _static_leaves(self) -> list[bool]:
        """For each leaf, whether it belongs to an argument that was declared static."""
        counts = [(position, child) for position, child in enumerate(self._args_structure.children)]
        counts += list(zip(self._kwargs_structure.keys, self._kwargs_structure.children, strict=True))
        return [self._static(which) for which, child in counts for _ in range(child.leaf_count)]

    def _static_detail(self, position: int) -> Any:
        leaf = self.leaves[position]
        if type(leaf) is Tracer:
            raise leaked(leaf._node)
        try:
            hash(leaf)
        except TypeError:
            raise self._unhashable(position) from None
        return static_detail(leaf)

    def _unhashable(self, position: int) -> StaticArgumentError:
        leaf, name = self.leaves[position], self.leaf_names()[position]
        if isinstance(leaf, np.ndarray):
            shown, what = describe_value(name, leaf.shape, leaf.dtype), "an array"
        else:
            shown, what = f"{name}, of type {type(leaf).__name__},", "it"
        numeric = isinstance(leaf, np.ndarray) and leaf.dtype.kind in _NUMERIC
        return StaticArgumentError(
            f"{shown} is a static argument of {function_name(self._fun)}, but {what} cannot be hashed",
            where=line_of_frame(user_frame()),
            fix="leave it out of static_argnums and static_argnames: arrays are dynamic"
            if numeric
            else "convert what holds numbers with np.asarray; static are tuples, numbers, text and functions",
        )

    def _require_hashable(self) -> None:
        """Settings inside dataclasses are part of the key as well."""
        try:
            hash(self.key)
        except TypeError as error:
            raise StaticArgumentError(
                f"a setting in a dataclass given to {function_name(self._fun)} cannot be hashed ({error})",
                where=line_of_frame(user_frame()),
                fix="keep numbers, text, types and functions in the fields that are not arrays",
            ) from None

    def leaf_names(self) -> list[str]:
        """A name for each leaf, such as ``params['W']``."""
        names = argument_names(self._fun, len(self._args_structure.children))
        names += self._kwargs_structure.keys
        children = (*self._args_structure.children, *self._kwargs_structure.children)
        return [path for name, child in zip(names, children, strict=True) for path in child.paths(name)]

    def abstract_inputs(self) -> list[Node]:
        """Inputs of a graph, one for each dynamic leaf."""
        nodes = []
        for leaf, name, dynamic in zip(self.leaves, self.leaf_names(), self.dynamic, strict=True):
            if not dynamic:
                continue
            kind = type(leaf)
            if kind is float or kind is complex:
                node = abstract_input((), np.dtype(kind), name)
                node.kind = kind
            else:
                node = abstract_input(leaf.shape, leaf.dtype, name)
            nodes.append(node)
        return nodes

    def arguments_with(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments, with other values in the dynamic leaves."""
        following = iter(values)
        leaves = [next(following) if dynamic else leaf for leaf, dynamic in zip(self.leaves, self.dynamic, strict=True)]
        count = self._args_structure.leaf_count
        return self._args_structure.unflatten(leaves[:count]), self._kwargs_structure.unflatten(leaves[count:])

    def difference_from(self, other: CallSignature) -> str:
        """What changed between two calls, in a clause."""
        if self.key[:2] != other.key[:2]:
            return "the structure of the arguments changed"
        for name, before, now in zip(self.leaf_names(), other.details, self.details, strict=True):
            if before != now:
                return f"{name} was {_detail_text(before)}, then {_detail_text(now)}"
        return "nothing that can be told changed"

    def without_values(self) -> CallSignature:
        """The signature alone, so that keeping it keeps no arrays."""
        copy = object.__new__(CallSignature)
        for name in self.__slots__:
            object.__setattr__(copy, name, getattr(self, name))
        copy.leaves, copy.values = [], []
        return copy

    def recogniser(self) -> Recogniser:
        """What recognises later calls with this signature."""
        return Recogniser(self)

    @property
    def collectors(self) -> tuple[Any, Any]:
        """What takes positional arguments, and keyword arguments if there are any, apart."""
        keywords = collector(self._kwargs_structure) if self._kwargs_structure.keys else None
        return collector(self._args_structure), keywords


class Recogniser:
    """Takes the arguments of a call apart, if the call has one signature: the way that must be fast.

    Parameters
    ----------
    signature : CallSignature
    """

    __slots__ = (
        "_collect",
        "_collect_keywords",
        "_pick_arrays",
        "_pick_dynamic",
        "_pick_static",
        "_shapes_and_dtypes",
        "_static_details",
        "_subclassed",
        "_types",
    )

    def __init__(self, signature: CallSignature) -> None:
        leaves, dynamic = signature.leaves, signature.dynamic
        self._collect, self._collect_keywords = signature.collectors
        self._types = [type(leaf) for leaf in leaves]
        arrays = [i for i, leaf in enumerate(leaves) if dynamic[i] and hasattr(leaf, "dtype")]
        static = [i for i in range(len(leaves)) if not dynamic[i]]
        self._pick_arrays = _picker(arrays, len(leaves))
        self._pick_dynamic = _picker([i for i in range(len(leaves)) if dynamic[i]], len(leaves))
        self._pick_static = _picker(static, 0) if static else None
        self._shapes_and_dtypes = [_shape_and_dtype(leaves[i]) for i in arrays]
        self._static_details = [signature.details[i] for i in static]
        self._subclassed = any(isinstance(leaf, np.ndarray) and type(leaf) is not np.ndarray for leaf in leaves)

    def values(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any] | None:
        """The dynamic leaves of a call, or None if it has another signature."""
        leaves: list[Any] = []
        if not self._collect(args, leaves):
            return None
        if kwargs:
            if self._collect_keywords is None or not self._collect_keywords(kwargs, leaves):
                return None
        elif self._collect_keywords is not None:
            return None
        if [*map(type, leaves)] != self._types:
            return None
        arrays = leaves if self._pick_arrays is None else self._pick_arrays(leaves)
        if [*map(_shape_and_dtype, arrays)] != self._shapes_and_dtypes:
            return None
        if self._pick_static is not None and [*map(static_detail, self._pick_static(leaves))] != self._static_details:
            return None
        if self._pick_dynamic is not None:
            leaves = self._pick_dynamic(leaves)
        return [np.asarray(leaf) for leaf in leaves] if self._subclassed else leaves


def _picker(positions: list[int], count: int) -> Callable[[list[Any]], list[Any]] | None:
    """Takes the entries at some positions out of a list; None where these are all positions."""
    if len(positions) == count:
        return None
    return lambda leaves: [leaves[i] for i in positions]


def _is_dynamic(leaf: Any) -> bool:
    kind = type(leaf)
    if kind is float or kind is complex:
        return True
    if not isinstance(leaf, (np.ndarray, np.generic)) or leaf.dtype.kind not in _NUMERIC:
        return False
    if kind is not np.ndarray and isinstance(leaf, np.ndarray):
        refuse_other_algebra(leaf)
    return True


def _dynamic_detail(leaf: Any) -> Any:
    kind = type(leaf)
    return (kind,) if kind is float or kind is complex else (kind, leaf.shape, leaf.dtype)


def static_detail(leaf: Any) -> Any:
    """A static value as part of a key: 1, True and 1.0 are equal in Python, as 0.0 and -0.0 are, but not here."""
    kind = type(leaf)
    return kind, (repr(leaf) if isinstance(leaf, (float, complex)) else leaf)


def _detail_text(detail: Any) -> str:
    if len(detail) == 3:
        return f"an array of shape {detail[1]}, {detail[2]}"
    return repr(detail[1]) if len(detail) == 2 else f"a {detail[0].__name__}"
