"""Small programs under HIPS autograd and under `chainrule.compat.autograd`, side by side."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as onp
import pytest

import chainrule as cr

pytestmark = pytest.mark.oracle

MODULES = {
    "": "",
    "np": ".numpy",
    "special": ".scipy.special",
    "signal": ".scipy.signal",
    "norm": ".scipy.stats.norm",
    "mvn": ".scipy.stats.multivariate_normal",
    "extend": ".extend",
    "flatten": ".misc.flatten",
    "optimizers": ".misc.optimizers",
    "fixed_points": ".misc.fixed_points",
}


def package(name: str) -> Any:
    members = {short: importlib.import_module(name + path) for short, path in MODULES.items() if short}
    return SimpleNamespace(ag=importlib.import_module(name), **members)


RNG = onp.random.default_rng(0)
X, W, V = RNG.normal(size=(6, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=4)
LABELS = (RNG.uniform(size=6) > 0.5).astype(float)

PROGRAMS: dict[str, Callable[[Any], Any]] = {}


def program(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
    PROGRAMS[run.__name__] = run
    return run


@program
def perceptron(m: Any) -> Any:
    np = m.np

    def loss(params: Any) -> Any:
        h = np.tanh(np.dot(X, params[0]) + params[1]["b"])
        z = np.dot(h, params[1]["v"])
        return np.mean(np.log(1 + np.exp(z)) - LABELS * z)

    params = [W, {"b": onp.zeros(4), "v": V}]
    value, gradient = m.ag.value_and_grad(loss)(params)
    return [value, gradient[0], gradient[1]["b"], gradient[1]["v"]]


@program
def gaussian_mixture(m: Any) -> Any:
    def loss(means: Any, root: Any) -> Any:
        cov = m.np.dot(root.T, root) + onp.eye(3)
        parts = [m.mvn.logpdf(X, mean, cov) for mean in means]
        return m.np.sum(m.special.logsumexp(m.np.vstack(parts), axis=0))

    return m.ag.grad(loss, (0, 1))(W.T[:2], W[:, :3])


@program
def hessian_and_products(m: Any) -> Any:
    def f(x: Any) -> Any:
        return m.np.sum(m.np.sin(m.np.dot(W, x)) ** 2) + m.np.prod(x)

    return [
        m.ag.hessian(f)(V),
        m.ag.hessian_vector_product(f)(V, V[::-1]),
        m.ag.make_ggnvp(lambda x: m.np.sin(m.np.dot(W, x)))(V)(V),
        m.ag.deriv(f)(V),
        m.ag.elementwise_grad(m.np.tanh)(V),
    ]


@program
def complex_numbers(m: Any) -> Any:
    z = V[:2] + 1j * V[2:]
    return [
        m.ag.grad(lambda z: m.np.real(m.np.sum(m.np.exp(z) * z)))(z),
        m.ag.grad(lambda z: m.np.abs(z[0]) ** 2 + m.np.angle(z[1]))(z),
        m.ag.holomorphic_grad(lambda z: m.np.sin(z) * z)(z[0]),
        m.ag.grad(lambda x: m.np.sum(m.np.abs(m.np.fft.fft(x)) ** 2))(V),
        m.ag.make_vjp(lambda z: z * m.np.conj(z))(z)[0](1j * z),
        m.ag.make_jvp(lambda z: z * m.np.conj(z))(z)(1j * z[::-1])[1],
    ]


@program
def own_primitive(m: Any) -> Any:
    @m.ag.primitive
    def logsumexp(x: Any) -> Any:
        top = onp.max(x)
        return top + onp.log(onp.sum(onp.exp(x - top)))

    m.extend.defvjp(logsumexp, lambda ans, x: lambda g: m.np.full(x.shape, g) * m.np.exp(x - m.np.full(x.shape, ans)))
    f = m.ag.grad(lambda y: logsumexp(y**2))
    return [f(V), m.ag.jacobian(f)(V)]


@program
def convolutions(m: Any) -> Any:
    image, kernel = RNG_IMAGE, RNG_KERNEL
    results = []
    for mode in ("full", "valid"):

        def f(a: Any, b: Any, mode: str = mode) -> Any:
            return m.np.sum(m.signal.convolve(a, b, axes=([1, 2], [1, 2]), dot_axes=([0], [0]), mode=mode) ** 2)

        results += [f(image, kernel), *m.ag.grad(f, (0, 1))(image, kernel)]
    return results


RNG_IMAGE, RNG_KERNEL = RNG.normal(size=(2, 5, 4)), RNG.normal(size=(2, 2, 3))


@program
def optimizers_with_callbacks(m: Any) -> Any:
    seen = []
    gradient = m.ag.grad(lambda p, i: m.np.sum((p["x"] - i) ** 2) + p["y"] ** 4)
    for name in ("sgd", "rmsprop", "adam"):
        start = {"x": V, "y": 2.0}
        end = getattr(m.optimizers, name)(gradient, start, lambda p, i, g: seen.append(g["y"]), num_iters=5)
        seen.extend([end["x"], end["y"]])
    return seen


@program
def implicit_differentiation(m: Any) -> Any:
    def root(a: Any) -> Any:
        step = lambda a: lambda x: 0.5 * (x + a / x)  # noqa: E731
        return m.fixed_points.fixed_point(step, a, 1.0, lambda x, y: m.np.abs(x - y), 1e-12)

    return [root(2.0), m.ag.grad(root)(2.0), m.ag.grad(m.ag.grad(root))(2.0)]


@program
def flattening(m: Any) -> Any:
    value = {"b": [V, 2.0], "a": (W,)}
    vector, unflatten = m.flatten.flatten(value)
    back = unflatten(vector * 3)
    return [vector, back["a"][0], back["b"][0], back["b"][1]]


@program
def multigrad(m: Any) -> Any:
    def f(x: Any, y: Any = 2.0) -> Any:
        return m.np.sum(x * y) ** 2

    gradient, aux = m.ag.grad_and_aux(lambda x: (m.np.sum(x**2), 2.0 * x[0]))(V)
    return [m.ag.grad_named(f, "y")(V, 3.0), m.ag.grad(f, [1, 0])(V, 3.0)[1], gradient, aux]


@program
def ties_and_kinks(m: Any) -> Any:
    x = onp.array([1.0, -2.0, 1.0, 0.0])
    return [
        m.ag.grad(m.np.max)(x),
        m.ag.grad(lambda x: m.np.sum(m.np.maximum(x, 1.0)))(x),
        m.ag.grad(lambda x: m.np.sum(m.np.abs(x)))(x),
        m.ag.grad(lambda x: m.np.sum(m.np.where(x > 0, x**2, -x)))(x),
        m.ag.grad(lambda x: m.np.sum(m.np.sort(x) * onp.arange(4.0)))(x),
    ]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("run", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_program_gives_the_same_numbers_under_both(run: Callable[[Any], Any]) -> None:
    ours, theirs = run(package("chainrule.compat.autograd")), run(package("autograd"))
    first, structure = cr.structure.flatten(ours)
    second, other = cr.structure.flatten(theirs)
    assert structure == other
    for mine, yours in zip(first, second, strict=True):
        assert onp.shape(mine) == onp.shape(yours)
        onp.testing.assert_allclose(mine, yours, rtol=1e-9, atol=1e-10)


PUBLIC = {
    "": "checkpoint deriv dict elementwise_grad grad grad_and_aux grad_named hessian hessian_tensor_product "
    "hessian_vector_product holomorphic_grad isinstance jacobian list make_ggnvp make_hvp make_jvp make_vjp "
    "multigrad_dict primitive tensor_jacobian_product tuple type value_and_grad vector_jacobian_product",
    ".differential_operators": "make_jvp_reversemode",
    ".extend": "Box JVPNode SparseObject VJPNode VSpace def_linear defjvp defjvp_argnum defjvp_argnums defvjp "
    "defvjp_argnum defvjp_argnums notrace_primitive primitive register_notrace vspace",
    ".builtins": "dict isinstance list tuple type",
    ".test_util": "check_equivalent check_grads check_jvp check_vjp combo_check make_numerical_jvp scalar_close",
    ".misc": "const_graph flatten",
    ".misc.flatten": "flatten flatten_func",
    ".misc.optimizers": "adam rmsprop sgd unflatten_optimizer",
    ".misc.fixed_points": "fixed_point",
    ".misc.tracers": "const_graph full_graph",
    ".core": "make_jvp make_vjp primitive vspace VSpace defvjp defjvp",
    ".tracer": "Box getval isbox notrace_primitive primitive register_notrace",
    ".wrap_util": "unary_to_nary",
    ".util": "func subval subvals",
    ".numpy.numpy_boxes": "ArrayBox",
    ".scipy": "integrate signal special stats",
    ".scipy.signal": "convolve",
    ".scipy.integrate": "odeint",
    ".scipy.linalg": "solve_banded solve_sylvester solve_triangular sqrtm",
    ".scipy.stats": "beta chi2 dirichlet gamma multivariate_normal norm poisson t",
}


@pytest.mark.parametrize("module", PUBLIC)
def test_autograds_public_names_are_there(module: str) -> None:
    ours = importlib.import_module("chainrule.compat.autograd" + module)
    theirs = importlib.import_module("autograd" + module)
    assert [name for name in PUBLIC[module].split() if not (hasattr(ours, name) and hasattr(theirs, name))] == []


@pytest.mark.parametrize("module", ["numpy", "numpy.linalg", "numpy.fft", "numpy.random", "scipy.special"])
def test_every_function_that_autograd_wraps_is_there(module: str) -> None:
    ours = importlib.import_module("chainrule.compat.autograd." + module)
    theirs = importlib.import_module("autograd." + module)
    original = importlib.import_module(module)
    wrapped = [name for name in vars(theirs) if not name.startswith("_") and hasattr(original, name)]
    assert wrapped
    assert [name for name in wrapped if not hasattr(ours, name)] == []
