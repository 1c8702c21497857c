"""Functions with derivative rules given by the user, in autograd's form.

A primitive is called with plain arrays when the graph is computed, and so is its rule: both may do what they like
with numbers. Only the derivative of a rule (for second order) needs the rule to be traced; that happens at the time
the graph is computed, with the numbers of that run. Nothing about values is ever kept in the graph.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.compat.autograd.vspaces import SparseObject
from chainrule.errors import NonDifferentiableError, StructureError, TraceLeakError
from chainrule.graph.node import Node
from chainrule.graph.op import Op, constant, items
from chainrule.structure import Structure, flatten
from chainrule.trace.record import to_node
from chainrule.trace.session import active_sessions, lift_argument
from chainrule.trace.tracer import Tracer
from chainrule.transforms import products

__all__ = ["Rules", "call_primitive", "leaves_like", "primitive"]

Shapes = tuple[tuple[tuple[int, ...], Any], ...]


class _Results:
    """Results of calls made while tracing, so that computing the graph right after does not call again.

    Each is handed out once. There are few, and a new trace forgets those of the last, so that a function that
    depends on more than its arguments is called again when it should be.
    """

    def __init__(self) -> None:
        self._trace = -1
        self._calls: deque[tuple[_PythonCall, tuple[Any, ...], tuple[Any, ...]]] = deque(maxlen=16)

    def keep(self, call: _PythonCall, values: tuple[Any, ...], results: tuple[Any, ...]) -> None:
        sessions = active_sessions()
        trace = sessions[0].start if sessions else -1
        if trace != self._trace:
            self._calls.clear()
            self._trace = trace
        self._calls.append((call, values, results))

    def take(self, call: _PythonCall, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The results of an equal call with equal numbers, if it is still known."""
        for position, known in enumerate(tuple(self._calls)):
            if known[0] == call and all(map(np.array_equal, known[1], values)):
                try:
                    del self._calls[position]
                except IndexError:  # another thread was quicker
                    return None
                return known[2]
        return None


class Rules:
    """What is known about the derivatives of one primitive."""

    def __init__(self, fun: Callable[..., Any]) -> None:
        self.fun = fun
        self.name = getattr(fun, "__name__", None) or type(fun).__name__
        self.vjp: Callable[..., Any] | None = None
        self.jvp: Callable[..., Any] | None = None
        self.constant = False
        self.results = _Results()


class _PythonCall:
    """Python code as one operation of the graph: arrays in, a tuple of arrays out.

    Two are equal if they stand for the same code with the same settings. `evaluate` runs on arrays when the graph is
    computed, and on traced values when its derivative is.
    """

    def __init__(self, *key: Any) -> None:
        self._key = key

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._key == other._key

    def __hash__(self) -> int:
        return hash((type(self), self._key))

    def evaluate(self, *values: Any) -> tuple[Any, ...]:
        raise NotImplementedError

    def vjp(self, position: int, g: tuple[Any, ...], out: Node, inputs: tuple[Node, ...], shapes: Shapes) -> Any:
        """By default the code is traced, when it runs, and differentiated."""
        call = _PulledBack(self, position, len(g))
        target = inputs[position]
        return items(_apply(call, (*g, *inputs), ((target.shape, target.dtype),)))[0]

    def jvp(self, tangents: tuple[Any, ...], out: Node, inputs: tuple[Node, ...], shapes: Shapes) -> Any:
        active = tuple(i for i, tangent in enumerate(tangents) if tangent is not None)
        call = _PushedForward(self, active)
        return items(_apply(call, (*[tangents[i] for i in active], *inputs), shapes))


class _PulledBack(_PythonCall):
    """The vector-Jacobian product of a call for one of its inputs."""

    def __init__(self, call: _PythonCall, position: int, outputs: int) -> None:
        super().__init__(call, position, outputs)
        self.call, self.position, self.outputs = call, position, outputs

    def evaluate(self, *values: Any) -> tuple[Any, ...]:
        g, inputs = values[: self.outputs], list(values[self.outputs :])

        def of_one(x: Any) -> tuple[Any, ...]:
            return self.call.evaluate(*inputs[: self.position], x, *inputs[self.position + 1 :])

        _, pull_back = products.vjp(of_one, inputs[self.position])
        return tuple(pull_back(tuple(g)))


class _PushedForward(_PythonCall):
    """The Jacobian-vector product of a call for the inputs that move."""

    def __init__(self, call: _PythonCall, active: tuple[int, ...]) -> None:
        super().__init__(call, active)
        self.call, self.active = call, active

    def evaluate(self, *values: Any) -> tuple[Any, ...]:
        tangents, inputs = values[: len(self.active)], list(values[len(self.active) :])

        def of_active(*moving: Any) -> tuple[Any, ...]:
            for i, value in zip(self.active, moving, strict=True):
                inputs[i] = value
            return self.call.evaluate(*inputs)

        tangent: tuple[Any, ...] = products.jvp(of_active, [inputs[i] for i in self.active], tangents)[1]
        return tangent


class _PrimitiveCall(_PythonCall):
    """A call of a user's primitive: which arguments are arrays of the graph, and what the others are."""

    def __init__(self, rules: Rules, structure: Structure, slots: Sequence[int], fixed: Sequence[Any]) -> None:
        self.rules, self.structure, self.slots, self.fixed = rules, structure, tuple(slots), tuple(fixed)
        super().__init__(id(rules), structure, self.slots, tuple((type(value), value) for value in self.fixed))
        self.result_structure: Structure
        self._counts = [child.leaf_count for child in structure.children[0].children]

    def returned(self, structure: Structure) -> None:
        """The first call tells the structure of the result, which is part of what the call is."""
        self.result_structure = structure
        self._key = (*self._key, structure)

    def arguments(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Put the primitive's arguments together."""
        leaves = list(self.fixed)
        for slot, value in zip(self.slots, values, strict=True):
            leaves[slot] = value[()] if isinstance(value, np.ndarray) and not value.shape else value
        args, kwargs = self.structure.unflatten(leaves)
        return args, kwargs

    def argnum(self, position: int) -> tuple[int, int]:
        """Which positional argument an input belongs to, and where that argument's leaves begin."""
        slot, start = self.slots[position], 0
        for argnum, count in enumerate(self._counts):
            if slot < start + count:
                return argnum, start
            start += count
        raise NonDifferentiableError(
            f"{self.rules.name} was given a traced value by keyword, where primitives have no derivative",
            fix="pass it by position",
        )

    def evaluate(self, *values: Any) -> tuple[Any, ...]:
        args, kwargs = self.arguments(values)
        if any(type(value) is Tracer for value in values):
            return tuple(flatten(call_primitive(self.rules, args, kwargs))[0])
        results = self.rules.results.take(self, values)
        return tuple(flatten(self.rules.fun(*args, **kwargs))[0]) if results is None else results

    def vjp(self, position: int, g: tuple[Any, ...], out: Node, inputs: tuple[Node, ...], shapes: Shapes) -> Any:
        if self.rules.constant:
            return None
        argnum, start = self.argnum(position)
        if self.rules.vjp is None:
            raise NonDifferentiableError(
                f"the vector-Jacobian product of {self.rules.name} is not defined",
                fix=f"define it: defvjp({self.rules.name}, lambda ans, x: lambda g: ...)",
            )
        members = [i for i, slot in enumerate(self.slots) if start <= slot < start + self._counts[argnum]]
        call = _ReverseRule(self, argnum, tuple(self.slots[i] - start for i in members), len(g))
        wanted = tuple((inputs[i].shape, inputs[i].dtype) for i in members)
        return items(_apply(call, (*g, *items(out), *inputs), wanted))[members.index(position)]

    def jvp(self, tangents: tuple[Any, ...], out: Node, inputs: tuple[Node, ...], shapes: Shapes) -> Any:
        active = tuple(i for i, tangent in enumerate(tangents) if tangent is not None)
        if self.rules.constant or not active:
            return None
        call = _ForwardRule(self, active, len(shapes))
        return items(_apply(call, (*[tangents[i] for i in active], *items(out), *inputs), shapes))


class _ReverseRule(_PythonCall):
    """A user's reverse-mode rule for one argument of a primitive."""

    def __init__(self, call: _PrimitiveCall, argnum: int, members: tuple[int, ...], outputs: int) -> None:
        super().__init__(call, argnum, members, outputs)
        self.call, self.argnum, self.members, self.outputs = call, argnum, members, outputs

    def evaluate(self, *values: Any) -> tuple[Any, ...]:
        count, rules = self.outputs, self.call.rules
        g = self.call.result_structure.unflatten(_numbers(values[:count]))
        answer = self.call.result_structure.unflatten(_numbers(values[count : 2 * count]))
        args, kwargs = self.call.arguments(values[2 * count :])
        assert rules.vjp is not None
        (gradient,) = rules.vjp((self.argnum,), answer, args, kwargs)(g)
        return leaves_like(gradient, args[self.argnum], self.members, f"the gradient of {rules.name}")


class _ForwardRule(_PythonCall):
    """A user's forward-mode rule for the arguments of a primitive that move."""

    def __init__(self, call: _PrimitiveCall, active: tuple[int, ...], outputs: int) -> None:
        super().__init__(call, active, outputs)
        self.call, self.active, self.outputs = call, active, outputs

    def evaluate(self, *values: Any) -> tuple[Any, ...]:
        moved, rest = values[: len(self.active)], values[len(self.active) :]
        answer = self.call.result_structure.unflatten(_numbers(rest[: self.outputs]))
        inputs = rest[self.outputs :]
        args, kwargs = self.call.arguments(inputs)
        directions: list[Any] = [np.zeros(value.shape, value.dtype) for value in map(_as_array, inputs)]
        for i, tangent in zip(self.active, moved, strict=True):
            directions[i] = tangent
        tangent_args, _ = self.call.arguments(directions)
        argnums = sorted({self.call.argnum(i)[0] for i in self.active})
        rules = self.call.rules
        assert rules.jvp is not None
        tangent = rules.jvp(tuple(argnums), [tangent_args[i] for i in argnums], answer, args, kwargs)
        return leaves_like(tangent, answer, None, f"the tangent of {rules.name}")


def _as_array(value: Any) -> Any:
    return value if hasattr(value, "dtype") else np.asarray(value)


def _numbers(values: Iterable[Any]) -> list[Any]:
    """Values of the graph as user code expects them: no arrays without dimensions."""
    return [value[()] if isinstance(value, np.ndarray) and not value.shape else value for value in values]


def leaves_like(given: Any, like: Any, members: tuple[int, ...] | None, what: str) -> tuple[Any, ...]:
    """What a rule returned, leaf by leaf; None stands for zero."""
    if isinstance(given, SparseObject):
        given = given.mut_add(given.vs.zeros())
    wanted = flatten(like)[0]
    if given is None:
        leaves = [np.zeros(value.shape, value.dtype) for value in map(_as_array, wanted)]
    else:
        leaves = flatten(given)[0]
    if len(leaves) != len(wanted):
        raise StructureError(
            f"{what} has {len(leaves)} parts, but the value it belongs to has {len(wanted)}",
            fix="return it in the structure of that value",
        )
    return tuple(leaves if members is None else [leaves[i] for i in members])


def _apply(call: _PythonCall, inputs: tuple[Node, ...], shapes: Shapes, op: Op | None = None) -> Node:
    return (op or _python_op).apply(inputs, {"call": call, "shapes": shapes})


def _compute(*values: Any, call: _PythonCall, shapes: Shapes) -> tuple[Any, ...]:
    results = call.evaluate(*values)
    fitted = [_fitted(result, shape, dtype) for result, (shape, dtype) in zip(results, shapes, strict=True)]
    return tuple(np.array(r) if any(np.may_share_memory(r, value) for value in values) else r for r in fitted)


def _fitted(result: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """A rule may return a number for an array of one element, or another precision."""
    if type(result) is Tracer:
        raise TraceLeakError(
            "a primitive or its rule returned a traced value, although it was called with plain arrays",
            fix="pass every traced value that a primitive uses as an argument, not through a closure",
        )
    array = np.asarray(result)
    if array.shape != shape:
        if array.size != int(np.prod(shape)):
            raise StructureError(
                f"a primitive's rule returned an array of shape {array.shape} for a value of shape {shape}",
                fix="sum over the axes along which the value was broadcast",
            )
        array = array.reshape(shape)
    if array.dtype != dtype:
        array = (array.real if array.dtype.kind == "c" and dtype.kind != "c" else array).astype(dtype)
    return array[()]


def _infer(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    return params["shapes"], None


def _vjp(position: int, g: tuple[Any, ...], out: Node, *inputs: Node, call: _PythonCall, shapes: Shapes) -> Any:
    return call.vjp(position, g, out, inputs, shapes)


def _jvp(tangents: tuple[Any, ...], out: Node, *inputs: Node, call: _PythonCall, shapes: Shapes) -> Any:
    return call.jvp(tangents, out, inputs, shapes)


#: With reverse and forward rules.
_python_op = Op("python", _compute, _infer, vjp=_vjp, jvp=_jvp)
#: A primitive without a forward rule: its reverse rule is transposed.
_reverse_op = Op("python_reverse", _compute, _infer, vjp=_vjp)


def call_primitive(rules: Rules, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a primitive: plainly, or as one operation of the graph where an argument is traced."""
    leaves, structure = flatten((args, kwargs))
    if not any(type(leaf) is Tracer for leaf in leaves):
        return rules.fun(*args, **kwargs)
    slots: list[int] = []
    nodes: list[Node] = []
    fixed: list[Any] = []
    for slot, leaf in enumerate(leaves):
        node = _node_of(leaf)
        if node is not None:
            slots.append(slot)
            nodes.append(node)
        fixed.append(None if node is not None else leaf)
    call = _PrimitiveCall(rules, structure, slots, fixed)
    values = tuple([node.value for node in nodes])
    plain_args, plain_kwargs = call.arguments(values)
    result = rules.fun(*plain_args, **plain_kwargs)
    results, result_structure = flatten(result)
    call.returned(result_structure)
    arrays = [np.asarray(value) for value in results]
    shapes = tuple((array.shape, array.dtype) for array in arrays)
    node = _apply(call, tuple(nodes), shapes, _reverse_op if rules.jvp is None else _python_op)
    node._value = tuple(arrays)
    rules.results.keep(call, values, node._value)
    return result_structure.unflatten([Tracer(item) for item in items(node)])


def _node_of(leaf: Any) -> Node | None:
    """Arrays and floats take part in the graph; everything else is a setting."""
    if type(leaf) is Tracer:
        return to_node(leaf)
    if isinstance(leaf, np.ndarray):
        return lift_argument(leaf) if leaf.dtype.kind in "fciub" else None
    return constant(leaf) if isinstance(leaf, (float, complex, np.generic)) else None


def primitive(fun: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function a primitive: it is called with plain arrays, and its derivatives are given by rules.

    Parameters
    ----------
    fun : callable
        ``fun(*args, **kwargs)``, with arrays, numbers or containers of them.

    Returns
    -------
    callable
        To be given rules with `defvjp` and `defjvp`.

    Examples
    --------
    >>> from chainrule.compat.autograd import grad
    >>> from chainrule.compat.autograd.extend import defvjp
    >>> @primitive
    ... def logsumexp(x):
    ...     top = np.max(x)
    ...     return top + np.log(np.sum(np.exp(x - top)))
    >>> defvjp(logsumexp, lambda ans, x: lambda g: g * np.exp(x - ans))
    >>> grad(logsumexp)(np.zeros(4))
    array([0.25, 0.25, 0.25, 0.25])
    """
    rules = Rules(fun)

    @functools.wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return call_primitive(rules, args, kwargs)

    wrapped.fun = fun  # type: ignore[attr-defined]
    wrapped._rules = rules  # type: ignore[attr-defined]
    return wrapped
