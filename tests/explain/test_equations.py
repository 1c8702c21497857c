"""The equation at which numbers stop being finite, of either pass."""

from __future__ import annotations

from typing import Any

import pytest

import chainrule as cr
from chainrule.explain.equations import equation_at
from chainrule.explain.formulas import parse
from chainrule.notation.text import to_text


@pytest.mark.parametrize(
    ("statements", "value", "equation"),
    [("z = w - 1; p = log(z); L = p**2", 1.0, "p = log(z)"), ("z = 2*w; L = sqrt(z)", 0.0, "∂L/∂z = 1/(2L)")],
)
def test_the_first_bad_step_is_written_out(statements: str, value: Any, equation: str) -> None:
    lesson = cr.explain(parse(statements), value)
    assert lesson.fault is not None
    found = equation_at(lesson, lesson.fault)
    assert found is not None
    assert to_text(found) == equation
