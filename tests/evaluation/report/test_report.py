"""The report: one file that stands by itself, safe, the same each time."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ConfigError
from chainrule.evaluation.baselines import baselines
from chainrule.evaluation.comparison import compare
from chainrule.evaluation.cross_validation import summarise
from chainrule.evaluation.learning_curve import LearningCurve
from chainrule.evaluation.learning_rate import LearningRateTest
from chainrule.evaluation.metrics import score
from chainrule.evaluation.report import Report

EVIL = '<script>alert("1")</script>'


class Checked(HTMLParser):
    """Open and close tags in balance; ids and links collected."""

    void = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.seen: set[str] = set()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        found = dict(attrs)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        self.sources += [found[name] for name in ("src", "href", "action", "data", "srcset") if name in found]
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> Checked:
    parser = Checked()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def lesson() -> Any:
    def loss(w: Any, x: Any, y: Any) -> Any:
        y_hat = 1 / (1 + np.exp(-(x @ w)))
        return -y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat)

    return cr.explain(loss, np.array([0.5, -1.0]), np.array([1.0, 2.0]), 1.0, wrt="w")


def full(name: str = "yes") -> Report:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), rng.integers(0, 2, 60)
    p = np.clip(0.5 + 0.4 * (2 * y - 1) + rng.normal(size=60) / 5, 0, 1)
    scores = {
        "training": score("binary", y, p, classes=("no", name)),
        "test": score("binary", y, p, classes=("no", name)),
    }
    simple = baselines("binary", X, y, X, y, classes=("no", name))
    return Report(
        f"Who is {name}?",
        scores,
        simple,
        compare("binary", y, p, simple[-1].predicted),
        data={"File": f"{name}.csv", "Rows": 60},
        columns=[{"Column": name, "Kind": "number", "Note": ""} for _ in range(20)],
        model={"Model": name},
        training={"Epochs": 3},
        history={"loss": [3.0, 2.0, 1.0], "lr": [0.1, 0.1, 0.01], "gradient_norm": {"W1": [1.0, 1.0, 1.0]}},
        best_epoch=3,
        learning_rate=LearningRateTest(0.1, (0.01, 0.1), (1.0, 0.5), (1.0, 0.5), name),
        learning_curve=LearningCurve("accuracy", (1, 2), (1.0, 1.0), (0.5, 0.6), (None, None), (None, None), (name,)),
        cross_validation=summarise("binary", list(scores.values())),
        lesson=lesson(),
        lesson_row={name: 1.5},
        again=f"chainrule train {name}",
        made_by=name,
    )


@pytest.fixture(scope="module", name="page")
def _page() -> str:
    return full().to_html()


def test_tags_are_in_balance_and_ids_are_unique(page: str) -> None:
    parser = parsed(page)
    assert len(parser.ids) == len(set(parser.ids))
    assert {link[1:] for link in parser.links} <= set(parser.ids)
    assert len(parser.links) == 8


def test_nothing_is_loaded_and_nothing_runs(page: str) -> None:
    parser = parsed(page)
    assert "script" not in parser.seen
    assert "iframe" not in parser.seen
    assert all(source.startswith(("#", "data:")) for source in parser.sources)
    assert "default-src 'none'" in page
    assert not re.search(r"url\((?!#|data:)|@import|https?://(?!www\.w3\.org)", page)
    assert not re.search(r"\son\w+=", page)


def test_names_from_the_data_are_escaped() -> None:
    page = full(EVIL).to_html()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 10
    parsed(page)


def test_equal_reports_have_equal_bytes(page: str) -> None:
    assert full().to_html() == page


def test_every_figure_has_an_alternative_and_a_table(page: str) -> None:
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert len(figures) >= 7
    for figure in figures:
        assert "<table" in figure
        assert "aria-label" in figure or "<svg" not in figure


def test_every_section_is_there(page: str) -> None:
    for text in (
        "Result",
        "Right and wrong",
        "Confusion matrix",
        "ROC",
        "Calibration",
        "Data",
        "8 more columns",
        "Loss over epochs",
        "Gradient norms",
        "Learning rate",
        "Choosing the learning rate",
        "Cross-validation",
        "Learning curve",
        "One row, step by step",
        "Backward pass",
        "logistic regression, test",
    ):
        assert text in page, text


def test_empty_columns_of_a_table_are_left_out(page: str) -> None:
    assert '<th scope="col">Note</th>' not in page
    assert ">Kind</th>" in page


def test_only_scores_make_a_short_report() -> None:
    page = Report("Numbers", {"test": score("regression", [1.0, 2.0, 3.0], [1.0, 2.0, 4.0])}).to_html()
    parser = parsed(page)
    assert [link[1:] for link in parser.links] == ["result", "errors"]
    assert "50.0 % of the target" in page


@pytest.mark.parametrize(
    ("y", "predicted", "says"),
    [([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], "no better than always predicting the mean"), ([1.0], [1.0], "not defined")],
)
def test_a_regression_that_explains_nothing_says_so(y: Any, predicted: Any, says: str) -> None:
    assert says in Report("Numbers", {"test": score("regression", y, predicted)}).to_html()


def test_reasons_are_shown_once_for_all_parts() -> None:
    found = score("binary", [0, 0], [0.1, 0.2], classes=("cat", "dog"))
    page = Report("Cats", {"training": found, "test": found}).to_html()
    assert "ROC-AUC: all rows are of class 'cat' (training, test)." in page


def test_many_classes_are_folded_and_their_mistakes_listed() -> None:
    y = np.arange(40) % 20
    p = np.eye(20)[(y + (np.arange(40) == 3)) % 20]
    page = Report("Many", {"test": score("multiclass", y, p)}).to_html()
    assert "All 20 classes" in page
    assert "Most frequent mistakes" in page
    assert '<th scope="row">3</th><td class="number">4</td><td class="number">1</td>' in page


def test_labels_and_several_targets() -> None:
    labels = score("multilabel", [[1, 0], [0, 1], [1, 1]], [[0.9, 0.2], [0.3, 0.8], [0.7, 0.4]], classes=("a", "b"))
    assert "mean F1 over 2 labels" in Report("Labels", {"test": labels}).to_html()
    numbers = score("regression", np.arange(6.0).reshape(3, 2), np.arange(6.0).reshape(3, 2), classes=("u", "v"))
    parsed(Report("Targets", {"test": numbers}).to_html())


def test_a_verdict_for_each_case() -> None:
    report = full()
    y = np.arange(60) % 2
    for first, second, says in ((y, 1 - y, "Clearly better"), (1 - y, y, "Worse than"), (y, y, "No clear difference")):
        page = replace(report, comparison=compare("binary", y, first, second)).to_html()
        assert says in page


def test_no_scores_are_refused() -> None:
    with pytest.raises(ConfigError, match="without scores"):
        Report("Nothing", {})
