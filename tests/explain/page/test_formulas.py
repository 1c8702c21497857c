"""Formulas and numbers of a lesson in HTML."""

from __future__ import annotations

from chainrule.explain.page.formulas import typeset
from chainrule.notation.tree import Cases, Relation, Symbol


def test_formulas_have_no_styles_of_their_own() -> None:
    """A policy may forbid them: where parts of a table stand, the style sheets say."""
    x = Symbol("x")
    formula = typeset(Cases(Relation(">", (x, x)), x, -x))
    assert '<mtable><mtr><mtd columnalign="left"><mi>x</mi></mtd>' in formula
    assert "style=" not in formula
