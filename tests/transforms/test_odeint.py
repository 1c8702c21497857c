"""Solving differential equations: what is not of the operation's record, from which its gradients are tested."""

from __future__ import annotations

import numpy as np

import chainrule as cr
import chainrule.scipy.integrate as integrate


def decay(y: np.ndarray, t: float) -> np.ndarray:
    return -y


def test_a_lesson_calls_the_right_side_by_its_name() -> None:
    def end(y0: np.ndarray) -> np.ndarray:
        return integrate.odeint(decay, y0, np.array([0.0, 1.0]))[-1].sum()

    said = [str(cr.explain(end, np.ones(1), level="operation")) for _ in range(2)]
    assert "dynamics=decay" in said[0]
    assert "dynamics=sensitivities of decay" in said[0]
    assert said[0] == said[1], "nothing of it is an address in memory"
