"""What pytest needs to know of this repository before it collects anything."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import chainrule
from chainrule.graph.node import Node, ancestors

PACKAGE = Path(chainrule.__file__).parent

# How long an example takes says something of the machine only: speed is measured in benchmarks.
settings.register_profile("without deadline", settings(), deadline=None)
settings.load_profile("without deadline")


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Import a module of the package in the ordinary way before its doctests are collected.

    In importlib mode pytest executes a module that nobody has imported yet by itself, without putting it where
    ``import`` would find it. A second copy would follow, and with it a second set of error classes and operations.
    """
    path = collector.path
    if path.suffix == ".py" and path.is_relative_to(PACKAGE):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        with contextlib.suppress(Exception):  # pytest reports what is wrong with it when it collects
            importlib.import_module(name)


# The whole suite on compiled code -------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--native", action="store_true", help="run the programs of all transforms as compiled code")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--native"):
        _compile_all_programs()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--native"):
        for item in items:
            for marker in item.iter_markers("interpreted"):
                item.add_marker(pytest.mark.skip(reason=marker.args[0]))


def _compile_all_programs() -> None:
    """Let what `grad` and the other transforms run through NumPy, node by node, run as compiled code instead.

    Kept steps of training and what `jit` makes are compiled in any case.
    """
    from chainrule.native.running.program import NativeProgram
    from chainrule.transforms import running

    class CompiledProgram:
        """What `Program` promises, kept by compiled code."""

        def __init__(self, outputs: Sequence[Node], leaves: Sequence[Node]) -> None:
            self._program = NativeProgram(outputs, leaves)
            fixed = [node for node in ancestors(outputs, skip=frozenset(leaves).__contains__) if not node.inputs]
            self._has_finite_constants = all(_is_finite(node.value) for node in fixed)

        def run(self, values: Iterable[Any]) -> list[Any]:
            results = self._program.run(list(values))
            if self._has_finite_constants and not all(map(_is_finite, results)):
                np.divide(1.0, 0.0)  # NumPy tells of its own NaN and infinities; nobody tells of those of native code
            return results

    chainrule.config.cache = False
    running.Program = CompiledProgram  # type: ignore[assignment, misc]
    running.LARGEST_KEPT = 2_000  # larger graphs, loops written out for the most part, take seconds to compile


def _is_finite(value: Any) -> bool:
    return np.asarray(value).dtype.kind not in "fc" or bool(np.isfinite(value).all())
