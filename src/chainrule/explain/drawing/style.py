"""How boxes are drawn: outlines, dashes, and the sign on a node that is not finite; the same in every format."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.explain.drawing.layout import Point
from chainrule.explain.drawing.palette import Colour
from chainrule.explain.drawing.picture import PlacedVertex

__all__ = ["CROSS_ARM", "CROSS_RADIUS", "Outline", "cross_centre", "outlines"]

#: Of the disc with a cross on a node that is not finite, and of the cross.
CROSS_RADIUS, CROSS_ARM = 8.5, 3.6


@dataclass(frozen=True)
class Outline:
    """A rectangle with round corners.

    Attributes
    ----------
    colour : Colour
        Of the line.
    width : float
    fill : Colour or None
    inset : float
        How far inside of the box it is.
    is_dashed : bool
    """

    colour: Colour
    width: float
    fill: Colour | None
    inset: float = 0.0
    is_dashed: bool = False


def outlines(placed: PlacedVertex) -> list[Outline]:
    """The box of a vertex; a folded one has a second line inside, the output a thick one, a bad one thick dashes."""
    vertex = placed.vertex
    fill: Colour = "leaf" if vertex.kind == "leaf" else "folded" if vertex.kind == "folded" else "inner"
    if vertex.is_bad:
        found = [Outline("bad", 3.2, fill, is_dashed=True)]
    elif vertex.kind == "output":
        found = [Outline("ink", 2.4, fill)]
    else:
        found = [Outline("faint", 1.4, fill)]
    if vertex.kind == "folded":
        found.append(Outline("faint", 1.0, None, inset=3.5))
    return found


def cross_centre(placed: PlacedVertex) -> Point:
    """Where the cross of a bad node stands: at the upper left corner of its box."""
    return placed.x - placed.width / 2 + 3, placed.y - placed.height / 2 + 3
