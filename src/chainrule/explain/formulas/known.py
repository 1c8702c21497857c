"""What a formula may use: functions, constants and operators. There is nothing else."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import functions
from chainrule.graph.op import OPS

__all__ = ["BINARY", "COMPARISONS", "CONSTANTS", "known_functions"]

#: Beside every elementwise operation: functions whose results are not larger than their arguments.
_NUMPY_FUNCTIONS = (
    "sum mean prod max min var std dot vdot inner matmul transpose trace where clip cumsum sort median".split()
)
#: As lessons and textbooks write them.
_OTHER_NAMES = {"σ": "sigmoid", "ln": "log", "arsinh": "arcsinh", "arcosh": "arccosh", "artanh": "arctanh"}

CONSTANTS = {"pi": np.pi, "π": np.pi, "e": np.e}

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
    ast.MatMult: lambda a, b: a @ b,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}


@functools.cache
def known_functions() -> dict[str, Callable[..., Any]]:
    """Every function that a formula may call, by name."""
    known: dict[str, Callable[..., Any]] = {name: getattr(functions, name) for name in functions.__all__}
    for name in (*_NUMPY_FUNCTIONS, *(op.name for op in OPS.values() if op.domain and op.serves)):
        if hasattr(np, name):
            known[name] = getattr(np, name)
    known["abs"] = np.abs
    known.update({other: known[name] for other, name in _OTHER_NAMES.items()})
    return known
