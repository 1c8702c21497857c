"""What a run is, before it has trained: its rows, its network, the points to be drawn."""

from __future__ import annotations

from typing import Any

from chainrule.learn.models.objectives import TASKS
from chainrule.web.training.frames import Frames
from chainrule.web.training.samples import in_table_units
from chainrule.web.training.texts import short
from chainrule.workflow.live import LiveTraining

__all__ = ["count_parameters", "description"]


def description(live: LiveTraining, frames: Frames) -> dict[str, Any]:
    """A run as the page gets it once, for JSON.

    Parameters
    ----------
    live : LiveTraining
    frames : Frames
    """
    points, task = frames.points, live.task
    rows = {name: live.rows.tables[name].num_rows for name in ("training", "validation") if name in live.rows.tables}
    return {
        "title": live.title,
        "task": task,
        "target": live.rows.preprocessing.schema.targets[0],
        "classes": list(map(short, live.classes)),
        "features": list(map(short, points.names)),
        "axes_choices": points.choices,
        "axes": None if frames.axes is None else list(frames.axes),
        "points": points.drawn(frames.axes),
        "target_range": points.target_range if task == "regression" else None,
        "layers": _layers(live),
        "parameters": count_parameters(live),
        "rows": {"training": rows["training"], "validation": rows.get("validation", 0)},
        "loss_name": _loss(live),
        "l2": live.network.architecture.l2,
        "in_table_units": None if live.target_scale is None else in_table_units(*live.target_scale),
        "epoch": live.epoch,
        "steps_per_epoch": live.steps_per_epoch,
        "left_out": _left_out(live),
        "note": live.rows.note,
    }


def count_parameters(live: LiveTraining) -> int:
    """How many numbers are learnt."""
    return sum(value.size for value in live.raw_params.values())


def _left_out(live: LiveTraining) -> dict[str, list[str]]:
    """The columns from which nothing is learnt: those that are the same in all training rows, and others."""
    preprocessing = live.rows.preprocessing
    learnt = {encoding.column for encoding in preprocessing.encodings}
    found: dict[str, list[str]] = {"constant": [], "other": []}
    for column in preprocessing.schema.columns:
        if column.name not in learnt and column.name not in preprocessing.schema.targets:
            is_constant = column.is_feature or (column.distinct == 1 and not column.missing)
            found["constant" if is_constant else "other"].append(short(column.name))
    return found


def _loss(live: LiveTraining) -> str:
    architecture = live.network.architecture
    losses = TASKS[architecture.task].losses
    return losses[architecture.loss].title


def _layers(live: LiveTraining) -> list[dict[str, Any]]:
    architecture = live.network.architecture
    widths = architecture.widths
    last = len(widths) - 1
    return [
        {
            "name": f"layer {i}",
            "units": widths[i],
            "activation": TASKS[architecture.task].output if i == last else architecture.activation,
            "shape": [widths[i - 1], widths[i]],
        }
        for i in range(1, last + 1)
    ]
