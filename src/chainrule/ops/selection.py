"""Choosing between values: ``where``, maxima, minima, clipping.

Gradients are *selected*, never multiplied by a 0/1 mask: a NaN of the branch that was not taken cannot leak.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import UnsupportedOperationError
from chainrule.graph.infer import elementwise
from chainrule.graph.node import Node
from chainrule.graph.op import ZERO, Op
from chainrule.notation.tree import Cases, Expression, Fence, Number, Relation, call
from chainrule.ops.comparison import equal, isfinite, isnan, sign
from chainrule.ops.record import Example, elementwise_op, example, function

where = elementwise_op(
    "where",
    np.where,
    vjp=(
        None,
        lambda g, out, condition, x, y: where(condition, g, 0.0),
        lambda g, out, condition, x, y: where(condition, 0.0, g),
    ),
    jvp="linear",
    serves=(),
    domain=((0.0, 1.0), (-2.0, 2.0), (-2.0, 2.0)),
    examples=lambda s: [example(np.array([True, False, True]), s.normal(3), s.normal(2, 3))],
    notation=Cases,
    lower=lambda e, condition, x, y: e.where(condition, x, y),
)


@function(
    np.where,
    examples=lambda s: [example(np.array([True, False, True]), s.normal(3), s.normal(2, 3))],
    holomorphic=True,
    name="where",
)
def numpy_where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Elements of `x` where the condition holds, of `y` elsewhere; with the condition alone, the places where."""
    if x is None and y is None:
        return np.nonzero(condition.value if isinstance(condition, Node) else condition)
    return where(condition, x, y)


@function(
    np.select,
    examples=lambda s: [
        example([np.array([True, False, True]), np.array([True, True, False])], [s.normal(3), s.normal(3)], 1.5),
        example([np.array([True, False])], [s.normal(2, 2)]),
    ],
    holomorphic=True,
)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Elements of the choice that belongs to the first condition that holds."""
    if len(condlist) != len(choicelist):
        raise ValueError(f"there are {len(condlist)} conditions for {len(choicelist)} choices")
    if len(condlist) == 0:
        raise ValueError("there is no condition to select by")
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = where(condition, choice, result)
    return result


def _to_the_winner(g: Any, out: Any, x: Any, y: Any) -> Any:
    """Rule for maxima and minima: the gradient goes to the winner, half to each at a tie."""
    return where(equal(out, x), where(equal(x, y), g * 0.5, g), 0.0)


def _extreme(name: str, compute: Any, text: str) -> Any:
    return elementwise_op(
        name,
        compute,
        vjp=(_to_the_winner, lambda g, out, x, y: _to_the_winner(g, out, y, x)),
        domain=((-2.0, 0.0), (-1.0, 1.0)),
        notation=lambda x, y: call(text, x, y),
        examples=lambda s: [example(s.distinct(4), 0.005)],
        lower=lambda e, x, y: getattr(e, name)(x, y),
    )


maximum = _extreme("maximum", np.maximum, "max")
minimum = _extreme("minimum", np.minimum, "min")
fmax = _extreme("fmax", np.fmax, "fmax")
fmin = _extreme("fmin", np.fmin, "fmin")


@function(
    np.clip,
    examples=lambda s: [
        example(s.distinct(2, 3), -0.31, 0.33),
        example(s.distinct(4), None, 0.15),
        example(s.distinct(4), min=-0.15),
        example(s.distinct(4), max=s.uniform(0.11, 0.13, 4)),
        example(s.distinct(2, 3) * 3, s.uniform(-0.8, -0.7, 3), s.uniform(0.7, 0.8, 2, 1)),
        example(s.distinct(0, 3), -1.0, 1.0),
    ],
)
def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: None = None, *, min: Any = None, max: Any = None, **settings: Any
) -> Any:
    """Limit values to an interval; array bounds take the gradient where they are the limit."""
    if settings:
        raise ValueError(f"clip takes no setting {', '.join(settings)} here")
    low = a_min if min is None else min
    high = a_max if max is None else max
    if low is None and high is None:
        return a
    if low is not None:
        a = maximum(a, low)
    return a if high is None else minimum(a, high)


def _finite_numbers(x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    """What `numpy.nan_to_num` does, for plain numbers to put in place."""
    if x.dtype.kind != "f":
        return x if x.dtype.kind in "iub" else None
    if not all(value is None or isinstance(value, (int, float)) for value in (nan, posinf, neginf)):
        return None
    largest = float(np.finfo(x.dtype).max)
    kept = where(isnan(x), nan, x)
    kept = where(equal(x, np.inf), largest if posinf is None else posinf, kept)
    return where(equal(x, -np.inf), -largest if neginf is None else neginf, kept)


nan_to_num_op = Op(
    "nan_to_num",
    np.nan_to_num,
    elementwise,
    vjp=(lambda g, out, x, **params: where(isfinite(x), g, 0.0),),
    broadcasts=True,
    decompose=_finite_numbers,
)


@function(
    np.nan_to_num,
    examples=lambda s: [example(s.normal(2, 3)), example(s.normal(3), nan=1.0, posinf=2.0, neginf=-2.0)],
    holomorphic=True,
)
def nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Replace NaN and infinities by numbers, which carry no gradient."""
    if not copy:
        raise UnsupportedOperationError(
            "nan_to_num with copy=False writes into its argument, which is not recorded",
            fix="write x = np.nan_to_num(x)",
        )
    return nan_to_num_op(x, nan=nan, posinf=posinf, neginf=neginf)


def _unit_step(e: Any, x: Any, at_zero: Any) -> Any:
    zero = e.number(0, x)
    value = e.where(e.less(x, zero), zero, e.where(e.equal(x, zero), at_zero, e.number(1, x)))
    return e.where(e.isnan(x), x, value)


def _written_step(x: Expression, at_zero: Expression) -> Expression:
    """[x > 0], the bracket of a condition, where it is 0 at 0."""
    return Fence("[", Relation(">", (x, Number(0))), "]") if at_zero == Number(0) else call("H", x, at_zero)


#: 0 below 0, 1 above, the second argument at 0.
heaviside = elementwise_op(
    "heaviside",
    np.heaviside,
    ZERO,
    lambda out, x, at_zero: where(equal(x, 0), 1.0, 0.0),
    domain=((0.2, 2.0), (-2.0, 2.0)),
    notation=_written_step,
    lower=_unit_step,
    examples=lambda s: [Example((np.array([-1.0, 0.0, 2.0], s.dtype), s.normal(3)), argnums=(1,))],
)
#: |x| with the sign of y: at x = 0 it has the kink of the absolute value.
copysign = elementwise_op(
    "copysign",
    np.copysign,
    lambda out, x, y: sign(x) * copysign(1.0, y),
    ZERO,
    domain=((0.2, 2.0), (0.2, 2.0)),
    notation=lambda x, y: call("copysign", x, y),
    lower=lambda e, x, y: e.copysign(x, y),
    examples=lambda s: [example(-s.positive(3), s.positive(3)), example(-s.positive(3), -s.positive(3))],
)
