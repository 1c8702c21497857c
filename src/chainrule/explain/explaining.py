"""`explain`: from a function and a point to the lesson of its forward and backward pass.

A lesson is a reading of two graphs, the recorded one and that of its gradients. It holds no rule of differentiation:
every formula in it is the notation of nodes that backpropagation made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from chainrule.errors import IntegerInputError, StructureError
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.provenance import describe
from chainrule.transforms.calling import function_name
from chainrule.transforms.graphs import trace

if TYPE_CHECKING:
    from chainrule.explain.lesson import Lesson
    from chainrule.explain.model import Level

__all__ = ["explain"]


def explain(
    fun: Callable[..., Any],
    *args: Any,
    wrt: Sequence[str] | None = None,
    level: Level = "statement",
    closed_forms: bool = True,
) -> Lesson:
    """Explain the backward pass of a function, step by step, with symbols, numbers and shapes.

    Parameters
    ----------
    fun : callable
        Plain NumPy code that returns one real number.
    *args : arrays or containers
        The point.
    wrt : sequence of str, optional
        Names of the inputs whose gradients are wanted, in this order; by default every floating-point input.
    level : {"statement", "operation"}, default "statement"
        Whether each assignment in the code is one node of the lesson, or each elementary operation.
    closed_forms : bool, default True
        Whether to look for what a gradient simplifies to, such as ŷ − y. It takes up to half of the time.

    Returns
    -------
    Lesson
        ``print(lesson)`` shows it, and so does a notebook; ``lesson.save("lesson.html")`` writes a page.

    Raises
    ------
    NonScalarOutputError
        If `fun` does not return one real number.
    IntegerInputError
        If no input is a floating-point value.
    StructureError
        If `wrt` names something that is no input, or `level` is no level.

    Examples
    --------
    >>> import chainrule as cr
    >>> def f(x, y, z):
    ...     q = x + y
    ...     return q * z
    >>> lesson = cr.explain(f, 5.0, -2.0, -4.0)
    >>> [(step.symbol.name, float(step.value)) for step in lesson.backward]
    [('f', 1.0), ('z', 3.0), ('q', -4.0), ('y', -4.0), ('x', -4.0)]
    """
    from chainrule.explain.building.lessons import LessonBuilder  # most programs that import chainrule explain nothing
    from chainrule.explain.formulas import Formula
    from chainrule.explain.model import Level

    if level not in get_args(Level):
        raise StructureError(f"{level!r} is no level of a lesson", fix='write level="statement" or level="operation"')
    with np.errstate(all="ignore"):  # what is not finite is told in the lesson
        graph = trace(fun, *args)
        if not any(node.inputs or node in graph.inputs for node in graph.outputs):
            is_typed = isinstance(fun, Formula)
            what = "the formula is a fixed number" if is_typed else f"{function_name(fun)} returns a fixed number"
            fix = "use a name, such as w" if is_typed else "return something that is computed from its arguments"
            raise StructureError(f"{what}, so there is nothing to explain", fix=fix)
        lesson = LessonBuilder(graph, level, _targets(graph, wrt), closed_forms=closed_forms).lesson()
    return _in_terms_of_formulas(lesson) if isinstance(fun, Formula) else lesson


def _in_terms_of_formulas(lesson: Lesson) -> Lesson:
    """What to write instead, as it is typed: a formula knows NumPy's functions by their names alone."""
    fault = lesson.fault
    return lesson if fault is None else replace(lesson, fault=replace(fault, fix=fault.fix.replace("np.", "")))


def _targets(graph: Graph, wrt: Sequence[str] | None) -> list[Node]:
    inputs = [node for node in graph.inputs if node.is_differentiable]
    if not inputs:
        told = ", ".join(describe(node) for node in graph.inputs)
        raise IntegerInputError(
            f"{graph.name} has no floating-point input, so it has no gradient: {told}",
            fix="write 2.0 instead of 2, and convert arrays with .astype(float)",
        )
    if wrt is None:
        return inputs
    names = {str(node.name) for node in inputs}
    unknown = [name for name in wrt if name not in names]
    if unknown:
        raise StructureError(
            f"{', '.join(unknown)} is no floating-point input of {graph.name}",
            fix=f"its inputs are {', '.join(sorted(names))}",
        )
    return [node for name in dict.fromkeys(wrt) for node in inputs if node.name == name]
