"""What the formula view is told of each value."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.notation.names import name_text
from chainrule.web.formula.statements import Typed

__all__ = ["value_records"]


def value_records(typed: Typed) -> list[dict[str, Any]]:
    """A record for each name of a formula, in its order.

    Parameters
    ----------
    typed : Typed

    Returns
    -------
    list of dict
        ``name``, ``label`` (as it is printed), ``text``, ``shape``, ``is_scalar``, and ``is_given``: whether it was
        sent, and not guessed. A text that is no value has no shape.
    """
    return [_record(typed, name) for name in typed.formula.names]


def _record(typed: Typed, name: str) -> dict[str, Any]:
    text, is_wrong = typed.texts[name], name in typed.wrong
    shape = () if is_wrong else np.shape(typed.values[name])
    return {
        "name": name,
        "label": name_text(name),
        "text": text,
        "shape": list(shape),
        "is_scalar": "[" not in text if is_wrong else not shape,
        "is_given": name in typed.given,
    }
