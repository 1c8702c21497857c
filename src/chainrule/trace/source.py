"""The user's code behind a node: which line recorded it, and which variable it was assigned to."""

from __future__ import annotations

import dis
import functools
import os
import sys
from types import CodeType, FrameType
from typing import Any

from chainrule.graph.node import Node, SourceSite
from chainrule.graph.provenance import format_line

__all__ = ["assigned_name", "line_of_frame", "name_in_frame", "user_frame", "user_site"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
#: The formulas of models are read as the user's own: their lines and variables are what lessons and errors show.
_MODELS = os.path.join(_PACKAGE, "learn", "models") + os.sep
#: A typed formula is the user's own too, but no line of a file: what runs below it is not looked for.
_FORMULAS = os.path.join(_PACKAGE, "explain", "formulas") + os.sep
_NUMPY = os.sep + "numpy" + os.sep

#: Whether a file belongs to chainrule or NumPy itself. Keyed by name: a code object's hash is slow.
_is_internal: dict[str, bool] = {}


def _internal(filename: str) -> bool:
    is_ours = filename.startswith(_PACKAGE) and not filename.startswith((_MODELS, _FORMULAS))
    known = is_ours or (_NUMPY in filename and "site-packages" in filename)
    _is_internal[filename] = known
    return known


def user_frame(depth: int = 1) -> FrameType | None:
    """The innermost frame of the user's code; none if that is a typed formula."""
    frame: FrameType | None = sys._getframe(depth + 1)
    while frame is not None and _internal(frame.f_code.co_filename):
        frame = frame.f_back
    return None if frame is None or frame.f_code.co_filename.startswith(_FORMULAS) else frame


def user_site(depth: int = 1) -> SourceSite | None:
    """Code and instruction of the user's code that is running, cheap enough to take for every node."""
    frame: FrameType | None = sys._getframe(depth + 1)
    while frame is not None:
        code = frame.f_code
        filename = code.co_filename
        known = _is_internal.get(filename)
        if not (_internal(filename) if known is None else known):
            return None if filename.startswith(_FORMULAS) else (code, frame.f_lasti)
        frame = frame.f_back
    return None


def line_of_frame(frame: FrameType | None) -> str | None:
    """``file, line n: text`` of a running frame."""
    return None if frame is None else format_line(frame.f_code.co_filename, frame.f_lineno)


def name_in_frame(frame: FrameType | None, value: Any) -> str | None:
    """The local variable that holds a value, if there is one."""
    if frame is None:
        return None
    for name, held in frame.f_locals.items():
        if held is value:
            return name
    return None


@functools.lru_cache(maxsize=4096)
def _stores(code: CodeType) -> dict[int, str]:
    """For each instruction of a function whose result is assigned at once: the name it is assigned to."""
    names: dict[int, str] = {}
    previous: dis.Instruction | None = None
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("CACHE", "EXTENDED_ARG", "NOP", "COPY"):
            continue  # COPY: a = b = value
        if previous is not None and instruction.opname.startswith("STORE_") and isinstance(instruction.argval, str):
            for offset in range(previous.offset, instruction.offset, 2):  # a running call may point behind its opcode
                names.setdefault(offset, instruction.argval)
        previous = instruction
    return names


def assigned_name(node: Node) -> str | None:
    """The variable that the statement which recorded the node assigns its result to."""
    if node.site is None:
        return None
    code, instruction = node.site
    return _stores(code).get(instruction)
