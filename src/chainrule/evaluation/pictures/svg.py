"""matplotlib's SVG, made ready to stand in a page: no ids that clash, no network, colours of the page's theme."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from chainrule.errors import MissingPackageError
from chainrule.explain.drawing.plotting import plotting

__all__ = ["COLOURS", "DASHES", "FAINT", "INK", "LINE", "draw"]

INK, FAINT, LINE = "#1b2430", "#56616d", "#dcd8ce"
#: Told apart by colour-blind readers, and dark enough on paper; a dark page has lighter ones of the same hues.
COLOURS = ("#0065a8", "#c24a00", "#00806e", "#8a4fb0", "#8a6a00", "#b5306e")
#: Lines are told apart without colour, too.
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1)), (0, (8, 2)))

#: Colours are drawn as variables of the page, and as themselves where there is none.
_VARIABLES = {INK: "--ink", FAINT: "--faint", LINE: "--line"} | {
    colour: f"--c{number}" for number, colour in enumerate(COLOURS, 1)
}

_STYLE = {
    "svg.fonttype": "none",
    "font.size": 9.5,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.7,
    "axes.labelcolor": FAINT,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "legend.borderaxespad": 0.2,
    "figure.constrained_layout.use": True,
    "path.simplify_threshold": 0.3,
}

_SIZE = (3.9, 2.8)  # inches: a little narrower than a telephone, so that no text is smaller than intended
_XLINK = "{http://www.w3.org/1999/xlink}href"


def draw(key: str, paint: Callable[[Any], None], alt: str, *, size: tuple[float, float] = _SIZE) -> str:
    """Paint on one pair of axes.

    Parameters
    ----------
    key : str
        Different for each figure of a page.
    paint : callable
        ``paint(axes)``.
    alt : str
        What the figure shows, for those who do not see it.
    size : tuple of float
        In inches.

    Returns
    -------
    str
        An ``<svg>`` element: the same bytes for the same figure, whatever matplotlib's settings are.

    Raises
    ------
    MissingPackageError
        If matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPackageError(
            "figures of a report are drawn by matplotlib", fix='pip install "chainrule[train]"'
        ) from error
    plain = {name: value for name, value in matplotlib.rcParamsDefault.items() if not name.startswith("backend")}
    settings: dict[Any, Any] = {**plain, **_STYLE, "svg.hashsalt": key}
    with plotting(settings):
        figure = Figure(figsize=size)
        FigureCanvasSVG(figure)
        paint(figure.add_subplot())
        file = io.BytesIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _part_of_a_page(file.getvalue(), key, alt)


def _part_of_a_page(svg: bytes, key: str, alt: str) -> str:
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    text = ElementTree.tostring(root, encoding="unicode")
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', text))
    for node in root.iter():
        node.tag = node.tag.partition("}")[2] or node.tag
        if _XLINK in node.attrib:
            node.set("href", f"#{key}-{node.attrib.pop(_XLINK)[1:]}")
        name = node.attrib.pop("id", None)
        if name in used:
            node.set("id", f"{key}-{name}")
        for attribute in ("style", "clip-path"):
            if attribute in node.attrib:
                node.set(attribute, _themed(node.attrib[attribute], key))
        if "d" in node.attrib:
            node.set("d", " ".join(_rounded(node.attrib["d"]).split()))
        for attribute in ("x", "y", "transform"):
            if attribute in node.attrib:
                node.set(attribute, _rounded(node.attrib[attribute]))
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    joins = "stroke-linejoin: round; stroke-linecap: butt"  # what matplotlib's style sheet says, for this figure alone
    for name, value in {"role": "img", "aria-label": alt, "class": "figure", "style": joins}.items():
        root.set(name, value)
    ElementTree.indent(root, space="")
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)


def _themed(style: str, key: str) -> str:
    style = re.sub(r"url\(#", f"url(#{key}-", style)
    style = re.sub(r"font-family: [^;]*;? ?", "", style)  # the page's own typeface, at matplotlib's sizes
    return re.sub(
        r"#[0-9a-f]{6}\b",
        lambda found: f"var({_VARIABLES[found[0]]}, {found[0]})" if found[0] in _VARIABLES else found[0],
        style,
    )


def _rounded(numbers: str) -> str:
    """A hundredth of a point is finer than any screen."""
    return re.sub(r"(\.\d\d)\d+", r"\1", numbers)
