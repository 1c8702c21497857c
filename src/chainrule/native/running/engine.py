"""From LLVM assembly to functions that can be called."""

from __future__ import annotations

import ctypes
from typing import Any

from chainrule.native.target import Target, host, load_llvm

__all__ = ["Loaded", "assemble", "code_model", "to_object"]


def assemble(text: str) -> Any:
    """A module of LLVM.

    No optimisation passes run: the code is written as it should run, and what they would find is also found when LLVM
    picks instructions and registers. They took as long as that, and changed no time by more than one in a hundred.
    """
    return load_llvm().parse_assembly(text)


def to_object(module: Any, target: Target) -> bytes:
    """Machine code of a module."""
    return bytes(_machine(target).emit_object(module))


def code_model(target: Target) -> tuple[str, str]:
    """Relocation and code model.

    On x86-64, code and constants may lie anywhere in memory: LLVM gives up, and the process with it, if they are more
    than 2 GiB apart and the code model says that they are not. On other processors llvmlite keeps them together.
    """
    return ("static", "large") if target.triple.startswith("x86_64") else ("pic", "small")


def _machine(target: Target) -> Any:
    reloc, model = code_model(target)
    triple = load_llvm().Target.from_triple(target.triple)
    return triple.create_target_machine(cpu=target.cpu, features=target.features, opt=2, reloc=reloc, codemodel=model)


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
