"""Which lines a step has, and which repeated steps one line stands for."""

from __future__ import annotations

import dataclasses

import numpy as np

from chainrule import explain
from chainrule.explain.faces.lines import (
    Fold,
    backward_lines,
    backward_steps,
    closed_note,
    fold_text,
    forward_lines,
    forward_steps,
    joined_numbers,
    local_gradients,
    unmarked,
    value_expression,
    values_from_elsewhere,
)
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import Closed, ForwardStep, LocalGradient
from chainrule.notation.latex import to_latex
from chainrule.notation.text import to_text
from chainrule.notation.tree import Derivative, Marked, Number, Symbol


def texts(lines: list) -> list[str]:
    return [to_text(line.formula) for line in lines]


def test_a_step_has_chain_formula_closed_form_numbers_and_value_in_this_order(neuron: Lesson) -> None:
    lines = backward_lines(neuron.backward[2])
    assert [line.kind for line in lines] == ["chain", "formula", "closed", "numbers", "value"]
    assert texts(lines) == ["∂ŷ/∂z · ∂L/∂ŷ", "ŷ(1 − ŷ) · ∂L/∂ŷ", "ŷ − y", "0.5 − 1", "−0.5"]
    assert lines[2].note == "closed form: log of a sigmoid, sigmoid of −z"


def test_numbers_and_their_value_share_a_row(neuron: Lesson) -> None:
    rows = joined_numbers(backward_lines(neuron.backward[2]))
    assert [len(row) for row in rows] == [1, 1, 1, 2]


def test_what_repeats_the_left_hand_side_is_left_out(neuron: Lesson) -> None:
    assert texts(backward_lines(neuron.backward[1])) == ["−y/ŷ + (1 − y)/(1 − ŷ)", "−2"]
    assert texts(backward_lines(neuron.backward[0])) == ["1"]


def test_of_two_equal_lines_the_reason_stays(neuron: Lesson) -> None:
    step = neuron.backward[4]
    closed = Closed(step.formula, ("a rule",), "x is positive")
    (line,) = [line for line in backward_lines(dataclasses.replace(step, closed=closed)) if line.kind == "formula"]
    assert line.note == "closed form: a rule; holds because x is positive"
    assert closed_note(Closed(step.formula, ())) == "closed form"


def test_only_several_factors_with_arrays_show_their_shapes(neuron: Lesson, layer: Lesson) -> None:
    assert not any(line.factors for step in neuron.backward for line in backward_lines(step))
    (line,) = [line for line in backward_lines(layer.backward[2]) if line.factors]
    assert [factor.shape for factor in line.factors] == [(2, 1), (1, 3)]


def test_the_forward_pass_puts_numbers_in(neuron: Lesson) -> None:
    assert texts(forward_lines(neuron.forward[0])) == ["wx + b", "0 · 50 + 0", "0"]


def test_marks_make_no_difference_to_a_reader() -> None:
    x = Symbol("x")
    assert unmarked(Marked(x, "local") + 1) == x + 1
    assert unmarked(Marked(x, "local")) != x + 1


def test_values_are_numbers_or_previews() -> None:
    assert value_expression(np.float64(0.5)) == Number(0.5)
    assert to_text(value_expression(np.arange(6.0))) == "[0, 1, 2, 3, …] (6,)"


def test_repeated_steps_fold_after_the_first(loop: Lesson) -> None:
    first, fold = forward_steps(loop)
    assert first is loop.forward[0]
    assert fold == Fold(4, ((Symbol("h", 2), Symbol("h", 5)),))
    assert forward_steps(loop, folded=False) == list(loop.forward)


def test_the_backward_pass_folds_in_its_own_order(loop: Lesson) -> None:
    output, first, fold = backward_steps(loop)
    assert (output, first) == loop.backward[:2]
    assert isinstance(fold, Fold)
    assert fold_text(fold) == "… the same 3 more times: h⁽³⁾ … h⁽¹⁾"
    assert fold_text(fold, to_latex).startswith("… the same 3 more times: h^{(3)}")


def test_local_gradients_fold_with_their_nodes(loop: Lesson) -> None:
    shown = local_gradients(loop)
    assert [type(local) for local in shown] == [LocalGradient, Fold]


def layers(count: int) -> tuple[ForwardStep, ...]:
    """z1, a1, z2, a2, … as one repeated block, and a last step outside of it."""
    steps = [
        ForwardStep(2 * number, Symbol(f"{letter}{number}"), Number(1), None, 1.0, (), 7, number)
        for number in range(1, count + 1)
        for letter in "za"
    ]
    return (*steps, ForwardStep(2 * count + 1, Symbol("L"), Number(1), None, 1.0, ()))


def test_equal_layers_fold_by_their_names_without_numbers(loop: Lesson) -> None:
    z1, a1, fold, last = forward_steps(dataclasses.replace(loop, forward=layers(3)))
    assert isinstance(z1, ForwardStep)
    assert isinstance(a1, ForwardStep)
    assert isinstance(last, ForwardStep)
    assert [z1.symbol.name, a1.symbol.name, last.symbol.name] == ["z1", "a1", "L"]
    assert isinstance(fold, Fold)
    assert fold_text(fold) == "… the same 2 more times: z2 … z3, a2 … a3"


def test_a_block_that_occurs_twice_is_the_same_once_more(loop: Lesson) -> None:
    (fold,) = [part for part in forward_steps(dataclasses.replace(loop, forward=layers(2))) if isinstance(part, Fold)]
    assert fold_text(fold) == "… the same once more: z2, a2"


def test_a_single_repeated_step_is_shown(loop: Lesson) -> None:
    assert forward_steps(dataclasses.replace(loop, forward=loop.forward[:2])) == list(loop.forward[:2])


def test_local_gradients_of_other_nodes_never_fold(neuron: Lesson) -> None:
    local = LocalGradient(Derivative(Symbol("z"), Symbol("x")), Symbol("w"))
    lesson = dataclasses.replace(neuron, local=(*neuron.local, local, local))
    assert local_gradients(lesson) == list(lesson.local)


def test_the_divisor_of_a_mean_is_told_from_arrays_from_outside() -> None:
    weights = np.ones(3)
    lesson = explain(lambda x: np.mean(x * weights), np.array([1.0, 2.0, 4.0]))
    (divisor,) = [operand for operand in lesson.operands if operand.is_count]
    assert divisor.value == 3
    told = values_from_elsewhere(lesson, lambda symbol, value: symbol.name)
    assert told[-1] == f"{divisor.symbol.name}, divisor of a mean"
    assert f"with means over {divisor.symbol.name} = 3" in lesson.to_text()
    assert "divisor of a mean" in lesson.to_html()
    assert "divisor of a mean" in lesson.to_latex()
    assert "divisor of a mean" in lesson.to_markdown()


def test_a_number_that_is_put_in_and_needs_no_computing_is_the_value() -> None:
    def f(x: float, y: float, z: float) -> float:
        q = x + y
        return q * z

    last = explain(f, 5.0, -2.0, -4.0).backward[-1]
    assert [(line.kind, to_text(line.formula)) for line in backward_lines(last)][-2:] == [
        ("closed", "z"),
        ("value", "−4"),
    ]
