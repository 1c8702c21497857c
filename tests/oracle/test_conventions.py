"""Conventions that we share with JAX: complex gradients, argnums, aux, containers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

jax = pytest.importorskip("jax", reason="the extra `oracle` installs it")
pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
jax.config.update("jax_enable_x64", True)

Z = np.array([1 + 2j, -0.5 + 0.3j, 2 - 1j])

COMPLEX: dict[str, Any] = {
    "abs": lambda xp, z: xp.sum(xp.abs(z)),
    "real": lambda xp, z: xp.sum(xp.real(z * z)),
    "imag": lambda xp, z: xp.sum(xp.imag(xp.exp(z))),
    "conj": lambda xp, z: xp.sum(xp.real(z * xp.conj(z) * z)),
    "angle": lambda xp, z: xp.sum(xp.angle(z)),
    "polynomial": lambda xp, z: xp.real((z**3 - 2j * z)[0]),
    "product": lambda xp, z: xp.abs(xp.prod(z)),
    "matmul": lambda xp, z: xp.real(z @ xp.conj(z)) ** 2,
    "fft": lambda xp, z: xp.sum(xp.abs(xp.fft.fft(z)) ** 2),
    "where": lambda xp, z: xp.sum(xp.real(xp.where(xp.real(z) > 0, z * z, 1j * z))),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_gradients_equal_those_of_jax(name: str) -> None:
    ours = cr.grad(lambda z: COMPLEX[name](np, z))(Z)
    theirs = jax.grad(lambda z: COMPLEX[name](jax.numpy, z))(Z)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize("name", COMPLEX)
def test_gradients_of_real_variables_in_complex_formulas_equal_those_of_jax(name: str) -> None:
    x = np.array([0.5, -1.0, 2.0])
    ours = cr.grad(lambda x: COMPLEX[name](np, x * (1 + 0.5j)))(x)
    theirs = jax.grad(lambda x: COMPLEX[name](jax.numpy, x * (1 + 0.5j)))(x)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    assert ours.dtype == np.float64


def test_jacobians_of_containers_have_the_structure_of_jax() -> None:
    def f(xp: Any) -> Any:
        return lambda p, y: {"a": xp.sin(p["w"]) * y, "b": xp.sum(p["w"]) * p["c"]}

    point = ({"w": np.array([1.0, 2.0]), "c": np.array(3.0)}, np.array([5.0, 7.0]))
    for ours, theirs in (
        (cr.jacobian(f(np), (0, 1)), jax.jacrev(f(jax.numpy), (0, 1))),
        (cr.jacfwd(f(np), 0), jax.jacfwd(f(jax.numpy), 0)),
    ):
        ours_leaves, ours_tree = jax.tree.flatten(ours(*point))
        theirs_leaves, theirs_tree = jax.tree.flatten(theirs(*point))
        assert ours_tree == theirs_tree
        for one, other in zip(ours_leaves, theirs_leaves, strict=True):
            np.testing.assert_allclose(one, other)


def test_hessians_of_several_arguments_have_the_structure_of_jax() -> None:
    def f(x: Any, y: Any) -> Any:
        return (x[0] * y) ** 2 + x[1] ** 3

    point = (np.array([1.0, 2.0]), np.array(3.0))
    ours, theirs = cr.hessian(f, (0, 1))(*point), jax.hessian(f, (0, 1))(*point)
    for i in range(2):
        for j in range(2):
            np.testing.assert_allclose(ours[i][j], theirs[i][j])


def test_custom_rules_and_aux_are_called_with_the_conventions_of_jax() -> None:
    results = []
    for library in (cr, jax):
        f = library.custom_vjp(lambda x, y: x * y)
        f.defvjp(lambda x, y: (x * y, (x, y)), lambda saved, g: (g * saved[1] * 2, g * saved[0]))
        g = library.custom_jvp(lambda x: x**2)
        g.defjvp(lambda primals, tangents: (primals[0] ** 2, 10 * primals[0] * tangents[0]))
        (value, aux), gradient = library.value_and_grad(
            lambda x, y, f=f, g=g: (f(x, y) + g(y), {"y": y}), argnums=(0, 1), has_aux=True
        )(2.0, 3.0)
        results.append([float(value), float(aux["y"]), *map(float, gradient)])
    assert results[0] == results[1]
