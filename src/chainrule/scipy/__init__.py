"""The parts of SciPy that chainrule differentiates, where arrays may be traced.

`special`, `stats`, `linalg`, `signal` and `integrate` have SciPy's names. Functions of the coverage table can be
called on traced values; all others are SciPy's own for plain arrays. SciPy is imported with the first of them.

>>> import numpy as np, chainrule as cr
>>> from chainrule.scipy import special
>>> float(cr.grad(special.expit)(0.0))
0.25
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["integrate", "linalg", "signal", "special", "stats"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
