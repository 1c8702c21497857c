"""`explain`: a function's forward and backward pass, as numbered steps that can be printed.

A lesson is a reading of two graphs, the recorded one and that of its gradients. It holds no rule of differentiation:
every formula in it is the notation of a node that backpropagation made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import StructureError
from chainrule.explain.expressions import Names, numbers, symbols
from chainrule.explain.order import lesson_order, operation, sources
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.interpret import Program
from chainrule.simplify.stabilise import stable
from chainrule.transforms.calling import function_name
from chainrule.transforms.graphs import backward, trace

__all__ = ["BackwardStep", "ForwardStep", "InputGradient", "Lesson", "explain"]


@dataclass(frozen=True)
class ForwardStep:
    """One node of the forward pass: ``q = x + y = 5 + (-2) = 3``.

    Attributes
    ----------
    name : str
    formula : str
        In symbols.
    substituted : str or None
        With numbers put in; None where arrays take part.
    value : array
    """

    name: str
    formula: str
    substituted: str | None
    value: Any


@dataclass(frozen=True)
class BackwardStep:
    """One gradient of the backward pass.

    Attributes
    ----------
    number : int
        Position in the order of traversal, from 1.
    name : str
        The node whose gradient this is.
    chain : str or None
        The chain rule in symbols, a sum over the uses of the node; None for a direct input of the output.
    formula : str
        With the local gradients put in.
    substituted : str or None
        With numbers put in; None where arrays take part.
    value : array
        The gradient.
    pattern : str
        What happens, in words.
    """

    number: int
    name: str
    chain: str | None
    formula: str
    substituted: str | None
    value: Any
    pattern: str


@dataclass(frozen=True)
class InputGradient:
    """The gradient of one input, with an independent check.

    Attributes
    ----------
    name : str
    value, gradient : array
    agrees : bool
        Whether a central finite difference along a random direction gives the same.
    """

    name: str
    value: Any
    gradient: Any
    agrees: bool


@dataclass(frozen=True)
class Lesson:
    """Forward pass, backward pass and result of one function at one point.

    Attributes
    ----------
    graph : Graph
        As the user wrote it.
    output : str
        The name of the result, as in ∂L/∂w.
    forward : tuple of ForwardStep
    backward : tuple of BackwardStep
    result : tuple of InputGradient

    Examples
    --------
    >>> import chainrule as cr
    >>> lesson = cr.explain(lambda x, y: x * y, 3.0, 2.0)
    >>> [(step.name, float(step.value)) for step in lesson.forward]
    [('f', 6.0)]
    >>> [(part.name, float(part.gradient)) for part in lesson.result]
    [('x', 2.0), ('y', 3.0)]
    """

    graph: Graph
    output: str
    forward: tuple[ForwardStep, ...]
    backward: tuple[BackwardStep, ...]
    result: tuple[InputGradient, ...]

    def __str__(self) -> str:
        from chainrule.explain.text import lesson_text

        return lesson_text(self)


def explain(fun: Callable[..., Any], *args: Any, wrt: Sequence[str] | None = None) -> Lesson:
    """Explain the backward pass of a function, step by step, with numbers.

    Parameters
    ----------
    fun : callable
        Plain NumPy code that returns one real number.
    *args : arrays or containers
        The point.
    wrt : sequence of str, optional
        Names of the inputs whose gradients are wanted; by default every floating-point input.

    Returns
    -------
    Lesson
        ``print(lesson)`` shows it.

    Raises
    ------
    NonScalarOutputError
        If `fun` does not return one real number.
    StructureError
        If `wrt` names something that is no input.

    Examples
    --------
    >>> import chainrule as cr
    >>> def f(x, y, z):
    ...     q = x + y
    ...     return q * z
    >>> lesson = cr.explain(f, 5.0, -2.0, -4.0)
    >>> [(step.name, float(step.value)) for step in lesson.backward]
    [('f', 1.0), ('z', 3.0), ('q', -4.0), ('y', -4.0), ('x', -4.0)]
    """
    graph = trace(fun, *args)
    if not any(node.inputs or node in graph.inputs for node in graph.outputs):
        raise StructureError(
            f"{function_name(fun)} returns a fixed number, so there is nothing to explain",
            fix="return something that is computed from its arguments",
        )
    targets = _targets(graph, wrt)
    names = Names(graph, function_name(fun))
    order = lesson_order(graph.outputs[0], targets)
    gradients = dict(zip(order, backward(graph, order).outputs, strict=True))
    output = names[graph.outputs[0]]
    return Lesson(
        graph,
        output,
        tuple(_forward_steps(graph, names)),
        tuple(_backward_steps(order, gradients, names, output)),
        tuple(_input_gradient(graph, node, gradients.get(node), names) for node in targets),
    )


def _targets(graph: Graph, wrt: Sequence[str] | None) -> list[Node]:
    inputs = {node.name: node for node in graph.inputs if node.is_differentiable}
    if wrt is None:
        return list(inputs.values())
    unknown = [name for name in wrt if name not in inputs]
    if unknown:
        raise StructureError(
            f"{', '.join(unknown)} is no floating-point input of {graph.name}",
            fix=f"its inputs are {', '.join(str(name) for name in inputs)}",
        )
    return [inputs[name] for name in wrt]


def _forward_steps(graph: Graph, names: Names) -> list[ForwardStep]:
    return [
        ForwardStep(names[node], symbols(node, names), numbers(node, names), node.value)
        for node in graph.nodes
        if node.inputs and node in names
    ]


def _backward_steps(order: list[Node], gradients: dict[Node, Node], names: Names, output: str) -> list[BackwardStep]:
    steps: list[BackwardStep] = []
    on_path = set(order)
    for number, node in enumerate(order, 1):
        gradient = gradients[node]
        label = f"∂{output}/∂{names[node]}"
        if number == 1:
            names.label(gradient, label, is_seed=True)
            steps.append(BackwardStep(1, names[node], None, "1", None, gradient.value, "the backward pass begins"))
            continue
        uses = [
            (user, position)
            for user in order
            for position, source in enumerate(sources(user))
            if source is node and user in on_path
        ]
        for user, _ in uses:
            names.label(gradients[user], f"∂{output}/∂{names[user]}", is_seed=user is order[0])
        chain = _chain(uses, names[node], names, output)
        formula = symbols(gradient, names, whole=True)
        substituted = numbers(gradient, names, whole=True)
        steps.append(BackwardStep(number, names[node], chain, formula, substituted, gradient.value, _pattern(uses)))
    return steps


def _chain(uses: list[tuple[Node, int]], name: str, names: Names, output: str) -> str | None:
    """The chain rule in symbols; nothing where the only use is the output itself, as ∂L/∂z = ∂L/∂z says nothing."""
    if len(uses) == 1 and names[uses[0][0]] == output:
        return None
    return " + ".join(_chain_term(names[user], name, output) for user, _ in uses)


def _chain_term(user: str, name: str, output: str) -> str:
    local = f"∂{user}/∂{name}"
    return local if user == output else f"{local} · ∂{output}/∂{user}"


def _pattern(uses: list[tuple[Node, int]]) -> str:
    """What a step does, in words, told from the rules of the record."""
    if len(uses) > 1:
        return f"used {'twice' if len(uses) == 2 else f'{len(uses)} times'}: the sum over its uses"
    user, position = uses[0]
    op = operation(user).op
    if op.partials is not None:
        rule: Any = op.rule_for(position)
        local = rule(user, *user.inputs, **user.params) if callable(rule) else rule
        if not isinstance(local, Node):
            signs = {1: f"{op.name} passes the gradient on", -1: f"{op.name} passes it on with the other sign"}
            return signs.get(local, f"{op.name} multiplies it by {local}")
        if local in user.inputs:
            return f"{op.name} swaps: times the other factor"
        return f"{op.name}: local gradient times upstream gradient"
    if op.jvp == "multilinear" and len(user.inputs) == 2:
        return "matrix product: times the other factor, transposed"
    if op.jvp == "multilinear" and user.size < user.inputs[0].size:
        return f"{op.name} hands the same gradient to every element"
    return f"{op.name}: local gradient applied to the upstream gradient"


def _input_gradient(graph: Graph, node: Node, gradient: Node | None, names: Names) -> InputGradient:
    found = np.zeros(node.shape, node.dtype) if gradient is None else gradient.value
    return InputGradient(names[node], node.value, found, _agrees_with_difference(graph, node, found))


def _agrees_with_difference(graph: Graph, node: Node, gradient: Any) -> bool:
    """A check that shares nothing with backpropagation: the function itself, a little to both sides."""
    leaves = [leaf for leaf in graph.nodes if not leaf.inputs and leaf.op.name != "literal"]
    program = Program([stable(node) for node in graph.outputs], leaves)
    direction = np.random.default_rng(0).standard_normal(node.shape)
    terms = np.real(gradient * direction)
    accuracy = float(np.finfo(node.dtype).eps) ** (1 / 3)
    size = float(np.max(np.abs(node.value), initial=0))

    def value_at(distance: float) -> float:
        values = [leaf._value + distance * direction if leaf is node else leaf._value for leaf in leaves]
        with np.errstate(all="ignore"):
            return float(program.run(values)[0])

    def agrees(step: float) -> bool:
        above, below = value_at(step), value_at(-step)
        difference = (above - below) / (2 * step)
        expected_error = accuracy * (abs(difference) + float(np.sum(np.abs(terms)))) + accuracy**2 * (1 + abs(above))
        return bool(abs(float(np.sum(terms)) - difference) <= 20 * expected_error)

    # A small number is small in its own unit (1e-9 m), or happens to be near zero: nobody knows which.
    return agrees(accuracy * max(1.0, size)) or (0 < size < 1 and agrees(accuracy * size))
