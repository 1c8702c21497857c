"""The plan of a compiled program as text: its parts, stages, tiles, threads and buffers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.text import formula, node_names, type_text
from chainrule.native.assembly.control import ControlStage
from chainrule.native.planning.bodies import CONTROL, is_result
from chainrule.native.planning.buffers import Buffer, Home
from chainrule.native.planning.layout import Layout
from chainrule.native.planning.memory import VIEWS
from chainrule.native.planning.stages import ProductStage, Stage, nodes_of, sources_of
from chainrule.native.running.executable import Executable

if TYPE_CHECKING:
    from chainrule.native.running.program import Part

__all__ = ["kernel_plan", "program_plan"]


def program_plan(name: str, parts: Sequence[Part]) -> str:
    """All parts of a program, in the order in which they run."""
    lines = [f"{name}: {len(parts)} part{'s' * (len(parts) != 1)}"]
    for number, part in enumerate(parts, 1):
        if isinstance(part.run, Executable):
            lines += [f"{number}. native code", *kernel_lines(part.run)]
        else:
            operations = ", ".join(dict.fromkeys(node.op.name for node in part.nodes))
            lines.append(f"{number}. NumPy: {operations}")
    return "\n".join(lines)


def kernel_plan(kernel: Executable) -> str:
    """The stages and the memory of one kernel."""
    return "\n".join(kernel_lines(kernel))


def kernel_lines(kernel: Executable) -> list[str]:
    layout = kernel.layout
    lines = []
    if layout.rows.axis:
        along = "rows" if layout.memory.rows_innermost else "the elements of a row"
        lines.append(
            f"   {layout.rows.count} rows in {layout.tiles} tile{'s' * (layout.tiles != 1)} of {layout.tile_rows}, "
            f"on {layout.threads} thread{'s' * (layout.threads != 1)}; vectors run along {along}"
        )
    names = _names(layout)
    for section in layout.sections:
        lines.append("   for each tile of rows:" if section.over_rows else "   once:")
        for stage in section.stages:
            lines += _stage_lines(stage, names)
    lines += _memory_lines(kernel, names)
    return lines


def _names(layout: Layout) -> dict[Node, str]:
    """Names of what the code computes, and of the results of branches and loops: ``%3[0]``."""
    stages = [stage for section in layout.sections for stage in section.stages]
    nodes = [node for stage in stages for node in nodes_of(stage)]
    names = node_names([*layout.memory.given, *nodes])
    for source in [source for stage in stages for source in sources_of(stage)]:
        if is_result(source) and source not in names:
            names[source] = source.name or f"{names[source.inputs[0]]}[{source.params['position']}]"
    return names


def _stage_lines(stage: Stage, names: dict[Node, str]) -> list[str]:
    def text(node: Node) -> str:
        return f"{names[node]} = {formula(node, [_operand_text(source, names) for source in node.inputs])}"

    if isinstance(stage, ControlStage):
        lines = [f"     {_control_text(stage)} {text(stage.node)}  : {type_text(stage.node)}"]
        for role, body in zip(CONTROL[stage.node.op.name], stage.bodies, strict=True):
            lines += ["  " + line for line in _body_lines(role, body)]
        return lines
    if isinstance(stage, ProductStage):
        return [f"     product {text(stage.node)}  : {type_text(stage.node)}"]
    stored = set(stage.stored)
    lengths = ["rows" if axis == stage.row_axis else str(length) for axis, length in enumerate(stage.domain)]
    lines = [f"     loop over {' × '.join(lengths)}" if lengths else "     numbers"]
    lines += [f"       {text(node)}" + ("  → memory" if node in stored else "") for node in stage.nodes]
    return lines


def _operand_text(node: Node, names: dict[Node, str]) -> str:
    """What a stage reads: a value by its name, a number, or a view of a value."""
    while node not in names and node.op.name in VIEWS and node.op.name != "getitem":
        if node.op.name == "transpose":
            return f"{_operand_text(node.inputs[0], names)}ᵀ"
        node = node.inputs[0]
    if node in names:
        return names[node]
    if node.op.name == "getitem":
        return f"{_operand_text(node.inputs[0], names)}{node.params['index']}"
    if node.size == 1 and not node.inputs:
        return f"{np.asarray(node._value).item():g}"
    return node.name or node.op.name


def _control_text(stage: ControlStage) -> str:
    """What a branch or loop does, in words."""
    name = stage.node.op.name
    if name == "scan":
        return f"loop of {stage.node.params['length']:,} steps"
    return {"cond": "branch", "while_loop": "loop", "while_loop_back": "loop, and back through it,"}[name]


def _body_lines(role: str, body: Layout) -> list[str]:
    names = _names(body)
    stages = [line for section in body.sections for stage in section.stages for line in _stage_lines(stage, names)]
    return [f"     {role.replace('_', ' ')}:", *["  " + line for line in stages]]


def _memory_lines(kernel: Executable, names: dict[Node, str]) -> list[str]:
    """Working memory, and the place of each buffer in it; values that are not needed at the same time share a place."""
    layout = kernel.layout
    sizes = [
        (layout.arena_bytes, "for each thread"),
        (layout.shared_bytes, "shared by the threads"),
        (2 * layout.threads * layout.partial_bytes, "for the sums of the threads"),
        (2 * layout.state_bytes, "for parameters"),
    ]
    told = [f"{size:,} bytes {what}" for size, what in sizes if size]
    lines = [f"   working memory: {', '.join(told) or 'none'}"]
    places: dict[Buffer, str] = {}
    for node, view in layout.memory.places():
        if view.buffer.home in (Home.ARENA, Home.SHARED, Home.STATE) and node in names:
            places.setdefault(view.buffer, names[node])
    ordered = sorted(places, key=lambda buffer: (buffer.home.value, buffer.offset))
    lines += [
        f"     {buffer.home.value} {buffer.offset:>10,}: {buffer.nbytes:>12,} bytes  {places[buffer]}"
        for buffer in ordered
    ]
    return lines
