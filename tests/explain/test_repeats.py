"""Loops and equal layers fold: which steps repeat each other."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.explain.model import BackwardStep, Closed, ForwardStep
from chainrule.explain.repeats import FEWEST, Place, repeated_backward_groups, repeated_groups
from chainrule.notation.tree import Derivative, Expression, Item, Symbol, Transpose, call

W, U, X, Y = (Symbol(name, is_array=True) for name in ("W", "U", "X", "Y"))
LOSS = Symbol("L")


def forward(*statements: tuple[Symbol, Expression] | tuple[Symbol, Expression, tuple[int, ...]]) -> list[ForwardStep]:
    """Steps from symbols, formulas and shapes; numbers without a shape."""
    steps = []
    for number, (symbol, formula, *shape) in enumerate(statements, 1):
        sources = tuple([part for part in formula.walk() if isinstance(part, Symbol)])
        steps.append(ForwardStep(number, symbol, formula, None, np.zeros(shape[0] if shape else ()), sources))
    return steps


def backward(*statements: tuple[Symbol, Expression]) -> list[BackwardStep]:
    return [
        BackwardStep(number, symbol, Derivative(LOSS, symbol), None, formula, None, None, 0.0, (), "", ())
        for number, (symbol, formula) in enumerate(statements, 1)
    ]


def groups(steps: list[ForwardStep]) -> list[int | None]:
    return [place and place.group for place in repeated_groups(steps)]


def repetitions(steps: list[ForwardStep]) -> list[int | None]:
    return [place and place.repetition for place in repeated_groups(steps)]


def grouped(steps: list[Any], places: list[Place | None]) -> list[Any]:
    """Steps that know their places."""
    return [replace(s, group=p.group, repetition=p.repetition) if p else s for s, p in zip(steps, places, strict=True)]


def h(t: int) -> Symbol:
    return Symbol("h", t, is_array=True) if t else Symbol("h0", is_array=True)


def recurrence(count: int) -> list[tuple[Symbol, Expression]]:
    """``for t in range(count): h = tanh(W @ h + U @ X[t])``."""
    return [(h(t), call("tanh", W @ h(t - 1) + U @ Item(X, str(t - 1)))) for t in range(1, count + 1)]


def test_the_iterations_of_a_loop_are_one_group() -> None:
    places = repeated_groups(forward(*recurrence(50)))
    assert places == [Place(1, t) for t in range(1, 51)]


def test_what_stands_before_and_after_the_loop_is_not_folded() -> None:
    steps = forward((h(0), call("relu", X)), *recurrence(5), (LOSS, call("mean", h(5) - Y)))
    assert groups(steps) == [None, 1, 1, 1, 1, 1, None]


@pytest.mark.parametrize("count", range(1, 8))
def test_a_block_folds_from_four_repetitions_on(count: int) -> None:
    assert groups(forward(*recurrence(count))) == ([1] if count >= FEWEST else [None]) * count


def test_several_statements_in_each_iteration() -> None:
    statements = []
    for t in range(1, 7):
        a = Symbol("a", t, is_array=True)
        statements += [(a, W @ h(t - 1) + U @ X), (h(t), call("tanh", a))]
    steps = forward(*statements, (LOSS, call("mean", h(6))))
    assert groups(steps) == [1] * 12 + [None]
    assert repetitions(steps) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, None]


def layers(count: int) -> list[tuple[Symbol, Expression]]:
    """``a1 = tanh(W1 @ x + b1)``, ``a2 = tanh(W2 @ a1 + b2)``, …"""
    statements, a = [], Symbol("x", is_array=True)
    for k in range(1, count + 1):
        weights, bias = Symbol(f"W{k}", is_array=True), Symbol(f"b{k}", is_array=True)
        before, a = a, Symbol(f"a{k}", is_array=True)
        statements.append((a, call("tanh", weights @ before + bias)))
    return statements


def test_equal_layers_fold_and_the_two_of_the_lecture_do_not() -> None:
    assert groups(forward(*layers(12))) == [1] * 12
    assert groups(forward(*layers(2), (LOSS, call("mean", Symbol("a2"))))) == [None] * 3


def test_layers_from_containers() -> None:
    statements, a = [], Symbol("x")
    for k in range(6):
        before, a = a, Symbol(f"a{k}")
        statements.append((a, Symbol(f"params[{k}][0]") @ before + Symbol(f"params[{k}][1]")))
    assert groups(forward(*statements)) == [1] * 6


def test_layers_of_another_shape_are_another_group() -> None:
    steps = [replace(step, value=np.zeros(8 if k < 5 else 3)) for k, step in enumerate(forward(*layers(10)))]
    assert groups(steps) == [1] * 5 + [2] * 5


def test_another_formula_interrupts_a_group() -> None:
    statements = layers(11)
    statements[5] = (statements[5][0], call("relu", statements[4][0]))
    assert groups(forward(*statements)) == [1] * 5 + [None] + [2] * 5


def test_numbers_in_formulas_must_be_equal() -> None:
    x, s = Symbol("x"), [Symbol("s", k) for k in range(9)]
    assert groups(forward(*[(s[k], s[k - 1] * x / k) for k in range(1, 9)])) == [None] * 8
    assert groups(forward(*[(s[k], s[k - 1] * x / 3) for k in range(1, 9)])) == [1] * 8


def test_names_must_be_equal_but_for_digits() -> None:
    names = "a b c d e f".split()
    assert (
        groups(forward(*[(Symbol(name), call("exp", Symbol(f"x{k}"))) for k, name in enumerate(names)])) == [None] * 6
    )


def test_digits_and_indices_must_go_on_counting() -> None:
    order = [1, 2, 4, 3, 7, 5, 6, 8]
    assert groups(forward(*[(Symbol("y", t), call("exp", Item(X, str(k)))) for t, k in enumerate(order)])) == [None] * 8
    strided = [(Symbol("y", t), call("exp", Item(X, f"{2 * t}:{2 * t + 2}"))) for t in range(8)]
    assert groups(forward(*strided)) == [1] * 8
    downward = [(Symbol("y", t), call("exp", Item(X, str(7 - t)))) for t in range(8)]
    assert groups(forward(*downward)) == [1] * 8


def test_which_step_a_symbol_stands_for_must_go_on_counting() -> None:
    z = [Symbol("z", t) for t in range(13)]
    chain = [(z[t], call("sin", z[t - 1])) for t in range(1, 7)]
    back_to_the_first = [(z[t], call("sin", z[1])) for t in range(7, 13)]
    assert groups(forward(*chain, *back_to_the_first)) == [1] * 6 + [2] * 6


def test_values_of_an_earlier_loop_may_be_used_in_a_later_one() -> None:
    parts = [(Symbol("p", t), U @ Item(X, str(t))) for t in range(6)]
    states = [(h(t + 1), call("tanh", W @ h(t) + Symbol("p", t))) for t in range(6)]
    assert groups(forward(*parts, *states)) == [1] * 6 + [2] * 6


def test_two_values_back() -> None:
    f = [Symbol("f", t) for t in range(20)]
    statements = [(f[t], f[t - 1] + f[t - 2] if t > 1 else f[t - 1] + Symbol("start")) for t in range(1, 20)]
    assert groups(forward(*statements)) == [1] * 19


def test_of_nested_loops_the_one_folds_that_leaves_less_to_show() -> None:
    def nested(outer: int, inner: int) -> list[ForwardStep]:
        statements, count = [], 0
        for k in range(outer):
            for _ in range(inner):
                count += 1
                statements.append((h(count), call("tanh", W @ h(count - 1))))
            statements.append((Symbol("c", k), call("mean", h(count))))
        return forward(*statements)

    assert repetitions(nested(5, 30))[:32] == [*range(1, 31), None, 1]
    assert repetitions(nested(40, 4))[:11] == [1] * 5 + [2] * 5 + [3]


def test_backward_steps_fold_where_they_are_alike() -> None:
    steps = forward(*recurrence(8), (LOSS, call("mean", h(8))))
    gradient = {t: Derivative(LOSS, h(t), is_array=True) for t in range(9)}
    chain = [(h(t), Transpose(W, is_array=True) @ ((1 - h(t + 1) ** 2) * gradient[t + 1])) for t in range(7, 0, -1)]
    back = backward((LOSS, call("one")), (h(8), call("ones")), *chain, (W, gradient[1]), (U, gradient[2]))
    folded = grouped(steps, repeated_groups(steps))
    places = repeated_backward_groups(back, folded)
    assert [step.group for step in folded] == [1] * 8 + [None]
    assert places == [None, None, *[Place(1, k) for k in range(1, 8)], None, None]


def test_backward_steps_of_layers_come_with_their_weights() -> None:
    statements = []
    for k in range(9, 0, -1):
        before, after = (Symbol(f"a{layer}", is_array=True) for layer in (k - 1, k))
        upstream = Derivative(LOSS, after)
        statements += [(Symbol(f"b{k}"), upstream * 1), (Symbol(f"W{k}"), upstream * before)]
        statements += [(before, upstream * Symbol(f"W{k}"))] if k > 1 else []
    network = [replace(step, group=7) for step in forward(*layers(9))]
    places = repeated_backward_groups(backward(*statements), network)
    assert places[:9] == [Place(7, 1)] * 3 + [Place(7, 2)] * 3 + [Place(7, 3)] * 3
    assert places[-2:] == [None, None]


def test_a_backward_block_of_no_single_forward_group_has_a_number_of_its_own() -> None:
    statements = [(h(t), call("sin", Derivative(LOSS, h(t + 1)))) for t in range(9, 0, -1)]
    steps = forward(*recurrence(4))
    places = repeated_backward_groups(backward(*statements), [replace(steps[2], group=1), replace(steps[3], group=2)])
    assert {place.group for place in places if place is not None} == {3}


def test_different_patterns_do_not_fold() -> None:
    steps = backward(*[(h(t), call("sin", Derivative(LOSS, h(t + 1)))) for t in range(9, 0, -1)])
    steps = [replace(step, pattern="odd" if step.number % 3 else "even") for step in steps]
    assert [place and place.repetition for place in repeated_backward_groups(steps[:8])] == [None] * 8


def test_closed_forms_that_grow_do_not_keep_steps_from_folding() -> None:
    steps = backward(*[(h(t), call("sin", Derivative(LOSS, h(t + 1)))) for t in range(8, 0, -1)])
    closed: Expression = Symbol("g")
    for place, step in enumerate(steps[:4]):
        closed = call("sin", closed)
        steps[place] = replace(step, closed=Closed(closed, ()))
    assert repeated_backward_groups(steps) == [Place(1, k) for k in range(1, 9)]


def test_no_steps() -> None:
    assert repeated_groups([]) == []
    assert repeated_backward_groups([]) == []


def test_long_graphs() -> None:
    places = repeated_groups(forward(*recurrence(10_000)))
    assert places[-1] == Place(1, 10_000)


def unfolded(steps: list[ForwardStep]) -> list[tuple[Any, ...]]:
    """Structure of all steps, rebuilt from what is shown when they are folded."""
    places = repeated_groups(steps)
    shown: dict[int, list[Any]] = {}
    structure: list[tuple[Any, ...]] = []
    for step, place in zip(steps, places, strict=True):
        own = (step.value.shape, *[type(part) for part in step.formula.walk()])
        if place is None:
            structure.append(own)
        elif place.repetition == 1:
            shown.setdefault(place.group, []).append(own)
            structure.append(own)
    for group, block in shown.items():
        last = max(place.repetition for place in places if place is not None and place.group == group)
        at = next(k for k, place in enumerate(places) if place is not None and place.group == group) + len(block)
        structure[at:at] = block * (last - 1)
    return structure


FUNCTIONS = ["exp", "sin", "tanh"]
programs = st.lists(
    st.tuples(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), min_size=1, max_size=4), st.integers(1, 9)),
    max_size=5,
)


def program(blocks: list[tuple[list[tuple[int, int]], int]]) -> list[ForwardStep]:
    """Loops one after the other: a block of (function, how many steps back), and how often it is repeated."""
    statements: list[tuple[Symbol, Expression, tuple[int, ...]]] = []
    for body, times in blocks:
        for _, (function, back) in itertools.product(range(times), body):
            at = len(statements)
            source = Symbol("z", at - back) if at >= back else Symbol("x")
            statements.append((Symbol("z", at), call(FUNCTIONS[function], source), (function,)))
    return forward(*statements)


@settings(max_examples=200)
@given(programs)
def test_folding_and_unfolding_gives_all_steps(blocks: list[tuple[list[tuple[int, int]], int]]) -> None:
    steps = program(blocks)
    structure = [(step.value.shape, *[type(part) for part in step.formula.walk()]) for step in steps]
    assert unfolded(steps) == structure


@settings(max_examples=200)
@given(programs)
def test_groups_are_whole_repetitions_one_after_the_other(blocks: list[tuple[list[tuple[int, int]], int]]) -> None:
    places = repeated_groups(program(blocks))
    numbers = [place.group for place in places if place is not None]
    assert numbers == sorted(numbers)
    for group in set(numbers):
        run = [place.repetition for place in places if place is not None and place.group == group]
        period = run.count(1)
        assert run == [k for k in range(1, len(run) // period + 1) for _ in range(period)]
        assert len(run) // period >= FEWEST


@given(st.permutations(range(12)))
def test_what_does_not_repeat_is_not_folded(order: list[int]) -> None:
    steps = forward(*[(Symbol("y", k), call(f"f{'abcdefghijkl'[k]}", X)) for k in order])
    assert repeated_groups(steps) == [None] * 12
