"""From a traced call to gradients: as numbers through a kept program, or as nodes inside another trace."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.backward import backpropagate, zeros_like
from chainrule.errors import IndependentOutputWarning
from chainrule.graph.node import Node, ancestors, next_index
from chainrule.graph.op import LITERAL, constant, literal
from chainrule.interpret import Program, ProgramCache, compute_once, non_finite_message, run_checked, signature
from chainrule.simplify.rewrite import rebuild
from chainrule.simplify.stabilise import stabilise
from chainrule.trace.looking import leaked
from chainrule.trace.session import active_sessions
from chainrule.trace.tracer import Tracer
from chainrule.transforms.calling import TracedCall

__all__ = ["Derivation", "compute", "depends_on_outer", "ones_for"]

#: From the stable outputs of a traced call and its inputs to the nodes that are wanted.
Derivation = Callable[[list[Node], list[Node], int], list[Node]]

_programs = ProgramCache()

#: Larger graphs are computed once and forgotten: keeping them would cost more than it saves.
LARGEST_KEPT = 20_000


def depends_on_outer(order: Sequence[Node], outputs: Sequence[Node], start: int) -> bool:
    """Whether a trace uses nodes of a trace around it, or returns them."""
    if not active_sessions():
        return False
    return any(source.index <= start for node in order for source in node.inputs) or any(
        node.index <= start for node in outputs
    )


def compute(
    call: TracedCall,
    outputs: Sequence[Node],
    kind: Any,
    derive: Derivation,
    extra_leaves: Sequence[Node] = (),
) -> list[Any]:
    """Compute what `derive` makes of a traced call.

    Parameters
    ----------
    call : TracedCall
    outputs : sequence of Node
        What the function returned.
    kind : hashable
        Names the derivation: calls that record the same graph share a program only within one kind.
    derive : callable
        Builds the wanted nodes; called once for each new graph.
    extra_leaves : sequence of Node
        Further values that the derivation needs, such as tangents.

    Returns
    -------
    list
        Arrays; inside another trace, traced values.
    """
    start, inputs = call.start, call.inputs
    sessions = active_sessions()
    symbolic = any(node.inputs for node in extra_leaves)
    if symbolic and not sessions:
        raise leaked(next(node.inputs[0] for node in extra_leaves if node.inputs))
    if symbolic and start < sessions[0].start:
        # The call was traced before the trace that its derivative now takes part in.
        outputs, inputs, start = _traced_afresh(outputs, inputs, start)
    order = ancestors([*inputs, *extra_leaves, *outputs], after=start)

    def build_nodes() -> list[Node]:
        stabilise(order)
        return derive([node.stable or node for node in outputs], inputs, start)

    if symbolic or depends_on_outer(order, outputs, start):
        return [Tracer(node) for node in build_nodes()]

    def diagnose() -> str:
        return non_finite_message(order, "the result")

    if len(order) > LARGEST_KEPT:
        wanted = build_nodes()
        return run_checked(lambda: compute_once(wanted), [node for node in order if not node.inputs], diagnose)
    try:
        key, leaves = signature(order, outputs)
    except KeyError:
        used = [source for node in order for source in node.inputs] + [*outputs]
        raise leaked(next(node for node in used if node.index <= start)) from None
    for leaf in leaves:
        if leaf._value is None:  # of the body of a loop or a branch
            raise leaked(leaf)
    program = _programs.get((kind, len(inputs), *key), lambda: Program(build_nodes(), leaves))
    return run_checked(lambda: program.run([leaf._value for leaf in leaves]), leaves, diagnose)


def _traced_afresh(outputs: Sequence[Node], inputs: Sequence[Node], start: int) -> tuple[list[Node], list[Node], int]:
    """Copies of the nodes of an earlier trace that belong to the present one."""
    start_now = next_index()
    copies: dict[Node, Node] = {}
    for node in ancestors([*inputs, *outputs], after=start):
        if node.inputs:
            copies[node] = rebuild(node, tuple([copies.get(source, source) for source in node.inputs]))
        else:
            copies[node] = literal(node._value) if node.op is LITERAL else constant(node.value)
    return [copies[node] for node in outputs], [copies[node] for node in inputs], start_now


def gradients(outputs: list[Node], upstream: list[Node], inputs: list[Node], start: int) -> list[Node]:
    """Gradients with respect to inputs, zeros where there is no influence."""
    found = backpropagate(outputs, upstream, inputs, after=start)
    return [found.get(node) or zeros_like(node) for node in inputs]


def ones_for(node: Node) -> Node:
    """The upstream gradient of an output with respect to itself."""
    return constant(np.ones(node.shape, node.dtype))


def warn_independent(name: str) -> None:
    """Warn of a function that ignores what it is differentiated by, which is probably a mistake."""
    warnings.warn(
        f"the output of {name} does not depend on the differentiated arguments, so the gradient is zero",
        IndependentOutputWarning,
        stacklevel=4,
    )
