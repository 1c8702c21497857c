"""Specialisation: cheaper operations with the same result up to rounding."""

from __future__ import annotations

import math

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import CONSTANT, literal
from chainrule.ops.arithmetic import add, divide, multiply, power, reciprocal, sqrt, square
from chainrule.ops.exponential import exp, sigmoid
from chainrule.ops.reduction import mean, sum_, sum_op
from chainrule.ops.shaping import reshape
from chainrule.ops.softmaxes import log_softmax, softmax
from chainrule.simplify.patterns import MOVES, is_real, number_of
from chainrule.simplify.rewrite import Case, Facts, Rule, RuleSet
from chainrule.simplify.roots import ANY_ROOT

__all__ = ["SPECIALISE"]


def _small_power(node: Node) -> Node | None:
    """x² = x · x, x³ = x² · x, x⁴ = (x²)², x^½ = √x, x⁻¹ = 1 / x, x⁻² = (1 / x)²"""
    x, exponent = node.inputs[0], number_of(node.inputs[1])
    if exponent is None or not is_real(x) or x.dtype != node.dtype:
        return None
    if exponent == 2:
        return square(x)
    if exponent == 3:
        return multiply(square(x), x)
    if exponent == 4:
        return square(square(x))
    if exponent == 0.5:
        return sqrt(x)
    if exponent == -1:
        return reciprocal(x)
    return square(reciprocal(x)) if exponent == -2 else None


#: Numbers outside of this range are not multiplied with each other: the product might overflow or lose digits.
_SMALLEST, _LARGEST = 1e-15, 1e15


def _is_moderate(number: float) -> bool:
    return _SMALLEST <= abs(number) <= _LARGEST


def _scaled(node: Node) -> tuple[Node, float] | None:
    """x and c, if the node is x · c, c · x or x / c with a moderate number c; for a quotient c is its inverse."""
    x, y = node.inputs
    number = number_of(y)
    if node.op is divide:
        return (x, 1 / number) if number is not None and _is_moderate(number) else None
    if number is None:
        x, number = y, number_of(x)
    return (x, number) if number is not None and _is_moderate(number) else None


def _two_factors(node: Node) -> Node | None:
    """(x · a) · b = x · (a b), for numbers a and b, also with quotients"""
    outer = _scaled(node)
    if outer is None or outer[0].op not in (multiply, divide) or not is_real(outer[0]) or outer[0].dtype != node.dtype:
        return None
    inner = _scaled(outer[0])
    if inner is None or not is_real(inner[0]) or not _is_moderate(factor := inner[1] * outer[1]):
        return None
    return multiply(inner[0], factor)


def _two_summands(node: Node) -> Node | None:
    """(x + a) + b = x + (a + b), for numbers a and b of the same sign"""
    for inner, b in (node.inputs, node.inputs[::-1]):
        if inner.op is not add or inner.dtype != node.dtype or not is_real(inner):
            continue
        for x, a in (inner.inputs, inner.inputs[::-1]):
            first, second = number_of(a), number_of(b)
            if first is not None and second is not None and is_real(x) and first * second > 0:
                return add(x, first + second)
    return None


def _sign_of_number(node: Node) -> Node | None:
    """−(x · a) = x · (−a), for a number a"""
    product = node.inputs[0]
    if product.op not in (multiply, divide) or not is_real(product):
        return None
    x, y = product.inputs
    if (number := number_of(y)) is not None:
        return product.op(x, literal(-number))
    return product.op(literal(-number), y) if (number := number_of(x)) is not None else None


def _power_of_two(node: Node) -> Node | None:
    """x / 2ⁿ = x · 2⁻ⁿ, which is exact"""
    x, divisor = node.inputs[0], number_of(node.inputs[1])
    if divisor is None or not is_real(x) or not _is_moderate(divisor) or abs(math.frexp(divisor)[0]) != 0.5:
        return None
    return multiply(x, 1 / divisor)


def _minus_own_square(node: Node, facts: Facts) -> Node | None:
    """a − a · a = a · (1 − a), which does not cancel for a near 1"""
    a, product = node.inputs
    if not is_real(node) or facts.uses.get(product, 1) > 1:
        return None
    is_square = product.op is multiply and product.inputs[0] is a and product.inputs[1] is a
    return multiply(a, 1 - a) if is_square or (product.op is square and product.inputs[0] is a) else None


def _mean_as_sum(node: Node) -> Node | None:
    """mean x = Σ x / n"""
    x, axis = node.inputs[0], node.params["axis"]
    count = math.prod([x.shape[i] for i in axis])
    if not is_real(x) or x.dtype.itemsize < 4 or not count:
        return None
    return sum_op.apply((x,), node.params) / count


def _exp_of_log_softmax(node: Node, facts: Facts) -> Node | None:
    """exp(log_softmax(u)) = softmax(u), where the logarithm is needed for nothing else"""
    logarithm = node.inputs[0]
    if logarithm.op is not log_softmax or facts.uses.get(logarithm, 1) > 1:
        return None
    return softmax.apply(logarithm.inputs, logarithm.params)


#: Operations whose results lie between −1 and 1.
_BOUNDED = frozenset({"sigmoid", "tanh", "softmax", "sin", "cos", "sign", "erf"})


def _is_bounded(node: Node, facts: Facts) -> bool:
    """Whether a sum of such numbers cannot overflow: results of σ, softmax, …, truth values, fixed moderate arrays."""
    while node.op.name in MOVES:
        node = node.inputs[0]
    if node.op.name in _BOUNDED or (node.op.name == "exp" and node.inputs[0].op is log_softmax):
        return True
    if node.op.name == "cast":
        return node.inputs[0].dtype.kind == "b"
    if node.op is CONSTANT and node not in facts.given and node.size:
        return bool(np.max(np.abs(node._value)) <= 1 / _SMALLEST)
    return False


def _factor(node: Node) -> tuple[float, Node] | None:
    """c and x, if the node is a sum of c · x with a number c."""
    product = node.inputs[0]
    if product.op is not multiply or not is_real(node):
        return None
    for c, x in (product.inputs, product.inputs[::-1]):
        number = number_of(c)
        if number is not None and is_real(x) and x.dtype == node.dtype and x.shape == product.shape:
            return number, x
    return None


def _factor_of_bounded_sum(node: Node, facts: Facts) -> Node | None:
    """Σ c x = c Σ x, where the sum of x cannot overflow"""
    found = _factor(node)
    if found is None or not (abs(found[0]) >= 1 or _is_bounded(found[1], facts)):
        return None
    return multiply(found[0], sum_op.apply((found[1],), node.params))


def _factor_of_any_sum(node: Node) -> Node | None:
    """Σ c x = c Σ x, even if the sum of x might overflow where that of c x does not"""
    found = _factor(node)
    return None if found is None else multiply(found[0], sum_op.apply((found[1],), node.params))


SPECIALISE = RuleSet(
    "specialise",
    [
        Rule(
            "small power",
            ("power",),
            _small_power,
            (
                *[Case(lambda x, n=n: power(x, n)) for n in (2, 3, 4, -1, -2)],
                Case(lambda x: x**2.0),
                Case(lambda x: x**0.5, low=0),
            ),
        ),
        Rule(
            "two factors",
            ("multiply", "divide"),
            _two_factors,
            (
                Case(lambda x: (x * 3.0) * 0.3),
                Case(lambda x: 2 * (x / 7)),
                Case(lambda x: (0.1 * x) / 3),
                Case(lambda x: x / 5 / 0.3),
            ),
        ),
        Rule("two summands", ("add",), _two_summands, (Case(lambda x: (x + 1) + 2), Case(lambda x: 0.5 + (0.25 + x)))),
        Rule(
            "sign of a number",
            ("negative",),
            _sign_of_number,
            (Case(lambda x: -(x * 3.0)), Case(lambda x: -(x / 3.0)), Case(lambda x: -(2 / x))),
        ),
        Rule(
            "division by a power of two", ("divide",), _power_of_two, (Case(lambda x: x / 2), Case(lambda x: x / 0.25))
        ),
        Rule(
            "number minus its square",
            ("subtract",),
            _minus_own_square,
            (Case(lambda a: a - a * a), Case(lambda a: a - square(a))),
            wants_facts=True,
        ),
        Rule(
            "mean as a sum",
            ("mean",),
            _mean_as_sum,
            (Case(lambda x: mean(x), ((3, 4),)), Case(lambda x: mean(x, 1, keepdims=True), ((3, 4),))),
        ),
        Rule(
            "exp of log_softmax",
            ("exp",),
            _exp_of_log_softmax,
            (Case(lambda x: exp(log_softmax(x, axis=(1,))), ((3, 4),)),),
            wants_facts=True,
        ),
        Rule(
            "factor of a bounded sum",
            ("sum",),
            _factor_of_bounded_sum,
            (Case(lambda x: sum_(sigmoid(x) * 0.1, 1), ((3, 4),)), Case(lambda x: sum_(3 * x), ((3, 4),))),
            wants_facts=True,
        ),
        Rule(
            "factor of any sum",
            ("sum",),
            _factor_of_any_sum,
            (Case(lambda x: sum_(0.1 * x, 1), ((3, 4),)), Case(lambda x: sum_(reshape(x, (-1,)) * 0.3), ((3, 4),))),
            opt_in=True,
        ),
        ANY_ROOT,
    ],
)
