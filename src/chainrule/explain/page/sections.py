"""The sections of a lesson, as the page and the notebook both show them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.explain.lesson import Lesson
from chainrule.explain.model import BackwardStep, Fault, ForwardStep, InputGradient
from chainrule.explain.page.folding import Run, runs
from chainrule.explain.page.formulas import Formula, said, shape_text, unmarked, value_text
from chainrule.explain.page.markup import Markup, element
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression

__all__ = ["backward_section", "fault_section", "forward_section", "inputs", "local_section", "result_section"]


def inputs(lesson: Lesson, formula: Formula) -> Markup:
    """What the forward pass begins with."""
    listed = [
        element(
            "div",
            element("dt", formula(operand.symbol), None if operand.is_input else element("small", " (from outside)")),
            element("dd", value_text(operand.value)),
        )
        for operand in lesson.operands
    ]
    return element("dl", listed, class_="inputs")


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


def forward_section(lesson: Lesson, formula: Formula) -> Markup:
    """One line for each node: symbols, numbers put in, result."""
    lines = [_forward_run(run, len(lesson.forward), formula) for run in runs(lesson.forward)]
    return element(
        "section",
        element("h2", "Forward pass"),
        element("p", "Each node computes its value from the values before it.", class_="lead"),
        lines,
        class_="forward-pass",
    )


def local_section(lesson: Lesson, formula: Formula) -> Markup | None:
    """What each node knows by itself."""
    if not lesson.local:
        return None
    lines = [
        element("li", formula(local.symbol), _equals(formula(local.formula), "piece"), class_="scroll")
        for local in lesson.local
    ]
    return element(
        "section",
        element("h2", "Local gradients"),
        element("p", "What each node knows by itself: how its value follows each of its inputs.", class_="lead"),
        element("ul", lines, class_="locals"),
        class_="local-gradients",
    )


def backward_section(lesson: Lesson, formula: Formula) -> Markup | None:
    """One step for each gradient, from the output to the inputs."""
    if not lesson.backward:
        return None
    legend = element(
        "p",
        "From the output back to the inputs, the chain rule at each node: ",
        element("span", "local gradient", class_="local"),
        " times ",
        element("span", "upstream gradient", class_="upstream"),
        ", summed over all uses of the node.",
        class_="lead",
    )
    steps = [_backward_run(run, lesson, formula) for run in runs(lesson.backward)]
    return element("section", element("h2", "Backward pass"), legend, steps, class_="backward-pass")


def result_section(lesson: Lesson, formula: Formula) -> Markup | None:
    """The gradients in a table, and the rules that use them."""
    if not lesson.result:
        return None
    heads = [element("th", name, scope="col") for name in ("input", "value", "gradient", "closed form", "check")]
    table = element(
        "table",
        element("caption", "Gradients of the inputs"),
        element("thead", element("tr", heads)),
        element("tbody", [_result_row(part, formula) for part in lesson.result]),
        class_="result",
    )
    updates = [element("li", formula(part.update), class_="scroll") for part in lesson.result]
    return element(
        "section",
        element("h2", "Result"),
        element("div", table, class_="scroll"),
        element("h3", "One step of gradient descent"),
        element("ul", updates, class_="updates"),
        class_="result-section",
    )


# Steps ----------------------------------------------------------------------------------------------------------------


def _forward_run(run: Run[ForwardStep], total: int, formula: Formula) -> Markup:
    lines = element("ol", [_forward_step(step, total, formula) for step in run.steps], class_="steps")
    return _folded(lines, len(run.steps)) if run.is_folded else lines


def _backward_run(run: Run[BackwardStep], lesson: Lesson, formula: Formula) -> Markup:
    steps = element("div", [_backward_step(step, lesson, formula) for step in run.steps], class_="steps")
    return _folded(steps, len(run.steps)) if run.is_folded else steps


def _folded(steps: Markup, count: int) -> Markup:
    return element("details", element("summary", f"… and {count} more like it"), steps, class_="folded")


def _forward_step(step: ForwardStep, total: int, formula: Formula) -> Markup:
    numbers = [] if step.substituted is None else [step.substituted]
    line = [formula(step.symbol), _equals(formula(step.formula), "piece"), _given(numbers, step.value, formula)]
    return element(
        "li",
        _badge(step.number),
        element("span", line, class_="line"),
        class_="step forward",
        value=step.number,
        data_step=step.number,
        data_say=f"Forward step {step.number} of {total}: {said(step)}",
    )


def _backward_step(step: BackwardStep, lesson: Lesson, formula: Formula) -> Markup:
    short = unmarked(step.closed.formula if step.closed else step.formula)
    line = [formula(step.gradient), _given([short], step.value, formula)]
    summary = element("summary", _badge(step.number), element("span", line, class_="line"))
    say = f"Backward step {step.number} of {len(lesson.backward)}: {said(step)}. {step.pattern}"
    return element(
        "details",
        summary,
        element("div", _derivation(step, formula), class_="derivation scroll"),
        element("p", step.pattern, class_="pattern"),
        class_="step backward",
        open=True,
        data_step=len(lesson.forward) + step.number,
        data_say=say,
    )


def _derivation(step: BackwardStep, formula: Formula) -> list[Markup]:
    """The lines that lead from the chain rule to the number, each with its reason."""
    lines: list[tuple[Markup, str]] = []

    def add(expression: Expression | None, reason: str) -> None:
        if expression is not None:
            lines.append((_equals(formula(expression), "term"), reason))

    add(step.chain, "chain rule")
    add(step.formula, "local gradient put in" if step.chain is not None else "where the backward pass begins")
    if any(factor.shape for factor in step.factors):
        lines.append((_shapes(step, formula), "shapes"))
    if step.closed is not None:
        rules = ", ".join(step.closed.rules)
        condition = f"; here {step.closed.condition}" if step.closed.condition else ""
        add(step.closed.formula, "closed form" + (f": {rules}" if rules else "") + condition)
    add(step.substituted, "numbers put in")
    value = value_text(step.value)
    if to_text(step.substituted if step.substituted is not None else step.formula) != value:
        lines.append((_equals(element("span", value, class_="number"), "term"), "the gradient"))
    left = element("span", formula(step.gradient), class_="left")
    blank = element("span", class_="left")
    return [
        element("div", left if index == 0 else blank, _right(term, reason), class_="row")
        for index, (term, reason) in enumerate(lines)
    ]


def _right(term: Markup, reason: str) -> Markup:
    return element("span", term, element("span", reason, class_="reason"), class_="right")


def _shapes(step: BackwardStep, formula: Formula) -> Markup:
    """The factors side by side, each with its shape under it."""
    factors = [
        element("span", formula(unmarked(part.formula)), element("small", shape_text(part.shape)), class_="factor")
        for part in step.factors
    ]
    result = element("span", formula(step.gradient), element("small", shape_text(np.shape(step.value))), class_="factor")
    return element("span", result, element("span", " ← ", class_="sign"), factors, class_="term factors")


def _result_row(part: InputGradient, formula: Formula) -> Markup:
    mark = ("✓", "finite differences agree") if part.agrees else ("✗", "finite differences differ")
    return element(
        "tr",
        element("th", formula(part.symbol), scope="row"),
        element("td", value_text(part.value), class_="number value"),
        element("td", value_text(part.slope), class_="number gradient"),
        element("td", formula(part.closed.formula) if part.closed else "–"),
        element("td", element("span", f"{mark[0]} ", class_="mark"), mark[1], class_="agrees" if part.agrees else "differs"),
    )


def _badge(number: int) -> Markup:
    return element("span", str(number), class_="badge")


def _given(written: list[Expression], value: Any, formula: Formula) -> Markup:
    """What a step gives: `` = ŷ − y = −0.5``; a value that stands there already is not repeated."""
    text = value_text(value)
    parts = [formula(expression) for expression in written if to_text(expression) != text]
    parts.append(element("span", text, class_="number"))
    return element("span", [_equals(part, "piece") for part in parts], class_="given")


def _equals(content: Markup, kind: str) -> Markup:
    return element("span", element("span", " = ", class_="sign"), content, class_=kind)
