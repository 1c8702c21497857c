"""Flattening, optimisers, kept graphs, checks, vector spaces and convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp
import pytest
import scipy.signal

import chainrule.compat.autograd.numpy as np
import chainrule.compat.autograd.scipy as scipy_of_autograd
from chainrule.compat.autograd import grad, make_vjp
from chainrule.compat.autograd.extend import VSpace, vspace
from chainrule.compat.autograd.misc import const_graph, flatten, optimizers
from chainrule.compat.autograd.misc.flatten import flatten_func
from chainrule.compat.autograd.scipy.signal import convolve
from chainrule.compat.autograd.test_util import (
    check_equivalent,
    check_grads,
    check_jvp,
    check_vjp,
    combo_check,
    make_numerical_jvp,
    scalar_close,
)

PARAMETERS = {"w": onp.array([[1.0, 2.0]]), "b": [3.0, (onp.array(4.0),)]}


def test_flatten_and_back() -> None:
    vector, unflatten = flatten(PARAMETERS)
    assert vector.tolist() == [3.0, 4.0, 1.0, 2.0]
    back = unflatten(vector * 2)
    assert back["w"].tolist() == [[2.0, 4.0]]
    assert back["b"] == [6.0, (8.0,)]
    empty, unflatten_empty = flatten({})
    assert empty.shape == (0,)
    assert unflatten_empty(empty) == {}


def test_flatten_of_traced_values_is_differentiable() -> None:
    def f(p: Any) -> Any:
        vector, unflatten = flatten(p)
        return np.sum(vector**2) + np.sum(unflatten(vector)["w"])

    gradient = grad(f)(PARAMETERS)
    assert gradient["w"].tolist() == [[3.0, 5.0]]
    assert gradient["b"][0] == 6.0


def test_a_function_of_containers_becomes_one_of_vectors() -> None:
    of_vector, unflatten, start = flatten_func(lambda p, k: {"y": k * p["w"]}, PARAMETERS)
    assert of_vector(start, 2.0).tolist() == [2.0, 4.0]
    assert unflatten(start)["b"][0] == 3.0


@pytest.mark.parametrize(
    ("optimize", "settings"),
    [
        (optimizers.sgd, {"num_iters": 400, "step_size": 0.05}),
        (optimizers.rmsprop, {"num_iters": 400, "step_size": 0.01}),
        (optimizers.adam, {"num_iters": 800, "step_size": 0.02}),
    ],
)
def test_optimizers_find_the_minimum_and_report(optimize: Callable[..., Any], settings: dict[str, Any]) -> None:
    seen: list[int] = []

    def objective(p: Any, i: int) -> Any:
        return np.sum((p["x"] - 1.0) ** 2) + (p["y"] + 2.0) ** 2

    def callback(p: Any, i: int, g: Any) -> None:
        assert set(p) == set(g) == {"x", "y"}
        seen.append(i)

    found = optimize(grad(objective), {"x": onp.zeros(2), "y": 0.0}, callback, **settings)
    onp.testing.assert_allclose(found["x"], 1.0, atol=0.02)
    assert found["y"] == pytest.approx(-2.0, abs=0.02)
    assert seen == list(range(settings["num_iters"]))


def test_a_kept_graph_is_replayed_on_numbers_and_on_traced_values() -> None:
    calls = []

    def f(a: float, x: Any) -> Any:
        calls.append(a)
        return a * x**2

    kept = const_graph(f, 2.0)
    assert [float(kept(1.0)), float(kept(3.0))] == [2.0, 18.0]
    assert grad(kept)(3.0) == 12.0
    assert grad(grad(kept))(3.0) == 4.0
    assert calls == [2.0]


def test_the_checks_pass_and_fail() -> None:
    check_grads(np.sin)(0.3)
    check_vjp(np.sin, 0.3)
    check_jvp(np.sin, 0.3)
    combo_check(np.sum, (0,), order=1)([onp.ones((2, 3)), onp.ones((1, 2))], axis=[None, 0], keepdims=[True, False])
    check_equivalent({"a": onp.ones(2)}, {"a": onp.ones(2)})
    with pytest.raises(AssertionError, match="differ"):
        check_equivalent(onp.ones(2), 2 * onp.ones(2))
    with pytest.raises(AssertionError, match="spaces"):
        check_equivalent(onp.ones(2), onp.ones(3))
    assert scalar_close(1.0, 1.0 + 1e-9)
    assert make_numerical_jvp(np.sin, 0.0)(2.0) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "value",
    [1.0, 1j, onp.ones((2, 3)), onp.ones(2, complex), [onp.ones(2), (3.0,)], {"a": 1.0, "b": [onp.ones(1)]}],
    ids=["number", "complex number", "array", "complex array", "list", "dict"],
)
def test_vector_spaces_obey_their_laws(value: Any) -> None:
    space = vspace(value)
    assert space == vspace(space.zeros()) == vspace(space.ones())
    basis = list(space.standard_basis())
    assert len(basis) == space.size
    x, y = space.randn(), space.randn()
    assert scalar_close(space.inner_prod(x, y), space.inner_prod(y, x))
    assert scalar_close(space.inner_prod(space.scalar_mul(x, 2.0), y), 2 * space.inner_prod(x, y))
    check_equivalent(space.add(x, y), space.mut_add(space.mut_add(None, y), x))
    check_equivalent(space.covector(space.covector(x)), x)


def test_vector_spaces_of_own_types_and_of_nothing() -> None:
    class Angle:
        pass

    class AngleSpace(VSpace):
        size = 1

        def __init__(self, value: Any) -> None:
            pass

    with pytest.raises(TypeError, match="no vector space"):
        vspace("text")
    with pytest.raises(TypeError, match="no vector space"):
        vspace(3)
    with pytest.raises(TypeError, match="no vector space"):
        vspace(Angle())
    AngleSpace.register(Angle)
    assert isinstance(vspace(Angle()), AngleSpace)


def test_upstream_gradients_may_be_numbers() -> None:
    vjp, _ = make_vjp(lambda x: np.sum(x**2))(onp.ones(2))
    assert vjp(1).tolist() == [2.0, 2.0]
    assert vjp(onp.ones(1)).tolist() == [2.0, 2.0]


@pytest.mark.parametrize("mode", ["full", "valid", "same"])
@pytest.mark.parametrize("shapes", [((5, 4), (3, 2)), ((2, 3), (5, 4)), ((4, 3), (4, 3)), ((5, 2), (3, 2))])
def test_convolution_over_all_axes_is_scipys(mode: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    rng = onp.random.default_rng(0)
    A, B = (rng.normal(size=shape) for shape in shapes)
    onp.testing.assert_allclose(
        convolve(A, B, mode=mode), scipy.signal.convolve(A, B, mode, method="direct"), atol=1e-12
    )
    check_grads(lambda A, B: convolve(A, B, mode=mode), (0, 1))(A, B)


@pytest.mark.parametrize("mode", ["full", "valid"])
def test_convolution_with_outer_and_summed_axes(mode: str) -> None:
    rng = onp.random.default_rng(0)
    images, filters = rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(3, 4, 3, 2))

    def layer(images: Any, filters: Any) -> Any:
        return convolve(images, filters, axes=([2, 3], [2, 3]), dot_axes=([1], [0]), mode=mode)

    expected = [
        [
            sum(scipy.signal.convolve(images[n, c], filters[c, f], mode, method="direct") for c in range(3))
            for f in range(4)
        ]
        for n in range(2)
    ]
    onp.testing.assert_allclose(layer(images, filters), expected, atol=1e-12)
    check_grads(layer, (0, 1))(images, filters)


def test_convolution_refuses_what_does_not_fit() -> None:
    with pytest.raises(AssertionError, match="mode"):
        convolve(onp.ones(3), onp.ones(2), mode="circular")
    with pytest.raises(ValueError, match="larger"):
        convolve(onp.ones((3, 2)), onp.ones((2, 3)), mode="valid")


def test_scipys_modules_are_where_autograd_has_them() -> None:
    from chainrule.compat.autograd.scipy.stats import multivariate_normal as mvn
    from chainrule.compat.autograd.scipy.stats import norm

    assert grad(norm.logpdf)(2.0) == -2.0
    assert grad(scipy_of_autograd.special.expit)(0.0) == 0.25
    check_grads(lambda m: mvn.logpdf(onp.array([0.1, 0.2]), m, onp.eye(2)))(onp.zeros(2))
