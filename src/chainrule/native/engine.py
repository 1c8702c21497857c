"""From LLVM assembly to functions that can be called."""

from __future__ import annotations

import ctypes
from typing import Any

from chainrule.native.target import Target, host, load_llvm

__all__ = ["Loaded", "assemble", "load", "to_object"]


def assemble(text: str, target: Target) -> Any:
    """A module of LLVM, parsed and optimised for a target.

    The code is written as it should run. What is left to LLVM is to merge common subexpressions, to move what does not
    change out of loops, and to pick instructions and registers.
    """
    llvm = load_llvm()
    module = llvm.parse_assembly(text)
    machine = _machine(target)
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = options.loop_interleaving = False
    builder = llvm.create_pass_builder(machine, options)
    passes = llvm.create_new_module_pass_manager()
    passes = builder.getModulePassManager()
    passes.run(module, builder)
    return module


def to_object(module: Any, target: Target) -> bytes:
    """Machine code of a module."""
    return bytes(_machine(target).emit_object(module))


def _machine(target: Target) -> Any:
    llvm = load_llvm()
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=2, reloc="pic", codemodel="small"
    )


class Loaded:
    """Machine code in memory; it goes when the last reference goes."""

    def __init__(self, code: bytes) -> None:
        llvm = load_llvm()
        empty = llvm.parse_assembly("")
        self._engine = llvm.create_mcjit_compiler(empty, _machine(host()))
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def function(self, name: str) -> Any:
        """A function ``(table, thread, steps)``; Python's lock is released while it runs."""
        address = self._engine.get_function_address(name)
        return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(address)


def load(code: bytes) -> Loaded:
    """Put machine code where it can run."""
    return Loaded(code)
