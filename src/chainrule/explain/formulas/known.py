"""What a formula may use: functions, constants and operators. There is nothing else."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import functions
from chainrule.graph.op import OPS

__all__ = ["BINARY", "COMPARISONS", "CONSTANTS", "argument_counts", "known_functions"]

#: Beside every elementwise operation: functions whose results are not larger than their arguments.
_NUMPY_FUNCTIONS = (
    "sum mean prod max min var std dot vdot inner matmul transpose trace where clip cumsum sort median".split()
)
#: As lessons and textbooks write them.
_OTHER_NAMES = {"σ": "sigmoid", "ln": "log", "arsinh": "arcsinh", "arcosh": "arccosh", "artanh": "arctanh"}

#: Functions that take more values than they must have.
_COUNTS = {"clip": (3, 3), "leaky_relu": (1, 2)}

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


@functools.cache
def argument_counts(name: str) -> tuple[int, int]:
    """How many values a known function takes at least and at most, beside axis= and keepdims=."""
    function = known_functions()[name]
    if name in _COUNTS:
        return _COUNTS[name]
    if isinstance(function, np.ufunc):
        count = function.nin
    elif name in OPS and OPS[name].domain:
        count = len(OPS[name].domain)
    else:
        parameters = inspect.signature(function).parameters.values()
        count = sum(1 for parameter in parameters if parameter.default is parameter.empty)
    return count, count
