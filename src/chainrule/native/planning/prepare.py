"""What happens to a graph before it is compiled: composite operations are taken apart, then all is simplified."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import INPUT
from chainrule.native.planning.nodes import is_compiled
from chainrule.ops.activations import softplus
from chainrule.ops.arithmetic import negative
from chainrule.ops.complex_numbers import absolute
from chainrule.ops.exponential import exp, log1p
from chainrule.simplify.patterns import is_real
from chainrule.simplify.pipeline import apply_rules, shorten, simplify
from chainrule.simplify.rewrite import Case, Rule, RuleSet, rebuild

__all__ = ["FUSED", "prepare"]


def _softplus(node: Node) -> Node | None:
    """log1p(e^u) = softplus(u), for real u"""
    (inner,) = node.inputs
    return softplus(inner.inputs[0]) if inner.op is exp and is_real(node) else None


#: Closed forms are looked for in graphs up to this size: in a larger one they would take longer than all the rest.
_MOST_SIMPLIFIED = 20_000

#: Compiled code has one function for these, which shares e^−|z| with σ(z).
FUSED = RuleSet(
    "fused",
    [Rule("log1p of exp is softplus", ("log1p",), _softplus, (Case(lambda z: log1p(exp(negative(absolute(z))))),))],
)


def prepare(outputs: Sequence[Node], leaves: Sequence[Node]) -> list[Node]:
    """Outputs in the form that is compiled."""
    shortened = simplify if len(ancestors(outputs)) <= _MOST_SIMPLIFIED else shorten
    nodes = shorten(decompose(shortened(outputs, leaves), leaves), leaves)
    return apply_rules(FUSED, nodes, leaves)


def decompose(outputs: Sequence[Node], leaves: Sequence[Node]) -> list[Node]:
    """Replace operations that have no code of their own by others that have, where their records say how."""
    done: dict[Node, Node] = {leaf: leaf for leaf in leaves}
    pending = [node for node in ancestors(outputs) if node not in done]
    for node in pending:
        _decompose(node, done)
    return [done[node] for node in outputs]


def _decompose(node: Node, done: dict[Node, Node]) -> None:
    if not node.inputs:
        done[node] = node
        return
    inputs = tuple([done[source] for source in node.inputs])
    if node.op.decompose is None or is_compiled(node):
        changed = node.op is not INPUT and any(new is not old for new, old in zip(inputs, node.inputs, strict=True))
        done[node] = rebuild(node, inputs) if changed else node
        return
    parts = node.op.decompose(*inputs, **node.params)
    if parts is None or parts.shape != node.shape or parts.dtype != node.dtype:
        done[node] = rebuild(node, inputs)
        return
    done |= {source: source for source in inputs}
    for part in ancestors([parts], skip=lambda other: other in done):
        if part not in done:
            _decompose(part, done)
    done[node] = done[parts]
