"""Elementary functions as vector code, to 2 units in the last place."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.native.assembly.values import Value
from chainrule.native.functions.error_function import erf, erfc, ndtr
from chainrule.native.functions.exponential import exp, exp2, expm1, sigmoid
from chainrule.native.functions.hyperbolic import arccosh, arcsinh, arctanh, cosh, sinh, tanh
from chainrule.native.functions.inverse_trigonometric import arccos, arcsin, arctan, arctan2
from chainrule.native.functions.logarithm import log, log1p, log2, log10, logaddexp, softplus
from chainrule.native.functions.power import cbrt, hypot, power
from chainrule.native.functions.trigonometric import cos, sin, tan

__all__ = ["FUNCTIONS"]

#: Functions ``f(builder, x, ...) -> value`` by the name of the operation.
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "arccos": arccos,
    "arccosh": arccosh,
    "arcsin": arcsin,
    "arcsinh": arcsinh,
    "arctan": arctan,
    "arctan2": arctan2,
    "arctanh": arctanh,
    "cbrt": cbrt,
    "cos": cos,
    "cosh": cosh,
    "erf": erf,
    "erfc": erfc,
    "exp": exp,
    "exp2": exp2,
    "expm1": expm1,
    "hypot": hypot,
    "log": log,
    "log10": log10,
    "log1p": log1p,
    "log2": log2,
    "logaddexp": logaddexp,
    "ndtr": ndtr,
    "power": power,
    "sigmoid": sigmoid,
    "sin": sin,
    "sinh": sinh,
    "softplus": softplus,
    "tan": tan,
    "tanh": tanh,
}
