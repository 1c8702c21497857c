"""`jit`: traced once for each signature, with the results, structures and dtypes of the plain call."""

from __future__ import annotations

import dataclasses
import gc
import threading
import warnings
import weakref
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import RecompilationWarning, StaticArgumentError, TraceLeakError
from chainrule.transforms.jit import MOST_PROGRAMS, WARNED_AT

X32 = np.array([1.0, -2.0, 3.0], np.float32)


class Traced:
    """A function that counts how often its Python code runs."""

    def __init__(self, fun: Callable[..., Any]) -> None:
        self.fun, self.count = fun, 0
        self.__name__ = "counted"
        self.__wrapped__ = fun  # the signature is that of `fun`

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        return self.fun(*args, **kwargs)


def perceptron(params: Any, X: Any, y: Any) -> Any:
    hidden = np.tanh(X @ params["W1"] + params["b1"])
    p = 1 / (1 + np.exp(-(hidden @ params["W2"] + params["b2"])))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def perceptron_data(n: int = 20) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(n)
    params = {"W1": rng.normal(size=(2, 4)), "b1": np.zeros(4), "W2": rng.normal(size=4), "b2": np.array(0.1)}
    X = rng.normal(size=(n, 2))
    return params, X, (X[:, 0] > 0).astype(float)


def assert_same(found: Any, wanted: Any) -> None:
    found_leaves, found_structure = cr.structure.flatten(found)
    leaves, structure = cr.structure.flatten(wanted)
    assert found_structure == structure
    for a, b in zip(found_leaves, leaves, strict=True):
        assert type(a) is type(b)
        if isinstance(b, (np.ndarray, np.generic)):
            assert a.dtype == b.dtype
        if isinstance(b, str):
            assert a == b
        else:
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


# Tracing ----------------------------------------------------------------------------------------------------


def test_the_python_code_runs_once_for_each_signature() -> None:
    fun = Traced(lambda x: x * x)
    compiled = cr.jit(fun)
    for x in (np.ones(3), np.zeros(3), np.ones((3, 1)), np.ones(3, np.float32), np.ones(3), 2.0, 3.0, np.float64(2)):
        assert_same(compiled(x), np.multiply(x, x) if isinstance(x, np.ndarray) else x * x)
    assert fun.count == 5


@pytest.mark.parametrize(
    "transform",
    [
        cr.grad,
        cr.value_and_grad,
        lambda f: cr.jacobian(f, argnums=1),
        lambda f: lambda params, X, y: cr.hessian(lambda W: f({**params, "W2": W}, X, y))(params["W2"]),
        lambda f: lambda params, X, y: cr.jvp(lambda X: f(params, X, y), (X,), (np.ones_like(X),)),
        lambda f: lambda params, X, y: cr.vjp(lambda X: f(params, X, y), X)[1](2.0),
        lambda f: cr.grad(cr.checkpoint(f)),
        cr.jit,
    ],
)
def test_transforms_compile(transform: Any) -> None:
    arguments = perceptron_data()
    compiled = cr.jit(transform(perceptron))
    assert_same(compiled(*arguments), transform(perceptron)(*arguments))
    other = perceptron_data(20)[0] | {"b2": np.array(-3.0)}
    assert_same(compiled(other, *arguments[1:]), transform(perceptron)(other, *arguments[1:]))


def test_aux_of_a_compiled_gradient() -> None:
    def loss(w: Any, x: Any) -> Any:
        prediction = w * x
        return np.sum(prediction**2), {"prediction": prediction, "name": "squares", "count": 3, "data": np.arange(3)}

    compiled = cr.jit(cr.value_and_grad(loss, has_aux=True))
    for w in (2.0, 3.0):
        assert_same(compiled(w, X32), cr.value_and_grad(loss, has_aux=True)(w, X32))


def test_a_compiled_function_inside_other_transforms() -> None:
    compiled = cr.jit(lambda x: np.sum(np.sin(x) ** 2))
    x = np.array([0.3, 1.0])
    np.testing.assert_allclose(cr.grad(compiled)(x), np.sin(2 * x))
    np.testing.assert_allclose(cr.hessian(compiled)(x), np.diag(2 * np.cos(2 * x)), atol=1e-15)
    np.testing.assert_allclose(cr.jit(cr.grad(lambda x: compiled(x) * compiled(2 * x)))(x).shape, (2,))
    w = cr.grad(lambda w: cr.jit(lambda x: w * x)(3.0))(2.0)
    assert w == 3.0


def test_custom_rules_compile() -> None:
    @cr.custom_vjp
    def clipped(x: Any) -> Any:
        return x

    clipped.defvjp(lambda x: (x, None), lambda saved, g: (np.clip(g, -1.0, 1.0),))
    assert cr.jit(cr.grad(lambda x: 100.0 * clipped(x)))(2.0) == 1.0


# Arguments and results --------------------------------------------------------------------------------------

Layer = namedtuple("Layer", "W b")


@dataclasses.dataclass
class Model:
    W: Any
    power: int = 2


@pytest.mark.parametrize(
    "container",
    [
        {"b": 1.5, "a": X32},
        [X32, (2.0, {"x": np.ones((2, 2))})],
        Layer(X32, None),
        OrderedDict(z=X32, a=1.0),
        Model(X32, 3),
        (),
        {},
    ],
    ids=repr,
)
def test_containers_come_back_as_they_went_in(container: Any) -> None:
    compiled = cr.jit(lambda p: cr.structure.map_leaves(lambda leaf: leaf * 2, p))
    for _ in range(2):
        assert_same(compiled(container), cr.structure.map_leaves(lambda leaf: leaf * 2, container))
    if isinstance(container, dict):
        assert list(compiled(container)) == list(container)


def test_dicts_in_another_order_are_another_program() -> None:
    fun = Traced(lambda p: [value * 2 for value in p.values()])
    compiled = cr.jit(fun)
    for p in ({"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}, {"a": 3.0, "b": 4.0}):
        assert compiled(p) == [2 * value for value in p.values()]
    assert fun.count == 2


def test_a_leaf_that_becomes_a_container_is_another_program() -> None:
    compiled = cr.jit(lambda p: cr.structure.map_leaves(lambda leaf: leaf + 1, p))
    for p in ({"a": 1.0}, {"a": [1.0]}, {"a": {"b": 1.0}}, {"a": None}, {"a": 1.0}, [1.0], (1.0,)):
        assert_same(compiled(p), cr.structure.map_leaves(lambda leaf: leaf + 1, p))


def test_keyword_arguments_in_any_order_are_one_program() -> None:
    fun = Traced(lambda x, *, a, b: x * a - b)
    compiled = cr.jit(fun)
    assert compiled(1.0, a=2.0, b=3.0) == -1
    assert compiled(1.0, b=3.0, a=2.0) == -1
    assert fun.count == 1
    assert compiled(np.ones(1), a=2.0, b=3.0) == [-1]
    assert fun.count == 2


def test_results_are_never_the_arguments_or_the_constants() -> None:
    constant = np.arange(3.0)
    compiled = cr.jit(lambda x: (x, x.T, constant, x))
    x = np.ones((2, 2))
    for _ in range(2):
        results = compiled(x)
        for result in results:
            result += 1  # writeable, too
        np.testing.assert_array_equal(x, np.ones((2, 2)))
        np.testing.assert_array_equal(results[2], [1, 2, 3])
        assert not np.shares_memory(results[0], results[3])


def test_what_is_no_array_is_returned_as_it_was_when_traced() -> None:
    marker = object()
    result = cr.jit(lambda x: {"text": "abc", "none": None, "int": 3, "object": marker, "x": x})(1.5)
    assert result == {"text": "abc", "none": None, "int": 3, "object": marker, "x": 1.5}


def test_a_function_without_traced_results() -> None:
    compiled = cr.jit(lambda x: None)
    assert compiled(1.0) is None
    assert compiled(2.0) is None


def test_arguments_may_be_strided_read_only_overlapping_and_empty() -> None:
    compiled = cr.jit(lambda a, b: np.sum(a * b, axis=0))
    base = np.arange(24.0).reshape(4, 6)
    frozen = base[:, ::2].copy()
    frozen.flags.writeable = False
    for a, b in ((base[:, ::2], base[:, 1::2]), (base[::-1, 3:], frozen), (np.asfortranarray(base)[:, :3], frozen)):
        np.testing.assert_allclose(compiled(a, b), np.sum(a * b, axis=0))
    np.testing.assert_array_equal(compiled(np.ones((0, 3)), np.ones((0, 3))), np.zeros(3))


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3)])
def test_softmaxes_without_elements(shape: tuple[int, ...]) -> None:
    """Their stable forms subtract a maximum, which an empty array does not have."""

    def loss(x: Any) -> Any:
        return np.sum(np.log(np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)))

    def total(x: Any) -> Any:
        return np.log(np.sum(np.exp(x)))

    for fun, wanted in ((loss, 0.0), (total, -np.inf)):
        value, gradient = cr.jit(cr.value_and_grad(fun))(np.ones(shape))
        assert value == wanted
        assert gradient.shape == shape


def test_memory_maps_are_arrays(tmp_path: Any) -> None:
    mapped = np.memmap(tmp_path / "x", np.float64, "w+", shape=(3,))
    mapped[:] = [1, 2, 3]
    compiled = cr.jit(lambda x: x * 2)
    for _ in range(2):
        assert type(compiled(mapped)) is np.ndarray
        np.testing.assert_array_equal(compiled(mapped), [2, 4, 6])


def test_assignment_to_an_argument_stays_inside() -> None:
    def f(x: Any) -> Any:
        x[0] = 5.0
        return np.sum(x)

    x = np.ones(3)
    assert cr.jit(f)(x) == 7
    np.testing.assert_array_equal(x, np.ones(3))


def test_methods_and_callable_objects() -> None:
    class Scaler:
        def __init__(self, factor: float) -> None:
            self.factor = factor

        @cr.jit
        def scale(self, x: Any) -> Any:
            return self.factor * x

    assert [Scaler(2.0).scale(3.0), Scaler(4.0).scale(3.0)] == [6.0, 12.0]


# Python's numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fun",
    [
        lambda a, x: a * x,
        lambda a, x: (a * 2 + 1) ** 2 * x,
        lambda a, x: -abs(a) // 1 * x,
        lambda a, x: np.exp(a) * x,
        lambda a, x: np.where(x > a, a, x),
        lambda a, x: np.clip(x, -a, a),
        lambda a, x: x > a,
        lambda a, x: a * 0.9,
        lambda a, x: a,
        lambda a, x: (a > 0) + (a > 1),
        lambda a, x: a * 1j * x,
        lambda a, x: a * np.arange(3),
        lambda a, x: cr.grad(lambda x: np.sum((a * 2.0 * x) ** 2))(x),
        lambda a, x: cr.grad(lambda a: np.sum((a * x) ** 2))(a),
        lambda a, x: cr.value_and_grad(lambda x: np.log(1 / (1 + np.exp(-np.sum(a * x)))))(x),
    ],
)
def test_python_floats_adapt_to_the_dtype_that_they_meet(fun: Any) -> None:
    compiled = cr.jit(fun)
    for a in (1.5, 2.5):
        found, wanted = compiled(a, X32), fun(a, X32)
        found_leaves, wanted_leaves = cr.structure.flatten(found)[0], cr.structure.flatten(wanted)[0]
        for one, other in zip(found_leaves, wanted_leaves, strict=True):
            assert getattr(one, "dtype", type(one)) == getattr(other, "dtype", type(other))
            np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("scalar", [np.float32(2), np.float64(2), np.int64(2), np.bool_(True), 2.0, 2 + 1j])
def test_numbers_are_dynamic(scalar: Any) -> None:
    fun = Traced(lambda a, x: a * x)
    compiled = cr.jit(fun)
    for factor in (scalar, type(scalar)(0)):
        assert_same(compiled(factor, X32), factor * X32)
    assert fun.count == 1


def test_positions_may_be_traced() -> None:
    def f(X: Any, i: Any, rows: Any) -> Any:
        X = X.copy()
        row = X[i]
        row[0] = 7.0
        X[i] += 1
        return X[i, 1], X[rows], X

    X = np.arange(6.0).reshape(3, 2)
    compiled = cr.jit(f)
    for i in (0, 2, -1):
        assert_same(compiled(X, np.int64(i), np.array([2, i])), f(X, np.int64(i), np.array([2, i])))
    gradient = cr.jit(cr.grad(lambda X, i: np.sum(X[i] ** 2)))
    np.testing.assert_array_equal(gradient(X, np.int64(1)), [[0, 0], [4, 6], [0, 0]])


# Static arguments --------------------------------------------------------------------------------------------


def test_ints_text_none_and_functions_are_static() -> None:
    fun = Traced(lambda x, how: how(x) if callable(how) else x * 2 if how in (1, None) else x + 1)
    compiled = cr.jit(fun)
    for how in (1, 0, None, "text", np.square, 1, 0, None, "text", np.square):
        assert compiled(0.5, how) == fun.fun(0.5, how)
    assert fun.count == 5


def test_equal_static_values_of_different_types_are_different() -> None:
    compiled = cr.jit(lambda x, n: (type(n).__name__, x * n), static_argnums=1)
    for n in (1, True, 1.0, 1 + 0j, 1):
        assert compiled(2.0, n)[0] == type(n).__name__
    assert [np.signbit(compiled(1.0, zero)[1]) for zero in (0.0, -0.0, 0.0)] == [False, True, False]


@pytest.mark.parametrize("settings", [{"static_argnums": 1}, {"static_argnums": -1}, {"static_argnames": "rate"}])
def test_static_floats_however_they_are_passed(settings: Any) -> None:
    fun = Traced(lambda x, rate: x if rate > 0.5 else -x)
    compiled = cr.jit(fun, **settings)
    assert [compiled(3.0, 0.9), compiled(3.0, rate=0.1), compiled(4.0, 0.9), compiled(4.0, rate=0.1)] == [3, -3, 4, -4]
    assert fun.count == 2
    assert compiled(5.0, rate=0.9) == 5  # by position and by name are two kinds of calls
    assert fun.count == 3


def test_static_containers() -> None:
    fun = Traced(lambda x, settings: x * settings["scale"] if settings["on"] else x)
    compiled = cr.jit(fun, static_argnames=["settings"])
    assert compiled(2.0, {"scale": 3.0, "on": True}) == 6
    assert compiled(2.0, {"scale": 3.0, "on": True}) == 6
    assert compiled(2.0, {"scale": 4.0, "on": True}) == 8
    assert fun.count == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: cr.jit(lambda x, n: x, static_argnums=1)(1.0, np.ones(2)),
            r"n \(shape \(2,\), float64\).*array cannot",
        ),
        (lambda: cr.jit(lambda x, n: x)(1.0, {1, 2}), "n, of type set"),
        (lambda: cr.jit(lambda x: x)(np.array(["a"])), "x .*cannot be hashed"),
        (lambda: cr.jit(lambda x: x)(np.array([1.0, None])), "x .*cannot be hashed"),
        (lambda: cr.jit(lambda x, n: x, static_argnums=2), "no argument 2"),
        (lambda: cr.jit(lambda x, n: x, static_argnames="m"), "no argument 'm'"),
    ],
)
def test_static_arguments_that_do_not_work(make: Any, message: str) -> None:
    with pytest.raises(StaticArgumentError, match=message):
        make()


def test_matrices_are_refused() -> None:
    with pytest.raises(cr.errors.UnsupportedOperationError, match="MaskedArray"):
        cr.jit(lambda x: x)(np.ma.masked_array([1.0]))


# Constants ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [3, 100_000])
def test_arrays_of_the_surroundings_are_constants(size: int) -> None:
    data = np.ones(size)
    compiled = cr.jit(lambda x: np.sum(x * data))
    assert compiled(2.0) == 2 * size
    data[:] = 5.0  # neither locked nor seen
    assert compiled(2.0) == 2 * size
    compiled.clear()
    assert compiled(2.0) == 10 * size


def test_a_traced_value_of_an_earlier_call_is_refused() -> None:
    kept: list[Any] = []
    cr.jit(lambda x: kept.append(x) or x * 1)(1.0)
    uses = [
        lambda: cr.jit(lambda y: y * kept[0])(2.0),
        lambda: cr.jit(lambda y: y)(kept[0]),
        lambda: cr.grad(lambda y: y * kept[0])(2.0),
        lambda: bool(kept[0] > 1),
    ]
    for use in uses:
        with pytest.raises(TraceLeakError, match="in a call that has ended"):
            use()
    assert "any number" in repr(kept[0])


def test_the_arguments_of_a_call_are_not_kept() -> None:
    compiled = cr.jit(lambda x: x * 2)
    x = np.ones(10)
    gone = weakref.ref(x)
    compiled(x)
    del x
    gc.collect()
    assert gone() is None


# Programs ----------------------------------------------------------------------------------------------------


def test_the_plan_is_text_and_compiles_for_the_call_that_follows() -> None:
    fun = Traced(lambda x: np.exp(x) + 1)
    compiled = cr.jit(fun)
    assert "exp" in compiled.plan(np.ones(3))
    compiled(np.zeros(3))
    assert fun.count == 1


def test_clear_drops_the_programs() -> None:
    fun = Traced(lambda x: x + 1)
    compiled = cr.jit(fun)
    compiled(1.0)
    compiled.clear()
    compiled(1.0)
    assert fun.count == 2


def test_only_so_many_programs_are_kept_the_latest_ones() -> None:
    fun = Traced(lambda x, n: x * n)
    compiled = cr.jit(fun)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecompilationWarning)
        for n in range(MOST_PROGRAMS + 1):
            compiled(1.0, n)
            compiled(1.0, 1)  # in use all the time
        count = fun.count
        compiled(1.0, 1)
        compiled(1.0, 2 * MOST_PROGRAMS // 2)
        assert fun.count == count
        compiled(1.0, 0)
    assert fun.count == count + 1


@pytest.mark.parametrize(
    ("changing", "message"),
    [
        (lambda i: (np.ones(3), i), f"n was {WARNED_AT - 2}, then {WARNED_AT - 1}"),
        (
            lambda i: (np.ones(i), 1),
            rf"x was an array of shape \({WARNED_AT - 2},\), float64, then .*\({WARNED_AT - 1},\)",
        ),
        (lambda i: (np.ones(3), [1] * i), "structure"),
    ],
)
def test_compiling_again_and_again_gives_one_warning(changing: Any, message: str) -> None:
    compiled = cr.jit(lambda x, n: x)

    def call_often() -> None:
        for i in range(2 * WARNED_AT):
            compiled(*changing(i))

    with pytest.warns(RecompilationWarning, match=message) as caught:
        call_often()
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_names_and_documentation_are_kept() -> None:
    def area(r: Any) -> Any:
        """The area of a circle."""
        return np.pi * r**2

    compiled = cr.jit(area)
    assert (compiled.__name__, compiled.__doc__, compiled.__wrapped__) == ("area", area.__doc__, area)


def test_compiled_code_does_not_warn_of_what_is_not_finite() -> None:
    assert np.isneginf(cr.jit(lambda x: np.log(x))(0.0))
    assert np.isinf(cr.jit(cr.grad(lambda x: np.log(x)))(0.0))


def test_exceptions_pass_and_leave_nothing_behind() -> None:
    def f(x: Any, fails: bool) -> Any:
        if fails:
            raise KeyError("mine")
        return x * 2

    compiled = cr.jit(f)
    with pytest.raises(KeyError, match="mine"):
        compiled(1.0, True)
    assert compiled(1.0, False) == 2
    data = np.ones(100_000)
    with pytest.raises(ZeroDivisionError):
        cr.jit(lambda x: (x * data, 1 / 0))(1.0)
    data[0] = 2.0  # not locked any more


# Threads -----------------------------------------------------------------------------------------------------


def test_many_threads_may_call_one_function() -> None:
    fun = Traced(perceptron)
    compiled = cr.jit(cr.value_and_grad(fun))
    jobs = [perceptron_data(n) for n in (5, 6, 7)] * 40
    expected = [cr.value_and_grad(perceptron)(*job) for job in jobs]
    start = threading.Barrier(8)

    def work(which: int) -> list[Any]:
        start.wait(10)
        return [compiled(*job) for job in jobs[which::8]]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    for which, found in enumerate(results):
        for one, wanted in zip(found, expected[which::8], strict=True):
            assert_same(one, wanted)
    assert fun.count == 3
