"""Derivatives given by hand, gradients stopped, and memory traded for time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.backward import backpropagate, zeros_like
from chainrule.errors import ChainRuleError, StructureError, TraceLeakError
from chainrule.graph.node import Node, ancestors, next_index
from chainrule.graph.op import INPUT, LITERAL, ZERO, Op, input_node, items, literal
from chainrule.graph.provenance import describe, where_recorded
from chainrule.interpret import Program, signature
from chainrule.simplify.rewrite import rebuild
from chainrule.simplify.stabilise import stabilise
from chainrule.structure import Structure, flatten, map_leaves
from chainrule.trace.record import to_node
from chainrule.trace.session import Session, active_sessions
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.trace.tracer import Tracer
from chainrule.transforms.calling import function_name

__all__ = ["checkpoint", "custom_jvp", "custom_vjp", "stop_gradient"]

_stopped = Op(
    "stop_gradient",
    lambda x: x,
    lambda op, inputs, params: (inputs[0].shape, inputs[0].dtype),
    vjp=(ZERO,),
    is_view=True,
)


def stop_gradient(x: Any) -> Any:
    """Hand a value on without its gradient: it counts as a constant in every derivative.

    Parameters
    ----------
    x : array or container of arrays

    Returns
    -------
    array or container of arrays
        The same values.

    Examples
    --------
    >>> import chainrule as cr
    >>> float(cr.grad(lambda x: x * cr.stop_gradient(x))(3.0))
    3.0
    """
    return map_leaves(lambda leaf: Tracer(_stopped(leaf._node)) if type(leaf) is Tracer else leaf, x)


def _traced(leaves: Sequence[Any]) -> bool:
    return any(type(leaf) is Tracer for leaf in leaves)


def _infer_group(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    count = params["outputs"]
    return tuple((node.shape, node.dtype) for node in inputs[:count]), None


class _Rule:
    """A derivative rule given by the user, applied when the graph is differentiated.

    It cannot be hashed, so that a program made from it is never kept: the rule may look at the numbers
    (``g if x > 0 else -g``) and at variables of its surroundings, and must run anew in each call.
    """

    __slots__ = ("_apply", "function")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, apply: Callable[..., Any], function: str) -> None:
        self._apply = apply
        self.function = function

    def __repr__(self) -> str:
        return f"<rule of {self.function}>"

    def apply(self, *args: Any) -> Any:
        """Run the rule as part of a trace, so that derivatives taken in it know that its arguments are traced."""
        with Session():
            return self._apply(*args)


def _apply_custom_vjp(position: int, g: Any, out: Node, *inputs: Node, outputs: int, saved: int, rule: _Rule) -> Any:
    """Outputs and what was saved for the backward pass have no gradient of their own: the arguments take it all."""
    first = outputs + saved
    if position < first:
        return None
    return rule.apply(g, inputs[outputs:first], inputs[first:])[position - first]


def _apply_custom_jvp(tangents: Any, out: Node, *inputs: Node, outputs: int, rule: _Rule) -> Any:
    return rule.apply(inputs[outputs:], tangents[outputs:])


def _transposed_custom_jvp(position: int, g: Any, out: Node, *inputs: Node, outputs: int, rule: _Rule) -> Any:
    """The rule is linear in the tangents: its transpose is the vector-Jacobian product."""
    if position < outputs:
        return None
    arguments = inputs[outputs:]
    mark = next_index()
    tangents = [input_node(np.zeros(node.shape, node.dtype)) for node in arguments]
    pushed = rule.apply(arguments, tuple(tangents))
    found = backpropagate(list(pushed), list(g), tangents, after=mark)
    return found.get(tangents[position - outputs])


_custom_vjp_op = Op(
    "custom_vjp",
    lambda *values, outputs, saved, rule: values[:outputs],
    _infer_group,
    vjp=_apply_custom_vjp,
)
_custom_jvp_op = Op(
    "custom_jvp",
    lambda *values, outputs, rule: values[:outputs],
    _infer_group,
    vjp=_transposed_custom_jvp,
    jvp=_apply_custom_jvp,
)


class custom_vjp:  # noqa: N801  (used as a decorator)
    """Give a function its own reverse-mode rule.

    Parameters
    ----------
    fun : callable
        ``fun(*args)``; arguments and result may be nested containers of arrays.

    Notes
    -----
    ``defvjp(forward, reverse)`` sets the rule, with JAX's conventions: ``forward(*args)`` returns
    ``(result, saved)``, and ``reverse(saved, upstream)`` returns a tuple with one gradient for each argument, `None`
    standing for zero.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> @cr.custom_vjp
    ... def clipped(x):
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda saved, g: (np.clip(g, -1.0, 1.0),))
    >>> float(cr.grad(lambda x: 100.0 * clipped(x))(2.0))
    1.0
    """

    def __init__(self, fun: Callable[..., Any]) -> None:
        self._fun = fun
        self._forward: Callable[..., Any] | None = None
        self._reverse: Callable[..., Any] | None = None
        functools.update_wrapper(self, fun)

    def defvjp(self, forward: Callable[..., Any], reverse: Callable[..., Any]) -> None:
        """Set the rule; see the class."""
        self._forward, self._reverse = forward, reverse

    def __call__(self, *args: Any) -> Any:
        leaves, structure = flatten(args)
        if not _traced(leaves):
            return self._fun(*args)
        if self._forward is None or self._reverse is None:
            raise ChainRuleError(
                f"{function_name(self._fun)} is a custom_vjp without a rule",
                fix=f"call {function_name(self._fun)}.defvjp(forward, reverse) first",
            )
        mark = next_index()
        result, saved = self._forward(*args)
        result_leaves, result_structure = flatten(result)
        saved_leaves, saved_structure = flatten(saved)
        reverse, name = self._reverse, function_name(self._fun)
        _refuse_closure(name, [*result_leaves, *saved_leaves], leaves, mark)

        def rule(g: tuple[Node, ...], saved_nodes: Sequence[Node], inputs: Sequence[Node]) -> list[Node | None]:
            kept = saved_structure.unflatten([Tracer(node) for node in saved_nodes])
            upstream = result_structure.unflatten([Tracer(node) for node in g])
            return _one_for_each(reverse(kept, upstream), structure, inputs, name)

        nodes = [to_node(leaf) for leaf in (*result_leaves, *saved_leaves, *leaves)]
        params = {"outputs": len(result_leaves), "saved": len(saved_leaves), "rule": _Rule(rule, name)}
        grouped = _custom_vjp_op.apply(tuple(nodes), params)
        return result_structure.unflatten([Tracer(node) for node in items(grouped)])


def _refuse_closure(name: str, results: Sequence[Any], leaves: Sequence[Any], mark: int) -> None:
    """A rule has gradients for arguments only: a traced value that the function took from around it would get none."""
    arguments = {leaf._node for leaf in leaves if type(leaf) is Tracer}
    made = ancestors([leaf._node for leaf in results if type(leaf) is Tracer], after=mark)
    used = [source for node in made for source in node.inputs if source.index <= mark]
    used += [leaf._node for leaf in results if type(leaf) is Tracer and leaf._node.index <= mark]
    start = active_sessions()[0].start if active_sessions() else mark
    for node in used:
        reaching = ancestors([node], after=start, skip=lambda source: source.op is _stopped)
        if node not in arguments and any(source.op is INPUT for source in reaching):
            raise TraceLeakError(
                f"{name} uses {describe(node)}, a traced value that is none of its arguments, so its rule has "
                "no gradient for it",
                where=where_recorded(node) or line_of_frame(user_frame()),
                fix=f"pass it to {name} as an argument, or wrap it in chainrule.stop_gradient",
            )


def _one_for_each(given: Any, structure: Structure, inputs: Sequence[Node], name: str) -> list[Node | None]:
    """Gradients returned by a user's rule, one for each leaf of the arguments; None stands for zero."""
    if not isinstance(given, (tuple, list)) or len(given) != len(structure.children):
        raise StructureError(
            f"the rule of {name} must return a tuple of {len(structure.children)} gradients, one for each argument",
            fix="return None for an argument without gradient, and (g,) for a single argument",
        )
    flat: list[Node | None] = []
    for part, child in zip(given, structure.children, strict=True):
        if part is None:
            flat += [None] * child.leaf_count
            continue
        leaves, found = flatten(part)
        if found != child:
            raise StructureError(
                f"the rule of {name} returned a gradient of structure {found} for an argument of structure {child}",
                fix="return each gradient in the structure of its argument",
            )
        flat += [to_node(leaf) for leaf in leaves]
    for gradient, source in zip(flat, inputs, strict=True):
        if gradient is not None and gradient.shape != source.shape:
            raise StructureError(
                f"the rule of {name} returned a gradient of shape {gradient.shape} for the argument {describe(source)}",
                fix="return each gradient in the shape of its argument, with np.sum or np.broadcast_to where needed",
            )
    return flat


class custom_jvp:  # noqa: N801  (used as a decorator)
    """Give a function its own forward-mode rule; reverse mode is its transpose.

    Parameters
    ----------
    fun : callable
        ``fun(*args)``; arguments and result may be nested containers of arrays.

    Notes
    -----
    ``defjvp(rule)`` sets the rule, with JAX's conventions: ``rule(primals, tangents)`` returns
    ``(result, tangent of the result)`` and is linear in the tangents.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> @cr.custom_jvp
    ... def log1pexp(x):
    ...     return np.log(1 + np.exp(x))
    >>> @log1pexp.defjvp
    ... def rule(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return log1pexp(x), (1 - 1 / (1 + np.exp(x))) * t
    >>> float(cr.grad(log1pexp)(0.0))
    0.5
    """

    def __init__(self, fun: Callable[..., Any]) -> None:
        self._fun = fun
        self._rule: Callable[..., Any] | None = None
        functools.update_wrapper(self, fun)

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Set the rule; see the class. Returns it, so that it can be used as a decorator."""
        self._rule = rule
        return rule

    def __call__(self, *args: Any) -> Any:
        leaves, structure = flatten(args)
        if not _traced(leaves):
            return self._fun(*args)
        if self._rule is None:
            raise ChainRuleError(
                f"{function_name(self._fun)} is a custom_jvp without a rule",
                fix=f"call {function_name(self._fun)}.defjvp(rule) first",
            )
        user_rule = self._rule
        mark = next_index()
        result_leaves, result_structure = flatten(self._fun(*args))
        _refuse_closure(function_name(self._fun), result_leaves, leaves, mark)

        def rule(inputs: Sequence[Node], tangents: Sequence[Node | None]) -> tuple[Node, ...]:
            moved = [
                tangent if tangent is not None else zeros_like(node)
                for node, tangent in zip(inputs, tangents, strict=True)
            ]
            primals = structure.unflatten([Tracer(node) for node in inputs])
            _, pushed = user_rule(primals, structure.unflatten([Tracer(node) for node in moved]))
            return tuple(to_node(leaf) for leaf in flatten(pushed)[0])

        nodes = [to_node(leaf) for leaf in (*result_leaves, *leaves)]
        params = {"outputs": len(result_leaves), "rule": _Rule(rule, function_name(self._fun))}
        grouped = _custom_jvp_op.apply(tuple(nodes), params)
        return result_structure.unflatten([Tracer(node) for node in items(grouped)])


class _Body:
    """A traced part of a graph that is kept as one operation, and traced anew for the backward pass."""

    __slots__ = ("_key", "function", "leaves", "order", "outputs", "program")

    def __init__(self, order: list[Node], outputs: list[Node], leaves: list[Node], key: Any, function: str) -> None:
        self.order, self.outputs, self.leaves = order, outputs, leaves
        self.function = function
        self._key = key
        stabilise(order)
        self.program = Program([node.stable or node for node in outputs], leaves)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Body) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"<{self.function}>"

    def copied_on(self, inputs: Sequence[Node]) -> tuple[list[Node], list[Node]]:
        """The same nodes again, on other inputs: the inputs' aliases and the outputs."""
        copies = {leaf: input_node(node) for leaf, node in zip(self.leaves, inputs, strict=True)}
        aliases = list(copies.values())
        for node in self.order:
            if node not in copies:
                copies[node] = (
                    literal(node._value)
                    if node.op is LITERAL
                    else rebuild(node, tuple([copies.get(source, source) for source in node.inputs]))
                )
        return aliases, [copies[node] for node in self.outputs]


def _checkpoint_vjp(position: int, g: Any, out: Node, *inputs: Node, body: _Body) -> Any:
    mark = next_index()
    aliases, outputs = body.copied_on(inputs)
    stabilise(ancestors(outputs, after=mark))
    found = backpropagate([node.stable or node for node in outputs], list(g), [aliases[position]], after=mark)
    return found.get(aliases[position])


_checkpoint_op = Op(
    "checkpoint",
    lambda *values, body: tuple(body.program.run(values)),
    lambda op, inputs, params: (tuple((node.shape, node.dtype) for node in params["body"].outputs), None),
    vjp=_checkpoint_vjp,
)


def checkpoint(fun: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function whose partial results are not kept for the backward pass, but computed again there.

    Saves memory, at the cost of a second forward pass through `fun`.

    Parameters
    ----------
    fun : callable
        ``fun(*args, **kwargs)``; arguments and result may be nested containers of arrays.

    Returns
    -------
    callable
        With the same values and gradients.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> layer = cr.checkpoint(lambda x: np.sin(np.sin(x)))
    >>> float(cr.grad(layer)(0.0))
    1.0
    """

    @functools.wraps(fun)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten((args, kwargs))
        if not _traced(leaves):
            return fun(*args, **kwargs)
        with Session() as session:
            inner = [Tracer(input_node(leaf._node)) if type(leaf) is Tracer else leaf for leaf in leaves]
            inner_args, inner_kwargs = structure.unflatten(inner)
            result_leaves, result_structure = flatten(fun(*inner_args, **inner_kwargs))
            outputs = [to_node(leaf) for leaf in result_leaves]
        order = ancestors(outputs, after=session.start)
        used = [source for node in order for source in node.inputs] + outputs
        outside = {node.index: node for node in used if node.index <= session.start}
        key, body_leaves = signature([*outside.values(), *order], outputs, outside.values())
        body = _Body(order, outputs, body_leaves, key, function_name(fun))
        grouped = _checkpoint_op.apply(tuple(body_leaves), {"body": body})
        return result_structure.unflatten([Tracer(node) for node in items(grouped)])

    return checkpointed
