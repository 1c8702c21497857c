"""Rows of characters made of pieces with a role: how wide they are, how they wrap, and how they line up in a table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression

__all__ = ["Role", "Row", "Span", "blank", "labelled", "pad", "row_text", "row_width", "spans_of", "table", "wrapped"]

#: What a piece of text is; a terminal gives each role a colour and a line style.
Role = Literal["plain", "title", "value", "gradient", "local", "upstream", "faint", "good", "bad"]

#: A formula that is too long for a row is broken before one of these, the earlier the better.
_SIGNS = ("=", "+−", "·⊙")


@dataclass(frozen=True)
class Span:
    """A piece of a row."""

    text: str
    role: Role = "plain"


Row = tuple[Span, ...]

_MARKED: dict[str, Role] = {"local": "local", "upstream": "upstream"}


def text_width(text: str) -> int:
    """Columns that a text takes: combining signs, as in x̂, take none."""
    return sum(1 for character in text if not unicodedata.combining(character))


def row_text(row: Row) -> str:
    """A row as plain text."""
    return "".join([span.text for span in row]).rstrip()


def row_width(row: Row) -> int:
    """Columns that a row takes."""
    return sum(text_width(span.text) for span in row)


def blank(width: int) -> Span:
    """Spaces."""
    return Span(" " * width)


def pad(row: Row, width: int, *, to_right: bool = False) -> Row:
    """A row with spaces up to a width."""
    missing = width - row_width(row)
    if missing <= 0:
        return row
    return (blank(missing), *row) if to_right else (*row, blank(missing))


def spans_of(expression: Expression, role: Role = "plain") -> Row:
    """A formula; local and upstream gradients that are marked in it are pieces of their own."""
    spans: list[Span] = []
    for piece in to_text(expression, mark=lambda text, marked: f"\0{marked}\1{text}\0").split("\0"):
        marked, found, text = piece.partition("\1")
        spans.append(Span(text, _MARKED[marked]) if found else Span(piece, role))
    return tuple([span for span in spans if span.text])


def _located(text: str, parts: Iterable[Expression]) -> list[tuple[int, int]]:
    """Where the parts of a formula stand in its text, from left to right; a part that is not found is empty."""
    places: list[tuple[int, int]] = []
    place = 0
    for part in parts:
        piece = to_text(part)
        start = _find(piece, text, place)
        found = (start, start + len(piece)) if start >= 0 else (place, place)
        places.append(found)
        place = found[1]
    return places


def _find(piece: str, text: str, place: int) -> int:
    """Where a part stands at or after `place`, or -1: as a word if it can be, so that n is not the n of tanh."""
    before = r"(?<![\w∂])" if piece[:1].isalnum() else ""
    after = r"(?!\w)" if piece[-1:].isalnum() else ""
    as_word = re.compile(before + re.escape(piece) + after).search(text, place)
    return text.find(piece, place) if as_word is None else as_word.start()


def labelled(row: Row, labels: Sequence[tuple[Expression, str]]) -> tuple[Row, Row]:
    """A row, and another one to stand below it that has a label centred under each of some parts of the row's formula.

    Neighbours without a space between them share a label if it is the same. Elsewhere spaces are put in between parts
    whose labels would touch.
    """
    text = "".join([span.text for span in row])
    places = _located(text, [part for part, _ in labels])
    below = ""
    shift = 0
    for label, start, end in _merged(text, [(label, *place) for (_, label), place in zip(labels, places, strict=True)]):
        centre = text_width(text[:start]) + shift + (text_width(text[start:end]) - len(label)) // 2
        missing = max(0, text_width(below) + 2 - centre) if below else max(0, -centre)
        if missing:
            gap = text.rfind(" ", 0, start) + 1 if " " in text[:start] else start
            row = _with_gap(row, gap + shift, missing)
            shift += missing
        below += " " * (centre + missing - text_width(below)) + label
    return row, (Span(below, "faint"),)


def _merged(text: str, labels: Iterable[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Labels with the start and the end of their parts; those without a text or a place are left out."""
    found: list[tuple[str, int, int]] = []
    for label, start, end in labels:
        if not label or start == end:
            continue
        if found and found[-1][0] == label and " " not in text[found[-1][2] : start]:
            found[-1] = (label, found[-1][1], end)
        else:
            found.append((label, start, end))
    return found


def _with_gap(row: Row, position: int, width: int) -> Row:
    left, right = _cut(row, position)
    return (*left, blank(width), *right)


def _cut(row: Row, position: int) -> tuple[Row, Row]:
    """A row in two, before the character at a position."""
    left: list[Span] = []
    right: list[Span] = []
    for span in row:
        keep = max(0, min(len(span.text), position))
        left += [Span(span.text[:keep], span.role)] if keep else []
        right += [Span(span.text[keep:], span.role)] if keep < len(span.text) else []
        position -= len(span.text)
    return tuple(left), tuple(right)


def wrapped(row: Row, width: int) -> list[Row]:
    """A row in several that are not wider than `width`, each broken where a reader pauses."""
    rows: list[Row] = []
    while row_width(row) > width:
        text = "".join([span.text for span in row])
        pauses = _pauses(text[: width + 2])
        late = [pause for pause in pauses if pause[-1] >= width // 3] or pauses
        if not late:
            break
        left, row = _cut(row, min(late, key=lambda pause: (*pause[:-1], -pause[-1]))[-1] + 1)
        rows.append(left)
    return [*rows, row]


def _pauses(text: str) -> list[tuple[int, int, int]]:
    """Spaces of a formula: in how many brackets they stand, how weak the sign behind them binds, and where they are."""
    found: list[tuple[int, int, int]] = []
    depth = 0
    for place, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == " " and 0 < place < len(text) - 1:
            sign = text[place + 1] if text[place + 2 : place + 3] == " " else ""
            found.append(
                (depth, next((rank for rank, signs in enumerate(_SIGNS) if sign and sign in signs), len(_SIGNS)), place)
            )
    return found


def table(cells: Sequence[Sequence[Row]], *, right: Collection[int] = (), gap: int = 3) -> list[Row]:
    """Rows of cells in columns as wide as their widest cell; columns without any text are left out."""
    widths = [max(row_width(line[column]) for line in cells) for column in range(len(cells[0]))]
    rows: list[Row] = []
    for line in cells:
        row: list[Span] = []
        for column, width in enumerate(widths):
            if width:
                row += [blank(gap)] if row else []
                row += pad(line[column], width, to_right=column in right)
        while row and row[-1].text.isspace():
            row.pop()
        rows.append(tuple(row))
    return rows
