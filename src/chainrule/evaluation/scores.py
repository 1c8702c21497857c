"""What an evaluation found: numbers, and for each number that does not exist the reason why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from chainrule.notation.numbers import number_text

__all__ = ["METRICS", "Calibration", "ClassScores", "Curve", "Metric", "Scores", "Task"]

Task = Literal["regression", "binary", "multiclass", "multilabel"]


@dataclass(frozen=True)
class Metric:
    """How a metric is called, which way is better, and how its values are written.

    Attributes
    ----------
    key : str
    label : str
    higher_is_better : bool
    unit : {"percent", "ratio", "number"}
        A share of rows, a number between 0 and 1 by itself, or any number.
    meaning : str
        In a few words.
    """

    key: str
    label: str
    higher_is_better: bool
    unit: Literal["percent", "ratio", "number"]
    meaning: str

    def text(self, value: float | None) -> str:
        """A value as a table shows it, and a dash for one that does not exist.

        Examples
        --------
        >>> METRICS["accuracy"].text(0.97214), METRICS["log_loss"].text(0.081234), METRICS["roc_auc"].text(None)
        ('97.2 %', '0.08123', '–')
        """
        if value is None:
            return "–"
        if self.unit == "percent":
            return f"{100 * value:.1f} %"
        return f"{value:.3f}".replace("-", "−") if self.unit == "ratio" else number_text(value)


METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric("accuracy", "Accuracy", True, "percent", "rows predicted right"),
        Metric("error", "Error", False, "percent", "rows predicted wrong"),
        Metric("hamming_loss", "Wrong labels", False, "percent", "labels predicted wrong, over all rows and labels"),
        Metric(
            "precision", "Precision", True, "percent", "of what is predicted as a class, how much is; mean over classes"
        ),
        Metric("recall", "Recall", True, "percent", "of what is a class, how much is found; mean over classes"),
        Metric("f1", "F1", True, "percent", "harmonic mean of precision and recall; mean over classes"),
        Metric("roc_auc", "ROC-AUC", True, "ratio", "how well the classes are ranked: 0.5 is chance, 1 is perfect"),
        Metric("log_loss", "Log loss", False, "number", "cross-entropy of the predicted probabilities, in nats"),
        Metric("brier", "Brier", False, "number", "mean squared error of the predicted probabilities"),
        Metric("r2", "R²", True, "ratio", "share of the target's variance that is explained"),
        Metric("rmse", "RMSE", False, "number", "root of the mean squared error, in units of the target"),
        Metric("mae", "MAE", False, "number", "mean absolute error, in units of the target"),
    )
}


@dataclass(frozen=True)
class ClassScores:
    """The scores of one class against all others, or of one of several targets.

    Attributes
    ----------
    name : str
    rows : float
        How many rows are of this class; their weight, if rows have weights.
    values : mapping of str to float or None
    reasons : mapping of str to str
        Why a value is None.
    """

    name: str
    rows: float
    values: Mapping[str, float | None]
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Curve:
    """A line of points, such as one ROC curve.

    Attributes
    ----------
    name : str
    x, y : tuple of float
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Calibration:
    """Predicted probabilities beside what came true.

    Attributes
    ----------
    predicted : tuple of float
        Mean probability in each bin.
    observed : tuple of float
        How often it came true there.
    rows : tuple of float
        Rows in each bin, or their weight.
    error : float
        Expected calibration error: the mean distance of the two, weighted by rows.
    of : str
        Of what the probability is.
    """

    predicted: tuple[float, ...]
    observed: tuple[float, ...]
    rows: tuple[float, ...]
    error: float
    of: str


@dataclass(frozen=True)
class Scores:
    """How good predictions are.

    Attributes
    ----------
    task : {"regression", "binary", "multiclass", "multilabel"}
    rows : int
    classes : tuple of str
        Empty for regression with one target.
    values : mapping of str to float or None
        By the keys of `METRICS`.
    reasons : mapping of str to str
        Why a value is None, or what to know about one that is not.
    per_class : tuple of ClassScores
    confusion : array of shape (classes, classes) or None
        Rows are true classes, columns predicted ones; for several labels (labels, 2, 2).
    roc : tuple of Curve
        False positive rate and true positive rate.
    calibration : Calibration or None
    residuals : Curve or None
        Targets and predictions of a regression, at most 400 of them.

    Examples
    --------
    >>> from chainrule.evaluation.metrics import score
    >>> scores = score("binary", [0, 0, 1, 1], [0.1, 0.6, 0.7, 0.9], classes=("no", "yes"))
    >>> scores["accuracy"], scores["roc_auc"]
    (0.75, 1.0)
    >>> scores.confusion.tolist()
    [[1, 1], [0, 2]]
    """

    task: Task
    rows: int
    classes: tuple[str, ...]
    values: Mapping[str, float | None]
    reasons: Mapping[str, str] = field(default_factory=dict)
    per_class: tuple[ClassScores, ...] = ()
    confusion: np.ndarray[Any, Any] | None = None
    roc: tuple[Curve, ...] = ()
    calibration: Calibration | None = None
    residuals: Curve | None = None

    def __getitem__(self, key: str) -> float | None:
        return self.values[key]

    def text(self, key: str) -> str:
        """A value as a table shows it; a dash where there is none."""
        return METRICS[key].text(self.values.get(key))

    def to_json(self) -> dict[str, Any]:
        """Everything, in dictionaries, lists, numbers, strings and None, for `json.dumps`."""
        found = asdict(self)
        found["confusion"] = None if self.confusion is None else self.confusion.tolist()
        return found
