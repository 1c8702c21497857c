"""Functions of LLVM assembly that a `Builder` writes, as Python functions on arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Type, Value
from chainrule.native.running.engine import Loaded, assemble, to_object
from chainrule.native.target import Target, host

I64, PTR = Type("i64"), Type("ptr")

#: ``body(b, arrays, n)`` writes a function: `arrays` are pointers, `n` is a number.
Body = Callable[[Builder, list[Value], Value], None]


def callables(bodies: Mapping[Any, Body], arrays: int, target: Target | None = None) -> dict[Any, Callable[..., None]]:
    """Compile functions that take so many arrays, and ``n``."""
    target = target or host()
    texts: list[str] = [f'target triple = "{target.triple}"']
    declarations: set[str] = set()
    for number, body in enumerate(bodies.values()):
        b = Builder(target.lanes_of, target.has_fma, target.has_avx512)
        b.label("entry")
        table = Value("%table", PTR)
        pointers = [b.load(b.address(table, b.i64(i), "ptr"), PTR) for i in range(arrays)]
        body(b, pointers, Value("%n", I64))
        declarations |= b.declarations
        texts += [f"define void @f{number}(ptr %table, i64 %n, i64 %unused) {{", *b.lines, "ret void", "}"]
    module = assemble("\n".join([texts[0], *sorted(declarations), *texts[1:]]))
    module.verify()
    loaded = Loaded(to_object(module, target))
    return {name: _callable(loaded, f"f{number}") for number, name in enumerate(bodies)}


def _callable(loaded: Loaded, name: str) -> Callable[..., None]:
    function = loaded.function(name)

    def call(*arrays: Any, n: int = 0) -> None:
        assert loaded is not None  # it owns the code
        table = (ctypes.c_void_p * max(len(arrays), 1))(*[array.ctypes.data for array in arrays])
        function(ctypes.addressof(table), n, 0)

    return call


@pytest.fixture(name="callables", scope="session")
def _callables() -> Callable[..., dict[Any, Callable[..., None]]]:
    """`callables`."""
    return callables
