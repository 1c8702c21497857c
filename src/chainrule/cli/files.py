"""Functions of a user's own Python file. Unlike a formula, a file is run: it may do whatever Python may do."""

from __future__ import annotations

import ast
import contextlib
import difflib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click

__all__ = ["function_of", "loaded", "split_target", "told_briefly"]


def split_target(text: str) -> tuple[Path, str] | None:
    """``loss.py:mse`` as a path and a name; None if the text does not name a Python file.

    Raises
    ------
    click.UsageError
        If there is no such file, or no function is named.
    """
    match = re.fullmatch(r"(.+\.py)(?::(.*))?", text.strip())
    if not match:
        return None
    path, name = Path(match.group(1)), (match.group(2) or "").strip()
    if not path.is_file():
        raise click.UsageError(f"there is no file {path}{_other_file(path)}")
    if not name:
        functions = _functions_in(path)
        one = functions[0] if functions else "loss"
        known = f" It has {', '.join(functions)}." if functions else ""
        raise click.UsageError(f"which function of {path}? Write {path}:{one}.{known}")
    return path, name


def _other_file(path: Path) -> str:
    folder = path.parent
    others = [other.name for other in folder.glob("*.py")] if folder.is_dir() else []
    close = difflib.get_close_matches(path.name, others, 1)
    return f": did you mean {folder / close[0]}?" if close else ""


def _functions_in(path: Path) -> list[str]:
    """The functions that a file defines, without running it."""
    try:
        module = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [node.name for node in module.body if isinstance(node, ast.FunctionDef)]


@contextlib.contextmanager
def loaded(path: Path) -> Iterator[ModuleType]:
    """Run a file, as ``import`` does, and keep its surroundings while its functions are called.

    Modules beside the file can be imported by it. What it prints goes to standard error, as results are written to
    standard output. Nothing is left behind, neither modules nor compiled files.

    Raises
    ------
    click.ClickException
        If the file raises an exception.
    """
    name = f"explained_{path.stem}"  # not its own name, which may be that of a module: random.py
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = set(sys.modules), list(sys.path), sys.dont_write_bytecode
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))
    sys.dont_write_bytecode = True
    try:
        with contextlib.redirect_stdout(sys.stderr):
            try:
                spec.loader.exec_module(module)
            except (Exception, SystemExit) as error:
                raise click.ClickException(f"{path} could not be run\n{told_briefly(error, path)}") from None
            yield module
    finally:
        modules, sys.path[:], sys.dont_write_bytecode = before
        for added in set(sys.modules) - modules:
            if _stands_beside(sys.modules[added], path) or added == name:
                del sys.modules[added]


def _stands_beside(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(path.resolve().parent)


def function_of(module: ModuleType, name: str, path: Path) -> Callable[..., Any]:
    """A function of a module that was run.

    Raises
    ------
    click.UsageError
        If it has none of that name.
    """
    function = getattr(module, name, None)
    if callable(function):
        return function
    if hasattr(module, name):
        raise click.UsageError(f"{name} in {path} is no function, but of type {type(function).__name__}")
    own = [key for key, value in vars(module).items() if callable(value) and value.__module__ == module.__name__]
    close = difflib.get_close_matches(name, own, 1)
    hint = f": did you mean {close[0]}?" if close else f"; it has {', '.join(own)}" if own else ""
    raise click.UsageError(f"{path} has no function {name}{hint}")


def told_briefly(error: BaseException, path: Path) -> str:
    """An exception with the line of the file where it came up."""
    message = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    file = str(path.resolve())
    if isinstance(error, SyntaxError) and error.filename == file:
        number, line = error.lineno, (error.text or "").strip()
    else:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        number, line = (frames[-1].lineno, frames[-1].line or "") if frames else (None, "")
    where = f"  at  {path}, line {number}: {line}\n" if number else ""
    return f"{where}  {message}{_way_out(error)}"


def _way_out(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"\n  fix install {error.name} for the Python that runs chainrule"
    if isinstance(error, SystemExit):
        return '\n  fix put what only a program does under if __name__ == "__main__":'
    return ""
