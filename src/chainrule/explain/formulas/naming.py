"""Names that are written the same in mathematics: ``ŷ`` and ``y_hat``, ``α`` and ``alpha``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from chainrule.notation.names import ACCENTS, name_text

__all__ = ["same_name", "unified"]

_WITH_ACCENT = re.compile(rf"([^\W\d_])([{''.join(ACCENTS.values())}])([\d_]\w*)?")
_NAME_OF = {mark: name for name, mark in ACCENTS.items()}


def unified(names: Iterable[str]) -> dict[str, str]:
    """For each name the one that stands for it, so that ``ŷ`` and ``y_hat`` are one variable.

    Names in plain letters stay as they are, also if two of them are printed alike (``x1`` and ``x_1``): whoever types
    both means two variables.

    Examples
    --------
    >>> unified(["ŷ", "yhat", "α", "x̂", "x1", "x_1"])
    {'ŷ': 'yhat', 'yhat': 'yhat', 'α': 'α', 'x̂': 'x_hat', 'x1': 'x1', 'x_1': 'x_1'}
    """
    names = list(dict.fromkeys(names))
    typed: dict[str, str] = {}
    for name in names:
        if name.isascii():
            typed.setdefault(name_text(name), name)
    found = {}
    for name in names:
        spelled = _spelled_out(name)
        found[name] = name if name.isascii() else typed.setdefault(name_text(spelled), spelled)
    return found


def same_name(name: str, names: Iterable[str]) -> str:
    """The one of several names that a typed name means; the typed name itself if there is none.

    Examples
    --------
    >>> same_name("ŷ", ["y", "y_hat"]), same_name("q", ["y", "y_hat"])
    ('y_hat', 'q')
    """
    name = unicodedata.normalize("NFKC", name)
    names = list(names)
    if name in names:
        return name
    text = name_text(_spelled_out(name))
    alike = [other for other in names if name_text(_spelled_out(other)) == text]
    return alike[0] if alike else name


def _spelled_out(name: str) -> str:
    """``y_hat`` for ``ŷ``."""
    match = _WITH_ACCENT.fullmatch(unicodedata.normalize("NFD", name))
    if not match:
        return name
    letter, mark, rest = match.groups(default="")
    return f"{letter}_{_NAME_OF[mark]}{rest}"
