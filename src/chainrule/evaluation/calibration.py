"""Whether a probability of 80 % comes true in 80 of 100 rows."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from chainrule.evaluation.scores import Calibration

__all__ = ["calibration"]


def calibration(
    came_true: Any,
    probability: Any,
    *,
    bins: int = 10,
    strategy: Literal["quantile", "uniform"] = "uniform",
    weight: Any = None,
    of: str = "class 1",
) -> Calibration:
    """Sort rows by predicted probability into bins, and count in each how often it came true.

    Parameters
    ----------
    came_true : array of shape (n,)
        True where that happened of which the probability is.
    probability : array of shape (n,)
    bins : int, default 10
        Bins without rows are left out.
    strategy : {"uniform", "quantile"}, default "uniform"
        Bins of equal width, or of about equally many rows.
    weight : array of shape (n,), optional
    of : str
        Of what the probability is, for the picture.

    Returns
    -------
    Calibration
        The bins are those of `sklearn.calibration.calibration_curve`, which gives no counts and takes no weights.

    Examples
    --------
    >>> found = calibration([False, True, True, True], [0.2, 0.3, 0.8, 0.9], bins=2)
    >>> found.observed, found.rows, round(found.error, 3)
    ((0.5, 1.0), (2.0, 2.0), 0.2)
    """
    truth, p = np.asarray(came_true, bool), np.asarray(probability, np.float64)
    rows = np.ones(len(p)) if weight is None else np.asarray(weight, np.float64)
    steps = np.linspace(0.0, 1.0, bins + 1)
    edges = np.quantile(p, steps) if strategy == "quantile" else steps
    bin_of = np.searchsorted(edges[1:-1], p)
    total = np.bincount(bin_of, rows, bins)
    filled = total > 0
    total, known = total[filled], (np.bincount(bin_of, rows * part, bins)[filled] for part in (p, truth))
    predicted, observed = (part / total for part in known)
    error = float(np.sum(total * np.abs(predicted - observed)) / total.sum())
    columns = [tuple(map(float, part)) for part in (predicted, observed, total)]
    return Calibration(columns[0], columns[1], columns[2], error, of)
