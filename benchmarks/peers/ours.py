"""chainrule: the whole loop through ``minimize``, and single calls through ``jit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from formulas import FORMULAS
from workloads import LEARNING_RATE, SEED, Problem

import chainrule as cr


def contender(problem: Problem) -> Callable[[int], tuple[Any, Any]]:
    loss = FORMULAS[problem.work.kind](np)
    optimizer = cr.GradientDescent(lr=LEARNING_RATE)

    def run(steps: int) -> tuple[Any, Any]:
        result = cr.minimize(
            loss,
            problem.params,
            problem.data,
            optimizer=optimizer,
            steps=steps,
            batch_size=problem.work.batch,
            seed=SEED,
        )
        return result.params, result.history["loss"]

    return run
