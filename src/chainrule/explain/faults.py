"""Where the numbers of a lesson stop being finite, why, and what to write instead.

What counts are the results: the output and the gradients. As long as these are finite, NaN and infinity on the way are
no fault: −∞ masks an entry of a softmax, and ``np.where(x > 0, np.log(x), 0)`` does not use the logarithm of 0 that it
computes. A result that is not finite is traced back, through values that are not finite, to where this began:

1. a NaN that was put in;
2. else the first operation that makes NaN or infinity of finite numbers, such as the logarithm of 0;
3. else the first one that makes NaN of an infinity that was put in, such as ∞ − ∞;
4. else an infinity that was put in.

Values are those of the stable forms. A formula that overflows only as it is written is no fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from chainrule.explain.model import Fault
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL
from chainrule.graph.provenance import where_recorded
from chainrule.interpret.diagnosis import Blame, Diagnosis, computing, diagnose, has_nan, is_finite, slope_hazard
from chainrule.notation.text import to_text
from chainrule.notation.tree import Symbol

__all__ = ["find_fault"]

_MISSING = "leave such rows out, x[np.isfinite(x).all(axis=1)], or fill them in with np.nan_to_num(x)"
_INFINITE = "put in a finite number: np.clip(x, -1e6, 1e6); where ∞ is a mask, choose with np.where"


def find_fault(nodes: Sequence[Node], gradients: Mapping[Node, Node], name: Callable[[Node], Symbol]) -> Fault | None:
    """Find where NaN or infinity begins, if the output or a gradient is not finite.

    Parameters
    ----------
    nodes : sequence of Node
        Inputs and steps of the forward pass in topological order, the output last. Operations between them, inside of a
        statement, may be left out; what happens there is told of the statement.
    gradients : mapping of Node to Node
        From nodes to their gradients, in the order of the backward pass.
    name : callable
        What each of these nodes is called.

    Returns
    -------
    Fault or None
        None if all is finite.

    Examples
    --------
    >>> import chainrule as cr
    >>> def f(p):
    ...     q = p - 1
    ...     return np.sum(np.log(q))
    >>> graph = cr.trace(f, np.array([3.0, 1.0]))
    >>> fault = find_fault(graph.nodes, {}, lambda node: Symbol(node.name or "L"))
    >>> fault.reason, fault.fix[:26]
    ('log of 0 (element 1 of q)', 'keep the argument above 0:')
    """
    with np.errstate(all="ignore"):
        search = _Search(nodes, gradients, name)
        if nodes and not is_finite(nodes[-1].value):
            return search.trace_back(nodes[-1], None)
        for node, gradient in gradients.items():
            if not is_finite(gradient.value):
                return search.trace_back(gradient, node)
    return None


class _Search:
    """The way from a result that is not finite back to where this began."""

    def __init__(self, nodes: Sequence[Node], gradients: Mapping[Node, Node], name: Callable[[Node], Symbol]) -> None:
        self._steps = set(nodes)
        self._gradients = gradients
        self._name = name
        self._forward = ancestors(nodes)
        self._recorded = set(self._forward)

    def trace_back(self, bad: Node, of: Node | None) -> Fault:
        """Explain a bad value: the output, or the gradient of a node."""
        spoilt = _spoilt(bad)
        put_in = [node for node in spoilt if not node.inputs]
        missing = next((node for node in put_in if has_nan(node.value)), None)
        if missing is not None:
            return self._bad_input(missing, "NaN", _MISSING)
        found = [(node, told) for node in spoilt if (told := diagnose(node)) is not None]
        began = [pair for pair in found if not pair[1].of_infinity] or found
        if began:
            return self._operation(*began[0], of)
        return self._bad_input(put_in[0], "infinite", _INFINITE)

    def _operation(self, node: Node, told: Diagnosis, of: Node | None) -> Fault:
        """It begins in an operation: of the forward pass, or of a gradient."""
        if of is None or computing(node) in self._recorded:
            return self._fault(self._step_of(node), node, told, in_backward=False)
        users = list(reversed(self._using(of)))
        for user in users:
            steep = slope_hazard(user)
            if steep is not None:
                return self._fault(of, user, steep, in_backward=True)
        return self._fault(of, users[0] if users else of, told, in_backward=True)

    def _fault(self, step: Node, node: Node, told: Diagnosis, *, in_backward: bool) -> Fault:
        where = where_recorded(computing(node)) or where_recorded(step) or ""
        reason = told.reason + self._place(told.blamed)
        return Fault(self._name(step), in_backward, reason, told.fix, where)

    def _bad_input(self, leaf: Node, what: str, fix: str) -> Fault:
        """A value that was bad from the beginning."""
        value = np.asarray(leaf.value)
        wrong = np.argwhere(np.isnan(value) if what == "NaN" else ~np.isfinite(value))[0]
        blame = Blame(leaf, tuple(map(int, wrong)))
        known = self._called(leaf)
        subject = known or ("a number in the code" if leaf.op is LITERAL else "an array in the code")
        place = f" (element {_index_text(blame.index)})" if blame.index else ""
        step = self._step_of(leaf)
        return Fault(self._name(step), False, f"{subject} is {what}{place}", fix, where_recorded(step) or "")

    def _place(self, blamed: Iterable[Blame]) -> str:
        """Which elements it happened to: `` (element (2, 1) of ŷ)``."""
        places: dict[str, list[str]] = {}
        for blame in blamed:
            called = self._called(blame.node)
            index = _index_text(blame.index)
            if called or index:
                places.setdefault(index, []).extend([called] if called else [])
        parts = []
        for index, names in places.items():
            subject = " and ".join(dict.fromkeys(names))
            element = f"element {index}" if index else ""
            parts.append(f"{element} of {subject}" if element and subject else element or subject)
        return f" ({', '.join(parts)})" if parts else ""

    def _called(self, node: Node) -> str:
        """The name of a node as it is read; empty where it has none."""
        if node in self._steps and node.op is not LITERAL:
            return to_text(self._name(node))
        if node.name:
            return node.name
        for known, gradient in self._gradients.items():
            if gradient is node:
                return f"the gradient of {to_text(self._name(known))}"
        return ""

    def _step_of(self, node: Node) -> Node:
        """The step that a node belongs to: itself, or the first one that is made of it."""
        if node in self._steps and node.op is not LITERAL:
            return node
        return next((user for user in self._using(node) if user in self._steps), self._forward[-1])

    def _using(self, node: Node) -> list[Node]:
        """What is computed from a node, as far as the next steps and these included, in topological order."""
        reached = {node}
        users = []
        for user in self._forward:
            if user is not node and any(source in reached for source in user.inputs):
                users.append(user)
                if user not in self._steps:
                    reached.add(user)
        return users


def _spoilt(bad: Node) -> list[Node]:
    """The values that are not finite on the way to a bad one, which is the last, in topological order."""
    seen = {bad}
    stack = [bad]
    while stack:
        for source in computing(stack.pop()).inputs:
            if source not in seen and not source.is_tuple and not is_finite(source.value):
                seen.add(source)
                stack.append(source)
    return sorted(seen, key=lambda node: node.index)


def _index_text(index: tuple[int, ...]) -> str:
    """An element's index as Python writes it; without parentheses for a vector, empty for a number."""
    return str(index[0]) if len(index) == 1 else str(index) if index else ""
