"""JAX: one jitted step at a time, and the whole loop in one call.

Parameters are donated to the call that replaces them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
from formulas import FORMULAS
from jax import lax
from workloads import LEARNING_RATE, Problem


class Arrays:
    """The arrays of a problem on JAX's device."""

    def __init__(self, problem: Problem) -> None:
        jax.config.update("jax_enable_x64", problem.dtype == "float64")
        self.problem = problem
        self.X, self.y = (jnp.asarray(array) for array in problem.data)
        self.order = jnp.asarray(problem.order, jnp.int32)

    def params(self) -> dict[str, jax.Array]:
        return {name: jnp.array(array) for name, array in self.problem.params.items()}

    def batch(self, X: Any, y: Any, order: Any, step: Any) -> tuple[Any, Any]:
        work = self.problem.work
        if work.batch is None:
            return X, y
        rows = lax.dynamic_slice(order, (step % work.epoch * work.rows,), (work.rows,))
        return X[rows], y[rows]


def _descend(params: Any, gradients: Any) -> Any:
    return {name: params[name] - LEARNING_RATE * gradients[name] for name in params}


def per_step(problem: Problem) -> Callable[[int], tuple[Any, Any]]:
    arrays = Arrays(problem)
    evaluate = jax.value_and_grad(FORMULAS[problem.work.kind](jnp))

    def one_step(params: Any, X: Any, y: Any, order: Any, step: Any) -> Any:
        value, gradients = evaluate(params, *arrays.batch(X, y, order, step))
        return _descend(params, gradients), value

    compiled = jax.jit(one_step, donate_argnums=0)

    def run(steps: int) -> tuple[Any, Any]:
        params, history = arrays.params(), []
        for step in range(steps):
            params, value = compiled(params, arrays.X, arrays.y, arrays.order, step)
            history.append(value)
        return jax.block_until_ready(params), history

    return run


def whole_loop(problem: Problem) -> Callable[[int], tuple[Any, Any]]:
    """`fori_loop`, with the parameters and the history of the loss in its carry; compiled for each number of steps."""
    arrays = Arrays(problem)
    evaluate = jax.value_and_grad(FORMULAS[problem.work.kind](jnp))

    @cache
    def loop(steps: int) -> Callable[..., Any]:
        def train(params: Any, X: Any, y: Any, order: Any) -> Any:
            def body(step: Any, carry: Any) -> Any:
                params, history = carry
                value, gradients = evaluate(params, *arrays.batch(X, y, order, step))
                return _descend(params, gradients), history.at[step].set(value)

            start = jnp.int32(0)
            return lax.fori_loop(start, jnp.int32(steps), body, (params, jnp.zeros(steps, X.dtype)))

        return jax.jit(train, donate_argnums=0)

    def run(steps: int) -> tuple[Any, Any]:
        return jax.block_until_ready(loop(steps)(arrays.params(), arrays.X, arrays.y, arrays.order))

    return run
