"""The page's modules: Node reads each of them, their imports exist, and none is forgotten."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import chainrule as cr

pytestmark = pytest.mark.browser

PACKAGE = Path(cr.__file__).parent
STATIC = PACKAGE / "web" / "static"
LESSON = PACKAGE / "explain" / "page"
#: Addresses below which the server shows a folder.
SERVED = {"/static/lesson/": LESSON, "/static/": STATIC}

MODULES = sorted([*STATIC.rglob("*.js"), *LESSON.glob("*.js")])
FROM = re.compile(r"""^(?:import|export)\b[^;]*?from\s+"([^"]+)";|\bimport\("([^"]+)"\)|^import\s+"([^"]+)";""", re.M)


def called(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def target(module: Path, address: str) -> Path:
    """The file behind an import's address, as the server finds it."""
    if address.startswith("."):
        where = next(prefix for prefix, folder in SERVED.items() if module.is_relative_to(folder))
        inside = Path(where, module.relative_to(SERVED[where]).parent, address)
        address = "/" + "/".join(Path(*resolve(inside.parts)).parts)
    for prefix, folder in SERVED.items():
        if address.startswith(prefix):
            return folder / address.removeprefix(prefix)
    raise AssertionError(f"{called(module)} imports {address}, which is no address of the page")


def resolve(parts: tuple[str, ...]) -> list[str]:
    """Parts of an address without `.` and `..`."""
    result: list[str] = []
    for part in parts:
        if part == "..":
            result.pop()
        elif part not in (".", "/"):
            result.append(part)
    return result


def imports(module: Path) -> set[Path]:
    found = FROM.findall(module.read_text(encoding="utf-8"))
    return {target(module, next(filter(None, addresses))) for addresses in found}


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Node takes every file for a module."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return folder


@pytest.mark.parametrize("module", MODULES, ids=called)
def test_node_reads_the_module(module: Path, copies: Path) -> None:
    copy = copies / called(module).replace("/", "_")
    shutil.copyfile(module, copy)
    answer = subprocess.run(["node", "--check", copy], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("module", MODULES, ids=called)
def test_what_the_module_imports_is_there(module: Path) -> None:
    assert {path for path in imports(module) if not path.is_file()} == set()


def test_no_module_is_forgotten() -> None:
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    reached: set[Path] = set()
    waiting = [target(STATIC / "index.html", address) for address in re.findall(r'src="([^"]+\.js)"', index)]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += imports(module)
    assert {called(path) for path in MODULES if path.is_relative_to(STATIC)} <= {called(path) for path in reached}


@pytest.mark.parametrize("module", MODULES, ids=called)
def test_the_module_makes_no_code_of_texts(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert re.findall(r"\beval\(|new Function\(|document\.write|javascript:", text) == []
