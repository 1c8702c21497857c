"""Metrics of predictions of several labels, each of which is there or not."""

from __future__ import annotations

import numpy as np

from chainrule.evaluation.calibration import calibration
from chainrule.evaluation.checks import Array
from chainrule.evaluation.classification import one_against_rest
from chainrule.evaluation.scores import Scores

__all__ = ["scores"]


def scores(y: Array, probabilities: Array, classes: tuple[str, ...], weight: Array | None) -> Scores:
    """Scores of labels that are predicted where their probability is above one half.

    Accuracy is of whole rows: all labels right. Log loss and Brier score are means over labels; ROC-AUC, precision,
    recall and F1 are means over the labels that have them.

    Parameters
    ----------
    y : array of shape (n, labels)
    probabilities : array of shape (n, labels)
    classes : tuple of str
    weight : array of shape (n,) or None

    Returns
    -------
    Scores
    """
    from sklearn.metrics import (
        accuracy_score,
        hamming_loss,
        log_loss,
        mean_squared_error,
        multilabel_confusion_matrix,
    )

    chosen = (probabilities > 0.5).astype(np.int64)
    if y.shape[1] == 1:  # scikit-learn takes one column for a single class
        accuracy = float(np.average((y == chosen)[:, 0], weights=weight))
        wrong = 1.0 - accuracy
    else:
        accuracy = float(accuracy_score(y, chosen, sample_weight=weight))
        wrong = float(hamming_loss(y, chosen, sample_weight=weight))
    values: dict[str, float | None] = {"accuracy": accuracy, "error": 1.0 - accuracy, "hamming_loss": wrong}
    reasons: dict[str, str] = {}
    labels = range(len(classes))
    found = [one_against_rest(classes[i], y[:, i] == 1, chosen[:, i] == 1, probabilities[:, i], weight) for i in labels]
    per_class = tuple(part for part, _ in found)
    for key in ("precision", "recall", "f1", "roc_auc"):
        known = [value for part in per_class if (value := part.values[key]) is not None]
        values[key] = float(np.mean(known)) if known else None
        missing = [part for part in per_class if part.values[key] is None]
        if missing:
            reasons[key] = f"{missing[0].reasons[key]}" + (", which is left out" if known else "")
    values["log_loss"] = float(
        np.mean([log_loss(y[:, i], probabilities[:, i], labels=[0, 1], sample_weight=weight) for i in labels])
    )
    values["brier"] = float(mean_squared_error(y, probabilities, sample_weight=weight))
    return Scores(
        "multilabel",
        len(y),
        classes,
        values,
        reasons,
        per_class,
        multilabel_confusion_matrix(y, chosen, sample_weight=weight) if y.shape[1] > 1 else None,
        tuple(curve for _, curve in found if curve is not None),
        calibration(
            y.reshape(-1) == 1,
            probabilities.reshape(-1),
            weight=None if weight is None else np.repeat(weight, y.shape[1]),
            of="each label",
        ),
    )
