"""Elementary functions as straight-line vector code, to 2 units in the last place."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.native.builder import Value
from chainrule.native.functions.exponential import exp, sigmoid
from chainrule.native.functions.hyperbolic import tanh
from chainrule.native.functions.logarithm import log, log1p, softplus

__all__ = ["FUNCTIONS"]

#: Functions ``f(builder, x, ...) -> value`` by the name of the operation.
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "exp": exp,
    "log": log,
    "log1p": log1p,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "tanh": tanh,
}
