"""What the formula view sends: statements and values as text, read as a formula and its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chainrule.explain.formulas import Formula, parse, parse_value
from chainrule.explain.formulas.naming import same_name
from chainrule.web.exchange import named
from chainrule.web.fields import Fields, Refused
from chainrule.web.formula.guessing import guess_values
from chainrule.web.limits import Limits

__all__ = ["Sent", "Typed", "read_sent", "read_typed", "typed_from", "value_as_text"]


@dataclass(frozen=True)
class Sent:
    """What was sent, as far as it is understood without looking at the values.

    Attributes
    ----------
    formula : Formula
    texts : dict of str to str
        Values that were sent, by the names of the formula.
    loose : frozenset of str
        Those that are left over from an example, and may be replaced where they do not fit.
    unused : tuple of str
        Names of values that do not occur in the formula.
    wrt : tuple of str, or None
        The names whose gradients are wanted; None for all, also where the formula has none of those that were sent.
    """

    formula: Formula
    texts: dict[str, str]
    loose: frozenset[str]
    unused: tuple[str, ...]
    wrt: tuple[str, ...] | None


@dataclass(frozen=True)
class Typed:
    """A typed formula with a value for each of its names.

    Attributes
    ----------
    formula : Formula
    texts : dict of str to str
        For each name of the formula, in its order, the value as it was typed.
    values : dict of str to float or array
        The same, parsed.
    given : frozenset of str
        The names whose values were sent, and kept. The others are guessed.
    unused : tuple of str
        Names of values that do not occur in the formula.
    wrt : tuple of str, or None
        As they were sent.
    misfits : tuple of str
        Names without a value for which no shape was found that fits.
    too_large : dict of str to tuple of int
        Shapes that fit, of names without a value, but have too many numbers to be guessed.
    wrong : frozenset of str
        Names whose texts are no values.
    """

    formula: Formula
    texts: dict[str, str]
    values: dict[str, Any]
    given: frozenset[str]
    unused: tuple[str, ...]
    wrt: tuple[str, ...] | None
    misfits: tuple[str, ...] = ()
    too_large: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    wrong: frozenset[str] = frozenset()

    def at(self, values: Mapping[str, Any]) -> Typed:
        """The same formula at another point: these values, and its own for all other names."""
        moved = {name: values.get(name, value) for name, value in self.values.items()}
        return replace(self, values=moved, texts={name: value_as_text(value) for name, value in moved.items()})


def read_typed(fields: Fields, limits: Limits) -> Typed:
    """Read ``statements``, ``values``, ``loose`` and ``wrt``.

    Parameters
    ----------
    fields : Fields
    limits : Limits

    Returns
    -------
    Typed

    Raises
    ------
    FormulaError
        With a caret, if the statements are no formula.
    Refused
        422 for a value that is none, which it names, and for more names than are allowed.
    """
    return typed_from(read_sent(fields, limits), limits)


def read_sent(fields: Fields, limits: Limits) -> Sent:
    """Read the same fields, and leave the values as texts.

    Parameters
    ----------
    fields : Fields
    limits : Limits

    Returns
    -------
    Sent

    Raises
    ------
    FormulaError
        With a caret, if the statements are no formula.
    Refused
        422 for more names than are allowed, and for two values of one name.
    """
    formula = parse(fields.text("statements"), most_numbers=limits.formula_numbers)
    if len(formula.names) > limits.formula_names:
        raise Refused(
            422,
            f"the formula has {len(formula.names)} names that need values; {limits.formula_names} are allowed",
            "give several values as one vector, such as w = [1, 2, 3], and write w @ x",
        )
    sent = fields.texts("values", {}, longest=limits.json_bytes)
    assert sent is not None
    texts, unused = _by_name(sent, formula)
    loose = {same_name(name, formula.names) for name in fields.names("loose", None) or []}
    return Sent(formula, texts, frozenset(loose & texts.keys()), unused, _wanted(fields, formula))


def typed_from(sent: Sent, limits: Limits, *, skips_wrong: bool = False) -> Typed:
    """Read the values, and guess those that are missing.

    Parameters
    ----------
    sent : Sent
    limits : Limits
    skips_wrong : bool, default False
        Whether to go on without values that are none: their texts stay, as of something that is being typed.

    Returns
    -------
    Typed

    Raises
    ------
    Refused
        422 for a value that is none, which it names.
    """
    formula = sent.formula
    given: dict[str, Any] = {}
    for name, text in sent.texts.items():
        try:
            given[name] = _value(name, text)
        except Refused:
            if not skips_wrong:
                raise
    guess = guess_values(formula, given, sent.loose, limits.loose_values)
    values = {name: guess.values[name] if name in guess.values else given[name] for name in formula.names}
    wrong = frozenset(sent.texts.keys() - given.keys())
    kept = {name: text for name, text in sent.texts.items() if name not in guess.values or name in wrong}
    texts = {name: kept.get(name, value_as_text(value)) for name, value in values.items()}
    misfits = () if guess.fits else tuple(guess.values)
    return Typed(formula, texts, values, frozenset(kept), sent.unused, sent.wrt, misfits, guess.too_large, wrong)


def _by_name(sent: Mapping[str, str], formula: Formula) -> tuple[dict[str, str], tuple[str, ...]]:
    """The values by the names of the formula, which may be spelled in another way, and the names that are none."""
    given: dict[str, str] = {}
    unused: list[str] = []
    for spelled, text in sent.items():
        name = same_name(spelled, formula.names)
        if name not in formula.names:
            unused.append(spelled)
        elif name in given:
            raise Refused(422, f"{name} is given twice, once as {spelled}", "give it one value", spelled)
        else:
            given[name] = text
    return given, tuple(unused)


def _value(name: str, text: str) -> Any:
    with named(name):
        return parse_value(text)


def _wanted(fields: Fields, formula: Formula) -> tuple[str, ...] | None:
    """The names that are wanted. Those that the formula lacks (yet, or by now) are left out: somebody types."""
    names = fields.names("wrt", None) or []
    wanted = [same_name(name, formula.names) for name in names]
    return tuple(dict.fromkeys(name for name in wanted if name in formula.names)) or None


def value_as_text(value: Any) -> str:
    """A value as `parse_value` reads it, to the last digit.

    Parameters
    ----------
    value : float or array

    Returns
    -------
    str

    Examples
    --------
    >>> value_as_text(0.1), value_as_text(np.array([[1.0, -2.5]]))
    ('0.1', '[[1, -2.5]]')
    """
    if np.ndim(value):
        return f"[{', '.join([value_as_text(part) for part in value])}]"
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
