"""A lesson as a LaTeX document that compiles as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chainrule.explain.cells import text_width
from chainrule.explain.drawing.tikz import diagram_tikz
from chainrule.explain.latex_parts import formula_latex
from chainrule.explain.latex_text import escaped, without_unicode
from chainrule.explain.lesson import Lesson
from chainrule.explain.lines import (
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
    verdict,
)
from chainrule.explain.model import BackwardStep, Fault
from chainrule.notation.latex import to_latex
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression

__all__ = ["lesson_latex"]

_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{amsmath,amssymb}
\usepackage{xcolor}
\usepackage{tikz}
\usepackage[margin=2.2cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\allowdisplaybreaks
\definecolor{forward}{HTML}{0065A8}
\definecolor{backward}{HTML}{C24A00}
\definecolor{faint}{HTML}{6B7683}
% A dashed line of the width of what stands above it.
\newcommand{\dashes}{\leaders\hbox to 3.5pt{\hss\vrule width 2.2pt height 0.5pt\hss}\hfill}
\newcommand{\below}[2]{\vtop{\offinterlineskip\ialign{##\crcr$\displaystyle#1$\crcr\noalign{\kern2.5pt}#2\crcr}}}
% Local gradients have a solid line below them, upstream gradients a dashed one.
\newcommand{\lgrad}[1]{{\color{forward}\below{#1}{\hrulefill}}}
\newcommand{\ugrad}[1]{{\color{backward}\below{#1}{\dashes}}}
\newcommand{\forward}[1]{{\color{forward}#1}}
\newcommand{\backward}[1]{{\color{backward}#1}}
\newcommand{\note}[1]{\text{\small\color{faint}#1}}
\newcommand{\step}[2]{\par\addvspace{8pt}\tikz[baseline=(n.base)]\node[circle,fill=backward,text=white,inner sep=1.6pt,
  font=\footnotesize\bfseries](n){#1};\enspace#2\nopagebreak}
% What is wider than the line is made smaller.
\newsavebox{\lessonbox}
\newcommand{\fit}[1]{\sbox{\lessonbox}{#1}\ifdim\wd\lessonbox>\linewidth
  \resizebox{\linewidth}{!}{\usebox{\lessonbox}}\else\usebox{\lessonbox}\fi}
\begin{document}
"""

#: As many characters of a formula, in Unicode, fit into a line beside its left-hand side.
_LINE = 78


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
    sections = [f"\\section{{{escaped(title)}}}\n{body}" for title, body in parts if body]
    document = "\n".join([_PREAMBLE + _heading(lesson), *sections, "\\end{document}\n"])
    return without_unicode(document)


def _heading(lesson: Lesson) -> str:
    """Title, and the values that the lesson begins with."""
    rows = [f"{{\\LARGE\\bfseries {escaped(lesson.title)}: backpropagation step by step\\par}}"]
    inputs = [_assignment(operand.symbol, operand.value) for operand in lesson.operands if operand.is_input]
    others = [_assignment(operand.symbol, operand.value) for operand in lesson.operands if not operand.is_input]
    rows += [f"At {', '.join(inputs)}"] if inputs else []
    rows[-1] += f"; and {', '.join(others)}, from outside of the function" if others else ""
    return "\n\n".join(rows) + "\n"


def _assignment(symbol: Expression, value: object) -> str:
    return f"${to_latex(symbol)} = \\forward{{{to_latex(value_expression(value))}}}$"


def _forward(lesson: Lesson) -> str:
    rows: list[str] = []
    for step in forward_steps(lesson):
        if isinstance(step, Fold):
            rows.append(_fold_row(step))
        else:
            lines = forward_lines(step)
            rows += _rows(
                to_latex(step.symbol), [lines] if _width(lines) <= _LINE else [[line] for line in lines], "forward"
            )
    return _aligned(rows)


def _local(lesson: Lesson) -> str:
    rows: list[str] = []
    for local in local_gradients(lesson):
        if isinstance(local, Fold):
            rows.append(_fold_row(local))
        else:
            rows += _rows(f"\\lgrad{{{to_latex(local.symbol)}}}", [[Line("formula", local.formula)]], "forward")
    return _aligned(rows)


def _backward(lesson: Lesson) -> str:
    blocks: list[str] = []
    for step in backward_steps(lesson):
        blocks.append(f"{escaped(fold_text(step))}\n" if isinstance(step, Fold) else _backward_step(step))
    return "\n".join(blocks)


def _backward_step(step: BackwardStep) -> str:
    pattern = escaped(step.pattern)
    return f"\\step{{{step.number}}}{{{pattern}}}\n" + _aligned(
        _rows(to_latex(step.gradient), joined_numbers(backward_lines(step)), "backward")
    )


def _rows(left: str, lines: Sequence[Sequence[Line]], colour: str) -> list[str]:
    """Rows of an alignment: ``left = a``, ``= b``, each with its note."""
    rows: list[str] = []
    for members in lines:
        right = " = ".join([_right(line, colour) for line in members])
        width = _width(members)
        if width > _LINE:
            right = rf"\fit[0.86]{{$\displaystyle {right}$}}"
        note = members[-1].note
        rows.append(f"{left if not rows else ''} &= {right}")
        if note:
            text = rf"\note{{{escaped(note)}}}"
            rows[-1] += rf" \qquad {text}" if width + len(note) <= _LINE else rf" \\ &\phantom{{=}}\; {text}"
    return rows


def _right(line: Line, colour: str) -> str:
    formula = formula_latex(line)
    return rf"\{colour}{{{formula}}}" if line.kind == "value" else formula


def _width(lines: Iterable[Line]) -> int:
    return sum(text_width(to_text(line.formula)) + 3 for line in lines)


def _aligned(rows: Sequence[str]) -> str:
    return "\\begin{align*}\n{}\n\\end{align*}\n".replace("{}", " \\\\\n".join(rows), 1) if rows else ""


def _fold_row(fold: Fold) -> str:
    return rf"&\note{{{escaped(fold_text(fold))}}}"


def _result(lesson: Lesson) -> str:
    """The gradients in a table, and the update rules."""
    if not lesson.result:
        return ""
    rows = [r"symbol & value & gradient & closed form & check \\ \hline"]
    for part in lesson.result:
        closed = f"${to_latex(part.closed.formula)}$" if part.closed else ""
        cells = [
            f"${to_latex(part.symbol)}$",
            rf"$\forward{{{to_latex(value_expression(part.value))}}}$",
            rf"${to_latex(part.gradient)} = \backward{{{to_latex(value_expression(part.slope))}}}$",
            closed,
            escaped(verdict(part)),
        ]
        rows.append(" & ".join(cells) + r" \\")
    table = "\n".join(["\\renewcommand{\\arraystretch}{1.6}%", "\\begin{tabular}{lllll}", *rows, "\\end{tabular}"])
    updates = _aligned([f"&{to_latex(part.update)}" for part in lesson.result])
    return f"\\fit{{%\n{table}}}\n\nGradient descent with the learning rate $\\mathit{{lr}}$:\n{updates}"


def _fault(fault: Fault) -> str:
    """Where the lesson stops, why, and what to write instead."""
    kind = "gradient" if fault.in_backward else "value"
    lines = [
        rf"\textbf{{$\times$ The lesson stops here: the {kind} of ${to_latex(fault.symbol)}$ is not finite,"
        rf" {escaped(fault.reason)}.}}"
    ]
    lines += [rf"\texttt{{{escaped(fault.where)}}}"] if fault.where else []
    lines += [f"What to write instead: {escaped(fault.fix)}"] if fault.fix else []
    return "\n\n".join(lines) + "\n"
