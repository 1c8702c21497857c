"""A check of each gradient that shares nothing with backpropagation: finite differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL
from chainrule.interpret import Program
from chainrule.simplify.stabilise import stable

__all__ = ["DifferenceCheck", "is_close"]


class DifferenceCheck:
    """Compares gradients with central differences of the function itself, a little to both sides.

    Parameters
    ----------
    graph : Graph
    """

    def __init__(self, graph: Graph) -> None:
        self._leaves = [leaf for leaf in graph.nodes if not leaf.inputs and leaf.op is not LITERAL]
        self._program = Program([stable(node) for node in graph.outputs], self._leaves)

    def agrees(self, node: Node, gradient: Any) -> bool:
        """Whether the difference along a random direction is what the gradient of an input says.

        At a kink, such as that of relu at 0, anything between the slopes to both sides is right.
        """
        random = np.random.default_rng(0)
        direction = random.standard_normal(node.shape)
        if node.dtype.kind == "c":
            direction = direction + 1j * random.standard_normal(node.shape)
        terms = np.real(gradient * direction)
        accuracy = float(np.finfo(node.dtype).eps) ** (1 / 3)
        size = float(np.max(np.abs(node.value), initial=0))

        def agrees(step: float) -> bool:
            below, here, above = [self._value_at(node, sign * step * direction) for sign in (-1, 0, 1)]
            left, right = sorted([(here - below) / step, (above - here) / step])
            size_of_terms = abs(above - below) / (2 * step) + float(np.sum(np.abs(terms)))
            rounding = accuracy**2 * min(1.0, accuracy / step) * (1 + abs(above))
            error = 20 * (accuracy * size_of_terms + rounding)
            return bool(left - error <= float(np.sum(terms)) <= right + error)

        # A small number is small in its own unit (1e-9 m), or happens to be near zero: nobody knows which.
        return agrees(accuracy * max(1.0, size)) or (0 < size < 1 and agrees(accuracy * size))

    def _value_at(self, node: Node, change: Any) -> float:
        values = [leaf._value + change if leaf is node else leaf._value for leaf in self._leaves]
        with np.errstate(all="ignore"):
            return float(self._program.run(values)[0].reshape(()))


def is_close(found: Any, wanted: Any) -> bool:
    """Whether two ways of computing a gradient differ by no more than rounding errors."""
    expected = np.asarray(wanted)
    tolerance = 1e3 * float(np.finfo(expected.dtype).eps)
    scale = float(np.max(np.abs(expected), initial=0.0))
    if math.isfinite(scale):  # as `numpy.allclose` does, which takes longer to look for infinities than to compare
        return bool((np.abs(np.asarray(found) - expected) <= tolerance * scale + tolerance * np.abs(expected)).all())
    return bool(np.allclose(np.asarray(found), expected, rtol=tolerance, atol=tolerance * scale))
