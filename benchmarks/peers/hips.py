"""HIPS autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
from formulas import FORMULAS
from workloads import LEARNING_RATE, Problem


def contender(problem: Problem) -> Callable[[int], tuple[Any, Any]]:
    X, y = problem.data
    evaluate = autograd.value_and_grad(FORMULAS[problem.work.kind](anp))

    def run(steps: int) -> tuple[Any, Any]:
        params, history = problem.params, []
        for step in range(steps):
            rows = problem.batch_rows(step) if problem.work.batch else slice(None)
            value, gradients = evaluate(params, X[rows], y[rows])
            params = {name: params[name] - LEARNING_RATE * gradients[name] for name in params}
            history.append(value)
        return params, history

    return run
