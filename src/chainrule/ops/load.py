"""Which families exist, and which of them need SciPy and are therefore imported late."""

from __future__ import annotations

import importlib
import sys

__all__ = ["SCIPY_FAMILIES", "load_all", "load_for_scipy"]

#: Family by the SciPy module whose functions it serves.
SCIPY_FAMILIES = {
    "scipy.special": "chainrule.ops.special",
    "scipy.stats": "chainrule.ops.stats",
    "scipy.linalg": "chainrule.ops.scipy_linalg",
    "scipy.signal": "chainrule.ops.signal",
    "scipy.integrate": "chainrule.transforms.odeint",  # it differentiates a function of the user, as the transforms do
}


def load_for_scipy() -> None:
    """Declare the records for those parts of SciPy that the user has imported."""
    for module, family in SCIPY_FAMILIES.items():
        if module in sys.modules:
            importlib.import_module(family)


def load_all() -> None:
    """Declare every record there is."""
    for family in SCIPY_FAMILIES.values():
        importlib.import_module(family)
