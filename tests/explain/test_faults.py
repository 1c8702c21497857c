"""Where the numbers of a lesson stop being finite: which node it is, why, and what to write instead."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.faults import find_fault
from chainrule.explain.model import Fault
from chainrule.graph.node import Node
from chainrule.graph.op import OPS
from chainrule.notation.tree import Symbol

HUGE = 1e200


def fault_of(fun: Any, *args: Any, statements: bool = True) -> Fault | None:
    """The fault of a function at a point; steps are its statements, or all of its operations."""
    graph = cr.trace(fun, *args)
    output = graph.outputs[0]
    steps = [node for node in graph.nodes if not statements or node.name or node is output]
    back = cr.backward(graph)
    gradients = {node: gradient for node in reversed(steps) if (gradient := back.gradient_of(node)) is not None}

    def name(node: Node) -> Symbol:
        return Symbol(node.name or ("L" if node is output else f"t{graph.nodes.index(node)}"))

    return find_fault(steps, gradients, name)


def log_of_zero(y_hat: Any) -> Any:
    return np.sum(np.log(y_hat))


def exponentials(z: Any) -> Any:
    e = np.exp(z)
    return np.sum(e)


def quotient(p: Any, q: Any) -> Any:
    r = p / q
    return np.sum(r)


def root(s: Any) -> Any:
    r = np.sqrt(s)
    return np.sum(r)


def power(x: Any, p: Any) -> Any:
    r = x**p
    return np.sum(r)


def difference(a: Any, b: Any) -> Any:
    d = a - b
    return np.sum(d)


def product(a: Any, b: Any) -> Any:
    m = a * b
    return np.sum(m)


def layer(W: Any, x: Any) -> Any:
    z = W @ x
    return np.sum(z)


def doubled(x: Any) -> Any:
    y = 2 * x
    return np.sum(y)


def angle(x: Any) -> Any:
    a = np.arcsin(x)
    return np.sum(a)


VECTOR = np.array([1.0, 0.0, 4.0])

FORWARD = [
    (log_of_zero, [np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 0.0]])], "L", "log of 0 (element (2, 1) of ŷ)", "1e-12"),
    (log_of_zero, [-3.0], "L", "log of −3, a negative number (ŷ)", "keep the argument above 0"),
    (exponentials, [np.array([1.0, 1000.0])], "e", "overflow of exp at 1000 (element 1 of z)", "np.exp(z - z.max())"),
    (exponentials, [np.float32([1, 100])], "e", "overflow of exp at 100 (element 1 of z)", "in float32 up to 88"),
    (quotient, [0.0, 0.0], "r", "0 / 0 (p and q)", "keep the divisor away from 0"),
    (quotient, [3.0, VECTOR], "r", "division by 0: 3 / 0 (p, element 1 of q)", "keep the divisor away from 0"),
    (quotient, [HUGE, 1 / HUGE], "r", "overflow of a quotient: 10²⁰⁰ / 10⁻²⁰⁰ (p and q)", "keep the divisor away"),
    (root, [np.array([4.0, -4.0])], "r", "square root of −4, a negative number (element 1 of s)", "np.maximum(x, 0)"),
    (power, [10.0, 400.0], "r", "overflow of a power: 10 to the power of 400 (x and p)", "np.log(x)"),
    (power, [0.0, -1.0], "r", "0 to the power of −1, a division by 0 (x and p)", "keep the base away from 0"),
    (power, [-2.0, 0.5], "r", "a negative base with a fractional exponent (x and p)", "keep the base positive"),
    (difference, [np.inf, np.inf], "d", "∞ − ∞ (a and b)", "look where the operands became infinite"),
    (difference, [1.7e308, -1.7e308], "d", "overflow of a sum", "a smaller learning rate"),
    (product, [0.0, np.inf], "m", "0 · ∞ (a and b)", "np.where(mask, x, 0)"),
    (product, [HUGE, VECTOR * HUGE], "m", "overflow of a product: 10²⁰⁰ · 10²⁰⁰ (a, element 0 of b)", "scale the data"),
    (layer, [np.eye(2) * HUGE, np.array([0.0, HUGE])], "z", "overflow of a matrix product (element 1 of z)", "scale"),
    (doubled, [np.nan], "x", "x is NaN", "np.nan_to_num"),
    (doubled, [np.array([[1.0, np.nan]])], "x", "x is NaN (element (0, 1))", "np.isfinite(x)"),
    (doubled, [np.array([1.0, np.inf])], "x", "x is infinite (element 1)", "put in a finite number"),
    (angle, [2.0], "a", "arcsin of 2, which is outside of −1 … 1 (x)", "np.clip"),
    (lambda x: np.sum(np.sin(x)), [np.array([np.inf])], "L", "sin of ∞ has no value (element 0 of x)", ""),
    (lambda x: np.sum(x) * 2.0, [np.full(4, 1e308)], "L", "overflow of sum", "scale the data"),
    (lambda x: np.sum(x * np.inf), [0.0], "L", "0 · ∞ (x)", "np.where"),
]


@pytest.mark.parametrize(("fun", "args", "node", "reason", "fix"), FORWARD)
def test_the_first_bad_node_says_why_and_what_to_write(
    fun: Any, args: list[Any], node: str, reason: str, fix: str
) -> None:
    fault = fault_of(fun, *args)
    assert fault is not None
    assert not fault.in_backward
    assert fault.symbol.name == node
    assert reason in fault.reason
    assert fix in fault.fix


BACKWARD = [
    (root, [np.array([1.0, 0.0])], "s", "the square root has an infinite slope at 0 (element 1 of s)", "x + 1e-12"),
    (angle, [1.0], "x", "arcsin has an infinite slope at 1 (x)", "np.clip"),
    (lambda x: x**0.5, [0.0], "x", "0 to the power of −0.5, a division by 0 (x)", "keep the base away from 0"),
]


@pytest.mark.parametrize(("fun", "args", "node", "reason", "fix"), BACKWARD)
def test_a_gradient_that_is_infinite_at_a_finite_value(
    fun: Any, args: list[Any], node: str, reason: str, fix: str
) -> None:
    fault = fault_of(fun, *args)
    assert fault is not None
    assert fault.in_backward
    assert fault.symbol.name == node
    assert fault.reason == reason
    assert fix in fault.fix
    assert "test_faults.py, line" in fault.where


def cross_entropy_of_saturated(w: Any, x: Any) -> Any:
    z = w * x
    y_hat = 1 / (1 + np.exp(-z))
    return -np.log(1 - y_hat)


def test_a_stabilised_loss_is_finite_and_the_gradient_of_its_probability_is_not() -> None:
    assert cr.grad(cross_entropy_of_saturated)(1000.0, 1.0) == 1.0
    fault = fault_of(cross_entropy_of_saturated, 1000.0, 1.0)
    assert fault is not None
    assert fault.in_backward
    assert fault.symbol.name == "y_hat"
    assert fault.reason == "the logarithm has an infinite slope at 0"
    assert "bce_with_logits" in fault.fix


def test_infinity_in_the_forward_pass_that_spoils_only_a_gradient_is_told_where_it_began() -> None:
    def f(x: Any) -> Any:
        e = np.exp(x)
        return 1 / e

    fault = fault_of(f, 1000.0)
    assert fault is not None
    assert (fault.symbol.name, fault.in_backward) == ("e", False)
    assert fault.reason == "overflow of exp at 1000 (x)"


def test_a_gradient_that_overflows() -> None:
    def f(a: Any, b: Any) -> Any:
        p = a * b
        return p * HUGE

    fault = fault_of(f, HUGE, 1e-300)
    assert fault is not None
    assert (fault.symbol.name, fault.in_backward) == ("b", True)
    assert fault.reason.startswith("overflow of a product: 10²⁰⁰ · 10²⁰⁰")
    assert "a and the gradient of p" in fault.reason or "the gradient of p and a" in fault.reason


def masked(scores: Any, mask: Any) -> Any:
    weights = cr.softmax(scores + mask)
    return np.sum(weights * weights)


def softmax_as_taught(z: Any) -> Any:
    e = np.exp(z)
    p = e / np.sum(e)
    return np.sum(p * p)


@pytest.mark.parametrize("statements", [True, False])
@pytest.mark.parametrize(
    ("fun", "args"),
    [
        (lambda x: np.sum(np.tanh(x)), [VECTOR]),
        (masked, [np.array([1.0, 2.0]), np.array([0.0, -np.inf])]),
        (lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)), [VECTOR]),
        (lambda x: np.nanmean(x * x), [np.array([1.0, np.nan])]),
        (lambda x: 1 / (1 + x), [np.inf]),
        (lambda x: np.sum(np.abs(x)), [VECTOR]),
        (lambda x: np.linalg.norm(x), [np.zeros(2)]),
    ],
)
def test_what_does_no_harm_is_no_fault(fun: Any, args: list[Any], statements: bool) -> None:
    assert fault_of(fun, *args, statements=statements) is None


def test_an_intermediate_value_that_the_stable_form_does_not_need_is_no_fault() -> None:
    assert np.isfinite(cr.trace(softmax_as_taught, np.array([1000.0, 0.0])).outputs[0].value)
    graph = cr.trace(softmax_as_taught, np.array([1000.0, 0.0]))
    assert find_fault(graph.nodes, {}, lambda node: Symbol(node.name or "L")) is None


def test_a_mask_over_everything_is_a_fault() -> None:
    fault = fault_of(masked, np.array([1.0, 2.0]), np.array([-np.inf, -np.inf]))
    assert fault is not None
    assert fault.symbol.name == "weights"
    assert fault.reason.startswith("∞ in the exponents, or −∞ in all of them (element 0 of weights")
    assert "unmasked" in fault.fix


def test_of_a_harmless_infinity_and_a_logarithm_of_zero_the_logarithm_is_told() -> None:
    def f(p: Any, mask: Any) -> Any:
        s = np.log(p) + mask
        return np.sum(np.exp(s) * s)

    fault = fault_of(f, np.array([1.0, 0.0, 2.0]), np.array([-np.inf, 0.0, 0.0]))
    assert fault is not None
    assert fault.reason == "log of 0 (element 1 of p)"


def test_an_operation_inside_of_a_statement_is_told_of_the_statement() -> None:
    def f(x: Any) -> Any:
        q = x - 1
        r = 3 * np.sqrt(q * q - 2) + x
        return r * r

    fault = fault_of(f, 1.0)
    assert fault is not None
    assert fault.symbol.name == "r"
    assert fault.reason == "square root of −2, a negative number"
    assert "r = 3 * np.sqrt(q * q - 2) + x" in fault.where
    operation = fault_of(f, 1.0, statements=False)
    assert operation is not None
    assert operation.reason.startswith("square root of −2, a negative number (t")


def test_an_array_of_the_code_is_named_as_far_as_it_has_a_name() -> None:
    data = np.array([1.0, np.nan])
    fault = fault_of(lambda w: np.sum(w * data), 2.0)
    assert fault is not None
    assert fault.reason.endswith("is NaN (element 1)")


def test_the_first_of_two_faults_is_told() -> None:
    def f(x: Any) -> Any:
        a = np.log(x)
        b = np.sqrt(x - 1)
        return a + b

    fault = fault_of(f, 0.0)
    assert fault is not None
    assert fault.symbol.name == "a"


def test_several_results_of_one_operation() -> None:
    fault = fault_of(lambda A: np.sum(np.linalg.qr(A)[1]) * HUGE, np.eye(2) * HUGE)
    assert fault is not None
    assert fault.reason.startswith("overflow of a product")


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 1e300, -1e300, 1e-300, 720.0]


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.hazards and op.broadcasts], ids=lambda op: op.name)
def test_a_hazard_holds_only_where_the_operation_is_not_finite(op: Any) -> None:
    arity = len(op.partials)
    for numbers in itertools.product(SPECIAL, repeat=arity):
        values = [np.float64(number) for number in numbers]
        with np.errstate(all="ignore"):
            result = op.compute(*values)
            told = [hazard for hazard in op.hazards if hazard.when is not None and hazard.when(*values)]
        special = [hazard for hazard in told if not hazard.in_slope and hazard.when is not np.isfinite]
        if special and not (op.name.startswith("xlog") and numbers[0] == 0):
            assert not np.isfinite(result), (op.name, numbers, special)


@pytest.mark.parametrize(
    "op", [op for op in OPS.values() if any(hazard.in_slope for hazard in op.hazards)], ids=lambda op: op.name
)
def test_a_slope_hazard_is_where_the_derivative_is_infinite(op: Any) -> None:
    (hazard,) = [hazard for hazard in op.hazards if hazard.in_slope]
    found = [number for number in SPECIAL if hazard.when(number)]
    assert found
    for number in found:
        value = np.float64(number)
        with np.errstate(all="ignore"):
            assert np.isinf(op.partials[0](op.compute(value), value))
