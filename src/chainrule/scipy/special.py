"""Special functions that take traced values."""

from __future__ import annotations

from typing import Any

import scipy.special as _source

from chainrule.ops.load import load_for_scipy as _load_records
from chainrule.trace.namespace import Namespace as _Namespace

_load_records()
_namespace = _Namespace(_source, globals())
__all__ = _namespace.names


def __getattr__(name: str) -> Any:
    return _namespace.find(name)


def __dir__() -> list[str]:
    return __all__
