"""The rules of the house: floors import only floors below, imports stay light, what is public is documented."""

from __future__ import annotations

import ast
import doctest
import inspect
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr

PACKAGE = Path(cr.__file__).parent

#: Rooms from the ground up. A room may import from rows below its own, and from itself.
FLOORS = [
    {"advice", "errors", "version"},
    {"structure", "config", "notation"},
    {"graph"},
    {"ops"},
    {"trace"},
    {"numpy", "scipy", "functions"},
    {"simplify", "backward"},
    {"forward"},  # forward mode transposes a reverse rule where an operation states nothing better
    {"interpret"},
    {"native"},
    {"transforms"},
    {"explain", "learn", "tables"},
    {"storage"},
    {"estimators", "evaluation"},
    {"workflow"},
    {"web"},
    {"compat", "cli"},
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

#: (importing module, imported room), with the reason why it is allowed all the same.
EXCEPTIONS: dict[tuple[str, str], str] = {}

#: What `import chainrule` must leave alone: it is heavy, may not be there, or is needed only to explain something.
HEAVY = [
    "scipy",
    "llvmlite",
    "sklearn",
    "rich",
    "click",
    "matplotlib",
    "starlette",
    "uvicorn",
    "anywidget",
    "traitlets",
    "hypothesis",
    "unittest",
    "asyncio",
    "chainrule.explain.building",
    "chainrule.explain.lesson",
    "chainrule.notation.layout",
]

PUBLIC = [name for name in cr.__all__ if name != "errors"]


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem != "__init__")


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_rooms(path: Path) -> Iterator[tuple[str, int]]:
    """Rooms of the house that a module imports, anywhere in its text, and the lines where it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}, line {node.lineno}: imports inside the house are written in full"
            whole = node.module == "chainrule"
            names = [f"chainrule.{alias.name}" for alias in node.names] if whole else [node.module or ""]
        for name in names:
            parts = name.split(".")
            if parts[0] == "chainrule":
                yield (parts[1] if len(parts) > 1 else "chainrule"), node.lineno


def test_every_room_is_on_a_floor() -> None:
    rooms = {module_name(path).split(".")[0] for path in modules()} - {"__main__"}
    assert rooms <= set(FLOOR_OF)


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_a_module_imports_only_floors_below_its_own(path: Path) -> None:
    name = module_name(path)
    room = name.split(".")[0]
    top = len(FLOORS)
    wrong = [
        f"line {line}: {room} (floor {FLOOR_OF.get(room, top)}) imports {other} (floor {FLOOR_OF.get(other, top)})"
        for other, line in imported_rooms(path)
        if other != room and FLOOR_OF.get(other, top) >= FLOOR_OF.get(room, top + 1) and (name, other) not in EXCEPTIONS
    ]
    assert wrong == []


def test_importing_chainrule_imports_nothing_heavy() -> None:
    code = f"import sys, chainrule; print([name for name in {HEAVY} if name in sys.modules])"
    before = f"import sys, numpy; print([name for name in {HEAVY} if name in sys.modules])"

    def printed(program: str) -> list[str]:
        tree = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}  # not another copy that may be installed
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=tree)
        return ast.literal_eval(result.stdout)

    assert set(printed(code)) - set(printed(before)) == set()


def test_the_public_names_exist() -> None:
    assert [name for name in cr.__all__ if not hasattr(cr, name)] == []


def sections(text: str) -> set[str]:
    """Titles of a numpydoc docstring: lines underlined with hyphens."""
    lines = inspect.cleandoc(text).splitlines()
    return {title for title, rule in itertools.pairwise(lines) if title and rule == "-" * len(title)}


def parameters_of(public: Any) -> list[str]:
    try:
        signature = inspect.signature(public)
    except (TypeError, ValueError):
        return []
    return [name for name in signature.parameters if name != "self"]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_numpydoc_docstring_with_a_doctest(name: str) -> None:
    public = getattr(cr, name)
    if inspect.ismodule(public):
        assert public.__doc__
        return
    text = inspect.getdoc(public) or ""
    assert text.splitlines()[0].strip(), "one line first"
    assert doctest.DocTestParser().get_examples(text), "an example that runs"
    assert "Examples" in sections(text)
    if inspect.isclass(public) and issubclass(public, tuple):
        return
    names = parameters_of(public)
    if names:
        assert "Parameters" in sections(text) or "Attributes" in sections(text)
        missing = [name for name in names if f"{name}" not in text]
        assert missing == [], "each parameter is described"
    if inspect.isfunction(public) and "None" not in str(inspect.signature(public).return_annotation):
        assert "Returns" in sections(text)


@pytest.mark.parametrize("name", cr.errors.__all__)
def test_an_error_has_a_docstring_with_an_example(name: str) -> None:
    text = inspect.getdoc(getattr(cr.errors, name)) or ""
    assert doctest.DocTestParser().get_examples(text)
    assert "Examples" in sections(text)


@pytest.mark.parametrize("name", sorted(set(cr.errors.__all__) - {"ChainRuleError"}))
def test_errors_derive_from_the_base_and_from_a_built_in_class(name: str) -> None:
    error = getattr(cr.errors, name)
    if issubclass(error, Warning):
        return
    assert issubclass(error, cr.errors.ChainRuleError)
    assert any(base.__module__ == "builtins" for base in error.__bases__)
