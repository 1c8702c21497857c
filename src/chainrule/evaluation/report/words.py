"""What the scores say, in a sentence or two."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.evaluation.baselines import Baseline
from chainrule.evaluation.comparison import Comparison
from chainrule.evaluation.intervals import accuracy_interval
from chainrule.evaluation.metrics import MAIN_METRIC
from chainrule.evaluation.scores import METRICS, Scores
from chainrule.notation.numbers import number_text

__all__ = ["headline", "verdict"]


def headline(part: str, scores: Scores) -> str:
    """The main metric in a sentence.

    Examples
    --------
    >>> from chainrule.evaluation.metrics import score
    >>> headline("test", score("binary", [0, 1] * 50, [0.1, 0.9] * 49 + [0.9, 0.9]))
    'of 100 test rows are predicted right (95 % interval: 94.6 % to 99.8 %).'
    """
    rows = f"{scores.rows:,} {part} row{'s' if scores.rows != 1 else ''}"
    if scores.task == "regression":
        share, off = scores["r2"], f"predictions are off by {number_text(scores['mae'])} on average."
        if share is None:
            return f"is not defined on {rows}; {off}"
        if share <= 0:
            return f"is R² on {rows}: no better than always predicting the mean; {off}"
        return f"is R² on {rows}: {100 * share:.1f} % of the target's variance is explained; {off}"
    if scores.task == "multilabel":
        return f"is the mean F1 over {len(scores.classes)} labels on {rows}."
    interval = accuracy_interval(scores)
    tail = ""
    if interval:
        low, high = (METRICS["accuracy"].text(end) for end in interval)
        tail = f" (95 % interval: {low} to {high})"
    return f"of {rows} are predicted right{tail}."


def verdict(scores: Scores, baselines: Sequence[Baseline], comparison: Comparison | None) -> str:
    """Whether the network earns its keep.

    Examples
    --------
    >>> from chainrule.evaluation.baselines import baselines
    >>> from chainrule.evaluation.comparison import compare
    >>> from chainrule.evaluation.metrics import score
    >>> X, y = [[float(x)] for x in range(40)], [0, 1] * 20
    >>> found = baselines("binary", X, y, X, y)
    >>> verdict(score("binary", y, y), found, compare("binary", y, y, found[-1].predicted))
    'Clearly better than logistic regression (accuracy 50.0 %). On 20 rows only this model is right, on 0 rows ...'
    """
    if not baselines or comparison is None:
        return ""
    baseline, key = baselines[-1], MAIN_METRIC[scores.task]
    of = f"{baseline.name} ({METRICS[key].label[:1].lower()}{METRICS[key].label[1:]} {baseline.scores.text(key)})"
    if key == "r2":
        of = f"{baseline.name} (R² {baseline.scores.text(key)})"
    better, worse = _rows(comparison.better), _rows(comparison.worse)
    if scores.task == "regression":
        said = f"It is closer on {better}, and further off on {worse}."
    else:
        said = f"On {better} only this model is right, on {worse} only the baseline."
    if scores.task == "multilabel":
        said = f"On {better} more labels are right, on {worse} fewer."
    if comparison.verdict == "better":
        return f"Clearly better than {of}. {said}"
    if comparison.verdict == "worse":
        return f"Worse than {of}. {said} The simpler model is the one to use, unless other settings help."
    return f"No clear difference from {of}. {said} That may be chance, and the simpler model may do as well."


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"
