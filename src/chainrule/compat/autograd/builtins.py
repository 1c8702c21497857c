"""Containers and type tests, under the names by which autograd shadows Python's own.

autograd wraps containers of traced values into classes of their own, and offers these names to build and test them.
Here containers are Python's own, so `dict`, `list` and `tuple` are too. `isinstance` and `type` see through a traced
value to the array or number that it stands for.

>>> import numpy as np
>>> from chainrule.compat.autograd import grad
>>> bool(grad(lambda x: np.sum(x) if isinstance(x, np.ndarray) else x)(np.ones(2))[0] == 1)
True
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from chainrule.trace.tracer import Tracer

__all__ = ["dict", "isinstance", "list", "tuple", "type"]

dict = builtins.dict
list = builtins.list
tuple = builtins.tuple


def type(x: Any) -> Any:
    """The type of a value; for a traced one, that of the array or number it stands for."""
    kind = builtins.type(x)
    if kind is not Tracer:
        return kind
    return np.ndarray if x.shape else x.dtype.type


def isinstance(x: Any, classes: Any) -> bool:
    """Whether a value, or what a traced value stands for, is of a type."""
    if builtins.type(x) is not Tracer:
        return builtins.isinstance(x, classes)
    return issubclass(type(x), classes) or builtins.isinstance(x, classes)
