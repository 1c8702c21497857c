"""Whole kernels for other CPUs: code for AVX2 and for any x86-64 runs here, code for aarch64 is made but not run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.graph import Graph
from chainrule.native.running import executable
from chainrule.native.running.engine import assemble, to_object
from chainrule.native.running.program import NativeProgram
from chainrule.native.target import Target, load_llvm
from chainrule.transforms.aliases import without_aliases

OTHER = ["avx2", "baseline"]
DTYPES = [np.float32, np.float64]


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "cache", False)


def logistic(w: Any, b: Any, X: Any, y: Any) -> Any:
    p = 1 / (1 + np.exp(-(X @ w + b)))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def perceptron(W1: Any, b1: Any, W2: Any, b2: Any, X: Any, y: Any) -> Any:
    hidden = np.tanh(X @ W1 + b1)
    p = 1 / (1 + np.exp(-(hidden @ W2 + b2)))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def classifier(W: Any, b: Any, X: Any, labels: Any) -> Any:
    return cr.cross_entropy(cr.softmax(np.maximum(X @ W, 0) + b), labels)


Point = tuple[Any, ...]


def rows_and_labels(rng: np.random.Generator, n: int, d: int) -> tuple[Any, Any]:
    return rng.normal(size=(n, d)), (rng.random(n) < 0.5) * 1.0


def step(loss: Callable[..., Any], count: int) -> Callable[..., Any]:
    """The loss and its gradients with respect to the first arguments."""
    both = cr.value_and_grad(loss, argnums=tuple(range(count)))

    def value_and_gradients(*args: Any) -> list[Any]:
        value, gradients = both(*args)
        return [value, *gradients]

    return value_and_gradients


def logistic_point(n: int, d: int) -> Callable[[np.random.Generator], Point]:
    def make(rng: np.random.Generator) -> Point:
        X, y = rows_and_labels(rng, n, d)
        return rng.normal(size=d), np.array(0.1), X, y

    return make


def perceptron_point(n: int, d: int, h: int) -> Callable[[np.random.Generator], Point]:
    def make(rng: np.random.Generator) -> Point:
        X, y = rows_and_labels(rng, n, d)
        weights = rng.normal(size=(d, h)), rng.normal(size=h), rng.normal(size=(h, 1)), rng.normal(size=1)
        return *weights, X, y[:, None]

    return make


def arrays(*shapes: tuple[int, ...]) -> Callable[[np.random.Generator], Point]:
    return lambda rng: tuple([rng.normal(size=shape) for shape in shapes])


#: What to compute, and on which arguments: sizes that no vector divides, and rows in several tiles.
KERNELS: dict[str, tuple[Callable[..., Any], Callable[[np.random.Generator], Point]]] = {
    "logistic 100x5": (step(logistic, 2), logistic_point(100, 5)),
    "logistic 37x1": (step(logistic, 2), logistic_point(37, 1)),
    "logistic 1000x33": (step(logistic, 2), logistic_point(1000, 33)),
    "perceptron 200x2x16": (step(perceptron, 4), perceptron_point(200, 2, 16)),
    "perceptron 61x7x19": (step(perceptron, 4), perceptron_point(61, 7, 19)),
    "perceptron 1203x30x33": (step(perceptron, 4), perceptron_point(1203, 30, 33)),
    "classes": (
        step(classifier, 2),
        lambda rng: (rng.normal(size=(11, 5)), rng.normal(size=5), rng.normal(size=(83, 11)), rng.integers(5, size=83)),
    ),
    "sums": (lambda x: [np.sum(x), np.sum(x, axis=0), np.sum(x, axis=1), np.mean(x * x)], arrays((67, 13))),
    "extremes": (lambda x: [np.max(x), np.min(x, axis=0), np.max(x, axis=1), np.argmax(x, axis=1)], arrays((67, 13))),
    "short": (lambda x: [np.exp(x), np.sum(np.tanh(x)), np.prod(1 + 0.1 * x)], arrays((3,))),
    "one number": (lambda x: [np.sin(x) * x, x > 0], arrays(())),
    "masks": (
        lambda x, y: [np.where((x > y) & ~(x > 1), x * y, y), (x > y) | (y > 1), np.sum(x > y, axis=1), np.abs(x)],
        arrays((19, 7), (19, 7)),
    ),
    "whole numbers": (
        lambda x: [np.floor(x * 5) % 3, np.sign(x), np.round(x, 1), (x * 9).astype(np.int32) + 1],
        arrays((41,)),
    ),
    **{
        f"product {m}x{k}x{n}": (lambda A, B: [A @ B, B.T @ A.T, np.tanh(A) @ np.exp(B)], arrays((m, k), (k, n)))
        for m, k, n in [(1, 1, 1), (3, 5, 7), (17, 9, 33), (31, 64, 15), (5, 129, 3)]
    },
    "product with a vector": (lambda A, x: [A @ x, np.sum(A * x, axis=1)], arrays((23, 37), (37,))),
    "functions": (
        lambda x: [np.log1p(x * x), np.expm1(x), np.cos(x), np.sqrt(np.abs(x)), np.arctan(x), cr.sigmoid(x), x**3],
        arrays((29, 3)),
    ),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("cpu", OTHER)
def test_kernels_for_older_cpus_give_the_numbers_of_the_interpreter(
    cpu: str, name: str, dtype: Any, target_named: Callable[[str], Target]
) -> None:
    target = target_named(cpu)
    fun, make = KERNELS[name]
    point = in_precision(make(np.random.default_rng(7)), dtype)
    graph = cr.trace(fun, *point)
    found = NativeProgram(without_aliases(graph.outputs), graph.inputs, target=target).run(point)
    units = 100 * np.finfo(dtype).eps
    for node, value in zip(graph.outputs, found, strict=True):
        wanted = np.asarray(node.value)
        assert value.dtype == wanted.dtype
        largest = np.max(np.abs(wanted), initial=0) if wanted.dtype.kind == "f" else 0
        np.testing.assert_allclose(value, wanted, rtol=units, atol=units * largest)


def in_precision(point: Point, dtype: Any) -> list[Any]:
    return [x.astype(dtype) if x.dtype.kind == "f" else x for x in map(np.asarray, point)]


class TextMade(Exception):  # noqa: N818
    """Ends the making of a program as soon as its text is there."""


def text_for(graph: Graph, target: Target) -> str:
    """Assembly of the first kernel of a graph's program."""

    def stop(text: str, target: Target) -> Any:
        raise TextMade(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executable, "compiled", stop)
        with pytest.raises(TextMade) as made:
            NativeProgram(without_aliases(graph.outputs), graph.inputs, target=target)
    return str(made.value)


@pytest.mark.parametrize(
    ("cpu", "used", "unused"), [("avx2", ["%ymm", "vfmadd"], ["%zmm"]), ("baseline", ["%xmm"], ["%ymm", "vfmadd"])]
)
def test_code_uses_the_registers_and_instructions_of_its_cpu(
    cpu: str, used: list[str], unused: list[str], target_named: Callable[[str], Target]
) -> None:
    target = target_named(cpu)
    fun, make = KERNELS["perceptron 200x2x16"]
    text = text_for(cr.trace(fun, *in_precision(make(np.random.default_rng(0)), np.float32)), target)
    machine = load_llvm().Target.from_triple(target.triple).create_target_machine(target.cpu, target.features)
    instructions = machine.emit_assembly(assemble(text))
    assert [name for name in used if name not in instructions] == []
    assert [name for name in unused if name in instructions] == []


#: Windows has other rules for calls, macOS other names; both take the same code.
FOREIGN = {
    "aarch64": Target.from_features("aarch64-unknown-linux-gnu", "generic", {"neon": True}),
    "apple": Target.from_features("arm64-apple-macosx14.0.0", "apple-m1", {"neon": True}),
    "windows": Target.from_features("x86_64-pc-windows-msvc", "x86-64", {}),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("machine", FOREIGN)
def test_code_for_machines_that_are_not_here_is_made(machine: str, dtype: Any) -> None:
    llvm = load_llvm()
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = FOREIGN[machine]
    for name in ("logistic 100x5", "perceptron 61x7x19", "masks", "product 17x9x33", "functions"):
        fun, make = KERNELS[name]
        graph = cr.trace(fun, *in_precision(make(np.random.default_rng(0)), dtype))
        code = to_object(assemble(text_for(graph, target)), target)
        assert code.startswith(MAGIC[machine])


#: How object files begin: ELF, Mach-O, and COFF for x86-64.
MAGIC = {"aarch64": b"\x7fELF\x02", "apple": b"\xcf\xfa\xed\xfe", "windows": b"\x64\x86"}


def test_a_machine_code_file_names_its_architecture() -> None:
    """In an ELF file the two bytes from 18 on name the machine: 183 is aarch64."""
    llvm = load_llvm()
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    graph = cr.trace(lambda x: [np.exp(x)], np.ones(5))
    code = to_object(assemble(text_for(graph, FOREIGN["aarch64"])), FOREIGN["aarch64"])
    assert int.from_bytes(code[18:20], "little") == 183
