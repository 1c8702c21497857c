"""The tables in a terminal."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from rich.console import Console

from chainrule.evaluation.baselines import baselines
from chainrule.evaluation.cross_validation import summarise
from chainrule.evaluation.metrics import score
from chainrule.evaluation.text import confusion_table, cross_validation_table, notes, scores_table


def printed(table: Any, width: int = 80) -> str:
    file = io.StringIO()
    Console(file=file, width=width).print(table)
    return file.getvalue()


def test_parts_and_baselines_fit_into_80_columns() -> None:
    X, y = np.arange(20.0)[:, None], np.array([0] * 10 + [1] * 10)
    simple = baselines("binary", X, y, X, y)
    p = np.linspace(0.1, 0.9, 20)
    text = printed(scores_table({"training": score("binary", y, p), "test": score("binary", y, p)}, simple))
    assert all(name in text for name in ("training", "test", "majority class", "Accuracy", "100.0 %", "Log loss"))
    assert "…" not in text


def test_names_are_no_markup() -> None:
    found = score("binary", [0, 1], [0.1, 0.9], classes=("[red]no", "[/]yes"))
    text = printed(confusion_table(found))
    assert "[red]no" in text
    assert "[/]yes" in text


def test_many_classes_have_no_confusion_table() -> None:
    assert confusion_table(score("multiclass", range(9), np.eye(9))) is None
    assert confusion_table(score("regression", [1.0, 2.0], [1.0, 2.0])) is None


def test_cross_validation() -> None:
    parts = [score("regression", [1.0, 2.0, 3.0], [1.0, 2.0, 3.0 + off]) for off in (0.0, 1.0)]
    text = printed(cross_validation_table(summarise("regression", parts)))
    assert "0.750 ± 0.354" in text
    assert "0.500" in text
    assert "of 2 folds" in text


def test_notes_name_the_metric() -> None:
    assert notes({"r2": "one row"}) == ["R²: one row"]
