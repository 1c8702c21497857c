"""Repeated steps are folded behind the first of their kind."""

from __future__ import annotations

import pytest

from chainrule.explain.model import ForwardStep
from chainrule.explain.page.folding import runs
from chainrule.notation.tree import Symbol


def steps(groups: list[int | None]) -> list[ForwardStep]:
    h = Symbol("h")
    return [ForwardStep(number, h, h, None, 0.0, (), group) for number, group in enumerate(groups, 1)]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([], []),
        ([None, None], [(False, 2)]),
        ([None, 1, 1, 1, None], [(False, 2), (True, 2), (False, 1)]),
        ([1, 2, 1, 2, 1, 2], [(False, 2), (True, 4)]),
        ([1, 1, 2, 2], [(False, 1), (True, 1), (False, 1), (True, 1)]),
    ],
)
def test_runs(groups: list[int | None], expected: list[tuple[bool, int]]) -> None:
    found = runs(steps(groups))
    assert [(run.is_folded, len(run.steps)) for run in found] == expected
    assert [step.number for run in found for step in run.steps] == list(range(1, len(groups) + 1))
