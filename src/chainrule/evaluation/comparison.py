"""Whether one model is better than another, or the rows are too few to say so."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from chainrule.evaluation.checks import Array, as_targets
from chainrule.evaluation.scores import Task

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison:
    """Errors of two models on the same rows.

    Attributes
    ----------
    verdict : {"better", "no different", "worse"}
        Of the first model: different if the mean difference is more than two standard errors from zero.
    difference : float
        Mean error of the second model minus that of the first: above zero, the first one is better.
    standard_error : float
    better, worse : int
        On how many rows the first model has the smaller, and the larger error.
    """

    verdict: Literal["better", "no different", "worse"]
    difference: float
    standard_error: float
    better: int
    worse: int

    def to_json(self) -> dict[str, Any]:
        """Everything, for `json.dumps`."""
        return asdict(self)


def compare(task: Task, y: Any, first: Any, second: Any) -> Comparison:
    """Compare the errors of two models row by row.

    Differences of pairs vary less than each model's error does, because most rows are easy, or hard, for both.

    Parameters
    ----------
    task : {"regression", "binary", "multiclass", "multilabel"}
    y : array
        What is true, as `score` takes it.
    first, second : array
        Predictions, as `score` takes them.

    Returns
    -------
    Comparison
        Of squared errors for numbers, of wrong classes or labels otherwise.

    Examples
    --------
    >>> y = [0, 1] * 50
    >>> compare("binary", y, y, [0] * 100).verdict
    'better'
    >>> compare("binary", [0, 1], [0, 1], [0, 0]).verdict
    'no different'
    """
    gain = _errors(task, y, second) - _errors(task, y, first)
    count = len(gain)
    difference = float(gain.mean())
    with np.errstate(over="ignore"):  # of a model that diverged: then nothing is clear
        error = float(gain.std(ddof=1) / np.sqrt(count)) if count > 1 else float("inf")
    is_clear = count > 1 and abs(difference) > 2 * error
    verdict: Literal["better", "no different", "worse"] = "no different"
    if is_clear:
        verdict = "better" if difference > 0 else "worse"
    return Comparison(verdict, difference, error, int((gain > 0).sum()), int((gain < 0).sum()))


def _errors(task: Task, y: Any, predicted: Any) -> Array:
    """The error of each row."""
    truth, given = np.asarray(y), np.asarray(predicted)
    if task == "regression":
        return np.asarray(((as_targets(truth, "y") - as_targets(given, "predicted")) ** 2).mean(axis=1))
    if task == "multilabel":
        return np.asarray(((given > 0.5) != truth).mean(axis=1))
    if given.ndim == 2:
        given = given.argmax(axis=1) if given.shape[1] > 1 else given[:, 0] > 0.5
    elif given.dtype.kind == "f":
        given = given > 0.5
    return np.asarray(given != truth, dtype=np.float64)
