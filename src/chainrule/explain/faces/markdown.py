"""A lesson in Markdown, as GitHub, Jupyter and most other readers show it: formulas in LaTeX without macros."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chainrule.explain.drawing.mermaid import diagram_mermaid
from chainrule.explain.faces.latex_parts import formula_latex, without_macros
from chainrule.explain.faces.lines import (
    BACKWARD,
    FORWARD,
    GRAPH,
    LOCAL,
    RESULT,
    Fold,
    Line,
    backward_lines,
    backward_steps,
    fold_text,
    forward_lines,
    forward_steps,
    gradients,
    joined_numbers,
    local_gradients,
    value_expression,
    values_from_elsewhere,
    verdict,
)
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import BackwardStep, Fault
from chainrule.notation.latex import escape, to_latex
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression, Role, Symbol

__all__ = ["lesson_markdown"]

#: A reader of Markdown takes the backslash off most of these before the formula is seen; so they are written in words.
_IN_WORDS = {
    r"\\": r"\cr ",
    r"\{": r"\lbrace ",
    r"\}": r"\rbrace ",
    r"\,": r"\thinspace ",
    r"\;": r"\thickspace ",
    r"\:": r"\medspace ",
    r"\!": r"\negthinspace ",
    r"\|": r"\Vert ",
    "|": r"\vert ",
    "<": r"\lt ",
    ">": r"\gt ",
}
_DOLLARS = re.compile(r"(?<!\\)\$([^$]*)\$")
_SPECIAL = re.compile(r"\\[^a-zA-Z]|\||<|>")


def lesson_markdown(lesson: Lesson) -> str:
    """The lesson in GitHub-flavoured Markdown, with its picture as a Mermaid diagram.

    Parameters
    ----------
    lesson : Lesson

    Returns
    -------
    str
    """
    fault = _fault(lesson.fault) if lesson.fault else []
    stops_forward = lesson.fault is not None and not lesson.fault.in_backward
    parts = [
        (FORWARD, [*_forward(lesson), *(fault if stops_forward else [])]),
        (GRAPH, _graph(lesson)),
        (LOCAL, _local(lesson)),
        (BACKWARD, [*_backward(lesson), *([] if stops_forward else fault)]),
        (RESULT, _result(lesson)),
    ]
    blocks = [f"# {_escaped(lesson.title)}: backpropagation step by step", *_operands(lesson)]
    for number, (title, body) in enumerate([part for part in parts if part[1]], 1):
        blocks += [f"## {number}. {title}", *body]
    return "\n\n".join(blocks) + "\n"


def _operands(lesson: Lesson) -> list[str]:
    inputs = [_assignment(operand.symbol, operand.value) for operand in lesson.operands if operand.is_input]
    lines = [f"At {', '.join(inputs)}"] if inputs else []
    return lines + [f"With {other}" for other in values_from_elsewhere(lesson, _assignment)]


def _assignment(symbol: Symbol, value: object) -> str:
    return f"${_math(symbol)}$ = {_value(value)}"


def _forward(lesson: Lesson) -> list[str]:
    rows: list[Sequence[str]] = []
    for step in forward_steps(lesson):
        if isinstance(step, Fold):
            rows.append(("", "", _fold(step), ""))
            continue
        lines = {line.kind: f"${_line(line)}$" for line in forward_lines(step)}
        middle = " = ".join([lines[kind] for kind in ("formula", "numbers") if kind in lines])
        rows.append((str(step.number), f"${_math(step.symbol)}$", middle, _value(step.value)))
    return [_table(("step", "node", "formula, with numbers put in", "value"), rows)] if rows else []


def _graph(lesson: Lesson) -> list[str]:
    """A diagram, and a table that says the same to a reader who cannot see it."""
    steps = gradients(lesson)
    rows: list[Sequence[str]] = []

    def add(symbol: Symbol, sources: Sequence[Symbol], value: object) -> None:
        step = steps.get(symbol)
        names = ", ".join([f"${_math(source)}$" for source in sources])
        gradient = _value(step.value) if step else ""
        badge = str(step.number) if step else ""
        rows.append((f"${_math(symbol)}$", names, _value(value), gradient, badge))

    for operand in lesson.operands:
        add(operand.symbol, (), operand.value)
    for step in forward_steps(lesson):
        if isinstance(step, Fold):
            rows.append((_fold(step), "", "", "", ""))
        else:
            add(step.symbol, step.sources, step.value)
    table = _table(("node", "computed from", "value", "gradient", "backward step"), rows)
    picture = diagram_mermaid(lesson.diagram)
    return [f"```mermaid\n{picture}\n```", table] if picture else [table]


def _local(lesson: Lesson) -> list[str]:
    rows = [
        f"&{_words(_fold(local))}" if isinstance(local, Fold) else f"{_math(local.symbol)} &= {_math(local.formula)}"
        for local in local_gradients(lesson)
    ]
    return [_aligned(rows)] if rows else []


def _backward(lesson: Lesson) -> list[str]:
    blocks: list[str] = []
    for step in backward_steps(lesson):
        blocks += [_fold(step)] if isinstance(step, Fold) else _backward_step(step)
    return blocks


def _backward_step(step: BackwardStep) -> list[str]:
    rows: list[str] = []
    for members in joined_numbers(backward_lines(step)):
        left = "" if rows else _math(step.gradient)
        note = f" && {_words(escape(members[-1].note))}" if members[-1].note else ""
        rows.append(f"{left} &= {' = '.join([_line(line) for line in members])}{note}")
    return [f"**{step.number}.** ${_math(step.gradient)}$: {_escaped(step.pattern)}", _aligned(rows)]


def _fold(fold: Fold) -> str:
    return fold_text(fold, lambda symbol: f"${_math(symbol)}$")


def _aligned(rows: Sequence[str]) -> str:
    body = " \\cr\n".join(rows)
    return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"


def _words(latex: str) -> str:
    """Words inside of a formula, given as LaTeX outside of formulas."""
    return _portable(rf"\text{{{latex}}}")


def _result(lesson: Lesson) -> list[str]:
    if not lesson.result:
        return []
    rows = [
        (
            f"${_math(part.symbol)}$",
            _value(part.value),
            f"${_math(part.gradient)}$ = {_value(part.slope)}",
            f"${_math(part.closed.formula)}$" if part.closed else "",
            verdict(part),
        )
        for part in lesson.result
    ]
    updates = "\n".join([f"- ${_math(part.update)}$" for part in lesson.result])
    table = _table(("symbol", "value", "gradient", "closed form", "check"), rows)
    return [table, "Gradient descent with learning rate $lr$:", updates]


def _fault(fault: Fault) -> list[str]:
    """Where the lesson stops, why, and what to write instead."""
    kind = "gradient" if fault.in_backward else "value"
    lines = [
        f"**✗ The lesson stops here: the {kind} of ${_math(fault.symbol)}$ is not finite, {_escaped(fault.reason)}.**"
    ]
    lines += [f"`{fault.where}`"] if fault.where else []
    lines += [f"What to write instead: {_escaped(fault.fix)}"] if fault.fix else []
    return lines


def _math(expression: Expression) -> str:
    return _portable(to_latex(expression))


def _value(value: object) -> str:
    """A number as a formula, an array as code."""
    expression = value_expression(value)
    return f"`{to_text(expression)}`" if expression.is_array else f"${_math(expression)}$"


def _line(line: Line) -> str:
    """A right-hand side; what is local and what is upstream has been said when numbers are put in."""
    latex = formula_latex(line)
    return _portable(without_macros(latex, lambda formula, role: formula) if line.kind == "numbers" else latex)


def _portable(latex: str) -> str:
    """LaTeX that survives a reader of Markdown, which takes a dollar sign inside of a formula for its end."""
    plain = _DOLLARS.sub(r"}{\1}\\text{", without_macros(latex, _pointed_out))
    return _SPECIAL.sub(lambda match: _IN_WORDS.get(match[0], match[0]), plain)


def _pointed_out(formula: str, role: Role) -> str:
    return rf"\underbrace{{{formula}}}_{{\text{{{role}}}}}"


def _escaped(text: str) -> str:
    """Running text with the signs of Markdown taken by the letter."""
    return re.sub(r"([\\`*_\[\]<>|$#])", r"\\\1", text)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join([f"| {' | '.join(line)} |" for line in lines])
