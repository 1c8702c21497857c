"""The machine that code is made for: its vector width and features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["Target", "host"]


@dataclass(frozen=True)
class Target:
    """A kind of CPU.

    Attributes
    ----------
    triple : str
        Architecture and operating system, as LLVM writes them.
    cpu : str
        LLVM's name of the CPU, such as ``znver4`` or ``x86-64``.
    features : str
        LLVM's list of features, such as ``+avx2,+fma``.
    vector_bytes : int
        Bytes of a vector register.
    has_fma : bool
        Whether there is a fused multiply-add.
    registers : int
        How many vector registers there are.
    has_avx512 : bool
        Whether there are the instructions of AVX-512, for vectors of 16, 32 and 64 bytes.
    """

    triple: str
    cpu: str
    features: str
    vector_bytes: int
    has_fma: bool
    registers: int
    has_avx512: bool = False

    @property
    def lanes_of(self) -> dict[str, int]:
        """How many elements of each kind fill a vector register."""
        bytes_of = {"float": 4, "double": 8, "i64": 8, "i32": 4, "i16": 2, "i8": 1}
        return {scalar: max(self.vector_bytes // size, 1) for scalar, size in bytes_of.items()}

    @staticmethod
    def from_features(triple: str, cpu: str, features: dict[str, bool]) -> Target:
        """A target whose vector width follows from its features."""
        has = features.get
        x86 = triple.startswith(("x86_64", "i686"))
        avx512 = bool(has("avx512f") and has("avx512dq") and has("avx512vl"))
        width = 64 if avx512 else 32 if has("avx2") else 16
        return Target(
            triple,
            cpu,
            ",".join(f"{'+' if on else '-'}{name}" for name, on in sorted(features.items())),
            width,
            bool(has("fma")) or not x86,
            32 if width == 64 or not x86 else 16,
            avx512,
        )


@cache
def host() -> Target:
    """The machine that this process runs on."""
    llvm = load_llvm()
    return Target.from_features(llvm.get_process_triple(), llvm.get_host_cpu_name(), dict(llvm.get_host_cpu_features()))


@cache
def load_llvm() -> Any:
    """llvmlite's binding, made ready for the host."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm
