"""Draw the pictures of README and guide: ``python docs/pictures/draw.py``.

Every number in them comes from chainrule: values of the forward pass above the edges, gradients of the backward pass
below. A test draws them again and compares. The two colours are told apart by colour-blind readers too, and each
picture brings its own light card, so that it reads well on a dark page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.graph.graph import Graph

HERE = Path(__file__).parent
FORWARD, BACKWARD, INK, FAINT, CARD = "#0065A8", "#C24A00", "#1B2430", "#6B7683", "#FBFAF7"
MATH = "'STIX Two Text', 'Cambria Math', 'DejaVu Serif', Georgia, serif"
SANS = "'Inter', 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"


@dataclass
class Picture:
    """An SVG picture on a card, drawn with a handful of shapes."""

    width: int
    height: int
    title: str
    parts: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, content: str, *, colour: str = INK, size: int = 18, **style: str) -> None:
        settings = {"text-anchor": "middle", "font-family": SANS, **{k.replace("_", "-"): v for k, v in style.items()}}
        shown = "".join(f' {key}="{value}"' for key, value in settings.items())
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" fill="{colour}" font-size="{size}" stroke="{CARD}" stroke-width="5" '
            f'stroke-linejoin="round" paint-order="stroke"{shown}>{escape(content)}</text>'
        )

    def variable(self, x: float, y: float, name: str) -> None:
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="25" fill="#E9EDF1" stroke="{FAINT}" stroke-width="1.5"/>')
        self._inside(x, y, name, INK, "italic")

    def operation(self, x: float, y: float, symbol: str) -> None:
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="29" fill="#223246"/>')
        self._inside(x, y, symbol, "#FFFFFF", "normal", size=24 if len(symbol) == 1 else 19)

    def _inside(self, x: float, y: float, content: str, colour: str, style: str, size: int = 24) -> None:
        self.parts.append(
            f'<text x="{x:g}" y="{y + size / 3:g}" fill="{colour}" font-size="{size}" font-style="{style}" '
            f'font-family="{MATH}" text-anchor="middle">{escape(content)}</text>'
        )

    def arrow(self, start: tuple[float, float], end: tuple[float, float], gap: tuple[float, float] = (25, 31)) -> None:
        (x0, y0), (x1, y1) = start, end
        length = float(np.hypot(x1 - x0, y1 - y0))
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        x0, y0, x1, y1 = x0 + gap[0] * ux, y0 + gap[0] * uy, x1 - (gap[1] + 7) * ux, y1 - (gap[1] + 7) * uy
        self.parts.append(
            f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{FAINT}" stroke-width="2" '
            'marker-end="url(#head)"/>'
        )

    def numbers(self, x: float, y: float, value: str, gradient: str, *, lean: float = 0) -> None:
        """The forward value above a point of an edge, the gradient below it; both step aside where the edge rises."""
        self.text(x - lean, y - 11, value, colour=FORWARD, size=19, font_weight="600")
        self.text(x + lean, y + 25, gradient, colour=BACKWARD, size=19, font_weight="600")

    def legend(self, forward: str, backward: str) -> None:
        """What the colours mean, in the upper right corner."""
        for y, words, colour in ((45, forward, FORWARD), (69, backward, BACKWARD)):
            self.text(self.width - 32, y, words, colour=colour, size=15, text_anchor="end", font_weight="600")

    def save(self, name: str, folder: Path = HERE) -> None:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" role="img" aria-label="{escape(self.title)}">\n'
            f"<title>{escape(self.title)}</title>\n"
            f'<defs><marker id="head" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="5" markerHeight="5" '
            f'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{FAINT}"/></marker></defs>\n'
            f'<rect x="1" y="1" width="{self.width - 2}" height="{self.height - 2}" rx="16" fill="{CARD}" '
            'stroke="#D9D6CE" stroke-width="1.5"/>\n'
        )
        (folder / name).write_text(head + "\n".join(self.parts) + "\n</svg>\n", encoding="utf-8")


def shown(value: Any) -> str:
    """Four digits, with a true minus sign."""
    return f"{float(value) + 0.0:.4g}".replace("-", "−")


class Numbers:
    """Values and gradients of the named nodes of a traced function."""

    def __init__(self, graph: Graph, names: str) -> None:
        nodes = [graph[name] for name in names.split()] + [graph.outputs[0]]
        gradients = cr.backward(graph, wrt=nodes).outputs
        self._shown = {
            name: (shown(node.value), shown(gradient.value))
            for name, node, gradient in zip([*names.split(), "output"], nodes, gradients, strict=True)
        }

    def __getitem__(self, name: str) -> tuple[str, str]:
        return self._shown[name]


def product_of_sum(folder: Path = HERE) -> None:
    """f = (x + y) z at x = 5, y = −2, z = −4."""

    def f(x: Any, y: Any, z: Any) -> Any:
        q = x + y
        return q * z

    at = Numbers(cr.trace(f, 5.0, -2.0, -4.0), "x y z q")
    picture = Picture(760, 350, "The computational graph of (x + y) z with forward values and gradients")
    x, y, z, plus, times, end = (90, 65), (90, 195), (90, 290), (330, 130), (545, 205), (700, 205)
    for start, stop in ((x, plus), (y, plus), (z, times)):
        picture.arrow(start, stop)
    picture.arrow(plus, times, gap=(29, 31))
    picture.arrow(times, end, gap=(29, 0))
    for point, name in ((x, "x"), (y, "y"), (z, "z")):
        picture.variable(*point, name)
    picture.operation(*plus, "+")
    picture.operation(*times, "×")
    picture.numbers(200, 95, *at["x"])
    picture.numbers(200, 165, *at["y"])
    picture.numbers(310, 249, *at["z"])
    picture.numbers(437, 167, *at["q"])
    picture.numbers(630, 205, *at["output"])
    picture.text(437, 128, "q = x + y", size=16, colour=FAINT, font_style="italic", font_family=MATH)
    picture.text(630, 166, "f", size=18, colour=FAINT, font_style="italic", font_family=MATH)
    picture.legend("forward pass: values", "backward pass: gradients ∂f/∂·")
    picture.save("product_of_sum.svg", folder)


def neuron(folder: Path = HERE) -> None:
    """Logistic regression on one sample, from the textbook formula, at w = b = 0 and (x, y) = (50, 1)."""

    def loss(w: Any, x: Any, b: Any, y: Any) -> Any:
        product = w * x
        z = product + b
        y_hat = 1 / (1 + np.exp(-z))
        return -y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat)

    at = Numbers(cr.trace(loss, 0.0, 50.0, 0.0, 1.0), "w x b y product z y_hat")
    picture = Picture(940, 350, "Logistic regression on one sample: forward values above, gradients below each edge")
    w, x, b, y = (70, 75), (70, 215), (225, 300), (570, 300)
    times, plus, sigmoid, log, end = (230, 145), (400, 165), (570, 165), (740, 165), (895, 165)
    for start, stop in ((w, times), (x, times), (b, plus), (y, log)):
        picture.arrow(start, stop)
    for start, stop in ((times, plus), (plus, sigmoid), (sigmoid, log)):
        picture.arrow(start, stop, gap=(29, 31))
    picture.arrow(log, end, gap=(29, 0))
    for point, name in ((w, "w"), (x, "x"), (b, "b"), (y, "y")):
        picture.variable(*point, name)
    for point, symbol in ((times, "×"), (plus, "+"), (sigmoid, "σ"), (log, "L")):
        picture.operation(*point, symbol)
    picture.numbers(147, 107, *at["w"], lean=-6)
    picture.numbers(147, 183, *at["x"], lean=6)
    picture.numbers(312, 155, *at["product"])
    picture.numbers(302, 242, *at["b"], lean=14)
    picture.numbers(485, 165, *at["z"])
    picture.numbers(655, 165, *at["y_hat"])
    picture.numbers(645, 242, *at["y"], lean=10)
    picture.numbers(824, 165, *at["output"])
    for at_x, at_y, name in ((485, 127, "z"), (655, 127, "ŷ"), (824, 127, "L")):
        picture.text(at_x, at_y, name, size=18, colour=FAINT, font_style="italic", font_family=MATH)
    picture.legend("forward pass: values", "backward pass: gradients ∂L/∂·")
    picture.save("neuron.svg", folder)


def perceptron(folder: Path = HERE) -> None:
    """The two-layer perceptron in rows: what flows forward, and the closed forms that flow back."""
    picture = Picture(960, 370, "The two-layer perceptron: values forward, closed forms of the gradients backward")
    xs, row, below = (60, 205, 375, 545, 715, 870), 150, 285
    for left, right, gap in zip(xs, xs[1:], (25, 34, 34, 34, 34), strict=False):
        picture.arrow((left, row), (right, row), gap=(gap, 34))
    picture.arrow((xs[5], row), (xs[5] + 85, row), gap=(29, 8))
    picture.variable(xs[0], row, "X")
    for x, symbol in zip(xs[1:], ("@ +", "tanh", "@ +", "σ", "L"), strict=True):
        picture.operation(x, row, symbol)
    edges = zip(
        xs[1:],
        xs[2:],
        ("z₁", "a₁", "z₂", "ŷ"),
        ("δ₁", "δ₂W₂ᵀ", "δ₂", ""),
        strict=False,
    )
    for left, right, name, gradient in edges:
        middle = (left + right) / 2
        picture.text(middle, row - 14, name, colour=FORWARD, size=20, font_style="italic", font_family=MATH)
        picture.text(middle, row + 27, gradient, colour=BACKWARD, size=19, font_family=MATH)
    for x, names, gradients in (
        (xs[1], ("W₁", "b₁"), ("Xᵀδ₁", "Σ δ₁")),
        (xs[3], ("W₂", "b₂"), ("a₁ᵀδ₂", "Σ δ₂")),
    ):
        for shift, name, gradient in zip((-42, 42), names, gradients, strict=True):
            picture.arrow((x + shift, below), (x, row), gap=(25, 31))
            picture.variable(x + shift, below, name)
            picture.text(x + shift, below + 52, gradient, colour=BACKWARD, size=18, font_family=MATH)
    picture.arrow((xs[5], below), (xs[5], row))
    picture.variable(xs[5], below, "y")
    for y, line in ((48, "δ₂ = ∂L/∂z₂ = (ŷ − y) / n"), (76, "δ₁ = ∂L/∂z₁ = δ₂W₂ᵀ ⊙ (1 − a₁²)")):
        picture.text(36, y, line, colour=BACKWARD, size=19, text_anchor="start", font_family=MATH)
    picture.legend("forward pass: values", "backward pass: gradients")
    picture.save("perceptron.svg", folder)


def draw_all(folder: Path = HERE) -> None:
    product_of_sum(folder)
    neuron(folder)
    perceptron(folder)


if __name__ == "__main__":
    draw_all()
