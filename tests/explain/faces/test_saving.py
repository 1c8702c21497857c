"""A lesson in a file."""

from __future__ import annotations

import json
import stat
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from chainrule.errors import StructureError
from chainrule.explain.faces import saving
from chainrule.explain.faces.saving import ENDINGS, save_lesson
from chainrule.explain.lesson import Lesson


def test_text_is_written_in_utf_8(neuron: Lesson, tmp_path: Path) -> None:
    neuron.save(tmp_path / "lesson.txt")
    assert (tmp_path / "lesson.txt").read_bytes() == neuron.to_text().encode("utf-8")


@pytest.mark.parametrize("ending", [ending for ending in ENDINGS if ending != ".png"])
def test_every_ending_has_its_form(neuron: Lesson, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"lesson{ending}"
    save_lesson(neuron, str(path))
    assert path.read_text(encoding="utf-8") == ENDINGS[ending](neuron)
    assert list(tmp_path.iterdir()) == [path], "nothing else is left behind"


def test_forms_are_what_their_endings_say(neuron: Lesson, tmp_path: Path) -> None:
    for ending in (".json", ".svg", ".tex", ".md", ".html"):
        neuron.save(tmp_path / f"lesson{ending}")
    assert json.loads((tmp_path / "lesson.json").read_text(encoding="utf-8"))["title"] == "loss"
    assert ElementTree.fromstring((tmp_path / "lesson.svg").read_text(encoding="utf-8")).tag.endswith("svg")
    assert (tmp_path / "lesson.tex").read_text(encoding="utf-8").startswith("\\documentclass")
    assert (tmp_path / "lesson.md").read_text(encoding="utf-8").startswith("# loss")
    assert (tmp_path / "lesson.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")


def test_a_picture_in_pixels(neuron: Lesson, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="PNG needs it")
    neuron.save(tmp_path / "lesson.png")
    assert (tmp_path / "lesson.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_capitals_in_the_ending_do_not_matter(neuron: Lesson, tmp_path: Path) -> None:
    neuron.save(tmp_path / "LESSON.TXT")
    assert (tmp_path / "LESSON.TXT").exists()


@pytest.mark.parametrize("name", ["lesson.docx", "lesson"])
def test_an_unknown_ending_names_those_that_exist(neuron: Lesson, tmp_path: Path, name: str) -> None:
    with pytest.raises(StructureError) as caught:
        neuron.save(tmp_path / name)
    message = str(caught.value)
    assert name in message
    assert all(ending in message for ending in ENDINGS)
    assert "lesson.save('lesson.html')" in message
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(neuron: Lesson, tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere") as caught:
        neuron.save(folder / "lesson.txt")
    assert "mkdir" in str(caught.value)
    assert not folder.exists()


def test_a_file_is_replaced_as_a_whole_and_keeps_its_permissions(neuron: Lesson, tmp_path: Path) -> None:
    path = tmp_path / "lesson.txt"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)
    neuron.save(path)
    assert path.read_text(encoding="utf-8") == neuron.to_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_of_any_new_file(neuron: Lesson, tmp_path: Path) -> None:
    neuron.save(tmp_path / "lesson.txt")
    (tmp_path / "other.txt").touch()
    assert (tmp_path / "lesson.txt").stat().st_mode == (tmp_path / "other.txt").stat().st_mode


def test_when_writing_fails_the_old_file_stays(neuron: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lesson.txt"
    path.write_text("old", encoding="utf-8")

    def fail(source: object, target: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(saving.os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        neuron.save(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]
