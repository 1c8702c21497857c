"""A result of the shape (1,) is one number: the lesson has a loss, and gradient descent goes down it."""

from __future__ import annotations

import pytest
from tests.web.serving import Served

TYPED = {"statements": "x * y", "values": {"x": "[2]", "y": "3"}}


@pytest.mark.parametrize("values", [TYPED["values"], {"x": "[[2]]", "y": "[[[3]]]"}])
def test_the_lesson_has_a_loss(page: Served, values: dict[str, str]) -> None:
    answer = page.post("/api/lesson", {**TYPED, "values": values})
    assert answer.status == 200
    assert answer.json["loss"] == 6.0


def test_gradient_descent_goes_down(page: Served) -> None:
    answer = page.post("/api/descent", {**TYPED, "lr": 0.1, "steps": 1})
    assert answer.status == 200
    assert answer.json["losses"] == pytest.approx([6.0, (2 - 0.3) * (3 - 0.2)])
