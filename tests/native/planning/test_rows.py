"""The row analysis: what carries the row axis of a data set, what sums it away, and what needs all rows at once."""

# ruff: noqa: RET504 -- a traced value has the name of its variable, also the one that is returned

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.graph import Graph
from chainrule.native.planning.rows import RowAnalysis, analyse_rows
from chainrule.native.planning.stages import section_of

#: Rows, features and units: all different, so that no axis can be taken for another one.
N, D, H = 7, 3, 2

X, W, R = np.ones((N, D)), np.ones((D, H)), np.ones((N, H))
w, y = np.ones(D), np.ones(N)
STACK = np.ones((N, D, D))

#: What `found` says of a node that all rows together are needed for.
ALL = "all rows at once"


@dataclass
class Found:
    """An analysis, asked by the names of variables."""

    graph: Graph
    rows: RowAnalysis

    def __getitem__(self, name: str) -> Any:
        """The row axis, "summed", or that all rows are needed."""
        node = self.graph[name]
        if node in self.rows.summed:
            return "summed"
        known = self.rows.axis | self.rows.given
        return known.get(node, ALL)

    def phase(self, name: str) -> int:
        return self.rows.phase[self.graph[name]]


def found(function: Callable[..., Any], *arguments: Any, data: tuple[int, ...] = (0,)) -> Found:
    """Analyse a function whose arguments at some positions hold rows of data."""
    graph = cr.trace(function, *arguments)
    leaves = [graph.inputs[position] for position in data]
    return Found(graph, analyse_rows(graph.nodes, leaves, leaves[0].shape[0], graph.inputs))


# Elementwise operations -----------------------------------------------------------------------------------------------


def test_elementwise_operations_keep_the_axis_of_the_rows() -> None:
    def function(X: Any) -> Any:
        z = np.exp(X) * 2 + X
        return z

    assert found(function, X)["z"] == 0


def test_what_is_repeated_for_all_rows_does_not_matter() -> None:
    def function(X: Any, b: Any, c: Any) -> Any:
        z = X + b
        u = z * c
        return u

    at = found(function, X, w, np.ones((1, D)))
    assert (at["z"], at["u"]) == (0, 0)


def test_new_axes_in_front_move_the_rows() -> None:
    def function(X: Any, A: Any) -> Any:
        z = X + A
        return z

    assert found(function, X, np.ones((4, 1, D)))["z"] == 1


def test_rows_along_different_axes_do_not_meet() -> None:
    """X + Xᵀ of as many rows as columns needs row 2 where column 2 is."""

    def function(X: Any) -> Any:
        T = X.T
        z = X + T
        return z

    at = found(function, np.ones((N, N)))
    assert (at["T"], at["z"]) == (1, ALL)


def test_a_vector_of_rows_against_a_matrix_of_rows() -> None:
    def function(X: Any, y: Any) -> Any:
        z = X * y[:, None]
        return z

    assert found(function, X, y, data=(0, 1))["z"] == 0


def test_of_two_leaves_of_the_same_length_one_may_hold_no_data() -> None:
    """A parameter for each row, and a square matrix of weights, have no rows of their own."""

    def function(X: Any, a: Any, S: Any) -> Any:
        z = X * a[:, None]
        own = np.exp(a)
        mixed = S @ X
        square = S @ S
        return z, own, mixed, square

    at = found(function, X, y, np.ones((N, N)))
    assert at["z"] == 0
    assert at["own"] == ALL
    assert at["mixed"] == "summed"  # each row of X adds to all rows of the product
    assert at["square"] == ALL
    assert at.phase("square") == 0


def test_data_of_which_nothing_depends_on_rows() -> None:
    def function(X: Any, w: Any) -> Any:
        z = np.exp(w)
        return z

    at = found(function, X, w)
    assert at["z"] == ALL
    assert at.rows.axis == {}
    assert at.rows.phases == 0


# Matrix products ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "arguments", "data", "wanted"),
    [
        pytest.param(lambda X, W: X @ W, (X, W), (0,), 0, id="X W: rows stay rows"),
        pytest.param(lambda X, w: X @ w, (X, w), (0,), 0, id="X w: a number for each row"),
        pytest.param(lambda X, W: W.T @ X.T, (X, W), (0,), 1, id="Wᵀ Xᵀ: rows as columns"),
        pytest.param(lambda X, w: w @ X.T, (X, w), (0,), 0, id="w Xᵀ: a number for each row"),
        pytest.param(lambda X, R: X.T @ R, (X, R), (0, 1), "summed", id="Xᵀ R: a sum over rows"),
        pytest.param(lambda X, y: X.T @ y, (X, y), (0, 1), "summed", id="Xᵀ y: a sum over rows"),
        pytest.param(lambda X, y: y @ X, (X, y), (0, 1), "summed", id="y X: a sum over rows"),
        pytest.param(lambda y: y @ y, (y,), (0,), "summed", id="y y: a sum over rows"),
        pytest.param(lambda X: X.T @ X, (X,), (0,), "summed", id="Xᵀ X: a sum over rows"),
        pytest.param(lambda X, a: a @ X, (X, y), (0,), "summed", id="a X, with weights that are no data"),
        pytest.param(lambda X, a: X.T @ a, (X, y), (0,), "summed", id="Xᵀ a, with weights that are no data"),
        pytest.param(lambda X: X @ X.T, (X,), (0,), ALL, id="X Xᵀ: each row with each other one"),
        pytest.param(lambda X: X @ X, (np.ones((N, N)),), (0,), ALL, id="X X: rows are columns of the other"),
        pytest.param(lambda S, X: S @ X, (np.ones((N, N)), X), (0, 1), ALL, id="S X, where rows of both meet"),
        pytest.param(lambda A, W: A @ W, (STACK, W), (0,), 0, id="a stack: one product for each row"),
        pytest.param(lambda A, W: W.T @ A, (STACK, W), (0,), 0, id="a stack on the right"),
        pytest.param(lambda A: A @ A, (STACK,), (0,), 0, id="a stack with itself"),
        pytest.param(lambda A: A @ A[None], (STACK,), (0,), 1, id="a stack with a higher one"),
        pytest.param(lambda X, V: X @ V, (X, np.ones((4, D, H))), (0,), 1, id="rows with a stack of weights"),
        pytest.param(lambda X, V: V @ X.T, (X, np.ones((4, H, D))), (0,), 2, id="columns with a stack of weights"),
        pytest.param(lambda A, X: A @ X.T, (STACK, X), (0, 1), ALL, id="each of a stack with each row"),
    ],
)
def test_matrix_products(function: Any, arguments: Any, data: tuple[int, ...], wanted: Any) -> None:
    graph = cr.trace(function, *arguments)
    leaves = [graph.inputs[position] for position in data]
    (product,) = graph.outputs
    rows = analyse_rows(graph.nodes, leaves, N, graph.inputs)
    assert product.op.name == "matmul"
    assert ("summed" if product in rows.summed else rows.axis.get(product, ALL)) == wanted


# Reductions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduce", [np.sum, np.max, np.min])
def test_reductions_over_rows_meet_from_tile_to_tile(reduce: Any) -> None:
    def function(X: Any) -> Any:
        u = np.exp(X)
        z = reduce(u, axis=0)
        kept = reduce(u, axis=0, keepdims=True)
        total = reduce(u)
        return z, kept, total

    at = found(function, X)
    assert [at[name] for name in ("z", "kept", "total")] == ["summed"] * 3


@pytest.mark.parametrize("reduce", [np.prod, np.any, np.all])
def test_other_reductions_over_rows_need_all_of_them(reduce: Any) -> None:
    def function(X: Any) -> Any:
        u = np.exp(X)
        z = reduce(u, axis=0)
        return z

    at = found(function, X)
    assert at["z"] == ALL
    assert at.phase("z") == 1


@pytest.mark.parametrize("reduce", [np.sum, np.max, np.prod, np.any])
@pytest.mark.parametrize(
    ("axis", "keepdims", "wanted"),
    [(-1, False, 1), (-1, True, 1), (0, False, 0), (0, True, 1), ((0, 2), False, 0), ((0, 2), True, 1)],
)
def test_reductions_over_other_axes_keep_the_rows(reduce: Any, axis: Any, keepdims: bool, wanted: int) -> None:
    def function(X: Any) -> Any:
        u = X[None]  # rows are axis 1 of three
        z = reduce(u, axis=axis, keepdims=keepdims)
        return z

    assert found(function, X)["z"] == wanted


# Views ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (lambda u: u.T, 2),
        (lambda u: np.transpose(u, (1, 0, 2)), 1),
        (lambda u: np.moveaxis(u, 0, 1), 1),
        (lambda u: np.broadcast_to(u, (5, N, D, D)), 1),
        (lambda u: u.reshape(N, D * D), 0),
        (lambda u: u.reshape(1, N, D * D), 1),
        (lambda u: u.reshape(N * D, D), ALL),
        (lambda u: u.reshape(-1), ALL),
        (lambda u: u[:, 1], 0),
        (lambda u: u[:, None, ::2], 0),
        (lambda u: u[None, :, 0], 1),
        (lambda u: u[..., -1], 0),
        (lambda u: u[..., None, :], 0),
        (lambda u: u[0:N:1], 0),
        (lambda u: u[1:], ALL),
        (lambda u: u[::-1], ALL),
        (lambda u: u[2], ALL),
    ],
)
@pytest.mark.parametrize("of_data", [True, False], ids=["of data", "of a result"])
def test_views_follow_the_axis_of_the_rows(function: Callable[[Any], Any], wanted: Any, of_data: bool) -> None:
    graph = cr.trace(lambda A: function(A if of_data else np.exp(A)), STACK)
    rows = analyse_rows(graph.nodes, graph.inputs, N, graph.inputs)
    (view,) = graph.outputs
    assert (rows.given if of_data else rows.axis).get(view, ALL) == wanted
    assert view not in rows.summed


# Passes over the rows -------------------------------------------------------------------------------------------------


def test_softmax_over_features_is_one_pass() -> None:
    def function(X: Any, W: Any) -> Any:
        z = X @ W
        e = np.exp(z - np.max(z, axis=1, keepdims=True))
        p = e / np.sum(e, axis=1, keepdims=True)
        total = np.sum(p)
        return total

    at = found(function, X, W)
    assert [at[name] for name in ("z", "e", "p", "total")] == [0, 0, 0, "summed"]
    assert [at.phase(name) for name in ("z", "e", "p", "total")] == [0, 0, 0, 1]
    assert at.rows.phases == 1


def test_softmax_over_rows_is_three_passes() -> None:
    """The maximum must be there before the exponentials, and their sum before the quotients."""

    def function(X: Any) -> Any:
        top = np.max(X, axis=0)
        e = np.exp(X - top)
        below = np.sum(e, axis=0)
        p = e / below
        return p

    at = found(function, X)
    assert [at[name] for name in ("top", "e", "below", "p")] == ["summed", 0, "summed", 0]
    assert [at.phase(name) for name in ("top", "e", "below", "p")] == [1, 1, 2, 2]
    assert at.rows.phases == 3


def test_batch_normalisation_is_three_passes() -> None:
    """Mean, then variance, then what is divided by it."""

    def function(X: Any) -> Any:
        mean = np.sum(X, axis=0) / N
        centred = X - mean
        variance = np.sum(centred * centred, axis=0) / N
        z = centred / np.sqrt(variance)
        loss = np.sum(z)
        return loss

    at = found(function, X)
    assert [at[name] for name in ("mean", "centred", "variance", "z", "loss")] == [ALL, 0, ALL, 0, "summed"]
    assert [at.phase(name) for name in ("mean", "centred", "variance", "z", "loss")] == [1, 1, 2, 2, 3]
    assert at.rows.phases == 3


def test_a_sum_belongs_to_the_pass_before_its_value_is_there() -> None:
    def function(X: Any) -> Any:
        u = np.exp(X)
        total = np.sum(u)
        after = np.log(total)
        return after

    at = found(function, X)
    sections = [section_of(at.graph[name], at.rows) for name in ("u", "total", "after")]
    assert sections == [(0, True), (0, True), (1, False)]


def test_what_mixes_rows_waits_for_all_of_them() -> None:
    def function(X: Any) -> Any:
        u = np.exp(X)
        similarity = u @ u.T
        total = np.sum(similarity)
        return total

    at = found(function, X)
    assert [at[name] for name in ("u", "similarity", "total")] == [0, ALL, ALL]
    assert [at.phase(name) for name in ("u", "similarity", "total")] == [0, 1, 1]


def test_a_new_node_can_follow_another_one() -> None:
    def function(X: Any) -> Any:
        u = np.exp(X)
        total = np.sum(u)
        return total

    at = found(function, X)
    given, carrying, summing = (at.graph[name] for name in ("X", "u", "total"))
    copies = cr.trace(lambda a, b, c: a, X, X, 0.0).inputs
    for copy, like in zip(copies, (given, carrying, summing), strict=True):
        at.rows.follow(copy, like)
    assert [at.rows.axis.get(copy) for copy in copies] == [0, 0, None]
    assert [at.rows.phase[copy] for copy in copies] == [0, 0, 1]
