"""A lesson as a LaTeX document that compiles as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.explain.drawing.tikz import diagram_tikz
from chainrule.explain.faces.cells import text_width
from chainrule.explain.faces.latex_ascii import without_unicode
from chainrule.explain.faces.latex_parts import formula_latex, sum_in_rows
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
from chainrule.notation.tree import Expression, Marked, Sum, Symbol

__all__ = ["lesson_latex"]

_PREAMBLE = r"""\documentclass[11pt,a4paper,fleqn]{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{amsmath,amssymb}
\usepackage{xcolor}
\usepackage{tikz}
\usepackage[margin=2.2cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\setlength{\mathindent}{1.6em}
\setlength{\jot}{5pt}
\definecolor{forward}{HTML}{0065A8}
\definecolor{backward}{HTML}{C24A00}
\definecolor{faint}{HTML}{6B7683}
% A dashed line of the width of what stands above it.
\newcommand{\dashes}{\leaders\hbox to 3.5pt{\hss\vrule width 2.2pt height 0.5pt\hss}\hfill}
\newcommand{\below}[2]{\vtop{\offinterlineskip\ialign{##\crcr$\displaystyle#1$\crcr\noalign{\kern2.5pt}#2\crcr
  \noalign{\kern1.5pt}}}}
% Local gradients have a solid line below them, upstream gradients a dashed one.
\newcommand{\lgrad}[1]{{\color{forward}\below{#1}{\hrulefill}}}
\newcommand{\ugrad}[1]{{\color{backward}\below{#1}{\dashes}}}
\newcommand{\forward}[1]{{\color{forward}#1}}
\newcommand{\backward}[1]{{\color{backward}#1}}
\newcommand{\note}[1]{\text{\small\color{faint}#1}}
\newcommand{\longnote}[1]{\parbox[t]{0.72\linewidth}{\raggedright\small\color{faint}#1}}
\newcommand{\step}[2]{\par\addvspace{8pt}\tikz[baseline=(n.base)]\node[circle,fill=backward,text=white,inner sep=0pt,
  minimum size=13pt,font=\scriptsize\bfseries](n){#1};\enspace#2\nopagebreak}
% What is wider than the line is made smaller.
\newsavebox{\lessonbox}
\newcommand{\fit}[2][1]{\sbox{\lessonbox}{#2}\ifdim\wd\lessonbox>#1\linewidth
  \resizebox{#1\linewidth}{!}{\usebox{\lessonbox}}\else\usebox{\lessonbox}\fi}
\begin{document}
"""

_LEGEND = r"""In each step $\lgrad{\text{local gradients}}$ are underlined with a solid line, and
$\ugrad{\text{upstream gradients}}$ with a dashed one.
"""

#: As many characters of a formula, in Unicode, fit into a line, and beside a left-hand side that is short.
_PAGE = 90
_LINE = 78
_SHORT = 6
_CELL = 26
#: A step of more rows may go on on the next page.
_MOST_ROWS = 10


def lesson_latex(lesson: Lesson) -> str:
    """The lesson as a LaTeX document, with its picture in TikZ.

    It needs the packages amsmath, amssymb, geometry, lmodern, tikz and xcolor, which every distribution of TeX has.

    Parameters
    ----------
    lesson : Lesson

    Returns
    -------
    str
    """
    fault = _fault(lesson.fault) if lesson.fault else ""
    stops_forward = lesson.fault is not None and not lesson.fault.in_backward
    parts = [
        (FORWARD, _forward(lesson) + (fault if stops_forward else "")),
        (GRAPH, f"\\begin{{center}}\n\\fit{{%\n{diagram_tikz(lesson.diagram)}}}\n\\end{{center}}\n"),
        (LOCAL, _local(lesson)),
        (BACKWARD, _backward(lesson) + ("" if stops_forward else fault)),
        (RESULT, _result(lesson)),
    ]
    sections = [f"\\section{{{escape(title)}}}\n{body}" for title, body in parts if body]
    document = "\n".join([_PREAMBLE + _heading(lesson), *sections, "\\end{document}\n"])
    return without_unicode(document)


def _heading(lesson: Lesson) -> str:
    """Title, and the values that the lesson begins with."""
    rows = [f"{{\\LARGE\\bfseries {escape(lesson.title)}: backpropagation step by step\\par}}"]
    inputs = [_assignment(operand.symbol, operand.value) for operand in lesson.operands if operand.is_input]
    others = values_from_elsewhere(lesson, _assignment)
    rows += [f"At {', '.join(inputs)}"] if inputs else []
    rows[-1] += "".join([f"; {other}" for other in others])
    return "\n\n".join([*rows[:1], *[f"{{\\raggedright {row}\\par}}" for row in rows[1:]]]) + "\n"


def _assignment(symbol: Expression, value: object) -> str:
    return f"${to_latex(symbol)} = \\forward{{{to_latex(value_expression(value))}}}$"


def _forward(lesson: Lesson) -> str:
    rows: list[str] = []
    for step in forward_steps(lesson):
        if isinstance(step, Fold):
            rows.append(_fold_row(step))
        else:
            lines = forward_lines(step)
            fits = _width(lines) <= _room(step.symbol)
            rows += _rows(step.symbol, [lines] if fits else [[line] for line in lines], "forward")
    return _aligned(rows, breaks=True)


def _local(lesson: Lesson) -> str:
    rows: list[str] = []
    for local in local_gradients(lesson):
        if isinstance(local, Fold):
            rows.append(_fold_row(local))
        else:
            rows += _rows(Marked(local.symbol, "local"), [[Line("formula", local.formula)]], "forward")
    return _aligned(rows, breaks=True)


def _backward(lesson: Lesson) -> str:
    blocks: list[str] = []
    for step in backward_steps(lesson):
        blocks.append(f"{_fold_words(step)}\n" if isinstance(step, Fold) else _backward_step(step))
    return "\n".join([_LEGEND, *blocks]) if blocks else ""


def _backward_step(step: BackwardStep) -> str:
    pattern = escape(step.pattern)
    rows = _rows(step.gradient, joined_numbers(backward_lines(step)), "backward")
    return f"\\step{{{step.number}}}{{{pattern}}}\n{_aligned(rows, breaks=len(rows) > _MOST_ROWS)}"


def _rows(left: Expression, lines: Sequence[Sequence[Line]], colour: str) -> list[str]:
    """Rows of an alignment: ``left = a``, ``= b``, each with its note."""
    rows: list[str] = []
    room = _room(left)
    for members in lines:
        width = _width(members)
        note = members[-1].note
        start = f"{to_latex(left) if not rows else ''} &= "
        if width <= room:
            rows.append(start + " = ".join([_right(line, colour) for line in members]))
        else:
            for line in members:
                first, *others = _narrow(line, colour, room)
                rows += [start + first, *[rf" &\phantom{{=}}\; {row}" for row in others]]
                start = " &= "
        if note:
            fits = width + text_width(note) <= room
            short, long = rf" \qquad \note{{{escape(note)}}}", rf" \\ &\phantom{{=}}\; \longnote{{{escape(note)}}}"
            rows[-1] += short if fits else long
    return rows


def _room(left: Expression) -> int:
    """How many characters there is room for to the right of a symbol or of a derivative, which is a fraction."""
    symbols = [text_width(to_text(part)) for part in left.walk() if isinstance(part, Symbol)]
    return max(_LINE // 2, _LINE - max(0, max(symbols) - _SHORT))


def _narrow(line: Line, colour: str, room: int) -> list[str]:
    """A long formula in several rows; what cannot be broken becomes smaller."""
    whole = [_right(line, colour)]
    rows = sum_in_rows(line.formula, room) if isinstance(line.formula, Sum) else whole
    return [rf"\fit[{room / _PAGE:.2f}]{{$\displaystyle {row}$}}" for row in rows]


def _right(line: Line, colour: str) -> str:
    formula = formula_latex(line)
    return rf"\{colour}{{{formula}}}" if line.kind == "value" else formula


def _width(lines: Iterable[Line]) -> int:
    return sum(text_width(to_text(line.formula)) + 3 for line in lines)


def _aligned(rows: Sequence[str], *, breaks: bool = False) -> str:
    """An alignment; a long one may go on on the next page."""
    if not rows:
        return ""
    body = " \\\\\n".join(rows)
    alignment = f"\\begin{{align*}}\n{body}\n\\end{{align*}}\n"
    return f"{{\\allowdisplaybreaks\n{alignment}}}\n" if breaks else alignment


def _fold_words(fold: Fold) -> str:
    return fold_text(fold, lambda symbol: f"${to_latex(symbol)}$")


def _fold_row(fold: Fold) -> str:
    return rf"&\note{{{_fold_words(fold)}}}"


def _result(lesson: Lesson) -> str:
    """The gradients in a table, and the update rules."""
    if not lesson.result:
        return ""
    has_closed = any(part.closed for part in lesson.result)
    heads = ["symbol", "value", "gradient", *(["closed form"] if has_closed else []), "check"]
    rows = [" & ".join(heads) + r" \\ \hline"]
    for part in lesson.result:
        cells = [
            f"${to_latex(part.symbol)}$",
            rf"$\forward{{{_cell(part.value)}}}$",
            rf"${to_latex(part.gradient)} = \backward{{{_cell(part.slope)}}}$",
            *([f"${to_latex(part.closed.formula) if part.closed else ''}$"] if has_closed else []),
            escape(verdict(part)),
        ]
        rows.append(" & ".join(cells) + r" \\")
    table = "\n".join(
        [r"\renewcommand{\arraystretch}{1.7}%", rf"\begin{{tabular}}{{{'l' * len(heads)}}}", *rows, r"\end{tabular}"]
    )
    updates = _aligned([f"&{to_latex(part.update)}" for part in lesson.result])
    return f"\\fit{{%\n{table}}}\n\nGradient descent with the learning rate $\\mathit{{lr}}$:\n{updates}"


def _cell(value: Any) -> str:
    """A value for the table; of an array that takes much room only the shape, as its numbers have been shown."""
    expression = value_expression(value)
    is_long = expression.is_array and text_width(to_text(expression)) > _CELL
    return rf"\text{{array {np.shape(value)}}}" if is_long else to_latex(expression)


def _fault(fault: Fault) -> str:
    """Where the lesson stops, why, and what to write instead."""
    kind = "gradient" if fault.in_backward else "value"
    lines = [
        rf"\textbf{{$\times$ The lesson stops here: the {kind} of ${to_latex(fault.symbol)}$ is not finite,"
        rf" {escape(fault.reason)}.}}"
    ]
    lines += [rf"\texttt{{{escape(fault.where)}}}"] if fault.where else []
    lines += [f"What to write instead: {escape(fault.fix)}"] if fault.fix else []
    return "\n\n".join(lines) + "\n"
