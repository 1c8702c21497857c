"""Where matrices are singular, zero, or have repeated eigenvalues, gradients that exist are finite and right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

TWICE = 2 * np.eye(3)


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: np.sum(np.linalg.eigvalsh(x)),
        lambda x: np.sum(np.linalg.eigh(x)[0]),
        lambda x: np.sum(np.linalg.eigvals(x)),
        lambda x: np.sum(np.linalg.svdvals(x)),
        lambda x: np.sum(np.linalg.svd(x)[1]),
        lambda x: np.linalg.norm(x, "nuc"),
    ],
)
def test_sums_of_repeated_values_have_the_identity_as_gradient(fun: Any) -> None:
    np.testing.assert_allclose(cr.grad(fun)(TWICE), np.eye(3), atol=1e-12)


def test_the_determinant_of_a_singular_matrix_has_the_cofactors_as_gradient() -> None:
    np.testing.assert_allclose(cr.grad(np.linalg.det)(np.array([[1.0, 2.0], [2.0, 4.0]])), [[4, -2], [-2, 1]])


@pytest.mark.parametrize("order", [None, "fro", "nuc", 2, 1, np.inf])
def test_the_gradient_of_a_matrix_norm_at_zero_is_zero(order: Any) -> None:
    np.testing.assert_array_equal(cr.grad(lambda x: np.linalg.norm(x, order))(np.zeros((2, 3))), np.zeros((2, 3)))


@pytest.mark.parametrize("order", [None, 1, 2, 3, 0.5, np.inf])
def test_the_gradient_of_a_vector_norm_at_zero_is_zero(order: Any) -> None:
    np.testing.assert_array_equal(cr.grad(lambda x: np.linalg.norm(x, order))(np.zeros(3)), np.zeros(3))


def test_eigenvalues_may_turn_complex_from_one_call_to_the_next() -> None:
    for matrix in (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.0], [-3.0, 1.0]])):
        cr.check_grads(lambda a: np.sum(np.abs(np.linalg.eigvals(a)) ** 2), matrix)


def test_named_results_keep_their_names() -> None:
    graph = cr.trace(lambda x: np.linalg.eigh(x).eigenvalues + np.linalg.slogdet(x).logabsdet, TWICE)
    assert graph.outputs[0].shape == (3,)
