"""Choosing between values: ``where``, maxima, minima, clipping.

Gradients are *selected*, never multiplied by a 0/1 mask: a NaN of the branch that was not taken cannot leak.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import Notation
from chainrule.ops.comparison import equal, greater, less
from chainrule.ops.record import elementwise_op, example, function

where = elementwise_op(
    "where",
    np.where,
    vjp=(
        None,
        lambda g, out, condition, x, y: where(condition, g, 0.0),
        lambda g, out, condition, x, y: where(condition, 0.0, g),
    ),
    jvp="linear",
    serves=(),
    domain=((0.0, 1.0), (-2.0, 2.0), (-2.0, 2.0)),
    examples=lambda s: [example(np.array([True, False, True]), s.normal(3), s.normal(2, 3))],
    notation=Notation("where({0}, {1}, {2})", r"\operatorname{{where}}({0}, {1}, {2})"),
)


@function(
    np.where,
    examples=lambda s: [example(np.array([True, False, True]), s.normal(3), s.normal(2, 3))],
    holomorphic=True,
    name="where",
)
def numpy_where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Elements of `x` where the condition holds, of `y` elsewhere; with the condition alone, the places where."""
    if x is None and y is None:
        return np.nonzero(condition.value if isinstance(condition, Node) else condition)
    return where(condition, x, y)


def _share_between_ties(wins: Any) -> tuple[Any, Any]:
    """Rules for max and min: the gradient goes to the winner, half to each at a tie."""

    def first(g: Any, out: Any, x: Any, y: Any) -> Any:
        return where(wins(x, y), g, where(equal(x, y), g * 0.5, 0.0))

    def second(g: Any, out: Any, x: Any, y: Any) -> Any:
        return where(wins(y, x), g, where(equal(x, y), g * 0.5, 0.0))

    return first, second


maximum = elementwise_op("maximum", np.maximum, vjp=_share_between_ties(greater), domain=((-2.0, 0.0), (-1.0, 1.0)))
minimum = elementwise_op("minimum", np.minimum, vjp=_share_between_ties(less), domain=((-2.0, 0.0), (-1.0, 1.0)))
fmax = elementwise_op("fmax", np.fmax, vjp=_share_between_ties(greater), domain=((-2.0, 0.0), (-1.0, 1.0)))
fmin = elementwise_op("fmin", np.fmin, vjp=_share_between_ties(less), domain=((-2.0, 0.0), (-1.0, 1.0)))
