"""Gradient descent on a typed formula: new values, and the loss before each step and after the last."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from chainrule.errors import DivergenceError
from chainrule.graph.node import ancestors
from chainrule.learn.minimize import minimize
from chainrule.learn.optimizers import GradientDescent
from chainrule.notation.numbers import number_text
from chainrule.transforms.graphs import trace
from chainrule.web.fields import Refused
from chainrule.web.formula.lessons import lesson_of
from chainrule.web.formula.statements import Typed

__all__ = ["descend"]


def descend(typed: Typed, lr: float, steps: int, seconds: float) -> dict[str, Any]:
    """Take some steps of gradient descent.

    Parameters
    ----------
    typed : Typed
        The names in ``wrt`` are parameters, the others are data.
    lr : float
    steps : int
    seconds : float
        When it ends in any case.

    Returns
    -------
    dict
        ``values`` (texts of all names), ``losses`` (one more than the steps that were taken) and ``stopped``: why it
        ended early, or the empty text.

    Raises
    ------
    FormulaError
        As `lesson_of` does.
    Refused
        422, if the loss is not finite where it begins.
    """
    names = typed.formula.names
    wrt = typed.wrt or names
    params = {name: typed.values[name] for name in wrt}
    data = {name: value for name, value in typed.values.items() if name not in params}

    def loss(params: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
        result = typed.formula(*[params[name] if name in params else data[name] for name in names])
        return np.reshape(result, ())  # it may be an array of one number

    loss.__name__ = typed.formula.__name__
    with np.errstate(all="ignore"):
        losses = [_first_loss(typed, wrt)]
        stopped = ""
        now = time.monotonic()
        deadline = now + seconds
        count = 1
        while (taken := len(losses) - 1) < steps:
            if now > deadline:
                stopped = f"Stopped after {seconds:g} seconds and {taken} of {steps} steps: these arrays are large."
                break
            begun = now
            params, more, error = _piece(loss, params, data, lr, min(count, steps - taken))
            losses += more
            now = time.monotonic()
            count = _next_count(count, now - begun, deadline - now)
            if error is not None:
                stopped = _why(error, typed.at(params), taken + len(more), lr)
                break
    return {"values": typed.at(params).texts, "losses": losses, "stopped": stopped}


def _first_loss(typed: Typed, wrt: Collection[str]) -> float:
    """The loss at the beginning, with an error that says what is wrong with it if there is none."""
    graph = trace(typed.formula, *typed.values.values())
    value = np.asarray(graph.outputs[0].value)
    if value.size != 1 or value.dtype.kind != "f" or not math.isfinite(value.item()):
        fault = lesson_of(typed, "operation").fault
        what = "the loss is not finite" + (f": {fault.reason}" if fault else "")
        raise Refused(422, what, fault.fix if fault else "choose other values")
    reached = ancestors(graph.outputs)
    if not any(node in reached for node in graph.inputs if node.name in wrt):
        told = ", ".join(wrt) or "any value"
        raise Refused(422, f"{graph.name} does not depend on {told}", "descend along inputs that it is computed from")
    return float(value.item())


def _next_count(count: int, took: float, left: float) -> int:
    """How many steps to take before the time is looked at again: twice as many, or what the time left is enough for."""
    return max(1, min(2 * count, int(left * count / took) if took > 0 else 2 * count))


Loss = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


def _piece(
    loss: Loss, params: dict[str, Any], data: dict[str, Any], lr: float, steps: int
) -> tuple[dict[str, Any], list[float], DivergenceError | None]:
    """Parameters after some steps, the loss after each, and the error of the step that had no finite result."""

    def after(steps: int, *, check_finite: bool) -> tuple[dict[str, Any], list[float]]:
        optimizer = GradientDescent(lr=lr)
        result = minimize(loss, params, (data,), optimizer=optimizer, steps=steps, check_finite=check_finite)
        history = [*result.history["loss"], loss(result.params, data)]
        return dict(result.params), [float(value) for value in history[1:]]

    try:
        found, losses = after(steps, check_finite=True)
        if all(map(math.isfinite, losses)):
            return found, losses, None
        after(steps + 1, check_finite=True)  # the step after these meets the loss that is not finite, and says why
    except DivergenceError as error:
        # What is wrong is seen in the loss of a step, or in the parameters that the step before has made.
        for fewer in range(min(error.step, steps), -1, -1):
            found, losses = after(fewer, check_finite=False)
            if all(map(math.isfinite, losses)) and all(np.isfinite(value).all() for value in found.values()):
                return found, losses, error
    raise AssertionError("the parameters that a run begins with have a finite loss")


def _why(error: DivergenceError, typed: Typed, taken: int, lr: float) -> str:
    """Why there is no next step: the gradient is not finite, or it leads to where the loss is not."""
    values = f"The values are those after {taken} {'step' if taken == 1 else 'steps'}."
    fault = lesson_of(typed, "operation").fault
    if fault is not None:
        return f"Step {taken + 1} has no finite gradient: {fault.reason}. {values} What helps: {fault.fix}."
    _, _, begins = error.what.partition(": it ")
    place = f" (it {begins})" if begins else ""
    return (
        f"Step {taken + 1} leads to where the loss is not finite{place}: "
        f"the learning rate {number_text(lr)} is too large here. {values} Choose a smaller learning rate."
    )
