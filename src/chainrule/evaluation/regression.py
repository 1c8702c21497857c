"""Metrics of predicted numbers."""

from __future__ import annotations

import numpy as np

from chainrule.errors import DataError
from chainrule.evaluation.checks import Array
from chainrule.evaluation.scores import ClassScores, Curve, Scores

__all__ = ["scores"]

#: Points of the picture of targets and predictions.
_MOST_POINTS = 400


def scores(y: Array, predicted: Array, names: tuple[str, ...], weight: Array | None) -> Scores:
    """R², RMSE and MAE; of several targets their means, and each target's own.

    Parameters
    ----------
    y, predicted : array of shape (n, targets)
    names : tuple of str
    weight : array of shape (n,) or None

    Returns
    -------
    Scores
    """
    if y.shape != predicted.shape:
        raise DataError(
            f"predicted has {predicted.shape[0]} rows and {predicted.shape[1]} targets, but y has {y.shape[0]} and "
            f"{y.shape[1]}",
            fix="predict the rows that y belongs to",
        )
    targets = [_one_target(names[i], y[:, i], predicted[:, i], weight) for i in range(y.shape[1])]
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for key in ("r2", "rmse", "mae"):
        known = [value for part in targets if (value := part.values[key]) is not None]
        values[key] = float(np.mean(known)) if len(known) == len(targets) else None
        for part in targets:
            if part.values[key] is None:
                reasons.setdefault(key, part.reasons[key])
    every = -(-y.size // _MOST_POINTS)
    shown = Curve("rows", tuple(map(float, y.reshape(-1)[::every])), tuple(map(float, predicted.reshape(-1)[::every])))
    several = len(targets) > 1
    return Scores(
        "regression",
        len(y),
        names if several else (),
        values,
        reasons,
        tuple(targets) if several else (),
        residuals=shown,
    )


def _one_target(name: str, y: Array, predicted: Array, weight: Array | None) -> ClassScores:
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    values: dict[str, float | None] = {
        "r2": None,
        "rmse": float(np.sqrt(mean_squared_error(y, predicted, sample_weight=weight))),
        "mae": float(mean_absolute_error(y, predicted, sample_weight=weight)),
    }
    reasons = {}
    counted = y if weight is None else y[weight > 0]
    if len(counted) < 2:
        reasons["r2"] = "one row has no variance that could be explained"
    elif np.ptp(counted) == 0:
        reasons["r2"] = f"all targets are {counted[0]:g}: there is no variance that could be explained"
    else:
        values["r2"] = float(r2_score(y, predicted, sample_weight=weight))
    return ClassScores(name, float(len(y) if weight is None else weight.sum()), values, reasons)
