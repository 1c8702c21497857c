"""The code itself: any number of lanes, other architectures, and what two functions share."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Type, Value
from chainrule.native.functions import FUNCTIONS
from chainrule.native.target import Target, host, load_llvm

BINARY = ["arctan2", "hypot", "logaddexp", "power"]


@pytest.mark.parametrize("lanes", [0, 1, 2, 3, 4, 8, 16, 24, 32])
@pytest.mark.parametrize("name", ["cbrt", "erf", "exp", "log1p", "power", "sin", "sigmoid", "tan", "tanh"])
def test_any_number_of_lanes(name: str, lanes: int, scalar: str, compiled) -> None:
    rng = np.random.default_rng(3)
    dtype = np.float32 if scalar == "float" else np.float64
    args = [rng.uniform(0.1, 3, 97).astype(dtype) for _ in range(2 if name in BINARY else 1)]
    args[0][13] = 1e30  # where sin and tan take the long way
    np.testing.assert_array_equal(compiled(name, scalar, lanes=lanes)(*args), compiled(name, scalar)(*args))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_compiles_for_aarch64(name: str, scalar: str, loop_text) -> None:
    llvm = load_llvm()
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = Target.from_features("aarch64-unknown-linux-gnu", "neoverse-n1", {"neon": True})
    lanes = target.lanes_of[scalar]
    module = llvm.parse_assembly(loop_text(name, scalar, target, lanes, 2 if name in BINARY else 1))
    machine = llvm.Target.from_triple(target.triple).create_target_machine(cpu=target.cpu, features=target.features)
    assembly = machine.emit_assembly(module)
    assert "fmla" in assembly
    assert "kernel:" in assembly


def test_sigmoid_and_softplus_share_the_exponential(optimized) -> None:
    def operations(*names: str) -> int:
        b = Builder(host().lanes_of, host().has_fma, host().has_avx512)
        type = Type("float", host().lanes_of["float"])
        b.label("entry")
        values = [FUNCTIONS[name](b, Value("%x", type)) for name in names]
        for i, value in enumerate(values):
            b.store(value, b.address(Value("%out", Type("ptr")), b.i64(i * type.lanes), "float"))
        body = "\n".join(
            [*sorted(b.declarations), f"define void @f({type} %x, ptr %out) {{", *b.lines, "ret void", "}"]
        )
        module, _ = optimized(f'target triple = "{host().triple}"\n{body}', host())
        return sum(len(list(block.instructions)) for block in module.get_function("f").blocks)

    shared = operations("sigmoid") + operations("softplus") - operations("sigmoid", "softplus")
    assert shared >= operations("exp") - 3
