"""Nanoseconds per element of our vector functions, beside NumPy and SciPy, on arrays in the first-level cache.

Run with ``python benchmarks/native_functions.py [NAME ...]``. How precise they are, the tests say.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy import special

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Type, Value
from chainrule.native.functions import FUNCTIONS
from chainrule.native.target import host, load_llvm

COUNT = 2048
BINARY = ["arctan2", "hypot", "logaddexp", "power"]
PEERS: dict[str, Callable[..., np.ndarray]] = {
    "erf": special.erf,
    "erfc": special.erfc,
    "ndtr": special.ndtr,
    "sigmoid": special.expit,
    "softplus": lambda x: np.logaddexp(0, x),
}
#: Where arguments are drawn.
RANGES = {"arccos": (-1, 1), "arcsin": (-1, 1), "arctanh": (-1, 1), "arccosh": (1, 10)}


def compiled(name: str, scalar: str) -> tuple[object, Callable[..., None]]:
    """The engine that owns the code, and ``call(inputs..., out, n, rounds)`` that goes over arrays so many times."""
    target = host()
    b = Builder(target.lanes_of, target.has_fma, target.has_avx512)
    lanes = target.lanes_of[scalar]
    arity = 2 if name in BINARY else 1
    index = Type("i64")
    b.label("entry")
    rounds = b.begin_loop(b.i64(0), Value("%rounds", index))
    loop = b.begin_loop(b.i64(0), Value("%n", index), lanes)
    inputs = [Value(f"%in{i}", Type("ptr")) for i in range(arity)]
    args = [b.load(b.address(pointer, loop.index, scalar), Type(scalar, lanes)) for pointer in inputs]
    b.store(FUNCTIONS[name](b, *args), b.address(Value("%out", Type("ptr")), loop.index, scalar))
    b.end_loop(loop)
    b.end_loop(rounds)
    parameters = "".join(f"ptr noalias {pointer.text}, " for pointer in inputs)
    header = f"define void @kernel({parameters}ptr noalias %out, i64 %n, i64 %rounds) {{"
    text = "\n".join([f'target triple = "{target.triple}"', *sorted(b.declarations), header, *b.lines, "ret void", "}"])
    llvm = load_llvm()
    module = llvm.parse_assembly(text)
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=2, jit=True
    )
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    passes.getModulePassManager().run(module, passes)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (arity + 1), ctypes.c_int64, ctypes.c_int64)
    return engine, prototype(engine.get_function_address("kernel"))


def best_time(call: Callable[[], object]) -> float:
    """Seconds of the quickest of several calls: what disturbs can only slow down."""
    times = []
    for _ in range(7):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def row(name: str, scalar: str) -> str:
    dtype = np.float32 if scalar == "float" else np.float64
    rng = np.random.default_rng(0)
    args = [rng.uniform(*RANGES.get(name, (0.05, 3)), COUNT).astype(dtype) for _ in range(2 if name in BINARY else 1)]
    out = np.empty(COUNT, dtype)
    engine, kernel = compiled(name, scalar)
    assert engine is not None  # it owns the code
    pointers = [array.ctypes.data for array in [*args, out]]
    ours = best_time(lambda: kernel(*pointers, COUNT, 500)) / 500
    peer = PEERS.get(name) or getattr(np, name)
    theirs = best_time(lambda: [peer(*args) for _ in range(50)]) / 50
    nanoseconds = 1e9 / COUNT
    return (
        f"| {name} | {dtype.__name__} | {ours * nanoseconds:.2f} | {theirs * nanoseconds:.2f} | {theirs / ours:.1f} |"
    )


def main(names: list[str]) -> None:
    print("| function | dtype | ours, ns | NumPy or SciPy, ns | ratio |")
    print("|---|---|---|---|---|")
    for name in names or FUNCTIONS:
        for scalar in ("float", "double"):
            print(row(name, scalar), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
