"""The colours of pictures: a pair that colour-blind readers tell apart, on a light card and on a dark one."""

from __future__ import annotations

__all__ = ["DARK", "LIGHT", "Colour"]

from typing import Literal

#: What a colour is for.
Colour = Literal["ink", "faint", "line", "forward", "backward", "bad", "card", "rim", "leaf", "inner", "folded"]

LIGHT: dict[Colour, str] = {
    "ink": "#1B2430",
    "faint": "#5B6673",
    "line": "#8A94A0",
    "forward": "#0065A8",
    "backward": "#C24A00",
    "bad": "#8C2A1B",
    "card": "#FBFAF7",
    "rim": "#D9D6CE",
    "leaf": "#E9EDF1",
    "inner": "#FFFFFF",
    "folded": "#F1EDE3",
}
DARK: dict[Colour, str] = {
    "ink": "#E8ECF1",
    "faint": "#A9B3BF",
    "line": "#7C8794",
    "forward": "#6DB8F2",
    "backward": "#FF9A5C",
    "bad": "#FF8A75",
    "card": "#171C23",
    "rim": "#333B46",
    "leaf": "#2A323D",
    "inner": "#1F262F",
    "folded": "#2B2A26",
}
