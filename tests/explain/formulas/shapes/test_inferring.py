"""Shapes of names without values: a specification by examples, each of which is computed as well."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.explain.formulas import parse
from chainrule.explain.formulas.shapes import infer_shapes

Shapes = dict[str, tuple[int, ...]]


def inferred(text: str, **given: tuple[int, ...]) -> Shapes | None:
    return infer_shapes(parse(text).statements, given)


def computed(text: str, shapes: Shapes) -> Any:
    """What the formula gives at values of these shapes."""
    formula = parse(text)
    return formula(*[np.full(shapes[name], 0.5) for name in formula.names])


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        # nothing speaks of arrays
        ("w*x + b", {"w": (), "x": (), "b": ()}),
        ("x**2 / n", {"x": (), "n": ()}),
        # products: capitals are matrices, small letters vectors
        ("sum(W @ x)", {"W": (2, 3), "x": (3,)}),
        ("sum(x @ W)", {"x": (2,), "W": (2, 3)}),
        ("w @ x", {"w": (3,), "x": (3,)}),
        ("dot(w, x)", {"w": (3,), "x": (3,)}),
        ("w @ x + b", {"w": (3,), "x": (3,), "b": ()}),
        ("sum(A @ B)", {"A": (2, 3), "B": (3, 2)}),
        ("sum(A @ B @ C @ x)", {"A": (2, 3), "B": (3, 2), "C": (2, 3), "x": (3,)}),
        ("x.T @ A @ x", {"x": (2,), "A": (2, 2)}),
        ("sum(transpose(W) @ x)", {"W": (2, 3), "x": (2,)}),
        # small letters that must be matrices all the same
        ("sum((w @ x) @ (v @ u))", {"w": (2, 3), "x": (3,), "v": (2, 3), "u": (3,)}),
        # a layer for one sample, and its targets
        ("h = tanh(W @ x + b); sum(h**2)", {"W": (2, 3), "x": (3,), "b": (2,)}),
        ("sum((b + W @ x - y)**2)", {"b": (2,), "W": (2, 3), "x": (3,), "y": (2,)}),
        ("p = softmax(W @ x + b); -log(p @ y)", {"W": (2, 3), "x": (3,), "b": (2,), "y": (2,)}),
        (
            "z1 = W1 @ x + b1; a1 = tanh(z1); z2 = W2 @ a1 + b2; sum((z2 - y)**2)",
            {"W1": (2, 3), "x": (3,), "b1": (2,), "W2": (3, 2), "b2": (3,), "y": (3,)},
        ),
        # samples in rows, and in columns
        (
            "Z1 = X @ W1 + b1; A1 = tanh(Z1); Z2 = A1 @ W2 + b2; mean((Z2 - Y)**2)",
            {"X": (2, 3), "W1": (3, 2), "b1": (2,), "W2": (2, 3), "b2": (3,), "Y": (2, 3)},
        ),
        (
            "Z1 = W1 @ X + b1; A1 = tanh(Z1); Z2 = W2 @ A1 + b2; mean((Z2 - Y)**2)",
            {"W1": (2, 3), "X": (3, 2), "b1": (2, 1), "W2": (3, 2), "b2": (3, 1), "Y": (3, 2)},
        ),
        (
            "mean((X @ w + b - y)**2) + lam*sum(w**2)",
            {"X": (2, 3), "w": (3,), "b": (), "y": (2,), "lam": ()},
        ),
        ("cross_entropy(softmax(X @ W + b), Y)", {"X": (2, 3), "W": (3, 2), "b": (2,), "Y": (2, 2)}),
        ("bce(sigmoid(w @ x + b), y)", {"w": (3,), "x": (3,), "b": (), "y": ()}),
        # attention
        (
            "S = Q @ K.T / sqrt(d); O = softmax(S, axis=1) @ V; sum(O**2)",
            {"Q": (2, 3), "K": (2, 3), "d": (), "V": (2, 3)},
        ),
        # gates: what is multiplied elementwise with an array is one
        (
            "f = sigmoid(W @ x + U @ h); c_new = f*c; sum((c_new - y)**2)",
            {"W": (2, 3), "x": (3,), "U": (2, 3), "h": (3,), "c": (2,), "y": (2,)},
        ),
        # Greek letters are numbers
        (
            "h = W @ x; n = (h - mean(h)) / sqrt(var(h) + eps); sum(gamma*n + beta)",
            {"W": (2, 3), "x": (3,), "eps": (), "gamma": (), "beta": ()},
        ),
        # what is summed has several elements, along the axis that is named
        ("sum(w*x)", {"w": (3,), "x": (3,)}),
        ("sum(w, axis=0)", {"w": (3,)}),
        ("max(sum(w, axis=1))", {"w": (2, 3)}),
        ("mean(W)", {"W": (2, 3)}),
        ("trace(A)", {"A": (2, 2)}),
        ("trace(W @ x)", {"W": (2, 3), "x": (3, 2)}),
        ("sum(cumsum(X) * y)", {"X": (2, 3), "y": (6,)}),
        ("sum(cumsum(x) * y)", {"x": (3,), "y": (3,)}),
        ("sum(cumsum(X, axis=0) * y)", {"X": (2, 3), "y": (2, 3)}),
        # what is held against each other has one shape
        ("mse(W @ x, y)", {"W": (2, 3), "x": (3,), "y": (2,)}),
        ("inner(w, x) + b", {"w": (3,), "x": (3,), "b": ()}),
        ("sum(P*log(P), axis=1) @ w", {"P": (2, 3), "w": (2,)}),
        ("P = exp(Z)/sum(exp(Z), axis=1, keepdims=True); sum(P*Y)", {"Z": (2, 3), "Y": (2, 3)}),
        ("mu = mean(X, axis=0); sum((X - mu) @ W)", {"X": (2, 3), "W": (3, 2)}),
        # exponents, and what stands below the line, are numbers
        ("sum((W @ x)**p / s)", {"W": (2, 3), "x": (3,), "p": (), "s": ()}),
        ("sum(where(W @ x > 0, W @ x, a))", {"W": (2, 3), "x": (3,), "a": (2,)}),
        # a name that is assigned anew is another value
        ("x = x + 1; x = x @ W; sum(x)", {"x": (2,), "W": (2, 3)}),
    ],
)
def test_shapes_follow_from_use(text: str, shapes: Shapes) -> None:
    assert inferred(text) == shapes
    assert np.ndim(computed(text, shapes)) == 0


@pytest.mark.parametrize(
    ("text", "given", "shapes"),
    [
        ("sum(W @ x)", {"x": (5,)}, {"W": (2, 5)}),
        ("sum(W @ x)", {"W": (4, 1)}, {"x": (1,)}),
        ("sum(W @ x + b)", {"b": (4,)}, {"W": (4, 2), "x": (2,)}),
        ("sum(W @ x + b)", {"x": (3, 1)}, {"W": (2, 3), "b": (2, 1)}),
        ("sum(W2 @ tanh(W1 @ x))", {"W2": (1, 7), "x": (4,)}, {"W1": (7, 4)}),
        ("sum(w*x)", {"x": (4,)}, {"w": (4,)}),
        ("sum(w*x)", {"x": ()}, {"w": (3,)}),
        ("sum(W @ x + b)", {"W": (2, 3), "b": (4,)}, {"x": (3, 4)}),
        ("sum(A @ B)", {"A": (5, 2, 3)}, {"B": (3, 2)}),
        ("w*x", {"w": (), "x": ()}, {}),
        ("sum(cumsum(X) + y)", {"X": (2, 4)}, {"y": (8,)}),
        ("mse(W @ x, y)", {"W": (2, 3), "y": (2, 4)}, {"x": (3, 4)}),
        ("mse(W @ x, y)", {"W": (2, 3), "y": ()}, {"x": (3,)}),
        ("cross_entropy(softmax(X @ W), y)", {"X": (4, 3), "y": (4, 2)}, {"W": (3, 2)}),
        ("sum(inner(A, B) @ x)", {"A": (2, 3), "B": (4, 3)}, {"x": (4,)}),
    ],
)
def test_values_that_are_given_decide(text: str, given: Shapes, shapes: Shapes) -> None:
    assert inferred(text, **given) == shapes
    assert np.ndim(computed(text, given | shapes)) == 0


def test_whole_numbers_for_classes_have_no_axis_of_classes() -> None:
    assert inferred("cross_entropy(softmax(X @ W), y)", X=(4, 3), y=(4,)) == {"W": (3, 2)}
    assert inferred("cross_entropy(softmax(X @ W), y)", X=(4, 3), y=(5,)) is None


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("W @ x", {"x": ()}),
        ("W @ x + V @ x", {"W": (2, 3), "V": (2, 4)}),
        ("A @ B + B @ A + C", {"A": (2, 3)}),
        ("sum(x) @ w", {}),
        ("trace(x)", {"x": (3,)}),
        ("mse(W @ x, y)", {"W": (2, 3), "y": (3,)}),
        ("bce(sigmoid(W @ x), y)", {"W": (2, 3), "y": (3,)}),
        ("cross_entropy(W @ x, y)", {"W": (2, 3), "y": (3,)}),
        ("cumsum(X) + y", {"X": (2, 3), "y": (5,)}),
        ("sum(W, axis=2) + V @ x", {"W": (2, 3)}),
    ],
)
def test_what_fits_nowhere_has_no_shapes(text: str, given: Shapes) -> None:
    assert inferred(text, **given) is None


def test_long_formulas_take_no_long_time_to_understand() -> None:
    chain = inferred("sum(" + " @ ".join(f"W{k}" for k in range(60)) + ")")
    assert chain is not None
    assert chain["W59"] == (3, 2)
    renamed = inferred(";".join(["x = -x"] * 60) + "; x @ w")
    assert renamed == {"x": (3,), "w": (3,)}
