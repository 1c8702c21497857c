"""One exponential for several functions: σ(z) from the e^−|z| that a softplus needs anyway."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.graph.node import Node
from chainrule.ops.arithmetic import add, divide, multiply, negative, subtract
from chainrule.ops.comparison import greater_equal
from chainrule.ops.complex_numbers import absolute
from chainrule.ops.exponential import exp, log1p, sigmoid
from chainrule.ops.selection import maximum, where
from chainrule.simplify.patterns import is_real
from chainrule.simplify.rewrite import Case, Facts, Rule, RuleSet

__all__ = ["SHARING", "find_decaying"]


def find_decaying(order: Iterable[Node]) -> dict[Node, Node]:
    """The exponentials e^−|z| of a graph, by z."""
    found = {}
    for node in order:
        if node.op is exp and node.inputs[0].op is negative and node.inputs[0].inputs[0].op is absolute:
            found[node.inputs[0].inputs[0].inputs[0]] = node
    return found


def _sigmoid_of_shared(node: Node, facts: Facts) -> Node | None:
    """σ(z) = (1 if z ≥ 0 else e^−|z|) / (1 + e^−|z|), where e^−|z| is computed anyway"""
    z = node.inputs[0]
    shared = facts.decaying.get(z)
    if shared is None or not is_real(node):
        return None
    return divide(where(greater_equal(z, 0.0), 1.0, shared), add(1.0, shared))


def _example(z: Node, y: Node) -> Node:
    small = exp(negative(absolute(z)))
    return add(multiply(subtract(sigmoid(z), y), 2.0), add(maximum(z, 0.0), log1p(small)))


#: It pays where an exponential costs more than a comparison and a choice: in compiled code, not in NumPy calls.
SHARING = RuleSet(
    "sharing",
    [
        Rule(
            "sigmoid from a shared exponential",
            ("sigmoid",),
            _sigmoid_of_shared,
            (Case(_example, arity=2, labels=(1,), values_only=True),),
            opt_in=True,
            wants_facts=True,
        )
    ],
)
