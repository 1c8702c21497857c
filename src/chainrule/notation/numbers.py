"""Numbers and arrays as a person writes them, in one line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.notation.names import script_text

__all__ = ["number_text", "preview", "real_parts"]

#: Whole numbers are written in full up to here.
_LARGEST_WHOLE = 1_000_000
#: Items of a vector; a matrix shows half as many of each axis, if it is large.
_SHOWN = 4


def number_text(value: Any, digits: int = 4) -> str:
    """A number with a few significant digits, and a true minus sign.

    Parameters
    ----------
    value : number, or array with one element
    digits : int, default 4
        At most; whole numbers up to a million have all of theirs.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If `value` is an array with several elements, or none: `preview` writes those.

    Examples
    --------
    >>> [number_text(value) for value in (0.693147, -25.0, 3.2e-8, 2_500_000, float("-inf"), 1 - 2j)]
    ['0.6931', '−25', '3.2·10⁻⁸', '2.5·10⁶', '−∞', '1 − 2i']
    """
    number = np.asarray(value).item()
    if isinstance(number, complex):
        sign = "−" if math.copysign(1.0, number.imag) < 0 else "+"
        return f"{_real_text(number.real, digits)} {sign} {_real_text(abs(number.imag), digits)}i"
    return str(number) if isinstance(number, (bool, str)) or number is None else _real_text(number, digits)


def _real_text(number: Any, digits: int) -> str:
    size, exponent = real_parts(number, digits)
    if not exponent:
        return size
    power = f"10{script_text(exponent, raised=True)}"
    return f"{size.removesuffix('1')}{power}" if size in ("1", "−1") else f"{size}·{power}"


def real_parts(number: float, digits: int = 4) -> tuple[str, str]:
    """A number as digits and the exponent of a power of ten, which is empty where there is none.

    Examples
    --------
    >>> real_parts(-3.2e-8), real_parts(0.25), real_parts(1e6), real_parts(1e7)
    (('−3.2', '−8'), ('0.25', ''), ('1000000', ''), ('1', '7'))
    """
    if number != number:
        return "nan", ""
    if abs(number) == math.inf:
        return ("∞" if number > 0 else "−∞"), ""
    if abs(number) <= _LARGEST_WHOLE and number == int(number):
        return f"{int(number)}".replace("-", "−"), ""
    size, _, exponent = f"{number:.{digits}g}".replace("-", "−").partition("e")
    if not exponent:
        return size, ""
    size = size.rstrip("0").rstrip(".") if "." in size else size
    return size, exponent[0].replace("+", "") + exponent[1:].lstrip("0")


def preview(value: Any) -> str:
    """A value in one line: numbers in full, arrays by their first elements and their shape.

    Parameters
    ----------
    value : array_like

    Returns
    -------
    str

    Examples
    --------
    >>> preview(-0.5)
    '−0.5'
    >>> preview(np.arange(30))
    '[0, 1, 2, 3, …] (30,)'
    >>> preview(np.eye(3))
    '[[1, 0, …], [0, 1, …], …] (3, 3)'
    """
    array = np.asarray(value)
    if array.ndim == 0:
        return number_text(array)
    count = _SHOWN if array.ndim == 1 else array.size if array.size <= 2 * _SHOWN else _SHOWN // 2
    return f"{_nested(array, count)} {array.shape}"


def _nested(array: np.ndarray[Any, Any], count: int) -> str:
    """The first `count` items along each axis."""
    if array.ndim == 0:
        return number_text(array)
    items = [_nested(item, count) for item in map(np.asarray, array[:count])]
    return f"[{', '.join(items)}{', …' if len(array) > count else ''}]"
