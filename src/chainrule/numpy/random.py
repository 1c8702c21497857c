"""NumPy's random numbers: plain arrays, also inside traced functions; traced arguments are refused by name."""

from __future__ import annotations

from typing import Any

import numpy as _np

from chainrule.trace.namespace import Namespace as _Namespace

_namespace = _Namespace(_np.random, globals())
__all__ = _namespace.names


def __getattr__(name: str) -> Any:
    return _namespace.find(name)


def __dir__() -> list[str]:
    return __all__
