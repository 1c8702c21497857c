"""Expressions that look like a pattern of a rewrite rule, and are something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

U = np.random.default_rng(0).normal(size=(3, 4))
WEIGHTS = np.arange(12.0).reshape(3, 4)
POSITIVE = np.array([1.0, 2.0, 3.0])


def ones_of(x: Any) -> Any:
    return (x > 0).astype(np.uint8)


LOOK_ALIKES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "softmax with reversed sums": (lambda u: np.sum(WEIGHTS * (np.exp(u) / np.sum(np.exp(u), axis=0)[::-1])), U),
    "softmax with permuted sums": (
        lambda u: np.sum(WEIGHTS * (np.exp(u) / np.sum(np.exp(u), axis=0)[np.array([2, 0, 1, 3])])),
        U,
    ),
    "product with a wrapped unsigned": (lambda x: np.sum(-ones_of(x) * x), POSITIVE),
    "difference of a wrapped unsigned": (lambda x: np.sum(x - (-ones_of(x))), POSITIVE),
    "mean of wrapped unsigned": (lambda x: np.sum(x) * np.mean(-ones_of(x)), POSITIVE),
    "sigmoid of a complex number": (lambda z: np.real(1 / (1 + np.exp(-z))), 1 + 2j),
    "softplus of a complex number": (lambda z: np.imag(np.log(1 + np.exp(z))), 1 + 4j),
    "log of sigmoid of a complex number": (lambda z: np.imag(np.log(1 / (1 + np.exp(-z)))), 1 + 4j),
    "log of exp of integers": (lambda x: np.sum(x * (np.log(np.exp((x > 0).astype(int))) // 2 + 0.5)), POSITIVE),
    "complex literals in a sigmoid": (lambda x: np.real(np.sum((1 + 0j) / (1 + np.exp(x)))), POSITIVE),
}


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_look_alike_keeps_its_value(name: str) -> None:
    fun, point = LOOK_ALIKES[name]
    value, _ = cr.value_and_grad(fun)(point)
    np.testing.assert_allclose(value, fun(point), rtol=1e-12)
    (output,) = cr.trace(fun, point).outputs
    assert np.asarray(output.value).dtype == np.asarray(fun(point)).dtype


def test_complex_literals_that_differ_in_the_sign_of_zero_have_programs_of_their_own() -> None:
    above = cr.value_and_grad(lambda x: np.imag(np.log(x * complex(-1.0, 0.0))))(2.0)[0]
    below = cr.value_and_grad(lambda x: np.imag(np.log(x * complex(-1.0, -0.0))))(2.0)[0]
    assert above == np.pi
    assert below == -np.pi
