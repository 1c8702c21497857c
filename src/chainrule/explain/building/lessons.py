"""Putting a lesson together: both passes of a recorded graph, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.explain.building.blocks import find_blocks
from chainrule.explain.building.checking import DifferenceCheck
from chainrule.explain.building.closed_forms import ClosedForms
from chainrule.explain.building.local import Contribution, local_contributions
from chainrule.explain.building.naming import name_nodes
from chainrule.explain.building.order import visiting_order
from chainrule.explain.building.picture import lesson_diagram
from chainrule.explain.building.reading import Counts
from chainrule.explain.building.steps import backward_step, update_rule
from chainrule.explain.building.writing import Known, Writer, has_row_vectors
from chainrule.explain.faults import find_fault
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import (
    BackwardStep,
    Closed,
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
    """

    def __init__(self, graph: Graph, level: Level, targets: Sequence[Node]) -> None:
        self._graph, self._level, self._targets = graph, level, targets
        self._output = graph.outputs[0]
        self._blocks = find_blocks(graph, level)
        self._symbols = name_nodes(graph, self._blocks)
        self._ranks: dict[Node, float] = dict.fromkeys(self._symbols, 0.0)
        self._ranks.update({block.node: number for number, block in enumerate(self._blocks, 1)})
        self._row_vectors = has_row_vectors(graph.nodes)
        self._counts = Counts(self._symbols.values())
        self._counts.learn(graph.nodes)
        self._order = visiting_order(self._output, self._blocks, targets)
        self._gradients = dict(zip(self._order, backward(graph, self._order).outputs, strict=True))

    def lesson(self) -> Lesson:
        """The lesson; it ends at the first value that is not finite."""
        fault = self._fault()
        forward = self._forward()
        backward_steps: list[BackwardStep] = []
        local: list[LocalGradient] = []
        result: list[InputGradient] = []
        if fault is None or fault.in_backward:
            contributions = self._contributions()
            local = self._local_gradients(contributions)
            backward_steps = self._backward(contributions)
            result = self._result(backward_steps)
        forward, backward_steps = _until(forward, backward_steps, fault)
        forward = _grouped(forward, repeated_groups(forward))
        backward_steps = _grouped(backward_steps, repeated_backward_groups(backward_steps, forward))
        return Lesson(
            title=self._graph.name,
            level=self._level,
            graph=self._graph,
            output=self._symbols[self._output],
            operands=self._operands(),
            forward=tuple(forward),
            local=tuple(local),
            backward=tuple(backward_steps),
            result=tuple(result) if fault is None else (),
            fault=fault,
            diagram=lesson_diagram(self._graph, self._blocks, self._symbols, forward, backward_steps, fault),
        )

    def _fault(self) -> Fault | None:
        named = [node for node in self._graph.nodes if node in self._symbols]
        return find_fault(named, self._gradients, self._symbols.__getitem__)

    def _operands(self) -> tuple[Operand, ...]:
        given = set(self._graph.inputs)
        leaves = [
            Operand(symbol, node.value, node in given) for node, symbol in self._symbols.items() if not node.inputs
        ]
        counts = [Operand(symbol, count, False) for symbol, count in self._counts.values.items()]
        return (*leaves, *counts)

    def _forward(self) -> list[ForwardStep]:
        known = {node: Known(symbol, self._ranks[node]) for node, symbol in self._symbols.items()}
        writer = Writer(known, self._row_vectors)
        steps = []
        for number, block in enumerate(self._blocks, 1):
            formula = writer.formula(block.node)
            sources = tuple([self._symbols[source] for source in block.sources])
            numbers = self._with_numbers(formula, block.sources) if block.node.size == 1 else None
            steps.append(ForwardStep(number, self._symbols[block.node], formula, numbers, block.node.value, sources))
        return steps

    def _with_numbers(self, formula: Expression, sources: Sequence[Node]) -> Expression | None:
        """The formula with numbers put in; None where arrays take part."""
        if any(source.size != 1 or source.dtype.kind not in "fiu" for source in sources):
            return None
        return formula.substituted({self._symbols[source]: _number(source.value) for source in sources})

    def _contributions(self) -> dict[Node, list[Contribution]]:
        """For each node: what comes from each block that uses it, in the order of the backward pass."""
        blocks = {block.node: block for block in self._blocks}
        found: dict[Node, list[Contribution]] = {node: [] for node in self._order}
        for user in self._order:
            if user not in blocks:
                continue
            for contribution in local_contributions(
                blocks[user],
                self._order,
                self._symbols,
                self._ranks,
                self._output,
                self._counts,
                row_vectors=self._row_vectors,
            ):
                found[contribution.source].append(contribution)
        return found

    def _local_gradients(self, contributions: dict[Node, list[Contribution]]) -> list[LocalGradient]:
        """Those of each block, from the output to the inputs."""
        by_block: dict[Node, list[Contribution]] = {}
        for node in self._order:
            for contribution in contributions[node]:
                by_block.setdefault(contribution.block.node, []).append(contribution)
        return [self._local_gradient(contribution) for user in self._order for contribution in by_block.get(user, ())]

    def _local_gradient(self, contribution: Contribution) -> LocalGradient:
        of, wrt = self._symbols[contribution.block.node], self._symbols[contribution.source]
        is_array = contribution.block.node.size > 1 or contribution.source.size > 1
        return LocalGradient(Derivative(of, wrt, is_array=is_array), contribution.local_gradient(of, wrt))

    def _backward(self, contributions: dict[Node, list[Contribution]]) -> list[BackwardStep]:
        forms = ClosedForms(
            self._graph,
            self._blocks,
            self._symbols,
            self._ranks,
            self._order,
            self._counts,
            row_vectors=self._row_vectors,
        )
        steps = []
        for number, node in enumerate(self._order, 1):
            value = self._gradients[node].value
            users = [contribution.block.node for contribution in contributions[node]]
            closed = forms.find(node, users, value) if number > 1 else None
            step = backward_step(number, node, contributions[node], closed, value, self._symbols, self._output)
            steps.append(replace(step, substituted=self._substituted(step)))
        return steps

    def _substituted(self, step: BackwardStep) -> Expression | None:
        """The shortest formula of a step with numbers put in."""
        formula = step.formula if step.closed is None else step.closed.formula
        numbers: dict[Expression, Expression] = {}
        for node, symbol in self._symbols.items():
            if node.size == 1 and node.dtype.kind in "fiu":
                numbers[symbol] = _number(node.value)
        numbers |= {symbol: Number(count) for symbol, count in self._counts.values.items()}
        output = self._symbols[self._output]
        for node, gradient in self._gradients.items():
            if node.size == 1:
                numbers[Derivative(output, self._symbols[node])] = _number(gradient.value)
        put_in = formula.substituted(numbers)
        is_whole = not any(isinstance(part, (Symbol, Derivative)) for part in put_in.walk())
        return put_in if is_whole and put_in != formula else None

    def _result(self, steps: Sequence[BackwardStep]) -> list[InputGradient]:
        check = DifferenceCheck(self._graph)
        by_symbol = {step.symbol: step for step in steps}
        output = self._symbols[self._output]
        found = []
        for node in self._targets:
            symbol = self._symbols[node]
            step = by_symbol.get(symbol)
            slope = np.zeros(node.shape, node.dtype)[()] if step is None else step.value
            gradient = Derivative(output, symbol, is_array=symbol.is_array)
            closed: Closed | None = None if step is None else step.closed
            agrees = check.agrees(node, slope)
            update = update_rule(symbol, gradient)
            found.append(InputGradient(symbol, gradient, node.value, slope, closed, agrees, update))
        return found


def _number(value: Any) -> Number:
    return Number(np.asarray(value).reshape(-1)[0].item())


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
