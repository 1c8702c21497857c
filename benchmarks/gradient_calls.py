"""One gradient call, without compilation, beside HIPS autograd, PyTorch and JAX; and the time to import.

Run with ``python benchmarks/gradient_calls.py`` in an environment with the extra ``bench``. One thread for everybody.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
import jax
import jax.numpy as jnp
import numpy as np
import torch
from harness import OURS, Row, machine, measure, table

import chainrule as cr

torch.set_num_threads(1)
jax.config.update("jax_enable_x64", True)


def logistic(np: Any) -> Callable[..., Any]:
    """Textbook logistic regression, for any NumPy-like namespace."""

    def loss(params: Any, x: Any, y: Any) -> Any:
        w, b = params
        y_hat = 1 / (1 + np.exp(-(x @ w + b)))
        return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))

    return loss


def perceptron(np: Any) -> Callable[..., Any]:
    """The textbook two-layer perceptron."""

    def loss(params: Any, x: Any, y: Any) -> Any:
        W1, b1, W2, b2 = params
        a1 = np.tanh(x @ W1 + b1)
        y_hat = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))

    return loss


def logistic_by_hand(params: Any, x: Any, y: Any) -> Any:
    w, b = params
    difference = (1 / (1 + np.exp(-(x @ w + b))) - y) / len(y)
    return x.T @ difference, difference.sum()


def perceptron_by_hand(params: Any, x: Any, y: Any) -> Any:
    W1, b1, W2, b2 = params
    a1 = np.tanh(x @ W1 + b1)
    difference = (1 / (1 + np.exp(-(a1 @ W2 + b2))) - y) / len(y)
    z1_gradient = difference @ W2.T * (1 - a1 * a1)
    return x.T @ z1_gradient, z1_gradient.sum(0), a1.T @ difference, difference.sum(0)


def torch_gradient(loss: Callable[..., Any], params: Any, x: Any, y: Any) -> Callable[[], Any]:
    leaves = [torch.tensor(p, requires_grad=True) for p in params]
    x, y = torch.tensor(x), torch.tensor(y)

    class Namespace:
        exp, log, mean, tanh = torch.exp, torch.log, torch.mean, torch.tanh

    concrete = loss(Namespace)
    return lambda: torch.autograd.grad(concrete(leaves, x, y), leaves)


def jax_gradient(loss: Callable[..., Any], params: Any, x: Any, y: Any, jit: bool) -> Callable[[], Any]:
    leaves = [jnp.asarray(p) for p in params]
    x, y = jnp.asarray(x), jnp.asarray(y)
    gradient = jax.grad(loss(jnp))
    compiled = jax.jit(gradient) if jit else gradient
    return lambda: jax.block_until_ready(compiled(leaves, x, y))


def contenders(
    loss: Callable[..., Any], by_hand: Callable[..., Any], params: Any, x: Any, y: Any
) -> dict[str, Callable[[], Any]]:
    ours, theirs = cr.grad(loss(np)), autograd.grad(loss(anp))
    for mine, other in zip(ours(params, x, y), by_hand(params, x, y), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)
    return {
        OURS: lambda: ours(params, x, y),
        "NumPy by hand": lambda: by_hand(params, x, y),
        "HIPS autograd": lambda: theirs(params, x, y),
        "PyTorch eager": torch_gradient(loss, params, x, y),
        "JAX, no jit": jax_gradient(loss, params, x, y, jit=False),
        "JAX jit": jax_gradient(loss, params, x, y, jit=True),
    }


def import_times(packages: list[str], rounds: int = 7) -> dict[str, float]:
    """Seconds from starting Python to the end of ``import``, less an empty start; medians, taken in turn."""

    def start(code: str) -> float:
        script = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
        return float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)

    times: dict[str, list[float]] = {package: [] for package in packages}
    for _ in range(rounds):
        for package in packages:
            times[package].append(start(f"import {package}"))
    return {package: statistics.median(values) for package, values in times.items()}


def main() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 5))
    y = (x[:, 0] > 0).astype(float)
    x2 = rng.normal(size=(100, 2))
    y2 = (x2[:, :1] * x2[:, 1:] > 0).astype(float)
    weights = (rng.normal(size=(2, 16)), np.zeros(16), rng.normal(size=(16, 1)), np.zeros(1))
    rows: list[Row] = [
        measure(
            "logistic regression 100×5",
            contenders(logistic, logistic_by_hand, (rng.normal(size=5), np.array(0.1)), x, y),
        ),
        measure("perceptron 100×2×16", contenders(perceptron, perceptron_by_hand, weights, x2, y2)),
    ]
    print(machine(), "\nfloat64, one thread; in parentheses: times ours\n")
    print(table(rows))
    seconds = import_times(["numpy", "chainrule", "autograd", "jax", "torch"])
    print("\nimport, seconds:", ", ".join(f"{package} {median:.3f}" for package, median in seconds.items()))


if __name__ == "__main__":
    main()
