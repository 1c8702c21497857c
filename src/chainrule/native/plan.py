"""The plan of a compiled program as text: its parts, stages, tiles, threads and buffers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chainrule.graph.node import Node
from chainrule.graph.text import formula, node_names, type_text
from chainrule.native.bodies import CONTROL, is_result
from chainrule.native.buffers import Home
from chainrule.native.code import Layout
from chainrule.native.control import ControlStage
from chainrule.native.executable import Executable
from chainrule.native.schedule import ProductStage, Stage, nodes_of, sources_of

if TYPE_CHECKING:
    from chainrule.native.program import Part

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
    lines += _memory_lines(kernel)
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
        return f"{names[node]} = {formula(node, [(names.get(source, '·'), 100) for source in node.inputs])}"

    if isinstance(stage, ControlStage):
        lines = [f"     {_control_text(stage)} {text(stage.node)}  : {type_text(stage.node)}"]
        for role, body in zip(CONTROL[stage.node.op.name], stage.bodies, strict=True):
            lines += ["  " + line for line in _body_lines(role, body)]
        return lines
    if isinstance(stage, ProductStage):
        return [f"     product {text(stage.node)}  : {type_text(stage.node)}"]
    stored = set(stage.stored)
    lines = [f"     loop over {list(stage.domain)}"]
    lines += [f"       {text(node)}" + ("  → memory" if node in stored else "") for node in stage.nodes]
    return lines


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


def _memory_lines(kernel: Executable) -> list[str]:
    layout = kernel.layout
    lines = [
        f"   arena: {layout.arena_bytes:,} bytes for each thread, {layout.shared_bytes:,} shared, "
        f"{2 * layout.threads * layout.partial_bytes:,} for totals, {layout.state_bytes:,} for parameters"
    ]
    shown = {
        view.buffer: view for view in layout.memory.views() if view.buffer.home in (Home.ARENA, Home.SHARED, Home.STATE)
    }
    lines += [
        f"     {buffer.home.value} +{buffer.offset:<8} {buffer.nbytes:>10,} bytes  {buffer.label}"
        for buffer in sorted(shown, key=lambda buffer: (buffer.home.value, buffer.offset))
    ]
    return lines
