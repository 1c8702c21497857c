"""NumPy's namespace for autograd programs: arrays may be traced, new arrays are plain as they are in autograd.

>>> import chainrule.compat.autograd.numpy as np
>>> from chainrule.compat.autograd import grad
>>> float(grad(lambda x: np.sum(np.array([x, x ** 2])))(3.0))
7.0
"""

from __future__ import annotations

from typing import Any

import numpy as _np

from chainrule.compat.autograd.boxes import notrace_primitive as _notrace_primitive
from chainrule.compat.autograd.numpy import fft, linalg, numpy_boxes, random  # noqa: F401
from chainrule.numpy import c_, r_  # noqa: F401
from chainrule.trace.namespace import Namespace as _Namespace
from chainrule.trace.namespace import recorded as _recorded


def array_from_args(array_args: Any, array_kwargs: Any, *args: Any) -> Any:
    """An array of the given elements; the settings come first."""
    return __getattr__("array")(list(args), *array_args, **array_kwargs)


def where(condition: Any, *choices: Any, **named_choices: Any) -> Any:
    """``numpy.where``, but Python numbers and lists alone give Python numbers and lists, as in autograd."""
    given = (condition, *choices, *[named_choices[name] for name in ("x", "y") if name in named_choices])
    result = _where(*given)
    if len(given) == 3 and not any(_holds_arrays(value) for value in given):
        return result.tolist()
    return result


def _holds_arrays(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_arrays(item) for item in value)
    return hasattr(value, "dtype")


def make_diagonal(D: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Arrays with `D` on the diagonal of two new axes at the end, zero elsewhere.

    Raises
    ------
    NotImplementedError
        For any offset or axes but ``offset=0, axis1=-1, axis2=-2``.
    """
    if (offset, axis1, axis2) != (0, -1, -2):
        raise NotImplementedError("make_diagonal supports offset=0, axis1=-1, axis2=-2 only")
    return D[..., None] * _np.eye(D.shape[-1], dtype=D.dtype)


def _from_traced(kind: type) -> type:
    """A type of integers that takes traced values too: ``np.int64(x)`` is how autograd programs make an index."""
    return type(kind.__name__, (kind,), {"__new__": _notrace_primitive(kind.__new__), "__doc__": kind.__doc__})


_INTEGERS = {name: _from_traced(getattr(_np, name)) for name in ("int8", "int16", "int32", "int64", "intp")}
#: NumPy's names that it is about to drop, and those that take their place.
_RENAMED = {"row_stack": "vstack", "trapz": "trapezoid", "in1d": "isin"}

_where = _recorded(_np.where, __name__)
_namespace = _Namespace(_np, globals())
__all__ = _namespace.names


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _np.__version__
    return _INTEGERS.get(name) or _namespace.find(_RENAMED.get(name, name))


def __dir__() -> list[str]:
    return __all__
