"""The code of a stage: in place, or as a function that all stages of the same kind call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chainrule.native.assembly.control import ControlStage, emit_control
from chainrule.native.assembly.loops import emit_nest
from chainrule.native.assembly.nests import LoopNest
from chainrule.native.assembly.products import MatrixProduct, emit_product
from chainrule.native.assembly.values import Type, Value
from chainrule.native.planning.stages import LoopStage, Stage

if TYPE_CHECKING:
    from chainrule.native.assembly.code import FunctionCode

__all__ = ["emit_run", "emit_stage"]

_I64, _PTR = Type("i64"), Type("ptr")


def emit_stage(code: FunctionCode, stage: Stage, part: tuple[Value, Value] | None = None) -> None:
    """Write a stage.

    Parameters
    ----------
    code : FunctionCode
    stage : Stage
    part : (Value, Value), optional
        For a flat loop nest: where to begin, and how many elements to compute; by default all.
    """
    if isinstance(stage, ControlStage):
        emit_control(code, stage)
        return
    work = LoopNest(code, stage) if isinstance(stage, LoopStage) else MatrixProduct(code, stage.node)
    pointers = [code.base(view, row_stride) for view, row_stride in work.operands]
    if code.outlines:
        _call(code, work, pointers)
    else:
        _write(code, work, pointers, part)


def emit_run(code: FunctionCode, stages: Sequence[Stage]) -> None:
    """Write some of many stages as a function of their own."""
    name = f"{code.name}.run{len(code.functions)}"
    given = ", ".join(map(str, code.visible_values()))
    with code.apart(code.rows, keeps_names=True) as b:
        b.label("entry")
        for stage in stages:
            emit_stage(code, stage)
    text = "\n".join([f"define internal void @{name}({given}) {{", *b.lines, "ret void", "}"])
    code.functions[name] = name, text
    code.b.lines.append(f"call void @{name}({given})")


def _write(
    code: FunctionCode,
    work: LoopNest | MatrixProduct,
    pointers: Sequence[Value],
    part: tuple[Value, Value] | None = None,
) -> None:
    if isinstance(work, LoopNest):
        emit_nest(code, work, pointers, part)
    else:
        emit_product(code, work, pointers)


def _call(code: FunctionCode, work: LoopNest | MatrixProduct, pointers: Sequence[Value]) -> None:
    """Call the function for a stage; stages that differ only in where their memory is share one."""
    rows = code.rows
    key = (work.key, isinstance(rows, int) and rows)
    if key not in code.functions:
        code.functions[key] = _outlined(code, work, len(pointers))
    name, _ = code.functions[key]
    given = [*map(str, pointers), *([] if isinstance(rows, int) else [str(rows)])]
    code.b.lines.append(f"call void @{name}({', '.join(given)})")


def _outlined(code: FunctionCode, work: LoopNest | MatrixProduct, count: int) -> tuple[str, str]:
    """Name and text of the function for a stage, which takes its operands and, where it varies, the number of rows."""
    name = f"{code.name}.stage{len(code.functions)}"
    parameters = [Value(f"%p{i}", _PTR) for i in range(count)]
    given = [f"ptr {parameter.text}" for parameter in parameters]
    rows = code.rows
    if not isinstance(rows, int):
        rows = Value("%rows", _I64)
        given.append("i64 %rows")
    with code.apart(rows) as b:
        b.label("entry")
        _write(code, work, parameters)
    return name, "\n".join([f"define internal void @{name}({', '.join(given)}) {{", *b.lines, "ret void", "}"])
