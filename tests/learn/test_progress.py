"""The progress bar shows steps and loss on a terminal, and nothing elsewhere."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

import chainrule as cr
from chainrule.learn import progress


def shown(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> str:
    file = io.StringIO()

    def console(**settings: Any) -> Console:
        return Console(file=file, force_terminal=is_terminal, width=100, color_system=None)

    monkeypatch.setattr(progress, "Console", console)
    monkeypatch.setattr(progress.ProgressBar, "interval", 0.0)
    cr.minimize(lambda w: w * w, 2.0, optimizer=cr.GradientDescent(lr=0.1), steps=5, progress=True)
    return file.getvalue()


def test_a_terminal_sees_steps_and_a_loss_that_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, is_terminal=True)
    assert "training" in text
    assert "5/5" in text
    assert "loss 0." in text
    assert "nan" not in text


def test_elsewhere_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, is_terminal=False).strip() == ""
