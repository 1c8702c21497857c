"""Typed values: numbers, vectors and matrices."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from chainrule.errors import FormulaError
from chainrule.explain.formulas.syntax import python_syntax
from chainrule.explain.formulas.typed import number_in_python, shown_briefly

__all__ = ["parse_value"]

_MOST_NUMBERS = 10_000
_WRITTEN = "write 5, -0.5, [1, 2] or [[1, 2], [3, 4]]"
#: A batch of images with channels has four axes.
_MOST_AXES = 4


def parse_value(text: str) -> Any:
    """Parse the value of a name: a number, or a vector or matrix such as ``[[1, 2], [3, 4]]``.

    Parameters
    ----------
    text : str
        As Python writes it, or as it is printed: ``−3.2·10⁻⁸``, ``10⁻⁴``.

    Returns
    -------
    float or array of float64

    Raises
    ------
    FormulaError
        If it is anything else.

    Examples
    --------
    >>> parse_value("-4"), parse_value("3.2·10⁻⁸"), parse_value("[[1, 2], [3, 4]]").shape
    (-4.0, 3.2e-08, (2, 2))
    """
    if len(text) > 20 * _MOST_NUMBERS:
        raise FormulaError(
            f"a value of {len(text):,} characters is too long; {20 * _MOST_NUMBERS:,} are allowed",
            fix="give fewer numbers, or round them to fewer digits",
        )
    if not text.strip():
        raise FormulaError("give a number", fix=_WRITTEN)
    try:
        with python_syntax():
            value = ast.literal_eval(number_in_python(text.strip()))
        array = np.asarray(value)
        is_numeric = array.dtype.kind in "iuf" and array.size > 0
        array = array.astype(float) if is_numeric else array
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        is_numeric = False
    if not is_numeric or not np.isfinite(array).all():
        raise FormulaError(f"{shown_briefly(text)!r} is no number, vector or matrix", fix=_hint(text)) from None
    if array.size > _MOST_NUMBERS:
        raise FormulaError(
            f"a value of {array.size:,} numbers is too large; {_MOST_NUMBERS:,} are allowed",
            fix="give fewer rows or columns",
        )
    if array.ndim > _MOST_AXES:
        raise FormulaError(
            f"a value with {array.ndim} axes is too deep; {_MOST_AXES} are allowed",
            fix="leave brackets out: [[1, 2], [3, 4]]",
        )
    return float(array) if array.ndim == 0 else array


def _hint(text: str) -> str:
    if text.count("[") != text.count("]"):
        return "close every bracket that you open: [[1, 2], [3, 4]]"
    if "[" in text and "," not in text:
        return "put commas between numbers: [1, 2] or [[1, 2], [3, 4]]"
    if "?" in text:
        return "give a number in place of each ?"
    return _WRITTEN
