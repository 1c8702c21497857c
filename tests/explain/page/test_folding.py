"""Repeated steps are folded, and all of them are there to be unfolded."""

from __future__ import annotations

import pytest

from chainrule.explain.faces.lines import Fold
from chainrule.explain.model import ForwardStep
from chainrule.explain.page.folding import runs
from chainrule.notation.tree import Symbol

H = Symbol("h")
STEPS = [ForwardStep(number, H, H, None, 0.0, ()) for number in range(1, 7)]
FOLD, OTHER = Fold(2, ((H, H),)), Fold(1, ((H, H),))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (STEPS, [(None, [1, 2, 3, 4, 5, 6])]),
        ([STEPS[0], FOLD], [(None, [1]), (FOLD, [2, 3, 4, 5, 6])]),
        ([STEPS[0], STEPS[1], FOLD, STEPS[5]], [(None, [1, 2]), (FOLD, [3, 4, 5]), (None, [6])]),
        ([STEPS[0], FOLD, STEPS[3], OTHER], [(None, [1]), (FOLD, [2, 3]), (None, [4]), (OTHER, [5, 6])]),
    ],
)
def test_runs(shown: list[ForwardStep | Fold], expected: list[tuple[Fold | None, list[int]]]) -> None:
    assert [(run.fold, [step.number for step in run.steps]) for run in runs(STEPS, shown)] == expected


def test_a_lesson_without_steps_has_no_runs() -> None:
    assert runs([], []) == []
