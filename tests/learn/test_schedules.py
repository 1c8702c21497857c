"""Learning-rate schedules: their corners, and their code in a compiled run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ConfigError
from chainrule.learn.schedules import Constant, Cosine, StepDecay, WarmUp

SCHEDULES = [
    Constant(0.2),
    StepDecay(0.2, 3, 0.5),
    Cosine(0.2, 8, end=0.01),
    WarmUp(0.2, 4, start=0.1),
    WarmUp(Cosine(0.2, 5), 2),
]


def test_step_decay_falls_at_each_multiple() -> None:
    schedule = StepDecay(1.0, every=3, factor=0.1)
    np.testing.assert_allclose([schedule(count) for count in range(7)], [1, 1, 1, 0.1, 0.1, 0.1, 0.01])


def test_cosine_goes_from_one_end_to_the_other_and_stays() -> None:
    schedule = Cosine(1.0, steps=10, end=0.2)
    assert [float(schedule(count)) for count in (0, 5, 10, 1000)] == pytest.approx([1.0, 0.6, 0.2, 0.2])


def test_warm_up_hands_over_without_a_jump() -> None:
    schedule = WarmUp(Cosine(1.0, steps=10), steps=4, start=0.2)
    assert [float(schedule(count)) for count in (0, 2, 4)] == pytest.approx([0.2, 0.6, 1.0])
    assert float(schedule(9)) == pytest.approx(float(Cosine(1.0, steps=10)(5)))


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_compiled_run_follows_it(schedule: Any, dtype: Any) -> None:
    compiled = cr.minimize(
        lambda w: np.sum(3 * w), np.zeros(2, dtype), optimizer=cr.GradientDescent(schedule), steps=12
    )
    assert compiled.params.dtype == dtype
    travelled = sum(float(schedule(count)) for count in range(12))
    np.testing.assert_allclose(compiled.params, -3 * travelled, rtol=1e-5 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize("make", [lambda n: StepDecay(0.1, n), lambda n: Cosine(0.1, n), lambda n: WarmUp(0.1, n)])
@pytest.mark.parametrize("steps", [0, -3, 2.5, True])
def test_numbers_of_steps_are_whole_and_positive(make: Any, steps: Any) -> None:
    with pytest.raises(ConfigError, match="number of steps"):
        make(steps)
