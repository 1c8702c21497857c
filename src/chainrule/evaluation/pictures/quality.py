"""Figures of predictions: ROC curves, calibration, predictions beside targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.evaluation.pictures.picture import Picture, thinned
from chainrule.evaluation.pictures.svg import COLOURS, DASHES, FAINT, draw
from chainrule.evaluation.scores import Calibration, Curve, Scores
from chainrule.notation.numbers import number_text

__all__ = ["calibration_picture", "errors_picture", "predictions_picture", "roc_picture"]

#: Curves that are drawn in a colour of their own; of more classes, those that are ranked worst.
_COLOURED = 5
_NAME_LENGTH = 18
_MOST_BINS = 30


def roc_picture(scores: Scores) -> Picture:
    """ROC curves: of class 1, or of each class against the rest."""
    areas = {part.name: part.values["roc_auc"] for part in scores.per_class}
    worst = sorted(scores.roc, key=lambda curve: areas[curve.name] or 0.0)
    coloured = scores.roc if len(scores.roc) <= _COLOURED else worst[:_COLOURED]
    others = [curve for curve in scores.roc if curve not in coloured]

    def paint(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.9, linestyle=(0, (2, 2)))
        for number, curve in enumerate(others):
            label = f"{len(others)} other classes" if number == 0 else None
            axes.plot(curve.x, curve.y, color=FAINT, linewidth=0.6, alpha=0.7, label=label)
        for i, curve in enumerate(coloured):
            label = f"{_short(curve.name)}: {_area(areas[curve.name])}"
            axes.plot(curve.x, curve.y, color=COLOURS[i], linestyle=DASHES[i], label=label)
        axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))
        axes.legend(title="area under the curve", loc="lower right", alignment="right")

    said = "; ".join(f"class {curve.name}: area {_area(areas[curve.name])}" for curve in coloured)
    header = ("Class", "False positive rate", "True positive rate")
    rows = [(curve.name, curve.x[i], curve.y[i]) for curve in coloured for i in thinned(len(curve.x), 11)]
    caption = (
        "How many rows of a class are found, against how many others are taken for it, for every threshold. The dashed "
        "diagonal is chance."
    )
    return Picture("ROC", caption, draw("roc", paint, f"ROC curves, {said}."), header, rows)


def calibration_picture(found: Calibration) -> Picture:
    """Observed frequency over predicted probability; the area of a point shows its rows."""

    def paint(axes: Any) -> None:
        rows = np.asarray(found.rows)
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.9, linestyle=(0, (2, 2)))
        axes.plot(found.predicted, found.observed, color=COLOURS[0], linewidth=1.0)
        axes.scatter(found.predicted, found.observed, s=12 + 140 * rows / rows.max(), color=COLOURS[0], linewidths=0)
        axes.set(xlabel="predicted probability", ylabel="observed share", xlim=(-0.04, 1.04), ylim=(-0.04, 1.04))

    error = number_text(found.error)
    alt = f"Calibration in {len(found.rows)} bins: expected calibration error {error}."
    header = ("Predicted", "Observed", "Rows")
    caption = (
        f"Probability of {found.of}: on the dashed line it means what it says. Larger points have more rows; the "
        f"expected calibration error is {error}."
    )
    rows = list(zip(found.predicted, found.observed, found.rows, strict=True))
    return Picture("Calibration", caption, draw("calibration", paint, alt), header, rows)


def predictions_picture(curve: Curve) -> Picture:
    """Predictions over targets: on the diagonal they are right."""
    x, y = np.asarray(curve.x), np.asarray(curve.y)
    ends = [min(x.min(), y.min()), max(x.max(), y.max())]

    def paint(axes: Any) -> None:
        axes.plot(ends, ends, color=FAINT, linewidth=0.9, linestyle=(0, (2, 2)))
        axes.plot(x, y, "o", color=COLOURS[0], markersize=3.2, alpha=0.55, markeredgewidth=0)
        axes.set(xlabel="target", ylabel="prediction")

    alt = f"Scatter of {len(x)} predictions over targets between {number_text(x.min())} and {number_text(x.max())}."
    order = np.argsort(x, kind="stable")
    rows = [(x[i], y[i], y[i] - x[i]) for i in order[thinned(len(x))]]
    caption = "Each point is a row; on the dashed line the prediction is right."
    return Picture(
        "Predictions", caption, draw("predictions", paint, alt), ("Target", "Prediction", "Difference"), rows
    )


def errors_picture(curve: Curve) -> Picture:
    """How often predictions are off by how much."""
    errors = np.asarray(curve.y) - np.asarray(curve.x)
    counts, edges = np.histogram(errors, bins=min(_MOST_BINS, max(1, int(np.ceil(2 * np.cbrt(len(errors)))))))

    def paint(axes: Any) -> None:
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=COLOURS[0], alpha=0.75, linewidth=0)
        axes.axvline(0, color=FAINT, linewidth=0.9, linestyle=(0, (2, 2)))
        axes.set(xlabel="prediction − target", ylabel="rows")
        axes.grid(axis="x", visible=False)

    mean = number_text(float(errors.mean()))
    alt = (
        f"Histogram of {len(errors)} errors between {number_text(edges[0])} and {number_text(edges[-1])}, mean {mean}."
    )
    rows = list(zip(edges[:-1], edges[1:], counts, strict=True))
    caption = f"Errors lean to neither side if they are centred on 0; their mean is {mean}."
    return Picture("Errors", caption, draw("errors", paint, alt), ("From", "To", "Rows"), rows)


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"


def _area(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
