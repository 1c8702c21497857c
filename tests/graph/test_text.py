"""A graph printed: a program that a person can read."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

import chainrule as cr


def shown(text: str) -> str:
    return textwrap.dedent(text).strip()


def test_the_lectures_first_graph() -> None:
    def f(x: Any, y: Any, z: Any) -> Any:
        q = x + y
        return q * z

    assert str(cr.trace(f, 5.0, -2.0, -4.0)) == shown(
        """
        f(x: float64, y: float64, z: float64)
          q  = x + y  : float64
          %0 = q * z  : float64
          return %0
        """
    )


def test_a_layer_with_shapes_and_settings() -> None:
    def layer(X: Any, W: Any, b: Any) -> Any:
        z = X @ W + b
        a = np.tanh(z)
        return np.mean(a, axis=0)

    assert str(cr.trace(layer, np.ones((5, 2)), np.ones((2, 3)), np.ones(3))) == shown(
        """
        layer(X: float64[5, 2], W: float64[2, 3], b: float64[3])
          %0 = X @ W            : float64[5, 3]
          z  = %0 + b           : float64[5, 3]
          a  = tanh(z)          : float64[5, 3]
          %1 = mean(a, axis=0)  : float64[3]
          return %1
        """
    )


def test_a_name_that_is_assigned_again_gets_a_prime() -> None:
    def f(x: Any) -> Any:
        y = x + 1
        y = y * y
        return y  # noqa: RET504

    text = str(cr.trace(f, 1.0))
    assert "y  = x + 1" in text
    assert "y′ = y * y" in text


def test_indexing_and_powers_are_written_as_in_the_code() -> None:
    text = str(cr.trace(lambda v: v[1:, 0] ** 2, np.ones((3, 2))))
    assert "v[1:, 0]" in text
    assert "** 2" in text


def test_large_constants_are_lines_and_numbers_are_inlined() -> None:
    data = np.ones(3)
    text = str(cr.trace(lambda x: x * data + np.float64(0.5), np.ones(3)))
    assert "= constant" in text
    assert "+ 0.5" in text


def test_several_outputs_are_returned_together() -> None:
    assert str(cr.trace(lambda x, y: (y, x), 1.0, 2.0)).endswith("return y, x")


def test_a_graph_of_gradients_can_be_printed() -> None:
    graph = cr.trace(lambda x: np.sum(np.tanh(x) ** 2), np.ones(3))
    assert str(cr.backward(graph)).startswith("gradient of <lambda>(x: float64[3])")
