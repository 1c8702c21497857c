"""A report as one file: no network, no scripts, light and dark, fit to be printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from chainrule.errors import ConfigError
from chainrule.evaluation.baselines import Baseline
from chainrule.evaluation.comparison import Comparison
from chainrule.evaluation.cross_validation import CrossValidation
from chainrule.evaluation.learning_curve import LearningCurve
from chainrule.evaluation.learning_rate import LearningRateTest
from chainrule.evaluation.report import sections
from chainrule.evaluation.report.lesson import lesson_section
from chainrule.evaluation.scores import Scores
from chainrule.explain.lesson import Lesson
from chainrule.explain.page.markup import Markup, element

__all__ = ["Report"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class Report:
    """What a report is made of. Only title and scores are needed; a section whose parts are missing is left out.

    Attributes
    ----------
    title : str
    scores : mapping of str to Scores
        By part of the data, such as ``"training"`` and ``"test"``; the last one is what the report is about.
    baselines : sequence of Baseline
        Scored on the rows of the last part.
    comparison : Comparison or None
        Of the model with the last baseline.
    data : mapping of str to object
        Facts: file, rows, target.
    columns : sequence of mapping of str to object
        One for each column of the data, all with the same keys.
    model, training : mapping of str to object
        Facts: architecture, number of parameters; optimiser, epochs, why it stopped.
    history : mapping of str to sequence
        By epochs: ``"loss"``, ``"validation_loss"``, ``"lr"``, and ``"gradient_norm"``, itself a mapping of names of
        parameters to norms.
    best_epoch : int or None
        Counted from 1.
    learning_rate : LearningRateTest or None
    learning_curve : LearningCurve or None
    cross_validation : CrossValidation or None
    lesson : Lesson or None
        Of one row of the data.
    lesson_row : mapping of str to object
        That row, as it stands in the table.
    again : str
        The command that makes this report.
    made_by : str
        Versions, date: what stands at the end.

    Examples
    --------
    >>> from chainrule.evaluation.metrics import score
    >>> page = Report("Cats and dogs", {"test": score("binary", [0, 0, 1, 1], [0.1, 0.6, 0.7, 0.9])}).to_html()
    >>> page.startswith("<!DOCTYPE html>"), "75.0 %" in page
    (True, True)
    """

    title: str
    scores: Mapping[str, Scores]
    baselines: Sequence[Baseline] = ()
    comparison: Comparison | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    columns: Sequence[Mapping[str, object]] = ()
    model: Mapping[str, object] = field(default_factory=dict)
    training: Mapping[str, object] = field(default_factory=dict)
    history: Mapping[str, Any] = field(default_factory=dict)
    best_epoch: int | None = None
    learning_rate: LearningRateTest | None = None
    learning_curve: LearningCurve | None = None
    cross_validation: CrossValidation | None = None
    lesson: Lesson | None = None
    lesson_row: Mapping[str, object] = field(default_factory=dict)
    again: str = ""
    made_by: str = ""

    def __post_init__(self) -> None:
        if not self.scores:
            raise ConfigError("a report without scores has nothing to say", fix="give the scores of at least one part")

    def to_html(self) -> str:
        """The page: the same bytes for the same report."""
        main = self.scores[list(self.scores)[-1]]
        found = [
            sections.result_section(self.scores, self.baselines, self.comparison),
            sections.errors_section(main),
            sections.data_section(self.data, self.columns),
            sections.model_section(self.model),
            sections.training_section(self.training, self.history, self.best_epoch, self.learning_rate),
            sections.splits_section(self.learning_curve, self.cross_validation),
            lesson_section(self.lesson, self.lesson_row),
            sections.again_section(self.again),
        ]
        shown = [part for part in found if part is not None]
        head = element(
            "head",
            element("meta", charset="utf-8"),
            Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("link", rel="icon", href="data:,"),
            element("title", self.title),
            element("style", Markup(files("chainrule.evaluation.report").joinpath("report.css").read_text("utf-8"))),
        )
        links = [element("a", part.title, href=f"#{part.key}") for part in shown]
        header = element(
            "header",
            element("p", "Report of a trained model", class_="kicker"),
            element("h1", self.title),
            element("nav", links, aria_label="Sections") if len(links) > 1 else None,
        )
        footer = element("footer", element("p", self.made_by)) if self.made_by else None
        body = element("body", header, element("main", [part.markup() for part in shown]), footer)
        return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"
