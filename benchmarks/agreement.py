"""Nobody is timed before its results are held against the ones derived by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from peers import by_hand
from workloads import Problem, Work

TOLERANCE = {"float64": {"rtol": 1e-9, "atol": 1e-11}, "float32": {"rtol": 1e-3, "atol": 2e-5}}


def as_numpy(values: Any) -> Any:
    """Arrays, tensors, or a list of numbers."""
    return np.array([np.asarray(value) for value in values]) if isinstance(values, list) else np.asarray(values)


def reference(work: Work, steps: int) -> tuple[dict[str, Any], Any]:
    """Parameters and losses, derived by hand, in float64 whatever is timed."""
    return by_hand.contender(Problem(work, "float64"))(steps)


def require(name: str, problem: Problem, run: Callable[[int], Any], expected: tuple[Any, Any], steps: int) -> None:
    """Run some steps and compare parameters, history and dtype; raise where they differ."""
    params, history = run(steps)
    wanted_params, wanted_history = expected
    for key, wanted in wanted_params.items():
        found = as_numpy(params[key])
        where = f"{name}, {problem.work.label}, {problem.dtype}: {key}"
        if found.dtype != problem.dtype:
            raise AssertionError(f"{where} is {found.dtype}")
        np.testing.assert_allclose(found, wanted, **TOLERANCE[problem.dtype], err_msg=where)
    losses = as_numpy(history)
    if len(losses) * problem.work.epoch == steps:  # scikit-learn keeps the mean of each epoch
        wanted_history = wanted_history.reshape(-1, problem.work.epoch).mean(axis=1)
    where = f"{name}, {problem.work.label}, {problem.dtype}: losses"
    np.testing.assert_allclose(losses, wanted_history, **TOLERANCE[problem.dtype], err_msg=where)
