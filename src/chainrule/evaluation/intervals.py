"""How sure a share of rows is."""

from __future__ import annotations

from chainrule.evaluation.scores import Scores

__all__ = ["accuracy_interval"]


def accuracy_interval(scores: Scores) -> tuple[float, float] | None:
    """Wilson's 95 % interval of the accuracy, or None for numbers, labels and weighted rows.

    Examples
    --------
    >>> from chainrule.evaluation.metrics import score
    >>> low, high = accuracy_interval(score("binary", [0, 1] * 50, [0.1, 0.9] * 50))
    >>> round(low, 3), high
    (0.963, 1.0)
    """
    from scipy.stats import binomtest

    counts = scores.confusion
    if counts is None or counts.ndim != 2 or counts.sum() != scores.rows or counts.dtype.kind != "i":
        return None
    interval = binomtest(int(counts.trace()), scores.rows).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)
