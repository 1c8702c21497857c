"""The sections of a lesson, as the page and the notebook both show them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chainrule.explain.faces.lines import (
    BACKWARD,
    FORWARD,
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
    unmarked,
    value_expression,
    verdict,
)
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import BackwardStep, Fault, ForwardStep, InputGradient, LocalGradient, Operand
from chainrule.explain.page.folding import Run, runs
from chainrule.explain.page.formulas import Formula, said, shape_text, value_text
from chainrule.explain.page.markup import Content, Markup, element
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression, Number, Verbatim

__all__ = ["backward_section", "fault_section", "forward_section", "inputs", "local_section", "result_section"]

#: Where more steps than this are folded, each is one line of text, and only those that are shown have a derivation:
#: a loop of 300 iterations would make a page of several MB, the same over and over.
_MOST_IN_FULL = 60


def inputs(lesson: Lesson, formula: Formula) -> Markup:
    """What the forward pass begins with."""
    listed = [
        element(
            "div",
            element("dt", formula(operand.symbol), _origin(operand)),
            element("dd", value_text(operand.value)),
        )
        for operand in lesson.operands
    ]
    return element("dl", listed, class_="inputs")


def _origin(operand: Operand) -> Markup | None:
    """Where a value comes from that is no input."""
    if operand.is_input:
        return None
    return element("small", " (divisor of a mean)" if operand.is_count else " (from outside)")


def fault_section(fault: Fault, formula: Formula) -> Markup:
    """Which number is the first that is not finite, why, and what to write instead."""
    what = "gradient" if fault.in_backward else "value"
    return element(
        "section",
        element("h2", "The numbers stop being finite here"),
        element("p", f"The {what} of ", formula(fault.symbol), f" is the first that is not finite: {fault.reason}."),
        element("p", element("code", fault.where)) if fault.where else None,
        element("p", element("strong", "Write instead: "), fault.fix),
        class_="fault",
    )


def forward_section(lesson: Lesson, formula: Formula, *, folded: bool = True) -> Markup:
    """One line for each node: symbols, numbers put in, result."""
    found = runs(lesson.forward, forward_steps(lesson, folded=folded))
    is_short, total = _are_few(found), len(lesson.forward)
    steps = []
    for run in found:
        write = _forward_step if is_short or run.fold is None else _forward_step_in_text
        inside = [write(step, total, formula) for step in run.steps]
        steps.append(_unfolding(run, element("ul", inside, class_="steps")))
    return element("section", _titled(FORWARD), steps, class_="forward-pass")


def local_section(lesson: Lesson, formula: Formula, *, folded: bool = True) -> Markup | None:
    """What each node knows by itself."""
    if not lesson.local:
        return None
    lines = [_local_gradient(item, formula) for item in local_gradients(lesson, folded=folded)]
    return element("section", _titled(LOCAL), element("ul", lines, class_="locals"), class_="local-gradients")


def backward_section(lesson: Lesson, formula: Formula, *, is_open: bool, folded: bool = True) -> Markup | None:
    """One step for each gradient, from the output to the inputs; the derivations are open or closed."""
    if not lesson.backward:
        return None
    found = runs(lesson.backward, backward_steps(lesson, folded=folded))
    is_short, steps = _are_few(found), []
    for run in found:
        if is_short or run.fold is None:
            inside = [_backward_step(step, lesson, formula, is_open=is_open) for step in run.steps]
        else:
            inside = [_backward_step_in_text(step, lesson) for step in run.steps]
        steps.append(_unfolding(run, element("div", inside, class_="steps")))
    return element("section", _titled(BACKWARD), steps, class_="backward-pass")


def result_section(lesson: Lesson, formula: Formula) -> Markup | None:
    """The gradients in a table, and the rules that use them."""
    if not lesson.result:
        return None
    has_closed = any(part.closed for part in lesson.result)
    names = ("input", "value", "gradient", *(["closed form"] if has_closed else []), "check")
    heads = [element("th", name, scope="col") for name in names]
    table = element(
        "table",
        element("caption", "Gradients of the inputs"),
        element("thead", element("tr", heads)),
        element("tbody", [_result_row(part, formula, has_closed=has_closed) for part in lesson.result]),
        class_="result",
    )
    updates = [element("li", formula(part.update), class_="scroll") for part in lesson.result]
    return element(
        "section",
        _titled(RESULT),
        element("div", table, class_="scroll", tabindex=0),
        element("h3", "One step of gradient descent"),
        element("ul", updates, class_="updates"),
        class_="result-section",
    )


def _titled(title: str) -> list[Content]:
    """``Forward pass: every node computes its value`` as a title and a sentence that marks what the formulas mark."""
    head, _, lead = title.partition(": ")
    parts = re.split(r"(local|upstream)( gradient)\b", f"{lead[:1].upper()}{lead[1:]}.", flags=re.IGNORECASE)
    sentence: list[Content] = [parts[0]]
    for role, noun, after in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        sentence += [element("span", role, noun, class_=role.lower()), after]
    return [element("h2", head), element("p", sentence, class_="lead") if lead else None]


# Steps ----------------------------------------------------------------------------------------------------------------


def _unfolding(run: Run[ForwardStep] | Run[BackwardStep], steps: Markup) -> Markup:
    if run.fold is None:
        return steps
    return element("details", element("summary", fold_text(run.fold)), steps, class_="folded")


def _are_few(found: Sequence[Run[ForwardStep]] | Sequence[Run[BackwardStep]]) -> bool:
    """Whether all steps that are folded can be written in full."""
    return sum(len(run.steps) for run in found if run.fold is not None) <= _MOST_IN_FULL


def _forward_step(step: ForwardStep, total: int, formula: Formula) -> Markup:
    lines = forward_lines(step)
    first, *others = lines
    line = [formula(step.symbol), _equals(_side(first, formula), "piece"), _given(others, formula)]
    return element(
        "li",
        _badge(step.number),
        element("span", line, class_="line"),
        class_="step forward",
        data_step=step.number,
        data_say=f"Forward step {step.number} of {total}: {said(step.symbol, lines)}",
    )


def _forward_step_in_text(step: ForwardStep, total: int, formula: Formula) -> Markup:
    sides = [step.symbol, step.formula, value_expression(step.value)]
    return element("li", _in_text(step.number, sides), class_="step forward in-text", data_step=step.number)


def _backward_step_in_text(step: BackwardStep, lesson: Lesson) -> Markup:
    shortest = step.formula if step.closed is None else step.closed.formula
    sides = [step.gradient, unmarked(shortest), value_expression(step.value)]
    number = len(lesson.forward) + step.number
    return element("div", _in_text(step.number, sides), class_="step backward in-text", data_step=number)


def _in_text(number: int, sides: Sequence[Expression]) -> list[Markup]:
    """``h⁽²⁾ = tanh(w h⁽¹⁾) = 0.5``, with the number of the step."""
    left, *others = dict.fromkeys([to_text(side) for side in sides])
    given = element("span", [element("span", f" = {side}", class_="piece") for side in others], class_="given")
    return [_badge(number), element("span", left, given, class_="line")]


def _local_gradient(item: LocalGradient | Fold, formula: Formula) -> Markup:
    if isinstance(item, Fold):
        return element("li", fold_text(item))
    return element("li", formula(item.symbol), _equals(formula(item.formula), "piece"), class_="scroll")


def _backward_step(step: BackwardStep, lesson: Lesson, formula: Formula, *, is_open: bool) -> Markup:
    lines = backward_lines(step)
    line = [formula(step.gradient), _given(_in_short(lines), formula)]
    say = f"Backward step {step.number} of {len(lesson.backward)}: {said(step.gradient, lines)}; {step.pattern}"
    summary = element("summary", _badge(step.number), _spoken(element("span", line, class_="line")))
    return element(
        "details",
        summary,
        element("div", _derivation(step, lines, formula), class_="derivation"),
        element("p", step.pattern, class_="pattern"),
        class_="step backward",
        open=is_open,
        data_step=len(lesson.forward) + step.number,
        data_say=say,
    )


def _spoken(line: Markup) -> Markup:
    """For what can be pressed: its name is made of the texts in it, and formulas without a label are none of them."""
    return Markup(re.sub(r'alttext=("[^"]*")', r"alttext=\1 aria-label=\1", line))


def _in_short(lines: list[Line]) -> list[Line]:
    """The last line in symbols, and the value."""
    symbols = [line for line in lines if line.kind not in ("numbers", "value")]
    values = [line for line in lines if line.kind == "value"]
    return [*[replace(line, formula=unmarked(line.formula)) for line in symbols[-1:]], *values]


def _derivation(step: BackwardStep, lines: list[Line], formula: Formula) -> list[Markup]:
    """The lines that lead from the chain rule to the number, each with its reason."""
    rows: list[Markup] = []
    for together in joined_numbers(lines):
        sides = [_equals(_side(line, formula), "term") for line in together]
        left = formula(step.gradient) if not rows else None
        rows.append(_row(left, sides, _reason(together[0], step)))
        if together[0].factors:
            rows.append(_row(None, [_shapes(step, formula)], "shapes"))
    return rows


def _reason(line: Line, step: BackwardStep) -> str:
    if line.note:
        return line.note
    reasons = {"chain": "chain rule", "closed": "closed form", "numbers": "numbers put in"}
    if step.chain is not None:
        reasons["formula"] = "local gradient put in"
    return reasons.get(line.kind, "")


def _row(left: Markup | None, sides: list[Markup], reason: str) -> Markup:
    said_why = element("span", _OPENING, reason, _CLOSING, class_="reason") if reason else None
    right = element("span", sides, said_why, class_="right")
    return element("div", element("span", left, class_="left"), right, class_="row")


def _shapes(step: BackwardStep, formula: Formula) -> Markup:
    """The factors side by side, each with its shape under it."""
    parts = [(step.gradient, np.shape(step.value)), *[(part.formula, part.shape) for part in step.factors]]
    first, *others = [
        element("span", formula(unmarked(part)), _under(shape_text(shape)), class_="factor") for part, shape in parts
    ]
    return element("span", first, element("span", " ← ", class_="sign"), others, class_="term factors")


def _result_row(part: InputGradient, formula: Formula, *, has_closed: bool) -> Markup:
    words = verdict(part)
    closed = element("td", formula(part.closed.formula) if part.closed else "–") if has_closed else None
    return element(
        "tr",
        element("th", formula(part.symbol), scope="row"),
        element("td", value_text(part.value), class_="number value"),
        element("td", value_text(part.slope), class_="number gradient"),
        closed,
        element("td", words, class_="agrees" if words.startswith("✓") else "differs"),
    )


def _under(shape: str) -> Markup:
    return element("small", _OPENING, shape, _plain(") "))


def _badge(number: int) -> Markup:
    return element("span", str(number), _AFTER_NUMBER, class_="badge")


def _plain(text: str) -> Markup:
    """Something to tell parts apart by, for a sanitised notebook, which has no styles that would do it."""
    return element("span", text, class_="plain")


def _given(lines: list[Line], formula: Formula) -> Markup:
    """What a step gives: `` = ŷ − y = −0.5``; hidden until the step is reached."""
    return element("span", [_equals(_side(line, formula), "piece") for line in lines], class_="given")


def _side(line: Line, formula: Formula) -> Markup:
    if isinstance(line.formula, Number | Verbatim):
        kind = "number" if isinstance(line.formula, Number) else "number array"
        return element("span", to_text(line.formula), class_=kind)
    return formula(line.formula)


def _equals(content: Markup, kind: str) -> Markup:
    return element("span", _EQUALS, content, class_=kind)


_OPENING, _CLOSING, _AFTER_NUMBER = _plain(" ("), _plain(")"), _plain(". ")
_EQUALS = element("span", " = ", class_="sign")
