"""Which parts of a loop's carry matter: questions that all derivatives and simplifications of loops ask.

A loop hands its carry on from step to step, so each answer is a fixed point: if a part of the carry moves, what the
body computes from it moves in the next step.
"""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.backward import depends_on
from chainrule.graph.graph import Graph
from chainrule.graph.node import ancestors

__all__ = ["moving_outputs", "needed_carries"]


def moving_outputs(body: Graph, carries: int, positions: Iterable[int]) -> tuple[set[int], set[int]]:
    """What moves when some inputs of a loop move.

    Parameters
    ----------
    body : Graph
    carries : int
        How many of the inputs, and of the outputs, are the carry.
    positions : iterable of int
        Inputs of the loop that move.

    Returns
    -------
    inputs, outputs : set of int
        Positions of the body's inputs and outputs that move, in some step.
    """
    inputs = set(positions)
    while True:
        moving = depends_on(list(body.nodes), {body.inputs[i] for i in inputs})
        outputs = {i for i, node in enumerate(body.outputs) if node in moving}
        arrived = {i for i in outputs if i < carries} - inputs
        if not arrived:
            return inputs, outputs
        inputs |= arrived


def needed_carries(body: Graph, carries: int, outputs: Iterable[int]) -> set[int]:
    """The parts of the carry that some outputs of a loop depend on, in some step; outputs that are carries included."""
    wanted = set(outputs)
    needed = {i for i in wanted if i < carries}
    while True:
        reached = set(ancestors([body.outputs[i] for i in wanted | needed]))
        arrived = {i for i in range(carries) if body.inputs[i] in reached} - needed
        if not arrived:
            return needed
        needed |= arrived
