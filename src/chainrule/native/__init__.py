"""Graph to native code: row analysis, schedule, LLVM code, and the machinery that keeps and runs it."""

from __future__ import annotations

import functools
import importlib.util
import warnings

from chainrule.errors import InterpretedWarning

__all__ = ["is_available"]


@functools.cache
def is_available() -> bool:
    """Whether llvmlite is there to make native code; where it is not, a notice says so once."""
    if importlib.util.find_spec("llvmlite") is not None:
        return True
    warnings.warn(
        "llvmlite is not installed, so compiled functions run node by node in NumPy: the same results, slower; "
        "pip install llvmlite",
        InterpretedWarning,
        stacklevel=2,
    )
    return False
