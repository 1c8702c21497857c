"""``r_`` and ``c_``: joining arrays by writing them between brackets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedOperationError
from chainrule.trace.call import is_traced
from chainrule.trace.source import line_of_frame, user_frame

__all__ = ["c_", "r_"]


class _Joiner:
    """An object to be indexed by arrays, numbers and slices."""

    def __init__(self, name: str, plain: Any, join: Callable[[list[Any]], Any]) -> None:
        self._name, self._plain, self._join = name, plain, join
        self.__doc__ = f"The same as ``numpy.{name}``; arrays and numbers may be traced."

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not is_traced(parts):
            return self._plain[key]
        if any(isinstance(part, str) for part in parts):
            raise UnsupportedOperationError(
                f"{self._name} with a directive string cannot be recorded",
                where=line_of_frame(user_frame()),
                fix="use np.concatenate or np.stack with axis=",
            )
        return self._join([np.r_[part] if isinstance(part, slice) else _as_array(part) for part in parts])

    def __repr__(self) -> str:
        return f"chainrule.numpy.{self._name}"


def _as_array(part: Any) -> Any:
    if is_traced(part) and isinstance(part, (list, tuple)):
        return np.stack([_as_array(item) for item in part])
    return part if hasattr(part, "shape") else np.asarray(part)


def _as_column(part: Any) -> Any:
    return part if part.ndim > 1 else part.reshape(-1, 1)


r_ = _Joiner("r_", np.r_, lambda parts: np.concatenate([part if part.ndim else part.reshape(1) for part in parts]))
c_ = _Joiner("c_", np.c_, lambda parts: np.concatenate([_as_column(part) for part in parts], axis=-1))
