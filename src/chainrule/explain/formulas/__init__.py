"""Formulas typed as text: parsed by an allow-list, and never evaluated as Python."""

from chainrule.explain.formulas.known import CONSTANTS
from chainrule.explain.formulas.parsing import Formula, parse
from chainrule.explain.formulas.values import parse_value

__all__ = ["CONSTANTS", "Formula", "parse", "parse_value"]
