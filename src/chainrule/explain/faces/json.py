"""A lesson as data: strict JSON with a version, described in `docs/lesson_schema.md`."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from chainrule.explain.drawing.diagram import Diagram, Edge, Vertex
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import BackwardStep, Closed, Fault, ForwardStep, InputGradient, LocalGradient, Operand
from chainrule.notation.latex import to_latex
from chainrule.notation.mathml import to_mathml
from chainrule.notation.numbers import preview
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression, Symbol

__all__ = ["SCHEMA_VERSION", "lesson_data", "lesson_json"]

#: Changes when a reader of the old form could not read the new one.
SCHEMA_VERSION = 1
#: Larger arrays are given by shape and preview only.
_MOST_ITEMS = 1_000

_Data = dict[str, Any]


def lesson_json(lesson: Lesson) -> str:
    """The lesson as JSON text.

    Parameters
    ----------
    lesson : Lesson

    Returns
    -------
    str
    """
    return json.dumps(lesson_data(lesson), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def lesson_data(lesson: Lesson) -> _Data:
    """The lesson as dictionaries, lists, texts and numbers."""
    return {
        "schema": "chainrule-lesson",
        "version": SCHEMA_VERSION,
        "title": lesson.title,
        "level": lesson.level,
        "output": _symbol(lesson.output),
        "operands": [_operand(operand) for operand in lesson.operands],
        "forward": [_forward(step) for step in lesson.forward],
        "local": [_local(local) for local in lesson.local],
        "backward": [_backward(step) for step in lesson.backward],
        "result": [_result(part) for part in lesson.result],
        "fault": None if lesson.fault is None else _fault(lesson.fault),
        "diagram": _diagram(lesson.diagram),
    }


def _operand(operand: Operand) -> _Data:
    return {"symbol": _symbol(operand.symbol), "value": _value(operand.value), "is_input": operand.is_input}


def _forward(step: ForwardStep) -> _Data:
    return {
        "number": step.number,
        "symbol": _symbol(step.symbol),
        "formula": _formula(step.formula),
        "substituted": _optional(step.substituted),
        "value": _value(step.value),
        "sources": [_symbol(source) for source in step.sources],
        "group": step.group,
        "repetition": step.repetition,
    }


def _local(local: LocalGradient) -> _Data:
    return {
        "of": _symbol(local.symbol.of),
        "wrt": _symbol(local.symbol.wrt),
        "symbol": _formula(local.symbol),
        "formula": _formula(local.formula),
    }


def _backward(step: BackwardStep) -> _Data:
    return {
        "number": step.number,
        "symbol": _symbol(step.symbol),
        "gradient": _formula(step.gradient),
        "chain": _optional(step.chain),
        "formula": _formula(step.formula),
        "closed": _closed(step.closed),
        "substituted": _optional(step.substituted),
        "value": _value(step.value),
        "factors": [
            {"formula": _formula(factor.formula), "shape": [int(length) for length in factor.shape]}
            for factor in step.factors
        ],
        "pattern": step.pattern,
        "users": [_symbol(user) for user in step.users],
        "group": step.group,
        "repetition": step.repetition,
    }


def _result(part: InputGradient) -> _Data:
    return {
        "symbol": _symbol(part.symbol),
        "gradient": _formula(part.gradient),
        "value": _value(part.value),
        "slope": _value(part.slope),
        "closed": _closed(part.closed),
        "agrees": bool(part.agrees),
        "update": _formula(part.update),
    }


def _closed(closed: Closed | None) -> _Data | None:
    if closed is None:
        return None
    return {"formula": _formula(closed.formula), "rules": list(closed.rules), "condition": closed.condition}


def _fault(fault: Fault) -> _Data:
    return {
        "symbol": _symbol(fault.symbol),
        "in_backward": fault.in_backward,
        "reason": fault.reason,
        "fix": fault.fix,
        "where": fault.where,
    }


def _diagram(diagram: Diagram) -> _Data:
    return {
        "title": diagram.title,
        "description": diagram.description,
        "has_gradients": diagram.has_gradients,
        "vertices": [_vertex(vertex) for vertex in diagram.vertices],
        "edges": [_edge(edge) for edge in diagram.edges],
    }


def _vertex(vertex: Vertex) -> _Data:
    return {
        "symbol": _symbol(vertex.symbol),
        "kind": vertex.kind,
        "formula": _optional(vertex.formula),
        "value": vertex.value,
        "gradient": vertex.gradient,
        "forward_number": vertex.forward_number,
        "backward_number": vertex.backward_number,
        "is_bad": vertex.is_bad,
    }


def _edge(edge: Edge) -> _Data:
    return {"source": _symbol(edge.source), "target": _symbol(edge.target), "uses": edge.uses}


def _symbol(symbol: Symbol) -> _Data:
    return {"name": symbol.name, "occurrence": symbol.occurrence, **_formula(symbol)}


def _formula(expression: Expression) -> _Data:
    return {"text": to_text(expression), "latex": to_latex(expression), "mathml": to_mathml(expression)}


def _optional(expression: Expression | None) -> _Data | None:
    return None if expression is None else _formula(expression)


def _value(value: Any) -> _Data:
    array = np.asarray(value)
    return {
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "preview": preview(array),
        "data": _items(array.tolist()) if array.size <= _MOST_ITEMS else None,
    }


def _items(data: Any) -> Any:
    """Nested lists of numbers; what JSON has no number for is a text."""
    if isinstance(data, list):
        return [_items(item) for item in data]
    if isinstance(data, complex):
        return {"real": _items(data.real), "imag": _items(data.imag)}
    if isinstance(data, float) and not math.isfinite(data):
        return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    return data if isinstance(data, (bool, int, float, str)) or data is None else str(data)
