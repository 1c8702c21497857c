"""Ordinary differential equations: ``scipy.integrate.odeint``, differentiable in start, times and arguments.

The right side of the equation is a function of the user, of which the rule needs the Jacobian; that is why this
operation lives among the transforms and not among the operations below them.

The derivatives of the solution y(t) with respect to the start and the arguments, S(t), solve an equation of their own,
dS/dt = ∂f/∂y S + [0, ∂f/∂θ], S(t₀) = [1, 0], which is solved together with y (forward sensitivities: E. Hairer,
S. Nørsett, G. Wanner, "Solving Ordinary Differential Equations I", section I.14). That takes one pass for all times, is
as accurate as the solution itself, and, being an ``odeint`` again, can be differentiated again. Its cost grows with the
number of arguments times that of unknowns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.integrate

from chainrule.errors import TraceLeakError, UnsupportedOperationError
from chainrule.graph.infer import by_evaluation
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import CONSTANT, LITERAL, Op
from chainrule.interpret import Program
from chainrule.ops.einsum import einsum
from chainrule.ops.indexing import take_index
from chainrule.ops.joining import concatenate, stack
from chainrule.ops.record import Example, Sampler, function
from chainrule.ops.reduction import sum_op
from chainrule.ops.shaping import reshape
from chainrule.simplify.stabilise import stabilise
from chainrule.structure import Structure, flatten
from chainrule.trace.call import is_traced
from chainrule.trace.record import to_node
from chainrule.trace.session import Session
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.trace.tracer import Tracer
from chainrule.transforms.calling import Arguments, TracedCall, function_name
from chainrule.transforms.jacobians import jacobian

__all__ = ["odeint"]


class Dynamics:
    """The user's right side as a function of plain arrays: ``dynamics(y, t, *leaves)``.

    Two are equal if they wrap the same function: then graphs that hold them can share a program.
    """

    __slots__ = ("fun", "structure", "time_first")

    def __init__(self, fun: Callable[..., Any], structure: Structure, time_first: bool) -> None:
        self.fun = fun
        self.structure = structure
        self.time_first = time_first

    def __call__(self, y: Any, t: Any, *leaves: Any) -> Any:
        leading = (t, y) if self.time_first else (y, t)
        result = self.fun(*leading, *self.structure.unflatten(leaves))
        if not is_traced(result):
            return np.asarray(result, np.float64)
        if not is_traced([y, t, *leaves]):
            name = function_name(self.fun)
            raise TraceLeakError(
                f"{name}, solved by odeint, uses a traced value from outside",
                where=line_of_frame(user_frame()),
                fix=f"pass the value on in args=(...), as a parameter of {name}",
            )
        vector = Tracer(to_node(result))
        return np.reshape(vector, (-1,)) if vector.ndim != 1 else vector

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dynamics) and (self.fun, self.structure, self.time_first) == (
            other.fun,
            other.structure,
            other.time_first,
        )

    def __hash__(self) -> int:
        return hash((self.fun, self.structure, self.time_first))

    def __repr__(self) -> str:
        return function_name(self.fun)


class Sensitivities:
    """The right side for y and S together, flattened into one vector.

    Parameters
    ----------
    dynamics : Dynamics or Sensitivities
        The right side for y alone.
    unknowns : int
        The length of y.
    moving : tuple of int
        Which leaves S has columns for, beside those for y(t₀).
    """

    __slots__ = ("dynamics", "moving", "unknowns")

    def __init__(self, dynamics: Any, unknowns: int, moving: tuple[int, ...]) -> None:
        self.dynamics = dynamics
        self.unknowns = unknowns
        self.moving = moving

    def __call__(self, z: Any, t: Any, *leaves: Any) -> Any:
        n = self.unknowns
        y, s = z[:n], np.reshape(z[n:], (n, -1))
        velocity = self.dynamics(y, t, *leaves)
        by_y, *by_leaves = jacobian(self.dynamics, (0, *[2 + i for i in self.moving]))(y, t, *leaves)
        growth = by_y @ s
        if by_leaves:
            driven = np.concatenate([np.reshape(block, (n, -1)) for block in by_leaves], axis=1)
            growth = np.concatenate([growth[:, :n], growth[:, n:] + driven], axis=1)
        return np.concatenate([velocity, np.reshape(growth, (-1,))])

    def compiled(self, z: Any, t: Any, leaves: tuple[Any, ...]) -> Callable[..., Any]:
        """The same function as a program, if its graph does not depend on the numbers: a solver calls it often."""
        arguments = Arguments(self, (z, t, *leaves), tuple(range(2 + len(leaves))))
        call = TracedCall(self, arguments, {})
        (out,) = call.nodes_of([call.result])
        order = ancestors([out])
        if call.looked_at or any(node.op.infer is by_evaluation for node in order):
            return self
        stabilise(order)
        program = Program([out.stable or out], call.inputs)
        return lambda *values: program.run(values)[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sensitivities) and (self.dynamics, self.unknowns, self.moving) == (
            other.dynamics,
            other.unknowns,
            other.moving,
        )

    def __hash__(self) -> int:
        return hash((self.dynamics, self.unknowns, self.moving))

    def __repr__(self) -> str:
        return f"sensitivities of {self.dynamics!r}"


def _solve(y0: Any, t: Any, *leaves: Any, dynamics: Any, settings: tuple[tuple[str, Any], ...]) -> Any:
    if isinstance(dynamics, Sensitivities):
        dynamics = dynamics.compiled(y0, float(t[0]), leaves)
    return scipy.integrate.odeint(dynamics, y0, t, args=tuple(leaves), **dict(settings))


def _shape(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    y0, t = inputs[:2]
    if y0.ndim > 1 or t.ndim != 1:
        raise ValueError(f"y0 and t must be vectors, their shapes are {y0.shape} and {t.shape}")
    return (t.shape[0], y0.size), np.dtype(np.float64)


def _sensitivities(
    out: Node, y0: Node, t: Node, leaves: tuple[Node, ...], dynamics: Any, settings: tuple[tuple[str, Any], ...]
) -> tuple[Node, dict[int, slice]]:
    """S at all times, of shape (times, unknowns, columns), and the columns of each leaf; those of y0 come first."""
    n = out.shape[1]
    columns, end = {}, n
    for i, leaf in enumerate(leaves):
        if leaf.dtype.kind == "f" and leaf.op not in (CONSTANT, LITERAL):
            columns[i] = slice(end, end + leaf.size)
            end += leaf.size
    start = concatenate([reshape(y0, (n,)), np.eye(n, end).ravel()])
    joint = Sensitivities(dynamics, n, tuple(columns))
    tolerances = tuple(
        [(name, min(v) if name in ("rtol", "atol") and isinstance(v, tuple) else v) for name, v in settings]
    )
    solution = odeint_op(start, t, *leaves, dynamics=joint, settings=tolerances)
    return reshape(take_index(solution, (slice(None), slice(n, None))), (out.shape[0], n, end)), columns


def _vjp(
    position: int,
    g: Node,
    out: Node,
    y0: Node,
    t: Node,
    *leaves: Node,
    dynamics: Any,
    settings: tuple[tuple[str, Any], ...],
) -> Any:
    """Σ_i ḡ_i S_i for start and arguments; a time moves its own row along f, and the first one moves all others."""
    s, columns = _sensitivities(out, y0, t, leaves, dynamics, settings)
    n = out.shape[1]
    if position == 0:
        return reshape(einsum("ti,tij->j", g, take_index(s, (..., slice(0, n)))), y0.shape)
    if position > 1:
        block = take_index(s, (..., columns[position - 2]))
        return reshape(einsum("ti,tij->j", g, block), leaves[position - 2].shape)
    gradients = []
    for i in range(out.shape[0]):
        velocity = _velocity(dynamics, out[i], t[i], leaves)
        upstream = g[i] if i else -einsum("ti,tij->j", g[1:], s[1:, :, :n])
        gradients.append(sum_op(upstream * velocity, axis=(0,), keepdims=False))
    return stack(gradients)


def _velocity(dynamics: Any, y: Node, t: Node, leaves: tuple[Node, ...]) -> Node:
    """f(y, t) on nodes: a trace of its own, so that derivatives that f takes know the nodes as values from outside."""
    with Session():
        return to_node(dynamics(Tracer(y), Tracer(t), *[Tracer(leaf) for leaf in leaves]))


odeint_op = Op("odeint", _solve, _shape, vjp=_vjp)

_SETTINGS = ("rtol", "atol", "tcrit", "h0", "hmax", "hmin", "ixpr", "mxstep", "mxhnil", "mxordn", "mxords")

#: They help the solver or the screen, and leave the solution as it is.
_IGNORED = ("Dfun", "col_deriv", "ml", "mu", "printmessg")


def _pendulum(y: Any, t: Any, damping: Any) -> Any:
    """A pendulum in the form in which SciPy's documentation writes it."""
    angle, speed = y
    return [speed, -damping * speed - 5.0 * np.sin(angle)]


def _forced(y: Any, t: Any, rates: Any) -> Any:
    return rates[1] * np.sin(t) - rates[0] * y


def _examples(s: Sampler) -> list[Example]:
    precise = {"rtol": 1e-12, "atol": 1e-12, "mxstep": 5000}
    times = np.array([0.0, 0.3, 0.5]).astype(s.dtype)

    def with_arguments(fun: Any, y0: Any, t: Any, argument: Any) -> tuple[Any, ...]:
        return fun, y0, t, (argument,)

    return [
        Example((_pendulum, s.normal(2), times[:2], s.positive().astype(np.float64)), precise, prepare=with_arguments),
        Example((_forced, s.normal(1), times, s.positive(2).astype(np.float64)), precise, prepare=with_arguments),
        Example((lambda t, y: -y * t, s.positive(), times), {**precise, "tfirst": True}),
    ]


@function(scipy.integrate.odeint, examples=_examples, name="scipy.integrate.odeint")
def odeint(
    func: Callable[..., Any], y0: Any, t: Any, args: tuple[Any, ...] = (), *, tfirst: bool = False, **settings: Any
) -> Any:
    """Solve dy/dt = func(y, t, *args) from ``y(t[0]) = y0``.

    Parameters
    ----------
    func : callable
        Plain NumPy code; it may use plain values from outside, traced ones are passed in `args`.
    y0 : array, shape (n,) or ()
    t : array, shape (m,)
    args : tuple of arrays or containers of arrays
    tfirst : bool, default False
        Whether it is ``func(t, y, *args)``.
    **settings
        Those of SciPy's solver, such as `rtol` and `atol`; the sensitivities are solved with the same.

    Returns
    -------
    array, shape (m, n), float64

    Raises
    ------
    UnsupportedOperationError
        With ``full_output``, for which there is no derivative.
    TraceLeakError
        If `func` uses a traced value from outside.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> from scipy.integrate import odeint
    >>> from chainrule.ops.record import FUNCTIONS
    >>> from chainrule.trace.call import call_with
    >>> record = FUNCTIONS["scipy.integrate.odeint"]
    >>> def at_one(rate):
    ...     return call_with(record, lambda y, t, k: -k * y, 1.0, [0.0, 1.0], (rate,))[1, 0]
    >>> bool(np.isclose(cr.grad(at_one)(2.0), -np.exp(-2.0)))
    True
    """
    unknown = set(settings) - set(_SETTINGS) - set(_IGNORED)
    if unknown - {"full_output"} or settings.get("full_output"):
        raise UnsupportedOperationError(
            f"odeint cannot be recorded with {', '.join(sorted(unknown))}=", fix="leave it out"
        )
    leaves, structure = flatten(args if isinstance(args, tuple) else (args,))
    kept = [
        (name, tuple(np.ravel(settings[name]).tolist()) if np.ndim(settings[name]) else settings[name])
        for name in _SETTINGS
        if settings.get(name) is not None
    ]
    y0 = y0 if isinstance(y0, Node) else np.asarray(y0, np.float64)
    t = t if isinstance(t, Node) else np.asarray(t, np.float64)
    dynamics = Dynamics(func, structure, bool(tfirst))
    return odeint_op(y0, t, *leaves, dynamics=dynamics, settings=tuple(kept))
