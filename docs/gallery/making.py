"""From the functions of the gallery to their lessons; used by the pages, the pictures and the tests."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import chainrule as cr
from chainrule.cli.arguments import call_of

HERE = Path(__file__).parent


@cache
def functions() -> dict[str, tuple[Callable[..., Any], list[str]]]:
    """The functions by their names, each with the inputs whose gradients are wanted."""
    specification = importlib.util.spec_from_file_location("lessons", HERE / "lessons.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return {function.__name__: (function, wanted) for function, wanted in module.LESSONS.items()}


@cache
def lesson(name: str) -> cr.Lesson:
    """The lesson of a function, at the example in its docstring."""
    function, wanted = functions()[name]
    called, arguments = call_of(function, name, {})
    return cr.explain(called, *arguments.values(), wrt=wanted)


def code(name: str) -> str:
    return inspect.getsource(functions()[name][0])


def command(name: str) -> str:
    """What a reader types to get the lesson."""
    return f"chainrule explain docs/gallery/lessons.py:{name} --wrt {','.join(functions()[name][1])}"
