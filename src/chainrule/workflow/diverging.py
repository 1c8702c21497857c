"""Where a run diverged, told by the lesson of the loss at the parameters where it happened."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError, DivergenceError
from chainrule.explain.explaining import explain
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import BackwardStep, ForwardStep
from chainrule.learn.models.network import Network
from chainrule.notation.numbers import number_text
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression, Relation, Symbol
from chainrule.workflow.recipe import Recipe

__all__ = ["Divergence", "divergence_of"]

#: Rows that are looked at together: a lesson of a whole table would take long.
_ROWS = 256
#: What a network calls the values of its layers, before their activation.
_LAYER = re.compile(r"z\d+|y_hat")


@dataclass(frozen=True)
class Divergence:
    """Why a run diverged, and where.

    Attributes
    ----------
    what : str
        What happened when: ``the loss became infinite in update 17 (epoch 3)``.
    formula : Expression or None
        Of the node where it began, with its name; None if it is not known.
    why : str
        What happened there: ``overflow``.
    where : str
        File, line and text of the code of that node; empty if it is not known.
    lr : float
        The learning rate to try.
    """

    what: str
    formula: Expression | None
    why: str
    where: str
    lr: float

    @property
    def node(self) -> str:
        """The formula as a line of text, ``l = (ŷ − y)²/2``; empty if it is not known."""
        return "" if self.formula is None else to_text(self.formula)

    def __str__(self) -> str:
        place = f" at {self.node}" if self.node else ""
        return f"{self.what}{place}: {self.why}; try lr={self.lr:.3g}"


def divergence_of(error: DivergenceError, recipe: Recipe, sample: tuple[Any, ...]) -> Divergence:
    """Find the node at which a run diverged.

    Parameters
    ----------
    error : DivergenceError
        What the run ended with.
    recipe : Recipe
        Of the run.
    sample : tuple of arrays
        Some rows of the training data, as the loss takes them: for a loss that grew, but stayed finite.

    Returns
    -------
    Divergence
    """
    network = Network(recipe.architecture)
    with np.errstate(all="ignore"):
        if not error.data:
            return _grown(error, network, sample, _calmer(recipe))
        epoch = error.step * recipe.epochs // recipe.steps + 1
        return _infinite(error, network, f"update {error.step + 1:,} (epoch {epoch:,})", _calmer(recipe))


def _calmer(recipe: Recipe) -> float:
    """A tenth of the learning rate, and not more than what is usual."""
    assert recipe.lr is not None, "L-BFGS finds its steps itself"
    return float(f"{min(recipe.lr / 10, recipe.usual_lr):.3g}")


# NaN and infinity -----------------------------------------------------------------------------------------------------


def _infinite(error: DivergenceError, network: Network, place: str, lr: float) -> Divergence:
    data = _bad_rows(network, error.bad_params, error.data)
    value = float(network.loss(error.bad_params, *data))
    became = "infinite" if np.isinf(value) else "NaN"
    lesson = _lesson(network, error.bad_params, data)
    fault = None if lesson is None else lesson.fault
    if np.isfinite(value):
        what = f"the update of the parameters in {place} gave numbers that are not finite"
    else:
        what = f"the loss became {became} in {place}"
    if lesson is None or fault is None:
        why = "the gradient times the learning rate is too large for a number" if np.isfinite(value) else error.what
        return Divergence(what, None, why, error.where or "", lr)
    formula = _formula(lesson.backward if fault.in_backward else lesson.forward, fault.symbol)
    return Divergence(what, formula, fault.reason, fault.where, lr)


def _bad_rows(network: Network, params: dict[str, Any], data: tuple[Any, ...]) -> tuple[Any, ...]:
    """Some rows whose loss is not finite, or, if it is only all together, all rows."""
    for start in range(0, len(data[0]), _ROWS):
        some = tuple([part[start : start + _ROWS] for part in data])
        if not np.isfinite(network.loss(params, *some)):
            return some
    return data


# Growth ---------------------------------------------------------------------------------------------------------------


def _grown(error: DivergenceError, network: Network, sample: tuple[Any, ...], lr: float) -> Divergence:
    """The loss is finite: what tells is the layer with the largest values."""
    lesson = _lesson(network, error.bad_params, tuple([part[:_ROWS] for part in sample]))
    steps = [] if lesson is None else [step for step in lesson.forward if _LAYER.fullmatch(step.symbol.name)]
    why = "each update goes further beyond the minimum than the one before"
    if not steps:
        return Divergence(error.what, None, why, "", lr)
    largest = max(steps, key=lambda step: float(np.max(np.abs(step.value))))
    why = f"its values go up to {number_text(np.max(np.abs(largest.value)))}, and {why}"
    return Divergence(error.what, _formula([largest], largest.symbol), why, "", lr)


# Lessons --------------------------------------------------------------------------------------------------------------


def _lesson(network: Network, params: dict[str, Any], data: tuple[Any, ...]) -> Lesson | None:
    try:
        return explain(network.loss, params, *data, wrt=tuple(network.trainable(params)))
    except ChainRuleError:
        return None  # then the run's own message has to do


def _formula(steps: Sequence[ForwardStep] | Sequence[BackwardStep], symbol: Symbol) -> Expression | None:
    """What the step of a node says, z1 = X W1 + b1."""
    for step in steps:
        if step.symbol == symbol:
            left = step.gradient if isinstance(step, BackwardStep) else step.symbol
            return Relation("=", (left, step.formula))
    return None
