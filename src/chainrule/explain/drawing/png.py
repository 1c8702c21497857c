"""The picture of a graph in pixels, drawn by matplotlib from the same coordinates as the SVG."""

from __future__ import annotations

import io
from typing import Any

from chainrule.errors import MissingPackageError
from chainrule.explain.drawing.diagram import Diagram
from chainrule.explain.drawing.layout import Point
from chainrule.explain.drawing.measure import SCRIPT_SIZE, runs_of
from chainrule.explain.drawing.palette import LIGHT, Colour
from chainrule.explain.drawing.picture import HEAD, Badge, Label, Picture, PlacedVertex, picture_of
from chainrule.explain.drawing.plotting import plotting
from chainrule.explain.drawing.style import CROSS_ARM, CROSS_RADIUS, Outline, cross_centre, outlines

__all__ = ["diagram_png"]

#: Fonts that matplotlib brings itself.
_MATH, _SANS = "DejaVu Serif", "DejaVu Sans"
#: How near to a corner the control points of a Bézier curve are that is a quarter of a circle, in parts of its radius.
_ROUND = 1 - 0.5523
#: Pixels that a side may have: more than matplotlib can draw, or a person can look at.
_LARGEST_SIDE = 30_000


def diagram_png(diagram: Diagram, *, scale: float = 2.0, fold: bool = True) -> bytes:
    """The picture of a graph as PNG.

    Parameters
    ----------
    diagram : Diagram
    scale : float, default 2.0
        Pixels for each pixel of the SVG; less where a side would have more than 30,000 of them.
    fold : bool, default True
        Merge stretches of a graph of more than 150 vertices.

    Returns
    -------
    bytes

    Raises
    ------
    MissingPackageError
        Without matplotlib.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPackageError("a PNG of the graph is drawn by matplotlib", fix="pip install matplotlib") from error
    picture = picture_of(diagram, fold=fold)
    scale = min(scale, _LARGEST_SIDE / max(picture.width, picture.height))
    with plotting():
        # 72 dots per inch: one point of a font or of a line is one pixel of the picture
        figure = Figure(figsize=(picture.width / 72, picture.height / 72), dpi=72 * scale)
        FigureCanvasAgg(figure)
        figure.patch.set_facecolor(LIGHT["card"])
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, picture.width)
        axes.set_ylim(picture.height, 0)
        axes.set_axis_off()
        _Painter(axes).picture(picture)
        file = io.BytesIO()
        figure.savefig(file, format="png", metadata={"Title": diagram.title, "Software": None})
    return file.getvalue()


class _Painter:
    """Draws on axes whose unit is a pixel of the picture."""

    def __init__(self, axes: Any) -> None:
        from matplotlib.textpath import TextToPath

        self._axes = axes
        self._text_to_path = TextToPath()

    def picture(self, picture: Picture) -> None:
        for edge in picture.edges:
            self._arrow(edge.points)
            if edge.label is not None:
                self._label(edge.label)
        for vertex in picture.vertices:
            self._vertex(vertex)
        self._arrow(picture.legend.line)
        for label in picture.legend.labels:
            self._label(label)
        for badge in picture.legend.badges:
            self._badge(badge)

    def _path(self, vertices: list[Point], codes: list[int], **style: Any) -> None:
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        self._axes.add_patch(PathPatch(Path(vertices, codes), **style))

    def _arrow(self, points: tuple[Point, ...]) -> None:
        from matplotlib.path import Path

        x, y = points[0]
        vertices, codes = [(x, y)], [int(Path.MOVETO)]
        for number, (next_x, next_y) in enumerate(points[1:], 1):
            end = next_x - HEAD[0] + 1 if number == len(points) - 1 else next_x
            if next_y == y:
                vertices.append((end, y))
                codes.append(int(Path.LINETO))
            else:
                middle = (x + end) / 2
                vertices += [(middle, y), (middle, next_y), (end, next_y)]
                codes += [int(Path.CURVE4)] * 3
            x, y = next_x, next_y
        self._path(vertices, codes, facecolor="none", edgecolor=LIGHT["line"], linewidth=1.8, capstyle="butt")
        back, half = x - HEAD[0], HEAD[1]
        triangle = [(x, y), (back, y - half), (back, y + half), (x, y)]
        lines = [int(Path.MOVETO), int(Path.LINETO), int(Path.LINETO), int(Path.CLOSEPOLY)]
        self._path(triangle, lines, facecolor=LIGHT["line"], linewidth=0)

    def _vertex(self, placed: PlacedVertex) -> None:
        for outline in outlines(placed):
            self._box(placed, outline)
        for label in placed.labels:
            self._label(label)
        for badge in placed.badges:
            self._badge(badge)
        if placed.vertex.is_bad:
            self._cross(cross_centre(placed))

    def _box(self, placed: PlacedVertex, outline: Outline) -> None:
        self._rectangle(
            placed.x,
            placed.y,
            placed.width - 2 * outline.inset,
            placed.height - 2 * outline.inset,
            placed.corner - outline.inset,
            facecolor=LIGHT[outline.fill] if outline.fill else "none",
            edgecolor=LIGHT[outline.colour],
            linewidth=outline.width,
            linestyle=(0, (2.2, 1.3)) if outline.is_dashed else "-",
        )

    def _rectangle(self, x: float, y: float, width: float, height: float, corner: float, **style: Any) -> None:
        from matplotlib.path import Path

        vertices: list[Point] = []
        codes: list[int] = []
        # clockwise from the upper left corner: where each corner is, and which way the outline comes and goes
        for right, down, (from_x, from_y) in ((-1, -1, (0, 1)), (1, -1, (-1, 0)), (1, 1, (0, -1)), (-1, 1, (1, 0))):
            to_x, to_y = from_y, -from_x
            at_x, at_y = x + right * width / 2, y + down * height / 2
            vertices += [
                (at_x + from_x * corner, at_y + from_y * corner),
                (at_x + from_x * corner * _ROUND, at_y + from_y * corner * _ROUND),
                (at_x + to_x * corner * _ROUND, at_y + to_y * corner * _ROUND),
                (at_x + to_x * corner, at_y + to_y * corner),
            ]
            codes += [int(Path.LINETO if codes else Path.MOVETO), *[int(Path.CURVE4)] * 3]
        self._path([*vertices, vertices[0]], [*codes, int(Path.CLOSEPOLY)], **style)

    def _badge(self, badge: Badge) -> None:
        colour: Colour = "forward" if badge.is_forward else "backward"
        corner = 3.0 if badge.is_forward else badge.height / 2
        self._rectangle(badge.x, badge.y, badge.width, badge.height, corner, facecolor=LIGHT[colour], linewidth=0)
        self._label(Label(str(badge.number), badge.x, badge.y + 4, 11.0, "card", "middle", is_bold=True, role=colour))

    def _cross(self, centre: Point) -> None:
        from matplotlib.patches import Circle

        x, y = centre
        self._axes.add_patch(Circle(centre, CROSS_RADIUS, facecolor=LIGHT["bad"], linewidth=0))
        for sign in (1, -1):
            ends = [y + sign * CROSS_ARM, y - sign * CROSS_ARM]
            self._axes.plot(
                [x - CROSS_ARM, x + CROSS_ARM], ends, color=LIGHT["card"], linewidth=2.2, solid_capstyle="round"
            )

    def _label(self, label: Label) -> None:
        """The runs of a text one after the other, each as wide as the font says."""
        from matplotlib.font_manager import FontProperties

        runs = runs_of(label.text) if label.is_math else runs_of(label.text)[:0]
        pieces = [(run.text, run.is_subscript) for run in runs] or [(label.text, False)]
        placed: list[tuple[str, Any, float, float]] = []
        total = 0.0
        for text, is_subscript in pieces:
            font = FontProperties(
                family=_MATH if label.is_math else _SANS,
                style="italic" if label.is_math and not is_subscript else "normal",
                weight="bold" if label.is_bold else "normal",
                size=label.size * (SCRIPT_SIZE if is_subscript else 1.0),
            )
            drop = label.size * 0.22 if is_subscript else 0.0
            placed.append((text, font, total, drop))
            total += self._text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
        start = label.x - {"start": 0.0, "middle": total / 2, "end": total}[label.anchor]
        for text, font, offset, drop in placed:
            self._axes.text(
                start + offset,
                label.y + drop,
                text,
                fontproperties=font,
                color=LIGHT[label.colour],
                ha="left",
                va="baseline",
                parse_math=False,
            )
