"""The picture in pixels."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import pytest

from chainrule.errors import MissingPackageError
from chainrule.explain.drawing.diagram import Diagram
from chainrule.explain.drawing.palette import LIGHT
from chainrule.explain.drawing.picture import picture_of
from chainrule.explain.drawing.png import diagram_png


def test_without_matplotlib_an_error_says_what_to_install(logistic: Diagram, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackageError, match="pip install matplotlib"):
        diagram_png(logistic)


def pixels(png: bytes) -> tuple[tuple[int, int], dict[str, int]]:
    """Width and height, and how many pixels have each colour."""
    image = pytest.importorskip("matplotlib.image").imread(io.BytesIO(png))
    counts: dict[str, int] = {}
    for red, green, blue in (image[..., :3] * 255).round().astype(int).reshape(-1, 3).tolist():
        colour = f"#{red:02X}{green:02X}{blue:02X}"
        counts[colour] = counts.get(colour, 0) + 1
    return (image.shape[1], image.shape[0]), counts


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_picture_has_the_size_and_the_colours_of_the_svg(logistic: Diagram, scale: float) -> None:
    pytest.importorskip("matplotlib")
    size, counts = pixels(diagram_png(logistic, scale=scale))
    picture = picture_of(logistic)
    assert size == pytest.approx((picture.width * scale, picture.height * scale), abs=1)
    for colour in ("card", "ink", "leaf", "inner", "line", "forward", "backward"):
        assert counts.get(LIGHT[colour], 0) > 20, colour
    assert LIGHT["bad"] not in counts


def test_a_node_that_is_not_finite_is_marked(logistic: Diagram) -> None:
    pytest.importorskip("matplotlib")
    bad = replace(logistic, vertices=(*logistic.vertices[:-1], replace(logistic.vertices[-1], is_bad=True)))
    assert pixels(diagram_png(bad))[1][LIGHT["bad"]] > 100


def test_the_same_diagram_gives_the_same_bytes(logistic: Diagram) -> None:
    pytest.importorskip("matplotlib")
    assert diagram_png(logistic) == diagram_png(logistic)
