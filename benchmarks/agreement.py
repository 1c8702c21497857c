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
    """Run some steps and compare parameters, their dtype and the history; raise where they differ."""
    params, history = run(steps)
    wanted_params, wanted_history = expected
    where = f"{name}, {problem.work.label}, {problem.dtype}"
    losses = as_numpy(history)
    if len(losses) * problem.work.epoch == steps:  # scikit-learn keeps the mean of each epoch
        wanted_history = wanted_history.reshape(-1, problem.work.epoch).mean(axis=1)
    require_equal(where, (losses, params), (wanted_history, wanted_params), problem.dtype)


def require_equal(where: str, found: tuple[Any, Any], expected: tuple[Any, Any], dtype: str) -> None:
    """Compare losses, and arrays by name together with their dtype."""
    losses, arrays = found
    np.testing.assert_allclose(as_numpy(losses), expected[0], **TOLERANCE[dtype], err_msg=f"{where}: loss")
    for key, wanted in expected[1].items():
        array = as_numpy(arrays[key])
        if array.dtype != dtype:
            raise AssertionError(f"{where}: {key} is {array.dtype}")
        np.testing.assert_allclose(array, wanted, **TOLERANCE[dtype], err_msg=f"{where}: {key}")
