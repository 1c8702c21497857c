"""PyTorch, eager and through ``torch.compile``.

Both take PyTorch's own fused forms, ``addmm`` and ``binary_cross_entropy_with_logits``, which are faster than the
textbook formula. Losses are kept as tensors; no step waits for a number.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import lstm
import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from workloads import LEARNING_RATE, Problem

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def logistic(params: Any, X: Any, y: Any) -> Any:
    return binary_cross_entropy_with_logits(torch.mv(X, params["w"]) + params["b"], y)


def perceptron(params: Any, X: Any, y: Any) -> Any:
    a1 = torch.tanh(torch.addmm(params["b1"], X, params["W1"]))
    return binary_cross_entropy_with_logits(torch.mv(a1, params["W2"]) + params["b2"], y)


LOSSES = {"logistic": logistic, "perceptron": perceptron}


class Tensors:
    """The arrays of a problem as tensors."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.X, self.y = (torch.from_numpy(array) for array in problem.data)
        self.order = torch.from_numpy(problem.order) if problem.work.batch else None

    def params(self, requires_grad: bool) -> dict[str, torch.Tensor]:
        return {name: torch.tensor(array, requires_grad=requires_grad) for name, array in self.problem.params.items()}

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        if self.order is None:
            return self.X, self.y
        work = self.problem.work
        start = step % work.epoch * work.rows
        rows = self.order[start : start + work.rows]
        return self.X.index_select(0, rows), self.y.index_select(0, rows)


def eager(problem: Problem) -> Callable[[int], tuple[Any, Any]]:
    tensors, loss = Tensors(problem), LOSSES[problem.work.kind]

    def run(steps: int) -> tuple[Any, Any]:
        params, history = tensors.params(requires_grad=True), []
        leaves = list(params.values())
        for step in range(steps):
            value = loss(params, *tensors.batch(step))
            gradients = torch.autograd.grad(value, leaves)
            with torch.no_grad():
                for leaf, gradient in zip(leaves, gradients, strict=True):
                    leaf.sub_(gradient, alpha=LEARNING_RATE)
            history.append(value.detach())
        return {name: leaf.detach() for name, leaf in params.items()}, history

    return run


def lazily_compiled(problem: Problem) -> Callable[[int], tuple[Any, Any]]:
    """The whole step, gradient and update, as one graph, compiled by the first run; needs a C++ compiler."""
    tensors = Tensors(problem)
    evaluate = torch.func.grad_and_value(LOSSES[problem.work.kind])

    def one_step(params: Any, X: Any, y: Any) -> Any:
        gradients, value = evaluate(params, X, y)
        return {name: params[name] - LEARNING_RATE * gradients[name] for name in params}, value

    step_function = torch.compile(one_step, dynamic=False, fullgraph=True)

    def run(steps: int) -> tuple[Any, Any]:
        params, history = tensors.params(requires_grad=False), []
        with torch.no_grad():
            for step in range(steps):
                params, value = step_function(params, *tensors.batch(step))
                history.append(value)
        return params, history

    return run


def compiled(problem: Problem) -> Callable[[int], tuple[Any, Any]]:
    torch._dynamo.reset()
    run = lazily_compiled(problem)
    run(1)  # compile now, and fail now where there is no compiler
    return run


def lstm_call(dtype: str) -> Callable[[], tuple[Any, dict[str, Any]]]:
    """Value and gradient of the unrolled LSTM, in the formulas of ``lstm.py``."""
    params, X, y = lstm.arguments(dtype)
    tensors = {name: torch.tensor(array, requires_grad=True) for name, array in params.items()}
    leaves, X, y = list(tensors.values()), torch.from_numpy(X), torch.from_numpy(y)
    loss = lstm.loss(torch)

    def call() -> tuple[Any, dict[str, Any]]:
        value = loss(tensors, X, y)
        return value.detach(), dict(zip(tensors, torch.autograd.grad(value, leaves), strict=True))

    return call
