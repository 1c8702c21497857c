"""Canonicalisation: identities that hold for every number, used to shorten what backpropagation writes.

Nothing here changes a finite result by more than the order in which a sum is taken, and NaN and inf stay what they
were: ``x * 0`` is not replaced by 0.
"""

from __future__ import annotations

from chainrule.simplify.contractions import CONTRACTIONS
from chainrule.simplify.identities import IDENTITIES
from chainrule.simplify.moves import MOVES
from chainrule.simplify.rewrite import RuleSet
from chainrule.simplify.signs import SIGN_RULES

__all__ = ["CANONICALISE"]

CANONICALISE = RuleSet("canonicalise", [*IDENTITIES, *MOVES, *CONTRACTIONS, *SIGN_RULES])
