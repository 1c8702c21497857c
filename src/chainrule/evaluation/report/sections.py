"""The sections of a report, each from what it needs; None where that is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.evaluation.baselines import Baseline
from chainrule.evaluation.comparison import Comparison
from chainrule.evaluation.cross_validation import CrossValidation
from chainrule.evaluation.gradient_flow import gradient_flow
from chainrule.evaluation.learning_curve import LearningCurve
from chainrule.evaluation.learning_rate import LearningRateTest
from chainrule.evaluation.metrics import MAIN_METRIC
from chainrule.evaluation.pictures.quality import (
    calibration_picture,
    errors_picture,
    predictions_picture,
    roc_picture,
)
from chainrule.evaluation.pictures.training import (
    gradient_picture,
    learning_curve_picture,
    loss_picture,
    range_test_picture,
    schedule_picture,
)
from chainrule.evaluation.report.confusion import confusion_parts
from chainrule.evaluation.report.parts import Section, facts, figures, table
from chainrule.evaluation.report.words import headline, verdict
from chainrule.evaluation.scores import METRICS, Scores
from chainrule.explain.page.markup import Markup, element

__all__ = [
    "again_section",
    "data_section",
    "errors_section",
    "model_section",
    "result_section",
    "splits_section",
    "training_section",
]

#: Columns of the data that are shown at once; more are folded.
_SHOWN_COLUMNS = 12
#: Folds that are shown one by one.
_SHOWN_FOLDS = 5
#: A page that lists more of them opens slowly.
_MOST_COLUMNS = 1000


def result_section(
    scores: Mapping[str, Scores], baselines: Sequence[Baseline], comparison: Comparison | None
) -> Section:
    """The number that counts, what it is worth, and all metrics beside the baselines."""
    part, main = list(scores.items())[-1]
    said = verdict(main, baselines, comparison)
    top = element(
        "div",
        element(
            "p", element("strong", main.text(MAIN_METRIC[main.task])), " ", headline(part, main), class_="headline"
        ),
        element("p", said, class_=f"verdict {comparison.verdict.replace(' ', '-')}") if said and comparison else None,
        class_="top",
    )
    columns: dict[str, Scores] = dict(scores)
    columns |= {f"{baseline.name}, {part}": baseline.scores for baseline in baselines}
    rows: list[list[Any]] = [["Rows", *(found.rows for found in columns.values())]]
    for key in main.values:
        label = element("abbr", METRICS[key].label, title=METRICS[key].meaning)
        rows.append([label, *(found.text(key) for found in columns.values())])
    said_of: dict[str, list[str]] = {}
    for name, found in scores.items():
        for key, reason in found.reasons.items():
            said_of.setdefault(f"{METRICS[key].label}: {reason}", []).append(name)
    notes = [f"{reason} ({', '.join(names)})." for reason, names in said_of.items()]
    notes += [f"{found.name.capitalize()}: {found.note}." for found in baselines if found.note]
    meanings = [
        element("div", element("dt", METRICS[key].label), element("dd", METRICS[key].meaning)) for key in main.values
    ]
    explained = element(
        "details", element("summary", "What the metrics mean"), element("dl", meanings, class_="meanings")
    )
    return Section(
        "result",
        "Result",
        [
            top,
            element("div", table(["", *columns], rows, class_="scores"), _notes(notes), explained),
        ],
    )


def errors_section(scores: Scores) -> Section | None:
    """Which rows are wrong: confusion matrix, classes one by one, ROC, calibration; predictions beside targets."""
    pictures = []
    if scores.roc:
        pictures.append(roc_picture(scores))
    if scores.calibration is not None:
        pictures.append(calibration_picture(scores.calibration))
    if scores.residuals is not None:
        pictures += [predictions_picture(scores.residuals), errors_picture(scores.residuals)]
    confusion = confusion_parts(scores)
    if not pictures and not confusion and not scores.per_class:
        return None
    title = "Predictions" if scores.task == "regression" else "Right and wrong"
    return Section("errors", title, [figures(pictures, confusion), _classes(scores)])


def _classes(scores: Scores) -> Markup | None:
    if not scores.per_class:
        return None
    keys = list(scores.per_class[0].values)
    header = ["Target" if scores.task == "regression" else "Class", "Rows", *(METRICS[key].label for key in keys)]
    rows = [[part.name, part.rows, *(METRICS[key].text(part.values[key]) for key in keys)] for part in scores.per_class]
    reasons = dict.fromkeys(
        f"{METRICS[key].label}: {reason}." for part in scores.per_class for key, reason in part.reasons.items()
    )
    return element("div", element("h3", "One by one"), table(header, rows), _notes(list(reasons)[:8]), class_="classes")


def data_section(data: Mapping[str, object], columns: Sequence[Mapping[str, object]]) -> Section | None:
    """Where the rows come from, and what each column is."""
    if not data and not columns:
        return None
    listed: list[Markup] = []
    if columns:
        header = list(columns[0])
        rows = [[column.get(name) for name in header] for column in columns]
        listed.append(table(header, rows[:_SHOWN_COLUMNS]))
        more = rows[_SHOWN_COLUMNS:_MOST_COLUMNS]
        if more:
            beyond = f", of {len(rows) - _SHOWN_COLUMNS:,}" if len(rows) > _MOST_COLUMNS else ""
            summary = element("summary", f"{len(more):,} more columns{beyond}")
            listed.append(element("details", summary, table(header, more)))
    return Section("data", "Data", [element("div", facts(data)), element("div", listed)])


def model_section(model: Mapping[str, object]) -> Section | None:
    """What was trained."""
    return Section("model", "Model", facts(model)) if model else None


def training_section(
    training: Mapping[str, object],
    history: Mapping[str, Any],
    best_epoch: int | None,
    learning_rate: LearningRateTest | None,
) -> Section | None:
    """How it was trained, epoch by epoch."""
    pictures = []
    if len(history.get("loss", ())):
        pictures.append(loss_picture(history, best_epoch))
    norms = history.get("gradient_norm")
    if norms and len(next(iter(norms.values()))):
        pictures.append(gradient_picture(gradient_flow(norms)))
    lrs = np.asarray(history.get("lr", ()), np.float64)
    if lrs.size and np.ptp(lrs) > 0:
        pictures.append(schedule_picture(lrs.tolist()))
    if learning_rate is not None:
        pictures.append(range_test_picture(learning_rate))
    if not training and not pictures:
        return None
    return Section("training", "Training", [facts(training), figures(pictures)])


def splits_section(curve: LearningCurve | None, found: CrossValidation | None) -> Section | None:
    """Beyond one split: the folds of a cross-validation, and scores over the number of rows."""
    cards = []
    if found is not None:
        are_few = len(found.folds) <= _SHOWN_FOLDS
        header = ["", "mean ± sd"]
        header += [f"fold {i}" for i in range(1, len(found.folds) + 1)] if are_few else ["lowest", "highest"]
        rows = []
        for key, spread in found.spread.items():
            values = [part.values[key] for part in found.folds] if are_few else spread.ends
            rows.append([METRICS[key].label, spread.text(key), *map(METRICS[key].text, values)])
        said = f"{len(found.folds)} models, each tested on the fold of rows that it had not seen."
        reasons = [f"{METRICS[key].label}: {reason}." for key, reason in found.reasons.items()]
        cards.append(
            element(
                "figure",
                element("h3", "Cross-validation"),
                table(header, rows),
                element("figcaption", said),
                _notes(reasons),
                class_="wide",
            )
        )
    pictures = [] if curve is None else [learning_curve_picture(curve)]
    cards_shown = figures(pictures, cards)
    return None if cards_shown is None else Section("splits", "Other splits", cards_shown)


def again_section(command: str) -> Section | None:
    """How to get the same again."""
    return Section("again", "Make it again", element("pre", element("code", command), tabindex=0)) if command else None


def _notes(lines: Sequence[str]) -> Markup | None:
    return element("ul", [element("li", line) for line in lines], class_="notes") if lines else None
