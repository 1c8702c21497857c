"""Several threads at once: each has its own traces, and all give the numbers of one after the other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import chainrule as cr


def perceptron(params: Any, X: Any) -> Any:
    W1, b1, W2 = params
    hidden = np.tanh(X @ W1 + b1)
    p = 1 / (1 + np.exp(-(hidden @ W2)))
    return -np.mean(np.log(p))


def branching(x: Any) -> Any:
    return np.sum(x**2) if np.sum(x) > 0 else np.sum(x**3)


def job(number: int) -> Any:
    rng = np.random.default_rng(number)
    size = 1 + number % 5
    x = rng.normal(size=size)
    kind = number % 6
    if kind == 0:
        params = [rng.normal(size=(3, size)), rng.normal(size=size), rng.normal(size=size)]
        return cr.grad(perceptron)(params, rng.normal(size=(4, 3)))
    if kind == 1:
        return cr.grad(branching)(x)
    if kind == 2:
        return cr.hessian(lambda x: np.sum(np.sin(x) * x[::-1]))(x)
    if kind == 3:
        return cr.grad(lambda x: np.sum(cr.grad(branching)(x) ** 2))(x)
    if kind == 4:
        return cr.vjp(lambda x: x[x > 0] * 2, x)[1](np.ones(np.sum(x > 0)))
    graph = cr.trace(perceptron, [rng.normal(size=(3, size)), x, x], rng.normal(size=(2, 3)))
    return list(cr.backward(graph).values())


@pytest.mark.parametrize("workers", [2, 16])
def test_results_in_threads_equal_those_in_series(workers: int) -> None:
    numbers = list(range(240))
    expected = [job(number) for number in numbers]
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(job, numbers))
    for result, wanted in zip(results, expected, strict=True):
        for a, b in zip(cr.structure.flatten(result)[0], cr.structure.flatten(wanted)[0], strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_trace_in_one_thread_does_not_make_calls_in_another_symbolic() -> None:
    inside, done = threading.Event(), threading.Event()
    seen: list[Any] = []

    def other() -> None:
        inside.wait(10)
        seen.append(cr.grad(lambda x: x**2)(3.0))
        done.set()

    def f(x: Any) -> Any:
        inside.set()
        assert done.wait(10)
        return x**3

    thread = threading.Thread(target=other)
    thread.start()
    assert cr.grad(f)(2.0) == 12
    thread.join()
    assert seen == [6.0]


def test_one_vjp_function_may_be_called_from_many_threads() -> None:
    x = np.linspace(0, 1, 50)
    _, pull_back = cr.vjp(lambda x: np.exp(np.sin(x)) * x, x)
    expected = [pull_back(np.full(50, float(i)))[0] for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda i: pull_back(np.full(50, float(i)))[0], range(40)))
    np.testing.assert_array_equal(results, expected)


def test_a_threads_first_call_may_be_its_error() -> None:
    def fail() -> None:
        cr.grad(lambda x: float(x))(1.0)

    with ThreadPoolExecutor(4) as pool:
        for result in [pool.submit(fail) for _ in range(20)]:
            with pytest.raises(cr.errors.TraceLeakError):
                result.result()
    assert cr.grad(lambda x: x * x)(1.0) == 2
