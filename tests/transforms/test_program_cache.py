"""Kept programs: reused for equal graphs, never for graphs that differ in anything that matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.interpret import ProgramCache
from chainrule.transforms import running


def test_the_same_graph_with_other_numbers_runs_the_same_program() -> None:
    gradient = cr.grad(lambda x, y: np.sum(np.sin(x) * y))
    gradient(np.ones(3), np.ones(3))
    before = len(running._programs)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=3), rng.normal(size=3)
        np.testing.assert_allclose(gradient(x, y), np.cos(x) * y)
    assert len(running._programs) == before


@pytest.mark.parametrize("values", [(1, 1.0, True, 1 + 0j), (0.0, -0.0), (2, 3), (np.inf, np.nan, 0.5)], ids=repr)
def test_other_literals_are_another_program(values: tuple[Any, ...]) -> None:
    for value in (*values, *values):
        with np.errstate(all="ignore"):
            expected = np.float64(3.0) * value
        graph_value, gradient = cr.value_and_grad(lambda x, value=value: np.real(x * value))(3.0)
        np.testing.assert_array_equal(graph_value, np.real(expected))
        np.testing.assert_array_equal(gradient, np.real(value))
        assert np.signbit(graph_value) == np.signbit(np.real(expected))


def test_integer_and_float_literals_differ_in_dtype() -> None:
    for literal, dtype in ((2, np.int64), (2.0, np.float64), (2, np.int64)):
        graph = cr.trace(lambda x, literal=literal: (x > 0) * literal, 1.0)
        assert graph.outputs[0].dtype == dtype


def test_other_shapes_and_dtypes_are_other_programs() -> None:
    gradient = cr.grad(lambda x: np.sum(x * x))
    for x in (np.ones(3), np.ones((3, 1)), np.ones((1, 3), np.float32), np.float64(1.0), np.ones(0), np.ones(3)):
        result = gradient(x)
        assert (np.shape(result), result.dtype) == (np.shape(x), x.dtype)
        np.testing.assert_array_equal(result, 2 * x)


def test_constants_of_other_values_shapes_and_dtypes() -> None:
    x = np.ones(2, np.float32)
    for data in (np.ones(2), np.full(2, 3.0), np.ones((3, 2)), np.ones(2, np.float32), np.ones(2, int), np.ones(2)):
        value, gradient = cr.value_and_grad(lambda x, data=data: np.sum(x * data))(x)
        assert value.dtype == np.sum(x * data).dtype
        np.testing.assert_array_equal(gradient, np.broadcast_to(data, (*data.shape[:-1], 2)).reshape(-1, 2).sum(axis=0))


def test_swapped_arguments_are_not_confused() -> None:
    x, y = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    for argnums in ((0, 1), (1, 0)):
        for fun, by_x, by_y in (
            (lambda x, y: np.sum(x - 2 * y), 1, -2),
            (lambda x, y: np.sum(y - 2 * x), -2, 1),
            (lambda x, y: np.sum(x / y), 1 / y, -x / y**2),
        ):
            expected = [by_x, by_y]
            for gradient, i in zip(cr.grad(fun, argnums)(x, y), argnums, strict=True):
                np.testing.assert_allclose(gradient, np.broadcast_to(expected[i], 2))


def test_the_same_array_for_two_arguments_counts_as_two() -> None:
    x = np.array([1.0, 2.0])
    gradient = cr.grad(lambda a, b: np.sum(a * b * b), argnums=(0, 1))
    for a, b in ((x, x), (x, 2 * x), (x, x)):
        by_a, by_b = gradient(a, b)
        np.testing.assert_array_equal(by_a, b * b)
        np.testing.assert_array_equal(by_b, 2 * a * b)


def test_an_array_that_is_argument_and_constant_at_once() -> None:
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(cr.grad(lambda a: np.sum(a * x * a))(x), 2 * x * x)


def test_a_value_and_its_use_in_several_outputs() -> None:
    def f(x: Any) -> Any:
        y = x * 2
        return y, y, x, np.sum(y)

    x = np.ones(2)
    value, pull_back = cr.vjp(f, x)
    assert not np.shares_memory(value[0], value[1])
    np.testing.assert_array_equal(pull_back((np.ones(2), np.ones(2), np.ones(2), 1.0))[0], [7, 7])


def test_results_are_new_arrays_that_may_be_changed() -> None:
    x, data = np.array([1.0, 2.0]), np.array([3.0, 4.0])

    @cr.custom_vjp
    def same(x: Any) -> Any:
        return x

    same.defvjp(lambda x: (x, None), lambda saved, g: (g,))
    functions = [
        lambda x: np.sum(x * data),
        lambda x: np.sum(x),
        lambda x: np.sum(x * 3),
        lambda x: np.sum(same(x) * data),
        lambda x: np.sum(x.reshape(2, 1).T @ data),
        lambda x: x @ x,
    ]
    for fun in functions:
        gradient = cr.grad(fun)
        first = gradient(x)
        expected = first.copy()
        assert not np.shares_memory(first, x)
        assert not np.shares_memory(first, data)
        first[:] = 99.0
        np.testing.assert_array_equal(gradient(x), expected)
    np.testing.assert_array_equal(x, [1, 2])
    np.testing.assert_array_equal(data, [3, 4])


@pytest.mark.parametrize("wrap", ["custom_vjp", "custom_jvp", "checkpoint"])
def test_values_that_pass_through_a_wrapped_function_unchanged_are_copied(wrap: str) -> None:
    x = np.array([1.0, 2.0])
    if wrap == "checkpoint":
        same = cr.checkpoint(lambda x: x)
    elif wrap == "custom_vjp":
        same = cr.custom_vjp(lambda x: x)
        same.defvjp(lambda x: (x, None), lambda saved, g: (g,))
    else:
        same = cr.custom_jvp(lambda x: x)
        same.defjvp(lambda primals, tangents: (primals[0], tangents[0]))
    value, pull_back = cr.vjp(lambda x: same(x), x)
    again, gradient_aux = cr.value_and_grad(lambda x: (np.sum(x), same(x)), has_aux=True)(x)[0]
    upstream = np.array([5.0, 6.0])
    gradient = pull_back(upstream)[0]
    for result in (value, gradient_aux, gradient):
        assert not np.shares_memory(result, x)
        assert not np.shares_memory(result, upstream)
        result[:] = 99.0
    np.testing.assert_array_equal(x, [1, 2])
    np.testing.assert_array_equal(pull_back(upstream)[0], [5, 6])
    assert again == 3


def test_the_cache_forgets_the_oldest_when_it_is_full() -> None:
    cache = ProgramCache(capacity=3)
    for key in (1, 2, 3, 4):
        cache.get(key, lambda key=key: key)
    assert len(cache) == 3
    assert cache.get(4, lambda: "new") == 4
    assert cache.get(1, lambda: "new") == "new"


def test_a_key_that_cannot_be_hashed_is_built_each_time() -> None:
    cache = ProgramCache()
    assert cache.get(([],), lambda: "built") == "built"
    assert len(cache) == 0
