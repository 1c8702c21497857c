"""`cond`: a branch as one node of the graph; only the branch that is taken runs, forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.backward import backpropagate, zeros_like
from chainrule.errors import ShapeMismatchError
from chainrule.forward import push_forward
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import ITEM, Op, abstract_input
from chainrule.graph.provenance import describe
from chainrule.structure import Structure, flatten
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.transforms.calling import argument_names, function_name
from chainrule.transforms.control_flow.arguments import (
    agree,
    finish,
    placeholders,
    require_truth_value,
    same_structure,
    to_operand,
)
from chainrule.transforms.control_flow.body import Body, Recording, close, record
from chainrule.transforms.control_flow.carries import moving_outputs

__all__ = ["cond", "cond_op"]


def _compute(pred: Any, *values: Any, true_body: Body, false_body: Body) -> tuple[Any, ...]:
    return tuple((true_body if pred else false_body).program.run(values))


def _infer(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, None]:
    pred, *operands = inputs
    if pred.shape != () or pred.dtype.kind != "b":
        raise ValueError("the predicate is one truth value")
    true, false = params["true_body"].graph, params["false_body"].graph
    given = [(node.shape, node.dtype) for node in operands]
    for graph in (true, false):
        if given != [(node.shape, node.dtype) for node in graph.inputs]:
            raise ValueError(f"the branch {graph.name} takes other inputs")
    results = [tuple([(node.shape, node.dtype) for node in graph.outputs]) for graph in (true, false)]
    if results[0] != results[1]:
        raise ValueError("the branches have results of other shapes or dtypes")
    return results[0], None


def _pull(
    g: tuple[Node | None, ...],
    wanted: tuple[int, ...],
    out: Node,
    pred: Node,
    *operands: Node,
    true_body: Body,
    false_body: Body,
) -> list[Node | None]:
    """A cond of the branches' gradients. An operand that only the other branch uses has the gradient zero."""
    given = [i for i, part in enumerate(g) if part is not None]
    pulled = [_pulled(body, given, [i - 1 for i in wanted]) for body in (true_body, false_body)]
    reached = [i for i in wanted if any(i - 1 in gradients for _, gradients in pulled)]
    if not reached:
        return [None] * len(wanted)
    branches = []
    for body, (upstream, gradients) in zip((true_body, false_body), pulled, strict=True):
        graph = body.stable
        outputs = [gradients.get(i - 1) or zeros_like(graph.inputs[i - 1]) for i in reached]
        branches.append(Body(Graph([*upstream, *graph.inputs], outputs, f"gradient of {graph.name}")))
    seeds = [part for part in g if part is not None]
    node = cond_op(pred, *seeds, *operands, true_body=branches[0], false_body=branches[1])
    return [ITEM(node, position=reached.index(i)) if i in reached else None for i in wanted]


def _pulled(body: Body, given: Sequence[int], wanted: Sequence[int]) -> tuple[list[Node], dict[int, Node]]:
    """Placeholders for the upstream gradients of some outputs of a branch, and the gradients of its inputs."""
    graph = body.stable
    outputs = [graph.outputs[i] for i in given]
    upstream = [abstract_input(node.shape, node.dtype) for node in outputs]
    found = backpropagate(outputs, upstream, [graph.inputs[i] for i in wanted])
    return upstream, {i: found[graph.inputs[i]] for i in wanted if graph.inputs[i] in found}


def _push(
    tangents: tuple[Any, ...], out: Node, pred: Node, *operands: Node, true_body: Body, false_body: Body
) -> tuple[Node | None, ...]:
    """A cond of the branches' tangents."""
    moving = [i for i, tangent in enumerate(tangents[1:]) if tangent is not None]
    bodies = (true_body, false_body)
    results = sorted(set().union(*[moving_outputs(body.stable, 0, moving)[1] for body in bodies]))
    branches = []
    for body in bodies:
        graph = body.stable
        directions = [abstract_input(graph.inputs[i].shape, graph.inputs[i].dtype) for i in moving]
        pushed = push_forward([graph.outputs[i] for i in results], [graph.inputs[i] for i in moving], directions)
        branches.append(Body(Graph([*graph.inputs, *directions], pushed, f"tangent of {graph.name}")))
    given = [tangents[1 + i] for i in moving]
    node = cond_op(pred, *operands, *given, true_body=branches[0], false_body=branches[1])
    return tuple([ITEM(node, position=results.index(i)) if i in results else None for i in range(len(out.shape))])


def _prune(node: Node, used: tuple[int, ...]) -> Any:
    """Drop results that nobody uses, and operands that neither branch reads for the others."""
    graphs = {name: node.params[name].graph for name in ("true_body", "false_body")}
    read: set[int] = set()
    for graph in graphs.values():
        reached = set(ancestors([graph.outputs[i] for i in used]))
        read |= {i for i, source in enumerate(graph.inputs) if source in reached}
    inputs = sorted(read)
    if len(used) == len(node.shape) and len(inputs) == len(node.inputs) - 1:
        return None
    pruned = {
        name: Body(Graph([graph.inputs[i] for i in inputs], [graph.outputs[i] for i in used], graph.name))
        for name, graph in graphs.items()
    }
    return pruned, used, (0, *[1 + i for i in inputs])


cond_op = Op("cond", _compute, _infer, pull=_pull, jvp=_push, prune=_prune)


def cond(pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], *operands: Any) -> Any:
    """Choose between two functions: one node of the graph, of which only the branch that is taken is computed.

    Parameters
    ----------
    pred : bool or truth value without dimensions
        May be traced.
    true_fun, false_fun : callable
        Called as ``true_fun(*operands)``: plain NumPy code. Both are recorded, on values that are not known yet: they
        may use values from outside, traced ones too, but not look at the numbers. They return the same structure,
        shapes and dtypes.
    *operands : arrays or containers of arrays

    Returns
    -------
    object
        What the chosen function returns. The other one has no part in value and gradient: what it alone uses has a
        gradient of exactly zero, and a NaN in it does not show.

    Raises
    ------
    UnsupportedOperationError
        If the predicate is not one truth value.
    StructureError, ShapeMismatchError
        If the branches return different structures, shapes or dtypes.
    TracedBranchError
        If a branch looks at a number, for instance by ``if x > 0``.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> def root(x):
    ...     return cr.cond(x > 0, np.sqrt, lambda x: 0.0 * x, x)
    >>> float(root(4.0)), float(cr.grad(root)(4.0)), float(cr.grad(root)(-1.0))
    (2.0, 0.25, 0.0)
    """
    predicate = to_operand(pred, "the predicate of cond")
    require_truth_value(predicate, "the predicate of cond")
    leaves, structure = flatten(operands)
    nodes = [to_operand(leaf, "an operand of cond") for leaf in leaves]
    recordings = [_record_branch(fun, nodes, structure) for fun in (true_fun, false_fun)]
    _match(*recordings)
    outside, graphs = close(recordings, hoist=False)
    params = {"true_body": Body(graphs[0]), "false_body": Body(graphs[1])}
    node = cond_op.apply((predicate, *nodes, *outside), params)
    results = finish(node, [pred, *leaves], outside, len(node.shape))
    return recordings[0].structure.unflatten(results)


def _record_branch(fun: Callable[..., Any], nodes: list[Node], structure: Structure) -> Recording:
    names = argument_names(fun, len(structure.children))
    paths = [path for name, child in zip(names, structure.children, strict=True) for path in child.paths(name)]
    return record(fun, function_name(fun), placeholders(nodes, paths), structure)


def _match(true: Recording, false: Recording) -> None:
    """Give Python numbers that a branch returns the dtype of the other one, and see that all results agree."""
    same_structure(false.structure, true.structure, f"what {false.name} returns", f"what {true.name} returns")
    for i, path in enumerate(true.structure.paths("result")):
        one = true.outputs[i] = agree(true.outputs[i], false.outputs[i])
        other = false.outputs[i] = agree(false.outputs[i], one)
        if (one.shape, one.dtype) != (other.shape, other.dtype):
            raise ShapeMismatchError(
                f"the branches of cond differ in {path}: {true.name} returns {describe(one)}, "
                f"{false.name} {describe(other)}",
                where=line_of_frame(user_frame()),
                fix="return the same shapes and dtypes, with np.broadcast_to or .astype where needed",
            )
