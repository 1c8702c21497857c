"""Modules of NumPy and SciPy with traced arguments allowed: each function is wrapped when it is first asked for.

A wrapped function looks at its arguments. If none is traced it is the original function and nothing else; if one
is, also inside a list such as ``[x, x ** 2]``, the call is recorded with the record that serves the original. Which
functions can be recorded is therefore never listed here: `chainrule.ops.record.SERVED` knows.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from chainrule.graph.op import Op
from chainrule.ops.record import SERVED
from chainrule.trace.call import is_traced
from chainrule.trace.dispatch import find_record
from chainrule.trace.inplace import IN_PLACE
from chainrule.trace.record import call_record, record_op, to_node
from chainrule.trace.tracer import Tracer

__all__ = ["Namespace", "describe_wrapper", "holds_traced", "recorded"]

#: Arguments, by position, that are sequences of arrays. Everywhere else a list stands for one array.
_SEQUENCE_ARGUMENTS: dict[Any, tuple[int, ...]] = {
    np.concatenate: (0,),
    np.stack: (0,),
    np.vstack: (0,),
    np.hstack: (0,),
    np.dstack: (0,),
    np.column_stack: (0,),
    np.linalg.multi_dot: (0,),
    np.lexsort: (0,),
    np.select: (0, 1),
    np.choose: (1,),
    np.piecewise: (1,),
}
#: Functions that take a nested list as it is.
_NESTED_ARGUMENTS = {np.block, np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray}
#: Functions without a record that say nothing about values, so that traced ones may be passed.
_HARMLESS: set[Any] = {np.isscalar, np.iterable}

_MAY_BE_TRACED = frozenset((Tracer, list, tuple))
_UFUNC_MEMBERS = ("accumulate", "at", "identity", "nargs", "nin", "nout", "outer", "reduce", "reduceat", "signature")


def holds_traced(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether an argument of a call is traced, or a list that holds traced values."""
    return any(map(is_traced, args)) or any(map(is_traced, kwargs.values()))


def recorded(function: Callable[..., Any], module: str) -> Callable[..., Any]:
    """A function that also takes traced values.

    Parameters
    ----------
    function : callable
        Of NumPy or SciPy.
    module : str
        Where the wrapper is found by users.

    Returns
    -------
    callable
        On traced values it records a call, or raises `UnsupportedOperationError` where no record serves
        `function`. On anything else it is `function`.
    """
    if function in _HARMLESS:
        return function

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            for value in args:
                if type(value) in _MAY_BE_TRACED and is_traced(value):
                    return _record(function, args, kwargs)
            return function(*args)
        if holds_traced(args, kwargs):
            return _record(function, args, kwargs)
        return function(*args, **kwargs)

    describe_wrapper(wrapped, function, module)
    if isinstance(function, np.ufunc):
        for name in _UFUNC_MEMBERS:
            setattr(wrapped, name, getattr(function, name))
    return wrapped


def describe_wrapper(wrapper: Any, function: Any, module: str) -> None:
    """Give a wrapper the name of the function, and a docstring that leads to it."""
    name = getattr(function, "__name__", type(function).__name__)
    wrapper.__name__ = wrapper.__qualname__ = name
    wrapper.__module__ = module
    summary = (getattr(function, "__doc__", None) or "").strip()
    first = next((line for line in summary.splitlines() if line.strip() and not line.startswith(name + "(")), "")
    original = f"{module.removeprefix('chainrule.').removeprefix('compat.autograd.')}.{name}"
    wrapper.__doc__ = f"{first.strip()}\n\nThe same as ``{original}``; arguments may be traced."


def _record(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    record = SERVED.get(function)
    if record is None:
        if function in IN_PLACE:
            return IN_PLACE[function](*args, **kwargs)
        if _only_integers([*args, *kwargs.values()]):  # a size or an index: nothing to differentiate
            return function(*_plain(args), **_plain(kwargs))
        record = find_record(function)
    if not kwargs and type(record) is Op:
        return record_op(record, args)
    if function not in _NESTED_ARGUMENTS and not _takes_containers(function):
        sequences = _SEQUENCE_ARGUMENTS.get(function, ())
        args = tuple([_joined(value, i == 0, i in sequences) for i, value in enumerate(args)])
        kwargs = {key: _joined(value, False, key in ("arrays", "tup", "condlist")) for key, value in kwargs.items()}
    if kwargs and (isinstance(function, np.ufunc) or kwargs.get("out") is not None):
        return function(*args, **kwargs)  # NumPy's protocol knows out=, where= and dtype=
    return call_record(record, args, kwargs)


def _takes_containers(function: Callable[..., Any]) -> bool:
    """SciPy's functions of functions, such as ``odeint``, hand tuples of arguments on; ``cho_solve`` takes a pair."""
    module = getattr(function, "__module__", "")
    return module.startswith("scipy.integrate") or getattr(function, "__name__", "") == "cho_solve"


def _joined(value: Any, is_array: bool, is_sequence: bool) -> Any:
    """An argument as records take it: one traced array in place of a list that holds traced numbers."""
    if not isinstance(value, (list, tuple)) or not is_traced(value):
        return value
    if is_sequence:
        return [_joined(item, True, False) for item in value]
    if not is_array and _only_integers(value):
        return _plain(value)  # a shape, or axes
    return Tracer(to_node(value))


def _only_integers(value: Any) -> bool:
    """Whether traced values, in lists too, are all integers or booleans."""
    if type(value) is Tracer:
        return value.dtype.kind in "iub"
    return not isinstance(value, (list, tuple)) or all(map(_only_integers, value))


def _plain(value: Any) -> Any:
    """The present numbers behind traced integers."""
    if type(value) is Tracer:
        return np.asarray(value)[()]
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value


class Namespace:
    """The public names of a module, functions wrapped so that they take traced values.

    Parameters
    ----------
    source : module
        Of NumPy or SciPy.
    members : dict
        The ``globals()`` of the module that shows the names; what it defines itself comes first, and what was
        asked for once is kept there.
    wrap : callable, optional
        ``wrap(function, module name)``; `recorded` by default.

    Attributes
    ----------
    names : list of str
    """

    def __init__(
        self,
        source: ModuleType,
        members: dict[str, Any],
        wrap: Callable[[Callable[..., Any], str], Callable[..., Any]] = recorded,
    ) -> None:
        self._source = source
        self._members = members
        self._wrap = wrap
        self._own = [name for name in members if not name.startswith("_") and name != "annotations"]

    @property
    def names(self) -> list[str]:
        public = [
            name
            for name in dir(self._source)
            if not name.startswith("_") and not isinstance(self._source.__dict__.get(name), ModuleType)
        ]
        return sorted({*public, *self._own})

    def find(self, name: str) -> Any:
        """The member of a name, for the module's ``__getattr__``.

        Raises
        ------
        AttributeError
            If the source has no such member.
        """
        if name.startswith("__") and name != "__array_namespace_info__":
            raise AttributeError(f"module {self._members['__name__']!r} has no attribute {name!r}")
        try:
            member = getattr(self._source, name)
        except AttributeError as error:
            raise AttributeError(f"module {self._members['__name__']!r} has no attribute {name!r}: {error}") from None
        if callable(member) and not isinstance(member, type):
            member = self._wrap(member, self._members["__name__"])
        self._members[name] = member
        return member
