"""A trace in progress: which nodes belong to it, and what protects the arrays it looks at.

Nodes are computed late, so an array that the traced function *uses* must not change before it is *read*. Small
arrays are copied when they enter the graph; large ones are made read-only until the trace ends, so that an
in-place change raises instead of silently altering a result.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, NoReturn

import numpy as np

from chainrule.errors import TracedBranchError, UnsupportedOperationError
from chainrule.graph.node import Node, is_known, next_index
from chainrule.graph.op import constant, lift
from chainrule.trace.looking import refusal
from chainrule.trace.source import line_of_frame, user_frame

__all__ = [
    "COPIED_UP_TO",
    "Session",
    "active_sessions",
    "lift_argument",
    "must_not_look",
    "names_wanted",
    "protect",
    "refuse_other_algebra",
    "refuse_to_look",
]

#: Arrays up to this size are copied into the graph; copying 32 KiB takes about a microsecond.
COPIED_UP_TO = 32_768


class _Protection:
    """An array's memory that is read-only while traces use it."""

    __slots__ = ("owner", "users", "views")

    def __init__(self, owner: np.ndarray[Any, Any]) -> None:
        self.owner = owner
        self.views: list[np.ndarray[Any, Any]] = []
        self.users = 0


#: Protections in force, by the id of the owner of the memory; traces of several threads may share one.
_protections: dict[int, _Protection] = {}
_changing_protections = threading.Lock()


def _owner_of_memory(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array that a view, or a view of a view, shows a part of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _can_be_unlocked(array: np.ndarray[Any, Any]) -> bool:
    """Whether NumPy would let us make an array writeable again; it refuses for memory that foreign code lends."""
    lender: Any = _owner_of_memory(array).base
    if lender is None:
        return True
    try:
        return not memoryview(lender).readonly
    except TypeError:
        return False


def _protect(array: np.ndarray[Any, Any]) -> _Protection | None:
    """Make an array read-only, and the one that owns its memory; None if it is read-only without us."""
    owner = _owner_of_memory(array)
    with _changing_protections:
        protection = _protections.get(id(owner))
        if protection is None:
            if not owner.flags.writeable:
                return None
            owner.flags.writeable = False
            protection = _protections[id(owner)] = _Protection(owner)
        if array is not owner and array.flags.writeable:
            array.flags.writeable = False
            protection.views.append(array)
        protection.users += 1
        return protection


def _release(protection: _Protection) -> None:
    """End one use; after the last one the owner is made writeable again, and then its views."""
    with _changing_protections:
        protection.users -= 1
        if protection.users:
            return
        del _protections[id(protection.owner)]
        for array in (protection.owner, *protection.views):
            array.flags.writeable = True


class _ThreadState(threading.local):
    def __init__(self) -> None:
        self.sessions: list[Session] = []


_state = _ThreadState()


#: The traces, in any thread, that look up variable names: recording asks this for every node.
_naming: list[Session] = []


def names_wanted() -> bool:
    """Whether the innermost trace of this thread looks up variable names."""
    return bool(_naming) and bool(_state.sessions) and _state.sessions[-1].scans_names


def active_sessions() -> list[Session]:
    """The traces in progress in this thread, outermost first."""
    return _state.sessions


class Session:
    """The time during which one function is traced; sessions nest.

    Attributes
    ----------
    start : int
        Nodes of this trace have a larger index.
    looked_at : bool
        Whether a traced number was read (``if x > 0``, ``x[x > 0]``): the graph may depend on it.
    allows_looking : bool
        False while a function is traced once for all numbers: looking at one that depends on abstract inputs raises.
    refusal : TracedBranchError or None
        What was raised the last time that a look was refused.
    scans_names : bool
        Whether variable names of the user's code are looked up while tracing.
    """

    __slots__ = ("_protections", "_shared", "allows_looking", "looked_at", "refusal", "scans_names", "start")

    def __init__(self, *, allows_looking: bool = True, scans_names: bool = False) -> None:
        self.start = next_index()
        self.looked_at = False
        self.allows_looking = allows_looking
        self.refusal: TracedBranchError | None = None
        self.scans_names = scans_names
        self._protections: list[_Protection] = []
        self._shared: dict[int, tuple[Any, Node]] = {}

    def __enter__(self) -> Session:
        _state.sessions.append(self)
        if self.scans_names:
            _naming.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _state.sessions.pop()
        if self.scans_names:
            _naming.remove(self)
        if _state.sessions:  # the trace around this one may hold nodes that read these arrays
            outer = _state.sessions[-1]
            outer._protections += self._protections
            outer._shared.update(self._shared)
            return
        for protection in self._protections:
            _release(protection)

    def lock(self, array: np.ndarray[Any, Any]) -> None:
        """Make an array read-only until the trace ends."""
        protection = _protect(array)
        if protection is not None:
            self._protections.append(protection)

    def share(self, array: np.ndarray[Any, Any]) -> Node:
        """One constant node for a large array, which stays read-only until the trace ends."""
        known = self._shared.get(id(array))
        if known is None:
            self.lock(array)
            known = self._shared[id(array)] = (array, constant(array))
        return known[1]


def protect(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array that will not change before the graph reads it: a copy, or the array itself made read-only."""
    if type(array) is not np.ndarray:
        refuse_other_algebra(array)
    if _is_copied(array):
        return array.copy()
    _state.sessions[-1].lock(array)
    return array


def lift_argument(value: Any) -> Node:
    """A node for something that is not traced but meets a traced value: a number, or an array."""
    if not isinstance(value, np.ndarray):
        return lift(value)
    if type(value) is not np.ndarray:
        refuse_other_algebra(value)
    return constant(value.copy()) if _is_copied(value) else _state.sessions[-1].share(value)


def _is_copied(array: np.ndarray[Any, Any]) -> bool:
    return array.nbytes <= COPIED_UP_TO or not _state.sessions or not _can_be_unlocked(array)


def refuse_other_algebra(array: np.ndarray[Any, Any]) -> None:
    """Raise for subclasses of arrays that compute differently: ``*`` of matrices, sums without masked elements.

    Raises
    ------
    UnsupportedOperationError
    """
    if isinstance(array, np.matrix):
        kind, fix = "numpy.matrix", "convert it with np.asarray, and write A @ B for the matrix product"
    elif isinstance(array, np.ma.MaskedArray):
        kind, fix = "numpy.ma.MaskedArray", "compute with its .data, and take the mask out with np.where"
    else:
        return
    raise UnsupportedOperationError(
        f"a {kind} of shape {array.shape} cannot take part in a traced computation: it has rules of its own",
        where=line_of_frame(user_frame()),
        fix=fix,
    )


def must_not_look(node: Node) -> bool:
    """Whether a node has no number, as it depends on inputs that stand for any."""
    return any(not session.allows_looking for session in _state.sessions) and not is_known(node)


def refuse_to_look(node: Node, purpose: str = "", name: str | None = None) -> NoReturn:
    """Raise for a number that is not there, and remember it: NumPy hides exceptions that it does not expect.

    Raises
    ------
    TracedBranchError
    """
    error = refusal(node, purpose, name)
    for session in _state.sessions:
        session.refusal = error
    raise error


def _note_look(node: Node) -> None:
    if must_not_look(node):
        refuse_to_look(node)
    for session in _state.sessions:
        session.looked_at = True


Node.observer = staticmethod(_note_look)
