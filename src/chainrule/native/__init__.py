"""Graph to native code: planned (`planning`), written as LLVM assembly (`assembly`), made and run (`running`)."""

from __future__ import annotations

import functools
import importlib.util
import warnings

from chainrule.errors import InterpretedWarning
from chainrule.trace.source import user_frame

__all__ = ["is_available"]


@functools.cache
def is_available() -> bool:
    """Whether llvmlite is there to make native code; where it is not, a notice says so once."""
    if importlib.util.find_spec("llvmlite") is not None:
        return True
    message = (
        "llvmlite is not installed, so compiled functions run node by node in NumPy: the same results, slower; "
        "pip install llvmlite"
    )
    frame = user_frame()
    if frame is None:
        warnings.warn(message, InterpretedWarning, stacklevel=2)
    else:
        warnings.warn_explicit(message, InterpretedWarning, frame.f_code.co_filename, frame.f_lineno)
    return False
