"""Texts of a table on their way to the page."""

from __future__ import annotations

__all__ = ["short"]

_LONGEST = 40


def short(text: str) -> str:
    r"""A cell as it is shown: on one line, and cut off where it is long.

    Examples
    --------
    >>> short("two\n  lines"), len(short("x" * 100))
    ('two lines', 40)
    """
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
