"""The picture as SVG: valid XML, ids and attributes to find parts by, names for screen readers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.explain.drawing.diagram import Diagram, Edge, Vertex
from chainrule.explain.drawing.svg import diagram_svg
from chainrule.notation.tree import Symbol

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def classed(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [part for part in root.iter() if name in part.get("class", "").split()]


def test_every_vertex_can_be_found_by_its_steps_and_focused(logistic: Diagram) -> None:
    vertices = {part.get("data-symbol"): part for part in classed(parsed(diagram_svg(logistic)), "cr-vertex")}
    assert list(vertices) == ["w", "x", "b", "y", "z", "y_hat", "L"]
    assert (vertices["z"].get("data-forward"), vertices["z"].get("data-backward")) == ("1", "3")
    assert (vertices["x"].get("data-forward"), vertices["x"].get("data-backward")) == (None, None)
    assert {part.get("tabindex") for part in vertices.values()} == {"0"}
    assert vertices["z"].get("aria-label") == "z = wx + b; value 0; gradient −0.5"
    assert vertices["z"].findtext(f"{SVG}title") == vertices["z"].get("aria-label")


def test_every_edge_names_its_ends(logistic: Diagram) -> None:
    edges = classed(parsed(diagram_svg(logistic)), "cr-edge")
    ends = [(edge.get("data-source"), edge.get("data-target")) for edge in edges]
    assert ends == [("w", "z"), ("x", "z"), ("b", "z"), ("z", "y_hat"), ("y_hat", "L"), ("y", "L"), (None, None)]


def test_the_picture_has_a_name_and_a_description(logistic: Diagram) -> None:
    root = parsed(diagram_svg(logistic))
    named = {part.get("id"): part.text for part in root.iter() if part.tag in (f"{SVG}title", f"{SVG}desc")}
    title, description = root.get("aria-labelledby", "").split()
    assert named[title] == "loss"
    assert str(named[description]).startswith("Logistic regression on one sample. ")


def test_the_steps_are_told_by_shape_and_not_by_colour_alone(logistic: Diagram) -> None:
    root = parsed(diagram_svg(logistic))
    for name, is_round in (("cr-badge-forward", False), ("cr-badge-backward", True)):
        shapes = [badge.find(f"{SVG}rect") for badge in classed(root, name)]
        assert shapes
        assert all((float(shape.get("rx")) == float(shape.get("height")) / 2) is is_round for shape in shapes)


def test_a_value_that_is_not_finite_is_marked_by_dashes_and_a_cross(logistic: Diagram) -> None:
    bad = replace(logistic, vertices=tuple(replace(v, is_bad=v.symbol.name == "z") for v in logistic.vertices))
    (vertex,) = classed(parsed(diagram_svg(bad)), "cr-bad")
    assert vertex.get("data-symbol") == "z"
    assert classed(vertex, "cr-shape")[0].get("stroke-dasharray")
    assert len(classed(vertex, "cr-cross")) == 1
    assert "the first that is not finite" in vertex.get("aria-label", "")
    assert classed(parsed(diagram_svg(logistic)), "cr-cross") == []


def test_gradients_that_are_not_computed_are_never_zero(logistic: Diagram) -> None:
    before = replace(
        logistic,
        has_gradients=False,
        vertices=tuple(replace(v, gradient=None, backward_number=None) for v in logistic.vertices),
    )
    root = parsed(diagram_svg(before))
    assert classed(root, "cr-gradient") == []
    assert classed(root, "cr-badge-backward") == []
    assert "gradients: not computed yet" in "".join(root.itertext())


def test_dark_mode_follows_the_page_only_inside_of_one(logistic: Diagram) -> None:
    assert "prefers-color-scheme" not in diagram_svg(logistic)
    assert "prefers-color-scheme:dark" in diagram_svg(logistic, is_inline=True)


def test_nothing_is_loaded_from_elsewhere(logistic: Diagram) -> None:
    svg = diagram_svg(logistic, is_inline=True)
    assert "href" not in svg
    assert "url(" not in svg
    assert svg.count("http") == 1, "the namespace"


def test_subscripts_are_lowered_and_texts_say_what_they_said() -> None:
    symbol = Symbol("W_1")
    diagram = Diagram("f", "", symbol, (Vertex(symbol, "leaf", None, "a < b & c", None),), (), has_gradients=False)
    (vertex,) = classed(parsed(diagram_svg(diagram)), "cr-vertex")
    (name,) = classed(vertex, "cr-name")
    assert [piece.text for piece in name] == ["W", "1"]
    assert name[1].get("dy")
    assert "".join(classed(vertex, "cr-value")[0].itertext()) == "a < b & c"


def test_a_folded_vertex_answers_to_the_steps_of_all_its_members(network: Callable[[int], Diagram]) -> None:
    root = parsed(diagram_svg(network(100)))
    steps = [step for part in classed(root, "cr-vertex") for step in part.get("data-forward", "").split()]
    assert sorted(map(int, steps)) == list(range(1, 302))
    assert len(classed(root, "cr-folded")) > 1
    assert classed(parsed(diagram_svg(network(100), fold=False)), "cr-folded") == []


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1), st.integers(1, 3)),
        min_size=1,
        max_size=8,
        unique=True,
    )
)
def test_ids_are_unique_and_valid_whatever_things_are_called(names: list[tuple[str, int]]) -> None:
    symbols = [Symbol(name, occurrence) for name, occurrence in names]
    vertices = [Vertex(symbol, "leaf", None, None, None) for symbol in symbols[:-1]]
    vertices.append(Vertex(symbols[-1], "output", None, None, None))
    edges = tuple([Edge(symbol, symbols[-1]) for symbol in symbols[:-1]])
    diagram = Diagram("f", "", symbols[-1], tuple(vertices), edges, has_gradients=False)
    one, other = (
        [part.get("id") for part in parsed(diagram_svg(diagram, prefix=prefix)).iter() if part.get("id")]
        for prefix in ("one-", "other-")
    )
    assert len(set(one + other)) == len(one + other) == 2 * (2 * len(names) - 1 + 2)
    assert all(found.isascii() and found[0].isalpha() and not set(found) & set(" \t#\"'<>&") for found in one)


def test_the_same_diagram_gives_the_same_bytes(network: Callable[[int], Diagram]) -> None:
    assert diagram_svg(network(20)) == diagram_svg(network(20))


def test_a_picture_without_styles_is_the_same_otherwise(logistic: Diagram) -> None:
    bare = diagram_svg(logistic, has_style=False)
    assert "<style" not in bare
    assert re.sub("<style>.*?</style>\n", "", diagram_svg(logistic)) == bare
