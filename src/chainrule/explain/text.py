"""A lesson as plain text."""

from __future__ import annotations

import numpy as np

from chainrule.explain.expressions import preview
from chainrule.explain.lesson import BackwardStep, ForwardStep, InputGradient, Lesson

__all__ = ["lesson_text"]


def lesson_text(lesson: Lesson) -> str:
    """Three numbered parts: forward pass, backward pass, result."""
    inputs = ", ".join(f"{node.name} = {preview(node.value)}" for node in lesson.graph.inputs)
    return "\n".join(
        [
            f"{lesson.output} at {inputs}",
            "",
            "1. Forward pass: every node computes its value",
            *_aligned([_forward_line(step) for step in lesson.forward]),
            "",
            "2. Backward pass: upstream gradient times local gradient",
            *[line for step in lesson.backward for line in _backward_lines(step, lesson.output)],
            "",
            "3. Result",
            *_result_lines(lesson),
        ]
    )


def _forward_line(step: ForwardStep) -> tuple[str, str]:
    parts = dict.fromkeys(part for part in (step.formula, step.substituted, preview(step.value)) if part)
    return step.name, " = ".join(parts)


def _aligned(pairs: list[tuple[str, str]]) -> list[str]:
    width = max((len(left) for left, _ in pairs), default=0)
    return [f"   {left:<{width}} = {right}" for left, right in pairs]


#: A step that fits stays on one line.
_WIDTH = 96
#: A longer formula, such as the gradient of a decomposition, explains nothing and is left out.
_LONGEST = 160


def _backward_lines(step: BackwardStep, output: str) -> list[str]:
    label = f"  {step.number:>2}. ∂{output}/∂{step.name}"
    value = preview(step.value)
    candidates = (step.chain, step.formula, step.substituted, value)
    parts = list(dict.fromkeys(part for part in candidates if part and part != f"({value})" and len(part) <= _LONGEST))
    line = f"{label} = {' = '.join(parts)}"
    if len(line) <= _WIDTH:
        return [line, f"{' ' * 6}{step.pattern}"]
    indent = " " * len(label)
    return [f"{label} = {parts[0]}", *[f"{indent} = {part}" for part in parts[1:]], f"{' ' * 6}{step.pattern}"]


def _result_lines(lesson: Lesson) -> list[str]:
    rows = [
        (f"∂{lesson.output}/∂{entry.name}", preview(entry.gradient), _verdict(lesson, entry)) for entry in lesson.result
    ]
    width = max((len(row[0]) for row in rows), default=0)
    value_width = max((len(row[1]) for row in rows), default=0)
    return [f"   {name:<{width}} = {value:<{value_width}}   {verdict}" for name, value, verdict in rows]


def _verdict(lesson: Lesson, entry: InputGradient) -> str:
    if not (np.isfinite(lesson.graph.outputs[0].value) and np.isfinite(entry.gradient).all()):
        return "✗ not finite at this point"
    return "✓ finite differences" if entry.agrees else "✗ differs from finite differences"
