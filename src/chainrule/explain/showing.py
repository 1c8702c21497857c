"""Graphs show themselves in a notebook: the picture is made on this floor, and asked for on a lower one."""

from __future__ import annotations

from chainrule.graph.graph import Graph

__all__ = ["picture_of_graph"]


def picture_of_graph(graph: Graph) -> str:
    """The picture as SVG; what draws it is imported when something is drawn."""
    from chainrule.explain.drawing.graphs import graph_svg

    return graph_svg(graph)


Graph.painter = staticmethod(picture_of_graph)
