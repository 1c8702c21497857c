"""NumPy's linear algebra, where arrays may be traced."""

from __future__ import annotations

from typing import Any

import numpy as _np

from chainrule.trace.namespace import Namespace as _Namespace

_namespace = _Namespace(_np.linalg, globals())
__all__ = _namespace.names


def __getattr__(name: str) -> Any:
    return _namespace.find(name)


def __dir__() -> list[str]:
    return __all__
