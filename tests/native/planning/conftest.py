"""Layouts of functions, for a machine that is the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import chainrule as cr
from chainrule.graph.graph import Graph
from chainrule.native.planning.kernel import make_layout
from chainrule.native.planning.layout import Layout
from chainrule.native.planning.request import Request
from chainrule.native.target import Target

AVX2 = Target.from_features("x86_64-unknown-linux-gnu", "haswell", {"avx2": True, "fma": True})


def planned(function: Callable[..., Any], *arguments: Any, data: tuple[int, ...] = ()) -> tuple[Graph, Layout]:
    """The graph of a function as it is written, not simplified, and its layout; some arguments may hold rows."""
    graph = cr.trace(function, *arguments)
    leaves = [graph.inputs[position] for position in data]
    constants = [node for node in graph.nodes if node.op.name == "constant" and node.ndim]
    return graph, make_layout(Request(graph.outputs, graph.inputs, constants, data=leaves), AVX2)


@pytest.fixture(name="planned", scope="session")
def _planned() -> Callable[..., tuple[Graph, Layout]]:
    """`planned`."""
    return planned
