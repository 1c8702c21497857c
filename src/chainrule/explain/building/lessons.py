"""Putting a lesson together: both passes of a recorded graph, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.explain.building.checking import DifferenceCheck, is_close
from chainrule.explain.building.closed_forms import ClosedForms
from chainrule.explain.building.local import Contribution, local_contributions
from chainrule.explain.building.order import visiting_order
from chainrule.explain.building.picture import lesson_diagram
from chainrule.explain.building.setting import setting_of
from chainrule.explain.building.steps import backward_step, update_rule
from chainrule.explain.building.writing import written
from chainrule.explain.faults import find_fault
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import (
    BackwardStep,
    Fault,
    ForwardStep,
    InputGradient,
    Level,
    LocalGradient,
    Operand,
)
from chainrule.explain.repeats import repeated_backward_groups, repeated_groups
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.notation.tree import Derivative, Expression, Number, Symbol
from chainrule.transforms.graphs import backward

__all__ = ["LessonBuilder"]


class LessonBuilder:
    """Makes the lesson of one graph.

    Parameters
    ----------
    graph : Graph
        With one real number as output.
    level : {"statement", "operation"}
    targets : sequence of Node
        The inputs whose gradients are wanted.
    closed_forms : bool, default True
        Whether to look for closed forms.
    """

    def __init__(self, graph: Graph, level: Level, targets: Sequence[Node], *, closed_forms: bool = True) -> None:
        self._graph, self._level, self._targets, self._closes = graph, level, targets, closed_forms
        self._setting = setting_of(graph, level)
        self._symbols = self._setting.symbols
        self._order = visiting_order(graph.outputs[0], self._setting.blocks, targets)
        self._gradients = dict(zip(self._order, backward(graph, self._order).outputs, strict=True))

    def lesson(self) -> Lesson:
        """The lesson; it ends at the first value that is not finite."""
        named = [node for node in self._graph.nodes if node in self._symbols]
        fault = find_fault(named, self._gradients, self._symbols.__getitem__)
        forward, backward_steps = self._forward(), []
        contributions: dict[Node, list[Contribution]] = {}
        if fault is None or fault.in_backward:
            contributions = self._contributions()
            backward_steps = self._backward(contributions)
        forward, shown = _until(forward, backward_steps, fault)
        forward = _grouped(forward, repeated_groups(forward))
        shown = _grouped(shown, repeated_backward_groups(shown, forward))
        return Lesson(
            title=self._graph.name,
            level=self._level,
            graph=self._graph,
            output=self._symbols[self._setting.output],
            operands=self._operands(),
            forward=tuple(forward),
            local=self._local_gradients(contributions),
            backward=tuple(shown),
            result=self._result(backward_steps) if fault is None else (),
            fault=fault,
            diagram=lesson_diagram(self._setting, forward, shown, fault),
        )

    def _operands(self) -> tuple[Operand, ...]:
        given = set(self._graph.inputs)
        leaves = [
            Operand(symbol, node.value, node in given) for node, symbol in self._symbols.items() if not node.inputs
        ]
        counts = [Operand(symbol, count, False) for symbol, count in self._setting.counts.values.items()]
        return (*leaves, *counts)

    def _forward(self) -> list[ForwardStep]:
        known = {node: self._setting.known(node) for node in self._symbols}
        steps = []
        for number, block in enumerate(self._setting.blocks, 1):
            formula = written(block.node, known, row_vectors=self._setting.row_vectors)
            symbol, value = self._symbols[block.node], block.node.value
            sources = tuple([self._symbols[source] for source in block.sources])
            numbers = self._with_numbers(formula, block.sources) if block.node.size == 1 else None
            steps.append(ForwardStep(number, symbol, formula, numbers, value, sources))
        return steps

    def _with_numbers(self, formula: Expression, sources: Sequence[Node]) -> Expression | None:
        """The formula with numbers put in; None where arrays take part."""
        if not all(_is_number(source) for source in sources):
            return None
        return formula.substituted({self._symbols[source]: _number(source.value) for source in sources})

    def _contributions(self) -> dict[Node, list[Contribution]]:
        """For each node: what comes from each block that uses it, in the order of the backward pass.

        Where a textbook's derivative is not what the conventions at kinks and ties give, the operation's own is used.
        """
        found = self._differentiated(frozenset())
        plain = {
            contribution.block.node
            for node, parts in found.items()
            if parts and not is_close(sum(part.gradient.value for part in parts), self._gradients[node].value)
            for contribution in parts
        }
        return self._differentiated(frozenset(plain), found) if plain else found

    def _differentiated(
        self, plain: frozenset[Node], known: dict[Node, list[Contribution]] | None = None
    ) -> dict[Node, list[Contribution]]:
        """All contributions; those of blocks that are not in `plain` are taken over where they are known."""
        blocks = {block.node: block for block in self._setting.blocks}
        wanted = frozenset(self._order)
        found: dict[Node, list[Contribution]] = {node: [] for node in self._order}
        by_block: dict[Node, list[Contribution]] = {}
        for part in (part for parts in (known or {}).values() for part in parts):
            by_block.setdefault(part.block.node, []).append(part)
        for user in self._order:
            parts = by_block.get(user, [])
            if user in blocks and (known is None or user in plain):
                upstream = np.asarray(self._gradients[user].value)
                parts = local_contributions(self._setting, blocks[user], wanted, upstream, is_plain=user in plain)
            for part in parts:
                found[part.source].append(part)
        return found

    def _local_gradients(self, contributions: dict[Node, list[Contribution]]) -> tuple[LocalGradient, ...]:
        """Those of each block, from the output to the inputs."""
        by_block: dict[Node, list[Contribution]] = {}
        for parts in contributions.values():
            for part in parts:
                by_block.setdefault(part.block.node, []).append(part)
        return tuple([self._local_gradient(part) for user in self._order for part in by_block.get(user, ())])

    def _local_gradient(self, contribution: Contribution) -> LocalGradient:
        of, wrt = self._symbols[contribution.block.node], self._symbols[contribution.source]
        derivative = Derivative(of, wrt, is_array=of.is_array or wrt.is_array)
        return LocalGradient(derivative, contribution.local_gradient())

    def _backward(self, contributions: dict[Node, list[Contribution]]) -> list[BackwardStep]:
        forms = ClosedForms(self._setting, self._order) if self._closes else None
        numbers = self._numbers()
        steps = []
        for number, node in enumerate(self._order, 1):
            value = self._gradients[node].value
            users = [contribution.block.node for contribution in contributions[node]]
            closed = forms.find(node, users, value) if forms and number > 1 else None
            step = backward_step(self._setting, number, node, contributions[node], closed, value)
            steps.append(replace(step, substituted=_put_in(step, numbers)))
        return steps

    def _numbers(self) -> dict[Expression, Expression]:
        """What to put in for each symbol and gradient that is a single number."""
        numbers: dict[Expression, Expression] = {
            symbol: _number(node.value) for node, symbol in self._symbols.items() if _is_number(node)
        }
        numbers |= {symbol: Number(count) for symbol, count in self._setting.counts.values.items()}
        for node, gradient in self._gradients.items():
            if node.size == 1:
                numbers[self._setting.gradient_symbol(node)] = _number(gradient.value)
        return numbers

    def _result(self, steps: Sequence[BackwardStep]) -> tuple[InputGradient, ...]:
        check = DifferenceCheck(self._graph)
        by_symbol = {step.symbol: step for step in steps}
        found = []
        for node in self._targets:
            symbol, gradient = self._symbols[node], self._setting.gradient_symbol(node)
            step = by_symbol.get(symbol)
            slope = np.zeros(node.shape, node.dtype)[()] if step is None else step.value
            closed = None if step is None else step.closed
            agrees, update = check.agrees(node, slope), update_rule(symbol, gradient)
            found.append(InputGradient(symbol, gradient, node.value, slope, closed, agrees, update))
        return tuple(found)


def _is_number(node: Node) -> bool:
    return node.size == 1 and node.dtype.kind in "fiu"


def _number(value: Any) -> Number:
    return Number(np.asarray(value).reshape(-1)[0].item())


def _put_in(step: BackwardStep, numbers: Mapping[Expression, Expression]) -> Expression | None:
    """The shortest formula of a step with numbers put in; None where arrays take part."""
    formula = step.formula if step.closed is None else step.closed.formula
    put_in = formula.substituted(numbers)
    is_whole = not any(isinstance(part, (Symbol, Derivative)) for part in put_in.walk())
    return put_in if is_whole and put_in != formula else None


def _until(
    forward: list[ForwardStep], backward_steps: list[BackwardStep], fault: Fault | None
) -> tuple[list[ForwardStep], list[BackwardStep]]:
    """The steps up to the first one that is not finite."""
    if fault is None:
        return forward, backward_steps
    if fault.in_backward:
        return forward, _up_to(backward_steps, fault.symbol)
    return _up_to(forward, fault.symbol), []


def _up_to(steps: list[Any], symbol: Symbol) -> list[Any]:
    """Nothing, if the fault is in an input."""
    places = [place for place, step in enumerate(steps, 1) if step.symbol == symbol]
    return steps[: places[0]] if places else []


def _grouped(steps: Sequence[Any], groups: Sequence[Any]) -> list[Any]:
    return [
        replace(step, group=found[0], repetition=found[1]) if found else step
        for step, found in zip(steps, groups, strict=True)
    ]
