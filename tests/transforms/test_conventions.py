"""JAX's conventions: argnums, has_aux, containers, keyword arguments, and what comes back."""

from __future__ import annotations

import dataclasses
import functools
from collections import namedtuple
from typing import Any

import numpy as np
import pytest

import chainrule as cr

Layer = namedtuple("Layer", "W b")


@dataclasses.dataclass(frozen=True)
class Model:
    first: Any
    second: Any
    power: int = 2


def f(x: Any, y: Any, z: Any = 1.0) -> Any:
    return x * x * y * z


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (0, 12.0),
        (1, 4.0),
        (-1, 4.0),
        (-2, 12.0),
        (np.int64(1), 4.0),
        ((0,), (12.0,)),
        ((1, 0), (4.0, 12.0)),
        ([0, 1], (12.0, 4.0)),
        ((0, -1), (12.0, 4.0)),
    ],
)
def test_argnums_choose_the_arguments(argnums: Any, expected: Any) -> None:
    assert cr.grad(f, argnums)(2.0, 3.0) == expected


@pytest.mark.parametrize("argnums", [2, -3, (0, 5)])
def test_an_argument_that_the_call_does_not_have_is_an_error(argnums: Any) -> None:
    with pytest.raises(cr.errors.StructureError, match="the call has 2 positional arguments"):
        cr.grad(f, argnums)(2.0, 3.0)


def test_numbers_come_back_as_numpy_scalars_and_arrays_as_arrays() -> None:
    for gradient in (cr.grad(lambda x: x)(2.0), cr.grad(lambda x: x * 3.0)(2.0), cr.grad(np.sin)(np.array(2.0))):
        assert type(gradient) is np.float64
    value, gradient = cr.value_and_grad(lambda x: x)(2.0)
    assert type(value) is type(gradient) is np.float64
    assert type(cr.grad(np.sum)(np.ones(2))) is np.ndarray
    assert type(cr.grad(lambda x: x * 2)(np.float32(2))) is np.float32


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_a_gradient_has_the_dtype_of_its_variable(dtype: Any) -> None:
    gradient = cr.grad(lambda x: np.sum(x * np.float64(2) + 1.0))(np.ones(3, dtype))
    assert gradient.dtype == dtype
    assert gradient.tolist() == [2, 2, 2]


def test_keyword_arguments_are_handed_on() -> None:
    assert cr.grad(f)(2.0, 3.0, z=5.0) == 60
    assert cr.value_and_grad(lambda x, **settings: x * settings["scale"])(2.0, scale=3.0) == (6, 3)


def test_variadic_arguments() -> None:
    assert cr.grad(lambda *xs: xs[0] * xs[1] * xs[2], argnums=(0, 2))(2.0, 3.0, 4.0) == (12, 6)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ([1.0, (2.0, 3.0)], [2.0, (4.0, 6.0)]),
        ({"b": 1.0, "a": [2.0, {"c": 3.0}]}, {"b": 2.0, "a": [4.0, {"c": 6.0}]}),
        (Layer(1.0, 2.0), Layer(2.0, 4.0)),
        (Model(1.0, [2.0]), Model(2.0, [4.0])),
        ((1.0, None), (2.0, None)),
    ],
    ids=repr,
)
def test_a_gradient_has_the_structure_of_its_argument(point: Any, expected: Any) -> None:
    def total(p: Any) -> Any:
        return sum(leaf**2 for leaf in cr.structure.flatten(p)[0])

    assert cr.grad(total)(point) == expected
    assert cr.grad(total)(expected) != expected


def test_settings_of_a_dataclass_are_seen_by_the_function() -> None:
    gradient = cr.grad(lambda m: m.first**m.power)(Model(3.0, 0.0, power=3))
    assert gradient == Model(27.0, 0.0, power=3)


def test_aux_is_handed_on_with_its_structure_and_traced_parts_become_arrays() -> None:
    def with_aux(x: Any) -> Any:
        y = x * 2
        return np.sum(y), {"y": y, "note": "text", "count": 3, "plain": np.ones(2)}

    (value, aux), gradient = cr.value_and_grad(with_aux, has_aux=True)(np.ones(2))
    assert value == 4
    assert type(aux["y"]) is np.ndarray
    assert (aux["note"], aux["count"]) == ("text", 3)
    only_gradient, aux_again = cr.grad(with_aux, has_aux=True)(np.ones(2))
    np.testing.assert_array_equal(only_gradient, gradient)
    np.testing.assert_array_equal(aux_again["y"], [2, 2])


def test_aux_in_every_transform_that_takes_it() -> None:
    def g(x: Any) -> Any:
        return x**2, x + 1

    x = np.array([1.0, 2.0])
    value, pull_back, aux = cr.vjp(g, x, has_aux=True)
    assert (value.tolist(), pull_back(np.ones(2))[0].tolist(), aux.tolist()) == ([1, 4], [2, 4], [2, 3])
    value, tangent, aux = cr.jvp(g, (x,), (np.ones(2),), has_aux=True)
    assert (value.tolist(), tangent.tolist(), aux.tolist()) == ([1, 4], [2, 4], [2, 3])
    for transform in (cr.jacobian, cr.jacfwd):
        jacobian, aux = transform(g, has_aux=True)(x)
        assert (jacobian.tolist(), aux.tolist()) == ([[2, 0], [0, 4]], [2, 3])
    hessian, aux = cr.hessian(lambda x: (np.sum(x**3), x + 1), has_aux=True)(x)
    assert (hessian.tolist(), aux.tolist()) == ([[6, 0], [0, 12]], [2, 3])


def test_closures_partials_methods_and_callable_objects() -> None:
    class Scaled:
        def __init__(self, factor: float) -> None:
            self.factor = factor

        def __call__(self, x: Any) -> Any:
            return self.factor * x

        def method(self, x: Any) -> Any:
            return self.factor * x * x

    factor = np.float64(3.0)
    assert cr.grad(lambda x: x * factor)(1.0) == 3
    assert cr.grad(functools.partial(f, 2.0))(3.0) == 4
    assert cr.grad(functools.partial(f, z=2.0))(2.0, 3.0) == 24
    assert cr.grad(Scaled(5.0))(1.0) == 5
    assert cr.grad(Scaled(5.0).method)(1.0) == 10


def test_the_transformed_function_keeps_name_and_docstring() -> None:
    def documented(x: Any) -> Any:
        """What it does."""
        return x

    for transform in (cr.grad, cr.value_and_grad, cr.jacobian, cr.jacfwd, cr.elementwise_grad, cr.checkpoint):
        assert transform(documented).__name__ == "documented"
        assert transform(documented).__doc__ == "What it does."


def test_plain_numpy_functions_can_be_differentiated() -> None:
    assert cr.grad(np.sin)(0.0) == 1
    assert cr.grad(np.linalg.norm)(np.array([3.0, 4.0])).tolist() == [0.6, 0.8]


def test_lists_and_nested_lists_of_numbers_are_containers_not_arrays() -> None:
    gradient = cr.grad(lambda p: p[0][0] * p[1])([[2.0], 3.0])
    assert gradient == [[3.0], 2.0]


def test_an_output_that_ignores_its_argument_warns_and_gives_zero() -> None:
    with pytest.warns(cr.errors.IndependentOutputWarning, match="does not depend on the differentiated arguments"):
        assert cr.grad(lambda x: 3.0)(2.0) == 0


def test_an_argument_without_influence_gets_zeros_of_its_shape() -> None:
    _, y = cr.grad(lambda x, y: np.sum(x), argnums=(0, 1))(np.ones(2), np.ones((3, 1), np.float32))
    assert (y.shape, y.dtype, y.sum()) == ((3, 1), np.float32, 0)


def test_zero_size_arrays_have_zero_size_gradients() -> None:
    gradient = cr.grad(lambda x: np.sum(x * 2))(np.ones((0, 3)))
    assert gradient.shape == (0, 3)


def test_a_grad_of_a_size_one_output_is_accepted() -> None:
    assert cr.grad(lambda x: x @ x.T)(np.array([[1.0, 2.0]])).tolist() == [[2.0, 4.0]]
