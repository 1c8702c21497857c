"""Loops around one function, compiled for the host and for older CPUs, and what their results are measured by."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Type, Value
from chainrule.native.functions import FUNCTIONS
from chainrule.native.target import Target, host, load_llvm

#: CPUs that code is made for here: this one, one with AVX2, and any x86-64, which has no fused multiply-add.
OLDER = {
    "avx2": ("haswell", {"avx2": True, "fma": True}),
    "baseline": ("x86-64", {}),
}
TARGETS = ["host", *OLDER]
SCALARS = ["float", "double"]


def target_named(name: str) -> Target:
    """A target that this machine can run, or a skip."""
    if name == "host":
        return host()
    cpu, features = OLDER[name]
    here = dict(load_llvm().get_host_cpu_features())
    missing = [feature for feature in features if not here.get(feature)]
    if missing or not host().triple.startswith("x86_64"):
        pytest.skip(f"this machine cannot run code for {cpu}")
    return Target.from_features(host().triple, cpu, features)


def builder_for(target: Target) -> Builder:
    return Builder(target.lanes_of, target.has_fma, target.has_avx512)


def loop_text(name: str, scalar: str, target: Target, lanes: int, arity: int) -> str:
    """A module whose ``kernel(inputs..., out, n)`` applies a function of `FUNCTIONS`, so many elements at a time."""
    b = builder_for(target)
    b.label("entry")
    loop = b.begin_loop(b.i64(0), Value("%n", Type("i64")), max(lanes, 1))
    args = [
        b.load(b.address(Value(f"%in{i}", Type("ptr")), loop.index, scalar), Type(scalar, lanes)) for i in range(arity)
    ]
    b.store(FUNCTIONS[name](b, *args), b.address(Value("%out", Type("ptr")), loop.index, scalar))
    b.end_loop(loop)
    b.lines.append("ret void")
    inputs = "".join(f"ptr %in{i}, " for i in range(arity))
    return "\n".join(
        [
            f'target triple = "{target.triple}"',
            *sorted(b.declarations),
            f"define void @kernel({inputs}ptr %out, i64 %n) {{",
            *b.lines,
            "}",
        ]
    )


def optimized(text: str, target: Target) -> tuple[Any, Any]:
    """The optimised module of a text, and its target machine."""
    llvm = load_llvm()
    module = llvm.parse_assembly(text)
    module.verify()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=2, jit=True
    )
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    passes.getModulePassManager().run(module, passes)
    return module, machine


@cache
def _engine(name: str, scalar: str, target_name: str, lanes: int, arity: int) -> tuple[Any, int]:
    target = target_named(target_name)
    module, machine = optimized(loop_text(name, scalar, target, lanes, arity), target)
    engine = load_llvm().create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine, engine.get_function_address("kernel")


def compiled(name: str, scalar: str, target_name: str = "host", lanes: int | None = None) -> Callable[..., np.ndarray]:
    """A function of `FUNCTIONS` on flat arrays of one length."""
    if lanes is None:
        lanes = target_named(target_name).lanes_of[scalar]
    dtype = np.float32 if scalar == "float" else np.float64
    width = max(lanes, 1)

    def call(*arrays: np.ndarray) -> np.ndarray:
        engine, address = _engine(name, scalar, target_name, lanes, len(arrays))
        count = len(arrays[0])
        padded = [np.concatenate([array.astype(dtype), np.ones(-count % width, dtype)]) for array in arrays]
        out = np.empty_like(padded[0])
        prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (len(arrays) + 1), ctypes.c_int64)
        prototype(address)(*[array.ctypes.data for array in [*padded, out]], len(out))
        assert engine is not None  # it owns the code
        return out[:count]

    return call


def ulp_error(got: np.ndarray, wide: np.ndarray) -> np.ndarray:
    """Distance from a more precise reference in units of the last place, ∞ where only one of the two is a number."""
    info = np.finfo(got.dtype)
    with np.errstate(all="ignore"):
        exact = wide.astype(got.dtype)
        exponent = np.maximum(np.frexp(np.abs(wide))[1] - 1, info.minexp) - info.nmant
        error = np.abs(got.astype(wide.dtype) - wide) / np.ldexp(np.ones_like(wide), exponent)
    same = (got == exact) | (np.isnan(got) & np.isnan(exact))
    comparable = np.isfinite(got) & np.isfinite(exact)
    # Within the last half unit before overflow, the largest number and ∞ are neighbours.
    return np.where(comparable, error, np.where(same, 0.0, np.inf)).astype(np.float64)


@pytest.fixture(params=TARGETS)
def target_name(request: pytest.FixtureRequest) -> str:
    target_named(request.param)
    return request.param


@pytest.fixture(params=SCALARS)
def scalar(request: pytest.FixtureRequest) -> str:
    return request.param


# Modules of tests cannot import one another in pytest's importlib mode; what they share comes as fixtures.


@pytest.fixture(name="compiled", scope="session")
def _compiled() -> Callable[..., Callable[..., np.ndarray]]:
    """`compiled`."""
    return compiled


@pytest.fixture(name="ulp_error", scope="session")
def _ulp_error() -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """`ulp_error`."""
    return ulp_error


@pytest.fixture(name="loop_text", scope="session")
def _loop_text() -> Callable[..., str]:
    """`loop_text`."""
    return loop_text


@pytest.fixture(name="target_named", scope="session")
def _target_named() -> Callable[[str], Target]:
    """`target_named`."""
    return target_named


@pytest.fixture(name="optimized", scope="session")
def _optimized() -> Callable[..., tuple[Any, Any]]:
    """`optimized`."""
    return optimized
