"""The index of the page: everything that it names is there, what it needs is fetched at once, and nothing is inline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from importlib.resources.abc import Traversable
from posixpath import dirname, join, normpath

import pytest

STATIC = files("chainrule.web") / "static"
IMPORT = re.compile(r"""^(?:import|export)\b[^"'()]*?["'](\.{1,2}/[^"']+)["'];""", re.MULTILINE)


class Index(HTMLParser):
    """The elements of the index, with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed((STATIC / "index.html").read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def addresses(self, **wanted: str) -> list[str]:
        """What the elements that have these attributes refer to."""
        found = [given for _, given in self.elements if all(given.get(name) == value for name, value in wanted.items())]
        return [str(given.get("href") or given.get("src")) for given in found]


def file_at(address: str) -> Traversable:
    """The file that is served at an address."""
    path = address.removeprefix("/static/")
    return files("chainrule.explain.page") / path[7:] if path.startswith("lesson/") else STATIC / path


def imported(address: str) -> Iterator[str]:
    """The addresses of the modules that a module imports when it is loaded."""
    for relative in IMPORT.findall(file_at(address).read_text(encoding="utf-8")):
        yield normpath(join(dirname(address), relative))


def modules_below(folder: str) -> Iterator[str]:
    """The addresses of the modules of a folder, and of the folders in it."""
    for file in file_at(folder).iterdir():
        address = f"{folder}/{file.name}"
        if file.is_dir():
            yield from modules_below(address)
        elif file.name.endswith(".js"):
            yield address


def all_imported(address: str) -> set[str]:
    """A module, those that it imports, those that they import, and so on."""
    found, waiting = set(), [address]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += imported(here)
    return found


@pytest.fixture(scope="module")
def index() -> Index:
    return Index()


def test_everything_that_it_names_is_there(index: Index) -> None:
    named = [str(given.get("href") or given.get("src") or "") for _, given in index.elements]
    addresses = [address for address in named if address.startswith("/")]
    assert len(addresses) > 20
    for address in addresses:
        assert file_at(address).is_file(), address


def test_modules_are_fetched_before_they_are_asked_for(index: Index) -> None:
    preloaded = index.addresses(rel="modulepreload")
    assert len(preloaded) == len(set(preloaded))
    scripts = index.addresses(type="module")
    needed = set().union(*map(all_imported, scripts))
    assert set(preloaded) == needed - {"/static/theme.js"}


def test_a_policy_without_exceptions_lets_it_live(index: Index) -> None:
    for tag, given in index.elements:
        assert tag != "style"
        assert "style" not in given
        assert not [name for name in given if name.startswith("on")]
        assert tag != "script" or given["src"]
    for address in index.addresses():
        assert not re.match(r"(https?:)?//", address)


@pytest.mark.parametrize("folder", ["common", "formula", "training"])
def test_modules_import_what_exists(folder: str) -> None:
    modules = list(modules_below(f"/static/{folder}"))
    assert modules
    for module in modules:
        for address in imported(module):
            assert file_at(address).is_file(), f"{module} imports {address}"


def test_fonts_have_their_licence_beside_them() -> None:
    fonts = {file.name: file for file in (STATIC / "fonts").iterdir()}
    assert "SIL OPEN FONT LICENSE" in fonts.pop("OFL.txt").read_text(encoding="utf-8")
    styles = (STATIC / "fonts.css").read_text(encoding="utf-8")
    assert {f"fonts/{name}" for name in fonts} == set(re.findall(r'url\("([^"]+)"\)', styles))
    for name, file in fonts.items():
        data = file.read_bytes()
        assert data[:4] == b"wOF2"
        assert len(data) < (150 if "math" in name else 60) * 1024, name
