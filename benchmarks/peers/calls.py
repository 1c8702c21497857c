"""One call of a compiled ``value_and_grad``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from formulas import FORMULAS
from workloads import Problem

import chainrule as cr
from peers import by_hand, jax_loops, pytorch

Call = Callable[[], tuple[Any, dict[str, Any]]]


def our_call(problem: Problem) -> Call:
    evaluate = cr.jit(cr.value_and_grad(FORMULAS[problem.work.kind](np)))
    return lambda: evaluate(problem.params, *problem.data)


def hand_call(problem: Problem) -> Call:
    evaluate = by_hand.value_and_gradient(problem)
    return lambda: evaluate(problem.params, *problem.data)


def torch_call(problem: Problem) -> Call:
    tensors, loss = pytorch.Tensors(problem), pytorch.LOSSES[problem.work.kind]
    params = tensors.params(requires_grad=True)
    leaves = list(params.values())

    def call() -> tuple[Any, dict[str, Any]]:
        value = loss(params, tensors.X, tensors.y)
        gradients = pytorch.torch.autograd.grad(value, leaves)
        return value.detach(), dict(zip(params, gradients, strict=True))

    return call


def jax_numpy_call(problem: Problem) -> Call:
    """Arguments are NumPy arrays, as for chainrule."""
    jax_loops.Arrays(problem)  # sets the width of floating-point numbers
    evaluate = jax.jit(jax.value_and_grad(FORMULAS[problem.work.kind](jnp)))
    return lambda: jax.block_until_ready(evaluate(problem.params, *problem.data))


def jax_device_call(problem: Problem) -> Call:
    """Arguments already are JAX's arrays."""
    arrays = jax_loops.Arrays(problem)
    evaluate = jax.jit(jax.value_and_grad(FORMULAS[problem.work.kind](jnp)))
    params = arrays.params()
    return lambda: jax.block_until_ready(evaluate(params, arrays.X, arrays.y))
