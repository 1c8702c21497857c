"""The learning rate that the history tells, and the one to try after a divergence."""

from __future__ import annotations

from typing import Any

import pytest

from chainrule.learn.clipping import ClipNorm, ClipValue
from chainrule.learn.optimizers import Adam, GradientDescent
from chainrule.learn.rates import rate_at, suggested_rate
from chainrule.learn.schedules import StepDecay


class Silent:
    def init(self, params: list[Any]) -> Any:
        return None

    def update(self, params: list[Any], gradients: list[Any], state: Any) -> Any:
        return params, state


class Telling(Silent):
    lr = 0.25


@pytest.mark.parametrize(
    ("optimizer", "state", "rate"),
    [
        (Adam(0.1), {"count": 0, "lr_scale": 1.0}, 0.1),
        (Adam(0.1), {"count": 0, "lr_scale": 0.5}, 0.05),
        (GradientDescent(StepDecay(0.8, 2, 0.5)), {"count": 5, "lr_scale": 1.0}, 0.2),
        (ClipNorm(ClipValue(Adam(0.1), 1.0), 1.0), {"count": 0, "lr_scale": 1.0}, 0.1),
        (Telling(), {"count": 0}, 0.25),
        (Silent(), {"count": 0}, None),
        (ClipNorm(Silent(), 1.0), {"count": 0}, None),
    ],
)
def test_rates(optimizer: Any, state: Any, rate: float | None) -> None:
    assert rate_at(optimizer, state) == (None if rate is None else pytest.approx(rate))


def test_suggestions() -> None:
    assert suggested_rate(Adam(0.02), {"count": 5, "lr_scale": 1.0}) == "lr=0.002"
    assert suggested_rate(Silent(), {}) == "a smaller learning rate"
