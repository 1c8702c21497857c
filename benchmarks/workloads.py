"""What is timed: sizes, seeded data, first parameters, and the operations and bytes that a step cannot do without."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

SEED = 0
LEARNING_RATE = 0.01


@dataclass(frozen=True)
class Work:
    """Gradient descent on n rows of d features: logistic regression, or a perceptron with h hidden units.

    With `batch`, a step sees that many rows, drawn from one random order of all rows; a batch that would be smaller
    than the others is left out, for every contender alike. `target` and `within` are what we mean to reach: times
    faster than the fastest peer, and times the floor.
    """

    key: str
    kind: str
    n: int
    d: int
    h: int = 0
    batch: int | None = None
    target: float | None = None
    within: float | None = None

    @property
    def label(self) -> str:
        name = "logistic regression" if self.kind == "logistic" else "perceptron"
        size = "×".join(f"{number:,}" for number in (self.n, self.d, self.h) if number)
        return f"{name} {size}" + (f", minibatch {self.batch}" if self.batch else "")

    @property
    def rows(self) -> int:
        """Rows that one step sees."""
        return self.batch or self.n

    @property
    def epoch(self) -> int:
        """Steps of one pass over the rows."""
        return self.n // self.rows

    @property
    def flops(self) -> float:
        """Additions and multiplications of the products of one step, forward and backward."""
        if self.kind == "logistic":
            return 4.0 * self.rows * self.d
        return self.rows * (4.0 * self.d * self.h + 6.0 * self.h)

    @property
    def values_read(self) -> int:
        """Elements of X that one step has to read."""
        return self.rows * self.d

    @property
    def transcendentals(self) -> dict[str, int]:
        """How many exponentials and tanh one step needs at least.

        Logarithms do not count: the loss needs the logarithm of a product of rows, which is one for many rows.
        """
        return {"exp": self.rows} | ({"tanh": self.rows * self.h} if self.h else {})


@dataclass(frozen=True)
class Problem:
    """The arrays of a work in one dtype, made from a seed."""

    work: Work
    dtype: str

    @cached_property
    def data(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """X (n, d), standard normal, and y (n,): a random direction's labels, so noisy that no model is ever sure."""
        rng = np.random.default_rng(SEED)
        X = rng.standard_normal((self.work.n, self.work.d), dtype=np.float32)
        score = X @ rng.standard_normal(self.work.d, dtype=np.float32) / np.sqrt(self.work.d)
        y = rng.random(self.work.n) < 1 / (1 + np.exp(-score))
        return X.astype(self.dtype), y.astype(self.dtype)

    @cached_property
    def params(self) -> dict[str, np.ndarray[Any, Any]]:
        """The first parameters, the same numbers in both dtypes; contenders copy them."""
        rng = np.random.default_rng(SEED + 1)
        d, h = self.work.d, self.work.h
        if self.work.kind == "logistic":
            arrays = {"w": np.zeros(d), "b": np.zeros(())}
        else:
            arrays = {
                "W1": rng.normal(0.0, 0.5 / np.sqrt(d), (d, h)),
                "b1": np.zeros(h),
                "W2": rng.normal(0.0, 0.5 / np.sqrt(h), h),
                "b2": np.zeros(()),
            }
        return {name: array.astype("float32").astype(self.dtype) for name, array in arrays.items()}

    @cached_property
    def order(self) -> np.ndarray[Any, Any]:
        """The order in which minibatches take the rows: the one that `minimize` draws from the same seed."""
        return np.random.default_rng(SEED).permutation(self.work.n)

    def batch_rows(self, step: int) -> np.ndarray[Any, Any]:
        """The rows of a step, with `batch`."""
        start = step % self.work.epoch * self.work.rows
        return self.order[start : start + self.work.rows]


TRAINING = [
    Work("lr-100x5", "logistic", 100, 5, target=4.0),
    Work("lr-1000x20", "logistic", 1_000, 20, target=3.0),
    Work("lr-100000x100", "logistic", 100_000, 100, target=1.5, within=1.3),
    Work("mlp-200x2x16", "perceptron", 200, 2, 16, target=3.0),
    Work("mlp-1000x2x16", "perceptron", 1_000, 2, 16, target=3.0),
    Work("mlp-569x30x32", "perceptron", 569, 30, 32, target=2.5),
    Work("mlp-10000x50x128", "perceptron", 10_000, 50, 128, target=1.3),
    Work("mlp-10000x784x128", "perceptron", 10_000, 784, 128, target=1.2),
    Work("mlp-200000x32x16", "perceptron", 200_000, 32, 16, target=2.5),
    Work("minibatch", "perceptron", 60_000, 784, 128, batch=64, target=1.5),
]

CALLS = [
    Work("call-100x5", "logistic", 100, 5, target=2.0),
    Work("call-200x2x16", "perceptron", 200, 2, 16, target=2.0),
]

FIRST_CALL = Work("first-call", "perceptron", 1_000, 2, 16)
