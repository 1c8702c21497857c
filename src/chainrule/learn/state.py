"""What a function can reach outside its arguments: closures, globals, objects, sources of random numbers.

A training step may skip the Python code of a loss only while that code would do the same again. `fingerprint` tells
whether something that it reads has changed: a counter, a temperature in a list, an array, the state of a generator.
"""

from __future__ import annotations

import functools
import random
import sys
import types
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["fingerprint"]

#: Whoever reaches more objects than this is taken to be changing.
_MOST_OBJECTS = 5_000

#: Code of these packages keeps no state that a loss depends on, but for the random numbers, which are looked at.
_LIBRARIES = sys.stdlib_module_names | {"numpy", "scipy", "chainrule", "sklearn"} - {"__main__"}


def fingerprint(function: Any) -> tuple[Any, ...] | None:
    """All that a function reads beside its arguments, in a form that can be compared.

    Parameters
    ----------
    function : object
        A function, or a container of objects.

    Returns
    -------
    tuple or None
        None if there is too much to look at.

    Examples
    --------
    >>> seen = []
    >>> def loss(w):
    ...     seen.append(1)
    ...     return w * w
    >>> before = fingerprint(loss)
    >>> before == fingerprint(loss)
    True
    >>> _ = loss(2.0)
    >>> before == fingerprint(loss)
    False
    """
    found: list[Any] = [_numpy_random(), hash(random.getstate())]
    known: dict[int, Any] = {}
    waiting = [function]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (bool, int, float, complex, str, bytes, type(None), np.generic)):
            found.append((type(value), repr(value)))
            continue
        found.append(id(value))
        if id(value) in known:
            continue
        if len(known) > _MOST_OBJECTS:
            return None
        known[id(value)] = value
        if isinstance(value, np.ndarray):
            found.append((value.shape, value.dtype, _checksum(value)))
        elif isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
            found.append(_random_state(value))
        else:
            parts = list(_parts(value))
            found.append(len(parts))
            waiting += parts
    return tuple(found)


def _parts(value: Any) -> Iterable[Any]:
    """What an object holds or, for code, what it reads."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, types.MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, types.ModuleType) or _is_library(value):
        return list(vars(value).values()) if _has_instance_state(value) else []
    if isinstance(value, types.FunctionType):
        return _read_by(value)
    if isinstance(value, (staticmethod, classmethod)):
        return [value.__func__]
    if isinstance(value, property):
        return [value.fget]
    if isinstance(value, type):
        return [part for name, part in vars(value).items() if not _is_bookkeeping(name)]
    slots = [getattr(value, name) for name in _slots(type(value)) if hasattr(value, name)]
    return [type(value), *slots, *getattr(value, "__dict__", {}).values()] if hasattr(value, "__dict__") else slots


def _read_by(function: types.FunctionType) -> Iterable[Any]:
    """Defaults, cells of the closure, and globals by the names that the code mentions."""
    cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    scope = function.__globals__
    return [
        *cells,
        function.__defaults__,
        function.__kwdefaults__,
        *[scope[name] for name in _names(function.__code__) if name in scope],
        *vars(function).values(),
    ]


def _names(code: types.CodeType) -> list[str]:
    """Names of a function's code and of the functions defined within."""
    inner = [name for part in code.co_consts if isinstance(part, types.CodeType) for name in _names(part)]
    return [*code.co_names, *inner]


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018  (an empty cell raises)
    except ValueError:
        return False
    return True


def _is_library(value: Any) -> bool:
    owner = value if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)) else type(value)
    return str(getattr(owner, "__module__", None) or "").partition(".")[0] in _LIBRARIES


def _has_instance_state(value: Any) -> bool:
    """Objects of library classes hold what the user put into them; classes, functions and modules do not."""
    code = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, np.ufunc)
    return not isinstance(value, code) and hasattr(value, "__dict__")


def _is_bookkeeping(name: str) -> bool:
    return name.startswith("__") and name != "__call__"


def _slots(kind: type) -> list[str]:
    slots = [getattr(base, "__slots__", ()) for base in kind.__mro__ if not _is_library(base)]
    return [name for names in slots for name in ([names] if isinstance(names, str) else names)]


def _checksum(array: np.ndarray[Any, Any]) -> int:
    return hash(tuple(array.ravel().tolist())) if array.dtype.hasobject else zlib.crc32(array.tobytes())


def _random_state(generator: Any) -> str:
    if isinstance(generator, np.random.Generator):
        return repr(generator.bit_generator.state)
    return str(hash(generator.getstate())) if isinstance(generator, random.Random) else _legacy(generator.get_state())


def _numpy_random() -> str:
    return _legacy(np.random.get_state())  # noqa: NPY002  (a loss may use the old functions)


def _legacy(state: Any) -> str:
    return f"{zlib.crc32(state[1].tobytes())} {state[2:]}"
