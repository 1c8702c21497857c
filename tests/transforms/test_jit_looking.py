"""A compiled function that looks at a number: the error names the value, shows the line and offers what works."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.numpy as cnp
from chainrule.errors import TracedBranchError

ALTERNATIVES = ("np.where", "cr.cond", "cr.scan", "cr.while_loop")


def relu(x: Any) -> Any:
    return x if x > 0 else 0.0


def halved(x: Any) -> Any:
    while x > 1:
        x = x / 2
    return x


LOOKS: list[tuple[Any, tuple[Any, ...], str]] = [
    (relu, (1.0,), "return x if x > 0 else 0.0"),
    (halved, (4.0,), "while x > 1:"),
    (lambda x: x[x > 0], (np.ones(3),), "shape (3,), bool"),
    (lambda n, x: [x for _ in range(int(n))], (np.int64(3), 1.0), "n (shape (), int64)"),
    (lambda n, x: np.zeros(n) + x, (np.int64(3), 1.0), "n (shape (), int64)"),
    (lambda x: float(x), (1.0,), "x (shape (), float64)"),
    (lambda x: complex(x), (1.0,), "x (shape (), float64)"),
    (lambda x: math.exp(x), (1.0,), "np.exp(x), not math.exp(x)"),
    (lambda x: np.asarray(x), (np.ones(2),), "chainrule.numpy.asarray"),
    (lambda x: x.item(), (1.0,), "x (shape (), float64)"),
    (lambda x: x.tolist(), (np.ones(2),), "x (shape (2,), float64)"),
    (lambda x: max(x[0], x[1]), (np.ones(2),), "branch"),
    (lambda x: sorted(x), (np.ones(2),), "branch"),
    (lambda x: 1.0 in x, (np.ones(2),), "branch"),
    (lambda x: x if np.all(x > 0) else -x, (np.ones(2),), "branch"),
    (lambda x: np.nonzero(x), (np.ones(2),), "shape"),
    (lambda x: np.unique(x), (np.ones(2),), "shape"),
    (lambda x: np.linalg.eigvals(x), (np.eye(2),), "dtype"),
    (lambda i: [1, 2, 3][i], (np.int64(1),), "plain integer"),
    (lambda x: cr.stop_gradient(x) if cr.stop_gradient(x) > 0 else x, (1.0,), "branch"),
    (lambda x: cr.grad(relu)(x), (1.0,), "return x if x > 0 else 0.0"),
    (lambda x: cr.grad(lambda y: y * y if x > 0 else y)(2.0), (1.0,), "branch"),
]


@pytest.mark.parametrize(("fun", "args", "shown"), LOOKS, ids=[str(i) for i in range(len(LOOKS))])
def test_looking_raises_with_the_value_the_line_and_the_ways_out(fun: Any, args: tuple[Any, ...], shown: str) -> None:
    with pytest.raises(TracedBranchError) as caught:
        cr.jit(fun)(*args)
    assert caught.value.where is not None
    assert "test_jit_looking.py" in caught.value.where
    assert shown in str(caught.value)
    assert all(way in str(caught.value.fix) for way in ALTERNATIVES)


def test_assignment_into_a_plain_array_is_explained_although_numpy_hides_the_error() -> None:
    def f(x: Any) -> Any:
        v = np.zeros(2)
        v[0] = x
        return v

    with pytest.raises(TracedBranchError, match=r"chainrule\.numpy\.zeros"):
        cr.jit(f)(1.0)


def test_printing_shows_shape_and_dtype_and_refuses_digits(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x: Any) -> Any:
        print(x, f"{x}")
        return x

    cr.jit(f)(np.ones(3))
    assert capsys.readouterr().out.count("any number, shape=(3,), dtype=float64") == 2
    with pytest.raises(TracedBranchError, match="digits"):
        cr.jit(lambda x: f"{x:.3f}")(1.0)


def test_what_does_not_depend_on_the_arguments_may_be_looked_at() -> None:
    data = np.array([1.0, -2.0, 3.0])

    def f(x: Any) -> Any:
        v = cnp.zeros(2)
        v[0] = 3.0
        slope = cr.grad(relu)(2.0)
        positive = data[data > 0]
        return x * np.sum(positive) * (2 if v[0] > 1 else 1) * slope

    assert cr.jit(f)(1.0) == f(1.0) == 8


def test_static_arguments_may_be_looked_at() -> None:
    compiled = cr.jit(lambda x, training: x if training > 0.5 else -x, static_argnames="training")
    assert [compiled(1.0, training=1.0), compiled(1.0, training=0.0)] == [1, -1]


def test_shapes_lengths_and_iteration_are_no_looking() -> None:
    def f(X: Any) -> Any:
        total = 0.0
        for row in X:
            total = total + np.sum(row) * len(row)
        return total if X.ndim == 2 and X.shape[0] > 1 else -total

    X = np.arange(6.0).reshape(3, 2)
    assert cr.jit(f)(X) == f(X)


def test_outside_of_jit_looking_stays_allowed_also_while_another_thread_compiles() -> None:
    seen: list[Any] = []

    def f(x: Any) -> Any:
        import threading

        thread = threading.Thread(target=lambda: seen.append(cr.grad(relu)(3.0)))
        thread.start()
        thread.join()
        return x * 2

    assert cr.jit(f)(1.0) == 2
    assert seen == [1.0]
    assert cr.grad(cr.jit(relu))(3.0) == 1.0
