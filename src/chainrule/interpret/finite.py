"""NaN and infinity: noticed after a run, traced back to the node where they begin, and told to the user."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import NonFiniteWarning
from chainrule.graph.node import Node
from chainrule.graph.op import ITEM
from chainrule.graph.provenance import describe, where_recorded
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
    if alarm.rang and not all(map(_is_finite, results)) and all(_is_finite(leaf._value) for leaf in leaves):
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


def _is_finite(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


def first_bad_node(nodes: Iterable[Node]) -> Node | None:
    """The first node, in topological order, whose value is NaN or infinite although its inputs are finite."""
    for node in nodes:
        if node.is_tuple or not node.inputs or _is_finite(node.value):
            continue
        if all(source.is_tuple or _is_finite(source.value) for source in node.inputs):
            return node
    return None


def non_finite_message(order: Sequence[Node], what: str) -> str:
    """The sentence for a NaN or inf: where it began, and the usual remedy."""
    bad = first_bad_node(order)
    if bad is None:
        return f"{what} is NaN or infinite, although the forward pass is finite: a local gradient is infinite"
    if bad.op is ITEM:
        bad = bad.inputs[0]
    remedy = _REMEDIES.get(bad.op.name, "look at the values of its inputs")
    at = where_recorded(bad)
    operands = " and ".join(describe(source) for source in bad.inputs)
    return (
        f"{what} is NaN or infinite: it begins in {bad.op.name} of {operands}"
        + (f"\n  at  {at}" if at else "")
        + f"\n  fix {remedy}"
    )


_REMEDIES = {
    "log": "the logarithm of 0 or of a negative number: add a small constant, or use a loss that takes logits",
    "exp": "the exponential overflows above 709 (88 in float32): scale its argument, or use softmax, logsumexp",
    "divide": "a division by zero: add a small constant to the denominator",
    "sqrt": "the square root of a negative number",
    "scan": "look at what the body computes, step by step: run it in a Python loop on the same values",
    "while_loop": "look at what the body computes, step by step: run it in a Python loop on the same values",
    "power": "a power overflows, or a negative base meets a fractional exponent",
}
