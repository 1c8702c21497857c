"""Metrics of predictions of one class out of several."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.evaluation.calibration import calibration
from chainrule.evaluation.checks import Array
from chainrule.evaluation.scores import ClassScores, Curve, Scores, Task

__all__ = ["one_against_rest", "scores"]

_NO_PROBABILITIES = "the model gives classes, and no probabilities"


def scores(
    task: Task,
    y: Array,
    chosen: Array,
    probabilities: Array | None,
    classes: tuple[str, ...],
    weight: Array | None,
) -> Scores:
    """Scores of class numbers, and of probabilities where there are any.

    Parameters
    ----------
    task : {"binary", "multiclass"}
    y, chosen : array of shape (n,)
        True and predicted class numbers.
    probabilities : array of shape (n, classes) or None
    classes : tuple of str
    weight : array of shape (n,) or None

    Returns
    -------
    Scores
    """
    from sklearn.metrics import accuracy_score, confusion_matrix

    accuracy = float(accuracy_score(y, chosen, sample_weight=weight))
    values: dict[str, float | None] = {"accuracy": accuracy, "error": 1.0 - accuracy}
    reasons: dict[str, str] = {}
    per_class, curves = [], []
    for code, name in enumerate(classes):
        column = None if probabilities is None else probabilities[:, code]
        found, curve = one_against_rest(name, y == code, chosen == code, column, weight)
        per_class.append(found)
        curves.append(curve)
    for key in ("precision", "recall", "f1"):
        values[key], reason = _mean_over_classes(key, per_class)
        if reason:
            reasons[key] = reason
    values["roc_auc"], reason = _roc_auc(task, per_class, probabilities is not None)
    if reason:
        reasons["roc_auc"] = reason
    for key, value in _of_probabilities(y, probabilities, weight).items():
        values[key] = value
        if value is None:
            reasons[key] = _NO_PROBABILITIES
    shown = curves[1:] if task == "binary" else curves  # of two classes one curve mirrors the other
    counts = confusion_matrix(y, chosen, labels=np.arange(len(classes)), sample_weight=weight)
    return Scores(
        task,
        len(y),
        classes,
        values,
        reasons,
        tuple(per_class),
        counts,
        tuple(curve for curve in shown if curve is not None),
        None if probabilities is None else _calibration(task, y, chosen, probabilities, classes, weight),
    )


def one_against_rest(
    name: str, is_class: Array, is_chosen: Array, probability: Array | None, weight: Array | None
) -> tuple[ClassScores, Curve | None]:
    """The scores of one class, or of one label, and its ROC curve where it has one."""
    from sklearn.metrics import precision_recall_fscore_support, roc_auc_score, roc_curve

    counts = np.ones(len(is_class)) if weight is None else weight
    # with zero_division=nan scikit-learn says which of them is 0/0
    found = precision_recall_fscore_support(
        is_class, is_chosen, labels=[True], average=None, sample_weight=weight, zero_division=np.nan
    )[:3]
    values: dict[str, float | None] = {
        key: None if np.isnan(value[0]) else float(value[0])
        for key, value in zip(("precision", "recall", "f1"), found, strict=True)
    }
    absent, whole = f"no row is of class {name!r}", f"all rows are of class {name!r}"
    why = {
        "precision": f"class {name!r} is never predicted",
        "recall": absent,
        "f1": f"class {name!r} is neither there nor predicted",
    }
    reasons = {key: why[key] for key, value in values.items() if value is None}
    rows = float(counts[is_class].sum())
    curve = None
    values["roc_auc"] = None
    if probability is None:
        reasons["roc_auc"] = _NO_PROBABILITIES
    elif rows == 0 or rows == counts.sum():
        reasons["roc_auc"] = absent if rows == 0 else whole
    else:
        values["roc_auc"] = float(roc_auc_score(is_class, probability, sample_weight=weight))
        x, y, _ = roc_curve(is_class, probability, sample_weight=weight)
        curve = Curve(name, tuple(map(float, x)), tuple(map(float, y)))
    return ClassScores(name, rows, values, reasons), curve


def _mean_over_classes(key: str, per_class: list[ClassScores]) -> tuple[float, str | None]:
    """The macro average as scikit-learn has it: over classes that are there or predicted, and 0/0 counts as 0."""
    seen = [part for part in per_class if part.values["f1"] is not None]
    empty = [part for part in seen if part.values[key] is None]
    mean = float(np.mean([part.values[key] or 0.0 for part in seen]))
    if not empty:
        return mean, None
    return mean, f"{empty[0].reasons[key]}, which counts as 0"


def _roc_auc(task: Task, per_class: list[ClassScores], has_probabilities: bool) -> tuple[float | None, str | None]:
    """Each class against the rest, averaged; of two classes both are the same."""
    if not has_probabilities:
        return None, _NO_PROBABILITIES
    whole = [part for part in per_class if part.reasons.get("roc_auc", "").startswith("all")]
    missing = whole or [part for part in per_class if part.values["roc_auc"] is None]
    if missing:
        return None, missing[0].reasons["roc_auc"]
    if task == "binary":
        return per_class[1].values["roc_auc"], None
    return float(np.mean([part.values["roc_auc"] for part in per_class])), None


def _of_probabilities(y: Array, probabilities: Array | None, weight: Array | None) -> dict[str, float | None]:
    """Log loss, and the Brier score: for two classes that of class 1, for more the sum over classes."""
    from sklearn.metrics import brier_score_loss, log_loss, mean_squared_error

    if probabilities is None:
        return {"log_loss": None, "brier": None}
    count = probabilities.shape[1]
    if count == 2:
        brier = brier_score_loss(y == 1, probabilities[:, 1], sample_weight=weight, pos_label=True)
    else:
        brier = count * mean_squared_error(np.eye(count)[y], probabilities, sample_weight=weight)
    loss = log_loss(y, probabilities, labels=np.arange(count), sample_weight=weight)
    return {"log_loss": float(loss), "brier": float(brier)}


def _calibration(
    task: Task, y: Array, chosen: Array, probabilities: Array, classes: tuple[str, ...], weight: Array | None
) -> Any:
    if task == "binary":
        return calibration(y == 1, probabilities[:, 1], weight=weight, of=f"class {classes[1]}")
    return calibration(y == chosen, probabilities.max(axis=1), weight=weight, of="the predicted class")
