"""What the formula view sends: statements and values as text, read as a formula and its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.explain.formulas import Formula, parse, parse_value
from chainrule.explain.formulas.naming import same_name
from chainrule.web.exchange import named
from chainrule.web.fields import Fields, Refused
from chainrule.web.limits import Limits

__all__ = ["UNGIVEN", "Typed", "read_typed", "value_as_text"]

#: The value of a name that was typed and has none yet: the lesson is there while somebody types.
UNGIVEN = "1"


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
        The names whose values were sent.
    unused : tuple of str
        Names of values that do not occur in the formula.
    wrt : tuple of str, or None
        The names whose gradients are wanted; None for all, also where the formula has none of those that were sent.
    """

    formula: Formula
    texts: dict[str, str]
    values: dict[str, Any]
    given: frozenset[str]
    unused: tuple[str, ...]
    wrt: tuple[str, ...] | None

    def at(self, values: Mapping[str, Any]) -> Typed:
        """The same formula at another point: these values, and its own for all other names."""
        moved = {name: values.get(name, value) for name, value in self.values.items()}
        return replace(self, values=moved, texts={name: value_as_text(value) for name, value in moved.items()})


def read_typed(fields: Fields, limits: Limits) -> Typed:
    """Read ``statements``, ``values`` and ``wrt``.

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
    formula = parse(fields.text("statements"), most_numbers=limits.formula_numbers)
    if len(formula.names) > limits.formula_names:
        raise Refused(
            422,
            f"the formula has {len(formula.names)} names that need values; {limits.formula_names} are allowed",
            "give several values as one vector, such as w = [1, 2, 3], and write w @ x",
        )
    sent = fields.texts("values", {}, longest=limits.json_bytes)
    assert sent is not None
    given, unused = _by_name(sent, formula)
    texts = {name: given.get(name, UNGIVEN) for name in formula.names}
    values = {name: _value(name, text) for name, text in texts.items()}
    return Typed(formula, texts, values, frozenset(given), unused, _wanted(fields, formula))


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
