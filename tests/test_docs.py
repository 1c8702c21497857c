"""The documentation keeps its word: its code runs, prints what stands beside it, and its pictures are up to date."""

from __future__ import annotations

import contextlib
import doctest
import importlib.util
import io
import itertools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chainrule.cli.main import main as cli
from chainrule.notation.text import to_text

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@dataclass
class Block:
    """A ``python`` block of a page, with the ``text`` block that follows it, if one does: what it prints."""

    code: str
    line: int
    expected: str | None = None


def blocks(text: str) -> Iterator[Block]:
    fences = list(FENCE.finditer(text))
    for fence, following in itertools.zip_longest(fences, fences[1:]):
        if fence["language"] != "python":
            continue
        block = Block(fence["body"], text.count("\n", 0, fence.start()) + 1)
        if following and following["language"] == "text" and not text[fence.end() : following.start()].strip():
            block.expected = following["body"]
        yield block


PAGES_WITH_CODE = [path for path in PAGES if path.exists() and any(blocks(path.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("path", PAGES_WITH_CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_code_of_a_page_runs_and_prints_what_the_page_shows(path: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    checker = doctest.OutputChecker()
    for block in blocks(path.read_text(encoding="utf-8")):
        printed = io.StringIO()
        program = compile("\n" * block.line + block.code, str(path), "exec")  # so that tracebacks show the page's lines
        with contextlib.redirect_stdout(printed):
            exec(program, namespace)
        if block.expected is not None and not checker.check_output(block.expected, printed.getvalue(), FLAGS):
            wanted = doctest.Example(block.code, block.expected)
            pytest.fail(f"{path.name}, line {block.line}:\n" + checker.output_difference(wanted, printed.getvalue(), 0))


def test_a_wrong_output_on_a_page_is_found() -> None:
    (block,) = blocks("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n")
    assert block.expected == "3\n"
    assert not doctest.OutputChecker().check_output(block.expected, "2\n", FLAGS)


def load(path: Path) -> Any:
    """A script outside the package, as a module."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # dataclasses look there
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_an_example_runs_and_shows_something(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(script).main()
    assert len(capsys.readouterr().out.splitlines()) >= 3


MEASURED = {"scaling.svg"}  # drawn from times, by benchmarks/scaling.py


def test_the_pictures_show_the_present_numbers(tmp_path: Path) -> None:
    load(DOCS / "pictures" / "draw.py").draw_all(tmp_path)
    drawn = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.svg")}
    pictures = [path for path in (DOCS / "pictures").glob("*.svg") if path.name not in MEASURED]
    kept = {path.name: path.read_text(encoding="utf-8") for path in pictures}
    assert drawn == kept, "run python docs/pictures/draw.py"


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the pages of the gallery are made with."""
    monkeypatch.syspath_prepend(str(DOCS / "gallery"))
    return load(DOCS / "gallery" / "making.py")


def test_every_lesson_of_the_gallery_is_told_to_its_end_and_agrees_with_finite_differences(making: Any) -> None:
    for name, (_, wanted) in making.functions().items():
        lesson = making.lesson(name)
        assert lesson.fault is None
        assert [part.symbol.name for part in lesson.result] == wanted
        assert all(part.agrees for part in lesson.result), name


def test_every_lesson_of_the_gallery_has_a_page_with_all_its_parts(making: Any) -> None:
    index = (DOCS / "gallery" / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"^[a-z_]+$", index[index.index(":hidden:") :], re.MULTILINE) == list(making.functions())
    for name in making.functions():
        page = (DOCS / "gallery" / f"{name}.md").read_text(encoding="utf-8")
        assert re.findall(r"^```\{([a-z-]+)\} (\w+)$", page, re.MULTILINE) == [
            (part, name) for part in ("lesson", "lesson-gradients", "lesson-text")
        ]


def test_the_gallery_shows_the_closed_forms_of_the_lecture(making: Any) -> None:
    def closed(name: str, symbol: str) -> str:
        (form,) = [step.closed for step in making.lesson(name).backward if step.symbol.name == symbol]
        return to_text(form.formula)

    assert closed("logistic_regression", "z") == "ŷ − y"
    assert closed("two_layer_perceptron", "W2") == "a1ᵀ(ŷ − y)/n"
    assert closed("softmax_regression", "Z") == "(P − Y)/n"
    assert closed("attention", "V") == "2Aᵀ(Z − T)/n"


def test_the_command_on_a_page_of_the_gallery_gives_the_lesson_of_the_page(
    making: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    for name in ("product_of_sum", "lstm_cell"):
        answer = CliRunner().invoke(cli, making.command(name).split()[1:])
        assert answer.exit_code == 0, answer.output
        assert answer.output.strip() == making.lesson(name).to_text().strip()


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in PAGES
        for target in re.findall(r"\]\(([^)#\s:]+)[^):]*\)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists() and not (path.parent / f"{target}.md").exists()
    ]
    assert broken == []
