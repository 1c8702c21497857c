"""Axes that several figures have: whole epochs, and logarithmic ones with labels that are quickly set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["is_wide", "logarithmic", "power_text", "whole_epochs"]

#: Positive values that differ by more than this factor are drawn on a logarithmic axis.
_WIDE = 30.0
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def is_wide(series: Iterable[Any]) -> bool:
    """Whether the positive values need a logarithmic axis.

    Examples
    --------
    >>> is_wide([[1.0, 2.0], [0.001]]), is_wide([[1.0, 2.0]]), is_wide([[0.0, 1000.0]])
    (True, False, False)
    """
    values = np.concatenate([np.asarray(part, np.float64) for part in series])
    values = values[np.isfinite(values)]
    return bool(values.size and values.min() > 0 and values.max() > _WIDE * values.min())


def logarithmic(axis: Any) -> None:
    """Make an axis logarithmic, with labels at powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(LogLocator(numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: power_text(value)))
    axis.set_minor_formatter(NullFormatter())


def power_text(value: float) -> str:
    """A power of ten as people write it.

    Examples
    --------
    >>> [power_text(value) for value in (1e-5, 0.01, 1.0, 1000.0, 1e6, np.inf)]
    ['10⁻⁵', '0.01', '1', '1000', '10⁶', '']
    """
    if not np.isfinite(value):  # the tick above 10³⁰⁰
        return ""
    exponent = round(np.log10(value))
    return f"{value:g}" if -2 <= exponent <= 3 else f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def whole_epochs(axes: Any, count: int) -> None:
    """Epochs from 1 on, labelled with whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlim(1, max(count, 2))
