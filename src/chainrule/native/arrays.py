"""How compiled code finds the elements of NumPy's arrays."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["DATA_OFFSET", "address_of", "references"]


def address_of(array: np.ndarray[Any, Any]) -> int:
    """Where the elements of an array begin."""
    return array.__array_interface__["data"][0]


def _data_offset() -> int | None:
    """Where, in an array object, the address of its elements is: right after what every Python object begins with."""
    if sys.implementation.name != "cpython":
        return None
    probe, offset = np.zeros(1), object.__basicsize__
    return offset if ctypes.c_void_p.from_address(id(probe) + offset).value == address_of(probe) else None


#: Compiled code reads the address from the array object, which spares each call the microsecond for each array that
#: asking NumPy takes. Where objects are laid out in another way it is None, and code is given the addresses themselves.
DATA_OFFSET = _data_offset()


def references(arrays: Sequence[Any]) -> list[Any]:
    """What compiled code is given for arrays, which must be kept until it has run."""
    if DATA_OFFSET is not None:
        return list(map(id, arrays))
    return [0 if array is None else address_of(array) for array in arrays]
