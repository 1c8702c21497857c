"""What pytest needs to know of this repository before it collects anything."""

from __future__ import annotations

import contextlib
import importlib
from pathlib import Path

import pytest

import chainrule

PACKAGE = Path(chainrule.__file__).parent


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
