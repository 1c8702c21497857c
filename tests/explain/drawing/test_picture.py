"""Where things stand in pictures of random graphs: nothing on top of anything else, everything inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.explain.drawing.diagram import Diagram, Edge, Vertex
from chainrule.explain.drawing.measure import width_of
from chainrule.explain.drawing.picture import Label, Picture, picture_of
from chainrule.notation.tree import Symbol, call


@dataclass(frozen=True)
class Area:
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Area, slack: float = 0.5) -> bool:
        return (
            self.left < other.right - slack
            and other.left < self.right - slack
            and self.top < other.bottom - slack
            and other.top < self.bottom - slack
        )

    def holds(self, x: float, y: float, slack: float = 0.5) -> bool:
        return self.left + slack < x < self.right - slack and self.top + slack < y < self.bottom - slack


def boxes(picture: Picture) -> dict[Symbol, Area]:
    return {
        placed.vertex.symbol: Area(
            placed.x - placed.width / 2,
            placed.y - placed.height / 2,
            placed.x + placed.width / 2,
            placed.y + placed.height / 2,
        )
        for placed in picture.vertices
    }


def area_of(label: Label) -> Area:
    width = width_of(label.text, label.size, is_bold=label.is_bold)
    left = label.x - {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
    return Area(left, label.y - 0.8 * label.size, left + width, label.y + 0.2 * label.size)


def beside_boxes(picture: Picture) -> dict[Symbol, list[Area]]:
    """Values, gradients and badges of each vertex."""
    found = {}
    for placed in picture.vertices:
        areas = [area_of(label) for label in placed.labels if label.role in ("value", "gradient")]
        areas += [
            Area(each.x - each.width / 2, each.y - each.height / 2, each.x + each.width / 2, each.y + each.height / 2)
            for each in placed.badges
        ]
        found[placed.vertex.symbol] = areas
    return found


def along(points: tuple[tuple[float, float], ...]) -> Iterator[tuple[float, float]]:
    """Points of a line: straight between stations of one height, else Bézier curves that are level at both ends."""
    for (x0, y0), (x1, y1) in pairwise(points):
        for number in range(21):
            t = number / 20
            x = x0 + (x1 - x0) * (1.5 * t * (1 - t) ** 2 + 1.5 * t**2 * (1 - t) + t**3)
            y = y0 + (y1 - y0) * (3 * t**2 * (1 - t) + t**3)
            yield (x, y) if y0 != y1 else (x0 + (x1 - x0) * t, y0)


@st.composite
def diagrams(draw: st.DrawFn, most: int = 30) -> Diagram:
    """Graphs in topological order, with texts of all lengths, and vertices that nobody uses."""
    count = draw(st.integers(1, most))
    texts = st.sampled_from([None, "0", "−0.5", "1.234·10⁻¹⁰", "[0.1, −0.2, …]", "1024 × 1024"])
    vertices, edges = [], []
    for number in range(count):
        sources = draw(st.lists(st.integers(0, number - 1), max_size=4, unique=True)) if number else []
        symbol = Symbol(draw(st.sampled_from(["x", "W", "a_long_name", "y_hat"])), number)
        formula = call(draw(st.sampled_from(["tanh", "a_function_with_a_long_name"])), symbol) if sources else None
        kind = "leaf" if not sources else "output" if number == count - 1 else "inner"
        step = draw(st.sampled_from([None, number + 1, 1000 + number]))
        vertices.append(Vertex(symbol, kind, formula, draw(texts), draw(texts), step, step))
        edges += [Edge(vertices[source].symbol, symbol, draw(st.sampled_from([1, 1, 2, 12]))) for source in sources]
    return Diagram("random", "a random graph", vertices[-1].symbol, tuple(vertices), tuple(edges), draw(st.booleans()))


@settings(max_examples=150, deadline=None)
@given(diagrams())
def test_nothing_is_drawn_over_anything_else(diagram: Diagram) -> None:
    picture = picture_of(diagram)
    box_of, beside = boxes(picture), beside_boxes(picture)
    for one, other in combinations(box_of, 2):
        assert not box_of[one].overlaps(box_of[other])
        for area in beside[one]:
            assert not any(area.overlaps(foreign) for foreign in beside[other])
    for symbol, areas in beside.items():
        assert not any(area.overlaps(box) for area in areas for box in box_of.values()), symbol
    legend = [area_of(label) for label in picture.legend.labels]
    assert not any(area.overlaps(box) for area in legend for box in box_of.values())


@settings(max_examples=150, deadline=None)
@given(diagrams())
def test_no_edge_passes_through_a_foreign_node_or_its_numbers(diagram: Diagram) -> None:
    picture = picture_of(diagram)
    box_of, beside = boxes(picture), beside_boxes(picture)
    for placed in picture.edges:
        if placed.edge is None:
            continue
        source, target = placed.edge.source, placed.edge.target
        for x, y in along(placed.points):
            for symbol, box in box_of.items():
                assert symbol in (source, target) or not box.holds(x, y)
                assert not any(area.holds(x, y) for area in beside[symbol])
        assert placed.points[0] == pytest.approx(
            (box_of[source].right, (box_of[source].top + box_of[source].bottom) / 2)
        )
        assert placed.points[-1][0] == pytest.approx(box_of[target].left)
        assert box_of[target].top < placed.points[-1][1] < box_of[target].bottom
        assert all(one[0] < other[0] for one, other in pairwise(placed.points)), "from left to right"
        if placed.label is not None:
            assert not any(area_of(placed.label).overlaps(box) for box in box_of.values())


@settings(max_examples=100, deadline=None)
@given(diagrams())
def test_everything_is_inside(diagram: Diagram) -> None:
    picture = picture_of(diagram)
    labels = [label for placed in picture.vertices for label in placed.labels] + list(picture.legend.labels)
    areas = [*boxes(picture).values(), *map(area_of, labels)]
    assert all(area.left >= 0 and area.right <= picture.width for area in areas)
    assert all(area.top >= 0 and area.bottom <= picture.height for area in areas)
    for placed in picture.edges:
        assert all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in placed.points)


@settings(max_examples=100, deadline=None)
@given(diagrams())
def test_names_and_formulas_fit_into_their_boxes(diagram: Diagram) -> None:
    for placed, box in zip((picture := picture_of(diagram)).vertices, boxes(picture).values(), strict=True):
        for label in placed.labels:
            if label.role in ("name", "formula"):
                area = area_of(label)
                assert box.left < area.left
                assert area.right < box.right


@settings(max_examples=50, deadline=None)
@given(diagrams())
def test_the_same_diagram_gives_the_same_picture(diagram: Diagram) -> None:
    assert picture_of(diagram) == picture_of(diagram)


def lecture_diagram(name: str) -> Diagram:
    x, y, z, w, b = (float(number) for number in (5, -2, -4, 0, 0))
    if name == "(x + y) z":

        def f(x: float, y: float, z: float) -> float:
            q = x + y
            return q * z

        return cr.explain(f, x, y, z).diagram

    def loss(w: float, x: float, b: float, y: float) -> float:
        z = w * x + b
        y_hat = cr.sigmoid(z)
        return cr.bce(y_hat, y)

    return cr.explain(loss, w, 50.0, b, 1.0).diagram


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("(x + y) z", [["x", "y"], ["q", "z"], ["f"]]),
        ("logistic regression", [["w", "x", "b"], ["z"], ["y", "y_hat"], ["L"]]),
    ],
)
def test_lecture_examples_stand_as_in_the_lecture(name: str, columns: list[list[str]]) -> None:
    picture = picture_of(lecture_diagram(name))
    place = {placed.vertex.symbol.name: placed for placed in picture.vertices}
    right = -1.0
    for column in columns:
        assert [place[one].y < place[other].y for one, other in pairwise(column)] == [True] * (len(column) - 1)
        assert min(place[vertex].x for vertex in column) > right, "each column is right of the one before"
        right = max(place[vertex].x for vertex in column)


def test_values_stand_above_the_line_and_gradients_below() -> None:
    picture = picture_of(lecture_diagram("(x + y) z"))
    for placed in picture.vertices:
        value, gradient = (next(each for each in placed.labels if each.role == role) for role in ("value", "gradient"))
        assert value.y < placed.y < gradient.y
        assert value.x > placed.x + placed.width / 2
        assert (value.colour, gradient.colour) == ("forward", "backward")
    end = picture.edges[-1]
    assert end.edge is None
    assert [(label.role, label.text) for label in picture.vertices[-1].labels][2:] == [
        ("value", "−12"),
        ("gradient", "1"),
    ]


def test_a_node_used_several_times_shows_its_value_once() -> None:
    x, y, z = Symbol("x"), Symbol("y"), Symbol("z")
    picture = picture_of(
        Diagram(
            "f",
            "",
            z,
            (
                Vertex(x, "leaf", None, "3", "7"),
                Vertex(y, "inner", x * x, "9", "1", 1),
                Vertex(z, "output", x + y, "12", "1", 2),
            ),
            (Edge(x, y, 2), Edge(x, z), Edge(y, z)),
            has_gradients=True,
        )
    )
    assert [label.text for label in picture.vertices[0].labels] == ["x", "3", "7"]
    assert [placed.label and placed.label.text for placed in picture.edges] == ["×2", None, None, None]


def test_before_the_backward_pass_the_legend_says_so() -> None:
    diagram = Diagram("f", "", Symbol("x"), (Vertex(Symbol("x"), "leaf", None, "3", None),), (), has_gradients=False)
    picture = picture_of(diagram)
    assert "gradients: not computed yet" in [label.text for label in picture.legend.labels]
    assert [label.text for label in picture.vertices[0].labels] == ["x", "3"]


def test_the_way_from_input_to_output_is_straight() -> None:
    heights = {
        placed.vertex.symbol.name: placed.y for placed in picture_of(lecture_diagram("logistic regression")).vertices
    }
    assert heights["z"] == heights["y_hat"] == heights["L"] == heights["x"]


def test_a_long_formula_is_cut_and_told_in_full() -> None:
    x, y = Symbol("x"), Symbol("y")
    formula = sum([call("tanh", number * x) for number in range(2, 12)], call("exp", x))
    diagram = Diagram(
        "f",
        "",
        y,
        (Vertex(x, "leaf", None, None, None), Vertex(y, "output", formula, None, None, 1)),
        (Edge(x, y, 11),),
        has_gradients=False,
    )
    placed = picture_of(diagram).vertices[1]
    (shown,) = [label.text for label in placed.labels if label.role == "formula"]
    assert shown.endswith("+ …")
    assert "tanh(11x)" in placed.description


def test_a_graph_without_vertices_is_drawn() -> None:
    assert picture_of(Diagram("nothing", "", Symbol("f"), (), (), has_gradients=False)).vertices == ()
