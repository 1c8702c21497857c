"""Values for the names that have none yet, so that a formula can be computed while somebody types."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError
from chainrule.explain.formulas import Formula
from chainrule.explain.formulas.shapes import infer_shapes
from chainrule.web.limits import Limits

__all__ = ["Guess", "guess_values"]

#: That a guessed value has at most; whoever wants more gives one.
_MOST_NUMBERS = 1_000
_SIGNS = (1, -1, 1, 1, -1)


@dataclass(frozen=True)
class Guess:
    """What was found.

    Attributes
    ----------
    values : dict of str to float or array
        For each name that has none, or whose value was replaced.
    fits : bool
        Whether there are shapes for them that fit. If there are none, all of them are 1.
    too_large : dict of str to tuple of int
        Where shapes fit, but have too many numbers to be guessed: these. All values are 1 then, too.
    """

    values: dict[str, Any]
    fits: bool = True
    too_large: dict[str, tuple[int, ...]] = field(default_factory=dict)


def guess_values(
    formula: Formula,
    given: Mapping[str, Any],
    loose: Collection[str] = (),
    one_by_one: int = Limits.loose_values,
) -> Guess:
    """Guess what is missing, from how it is used.

    Parameters
    ----------
    formula : Formula
    given : mapping of str to float or array
        These values stay, except
    loose : collection of str
        what is left over from an example, and goes where it does not fit any more.
    one_by_one : int
        Loose values that are tried one by one, so that as many as can be stay. If there are more, all go at once.

    Returns
    -------
    Guess

    Examples
    --------
    >>> from chainrule.explain.formulas import parse
    >>> guess = guess_values(parse("sum(tanh(W @ x))"), {"x": np.array([1.0, 2.0])})
    >>> guess.values["W"].shape
    (3, 2)
    """
    shapes = _fitting_shapes(formula, given, loose, one_by_one)
    missing = {name: 1.0 for name in formula.names if name not in given}
    if shapes is None:
        return Guess(missing, fits=False)
    too_large = {name: shape for name, shape in shapes.items() if math.prod(shape) > _MOST_NUMBERS}
    if too_large:
        return Guess(missing, fits=False, too_large={name: too_large[name] for name in missing if name in too_large})
    values = {name: _numbers(name, shape) for name, shape in shapes.items()}
    if not any(shapes.values()) or _is_finite(formula, {**given, **values}):
        return Guess(values)
    positive = {name: np.abs(value) for name, value in values.items()}  # for logarithms and roots
    return Guess(positive if _is_finite(formula, {**given, **positive}) else values)


def _fitting_shapes(
    formula: Formula, given: Mapping[str, Any], loose: Collection[str], one_by_one: int
) -> dict[str, tuple[int, ...]] | None:
    """Shapes of what is missing, and of the loose values that go. It takes at most two inferences and `one_by_one`."""
    all_given = {name: np.shape(value) for name, value in given.items()}
    if not loose and len(all_given) == len(formula.names):
        return {}
    kept = {name: shape for name, shape in all_given.items() if name not in loose}
    shapes = infer_shapes(formula.statements, all_given)
    if shapes is not None or len(kept) == len(all_given):
        return shapes
    shapes = infer_shapes(formula.statements, kept)
    left_over = [name for name in all_given if name in loose]
    if shapes is None or len(left_over) > one_by_one:
        return shapes
    for name in left_over:
        with_it = infer_shapes(formula.statements, kept | {name: all_given[name]})
        if with_it is not None:
            kept[name], shapes = all_given[name], with_it
    return shapes


def _numbers(name: str, shape: tuple[int, ...]) -> Any:
    """Small numbers that are not all alike: they begin elsewhere for each name, and are the same each time."""
    if not shape:
        return 1.0
    places = sum(map(ord, name)) + np.arange(math.prod(shape))
    return (np.take(_SIGNS, places % len(_SIGNS)) * (places % 9 + 1) / 10).reshape(shape)


def _is_finite(formula: Formula, values: Mapping[str, Any]) -> bool:
    try:
        with np.errstate(all="ignore"):
            return bool(np.isfinite(formula(*[values[name] for name in formula.names])).all())
    except ChainRuleError:
        return False
