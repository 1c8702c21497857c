"""A lesson in the terminal."""

from __future__ import annotations

import builtins
import io
import subprocess
from typing import Any

import pytest

from chainrule.explain.faces.terminal import lesson_markup, show_lesson
from chainrule.explain.lesson import Lesson

rich_console = pytest.importorskip("rich.console", reason="the extra `train` installs it")


def painted(lesson: Lesson) -> str:
    console = rich_console.Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", highlight=False)
    with console.capture() as capture:
        console.print(lesson_markup(lesson), soft_wrap=True)
    return capture.get()


def test_without_a_terminal_the_text_is_printed_with_a_legend(
    neuron: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    show_lesson(neuron)
    shown = capsys.readouterr().out.splitlines()
    legend = "Read: value, gradient, local gradient (one line), upstream gradient (two lines)"
    assert [line for line in shown if line != legend] == neuron.to_text().splitlines()
    assert shown[1] == legend


def test_local_and_upstream_gradients_differ_in_colour_and_in_the_line_below(neuron: Lesson) -> None:
    text = painted(neuron)
    assert "\x1b[4;38;2;22;119;189m∂ŷ/∂z\x1b[0m" in text
    assert "\x1b[21;38;2;205;90;14m∂L/∂ŷ\x1b[0m" in text


def test_the_colours_can_be_told_from_black_and_from_white(neuron: Lesson) -> None:
    for colour in ((22, 119, 189), (205, 90, 14)):
        linear = [(c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert 1.05 / (light + 0.05) >= 4, "on white"
        assert (light + 0.05) / 0.05 >= 4, "on black"
        assert f"38;2;{';'.join(map(str, colour))}m" in painted(neuron)


def test_all_steps_are_shown_when_they_are_asked_for(loop: Lesson, capsys: pytest.CaptureFixture[str]) -> None:
    loop.show(folded=False)
    assert "h⁽³⁾ = h⁽²⁾ w" in capsys.readouterr().out


class Pager:
    """Stands in for `subprocess.run`, and keeps what it is given."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], dict[str, Any]]] = []

    def __call__(self, command: list[str], **options: Any) -> None:
        self.calls.append((command, options))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Pager:
    """A terminal of 20 lines, with less."""
    pager = Pager()
    monkeypatch.setattr(rich_console.Console, "is_terminal", property(lambda self: True))
    monkeypatch.setattr(subprocess, "run", pager)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setenv("LINES", "20")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("PAGER", raising=False)
    monkeypatch.delenv("LESS", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return pager


def test_a_long_lesson_goes_to_the_pager_in_colour(terminal: Pager, neuron: Lesson) -> None:
    show_lesson(neuron)
    ((command, options),) = terminal.calls
    assert command == ["less"]
    assert options["env"]["LESS"] == "-R", "less shows colours only when it is told to"
    assert "\x1b[" in options["input"]
    assert "5. Result" in options["input"]


def test_another_pager_gets_plain_text(terminal: Pager, neuron: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "more -f")
    show_lesson(neuron)
    ((command, options),) = terminal.calls
    assert command == ["more", "-f"]
    assert "\x1b[3" not in options["input"]
    assert "∂L/∂w = ∂z/∂w · ∂L/∂z" in options["input"]


def test_a_lesson_that_fits_on_the_screen_needs_no_pager(
    terminal: Pager, neuron: Lesson, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LINES", "200")
    show_lesson(neuron)
    assert terminal.calls == []
    assert "5. Result" in capsys.readouterr().out


def test_without_a_pager_the_lesson_is_printed(
    terminal: Pager, neuron: Lesson, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    show_lesson(neuron)
    assert terminal.calls == []
    assert "5. Result" in capsys.readouterr().out


def test_without_rich_the_text_is_printed_with_a_hint(
    neuron: Lesson, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def no_rich(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split(".")[0] == "rich":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", no_rich)
    show_lesson(neuron)
    shown = capsys.readouterr().out
    assert shown.startswith(neuron.to_text())
    assert 'pip install "chainrule[train]"' in shown
