"""NaN and infinity: noticed after a run, traced back to the node where they begin, and told to the user."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import NonFiniteWarning
from chainrule.graph.node import Node
from chainrule.graph.provenance import describe, where_recorded
from chainrule.interpret.diagnosis import computing, diagnose, is_finite
from chainrule.trace.source import user_frame

__all__ = ["first_bad_node", "non_finite_message", "run_checked"]


class _Alarm:
    """Hears of floating-point exceptions during a run, at no cost as long as there are none."""

    def __init__(self) -> None:
        self.rang = False

    def __call__(self, kind: str, flag: int) -> None:
        self.rang = True


def run_checked(run: Callable[[], list[Any]], leaves: Iterable[Node], diagnose: Callable[[], str | None]) -> list[Any]:
    """Compute something, and warn if a result is NaN or infinite although no input was.

    Parameters
    ----------
    run : callable
    leaves : iterable of Node
        The inputs.
    diagnose : callable
        Called only in that case: tells which node it was, or `None` if nothing is wrong after all.
    """
    alarm = _Alarm()
    with np.errstate(over="call", divide="call", invalid="call", under="ignore", call=alarm):
        results = run()
    if alarm.rang and not all(map(is_finite, results)) and all(is_finite(leaf._value) for leaf in leaves):
        message = diagnose()
        if message:
            _warn_in_user_code(message)
    return results


def _warn_in_user_code(message: str) -> None:
    frame = user_frame()
    if frame is None:
        warnings.warn(message, NonFiniteWarning, stacklevel=2)
        return
    seen = frame.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(message, NonFiniteWarning, frame.f_code.co_filename, frame.f_lineno, registry=seen)


def first_bad_node(nodes: Iterable[Node]) -> Node | None:
    """The first node, in topological order, whose value is NaN or infinite although its inputs are finite."""
    for node in nodes:
        if node.is_tuple or not node.inputs or is_finite(node.value):
            continue
        if all(source.is_tuple or is_finite(source.value) for source in node.inputs):
            return node
    return None


def non_finite_message(order: Sequence[Node], what: str) -> str:
    """The sentence for a NaN or inf: where it began, and the usual remedy."""
    bad = first_bad_node(order)
    if bad is None:
        return f"{what} is NaN or infinite, although the forward pass is finite: a local gradient is infinite"
    with np.errstate(all="ignore"):
        diagnosis = diagnose(bad)
    bad = computing(bad)
    at = where_recorded(bad)
    operands = " and ".join(describe(source) for source in bad.inputs)
    return (
        f"{what} is NaN or infinite: it begins in {bad.op.name} of {operands}"
        + (f": {diagnosis.reason}" if diagnosis else "")
        + (f"\n  at  {at}" if at else "")
        + (f"\n  fix {diagnosis.fix}" if diagnosis else "")
    )
