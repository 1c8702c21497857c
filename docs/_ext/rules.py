"""The tables of rewrite rules, made from the rules' records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from chainrule.simplify.canonicalise import CANONICALISE
from chainrule.simplify.relations import RELATIONS
from chainrule.simplify.sharing import SHARING
from chainrule.simplify.specialise import SPECIALISE
from chainrule.simplify.stabilise import STABILISE

SETS = {rules.name: rules for rules in (CANONICALISE, STABILISE, SPECIALISE, SHARING)}


def rows(name: str) -> Iterator[tuple[str, str]]:
    """Name and formula of the rules of a stage."""
    if name == "closed forms":
        yield from ((relation.name, relation.formula) for relation in RELATIONS)
        return
    for rule in SETS[name].rules:
        yield rule.name + (" (opt-in)" if rule.opt_in else ""), rule.formula


class RuleTable(SphinxDirective):
    """``{rule-table} stabilise``: the rules of a stage of simplification."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        lines = ["| rule | what it states |", "|---|---|"]
        for name, formula in rows(self.arguments[0]):
            lines.append("| {} | {} |".format(*[part.replace("|", "\\|") for part in (name, formula)]))
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Any) -> dict[str, Any]:
    app.add_directive("rule-table", RuleTable)
    return {"parallel_read_safe": True}
