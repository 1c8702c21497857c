"""How NaN and infinity come about, and what to write instead: what records of several operations share."""

from __future__ import annotations

import numpy as np

from chainrule.graph.op import Hazard

__all__ = [
    "ARCCOSH",
    "ARCSINE",
    "ARCTANH",
    "EXPONENTIAL",
    "HYPERBOLIC",
    "LOG",
    "LOG1P",
    "LOOP",
    "MATRIX_PRODUCT",
    "POWER",
    "PRODUCT",
    "QUOTIENT",
    "RECIPROCAL",
    "SMALLER",
    "SQUARE",
    "SQUARE_ROOT",
    "SUM",
    "SUM_OF_EXPONENTIALS",
    "TIMES_LOG",
    "TIMES_LOG1P",
]

#: What helps against overflow in general.
SMALLER = (
    "keep the numbers smaller: scale the data, draw the first weights from a narrower range, take a smaller learning "
    "rate; float32 ends at 3.4e38, float64 at 1.8e308"
)
_POSITIVE = (
    "keep the argument above 0: np.log(p + 1e-12); or compute the loss from logits instead of probabilities, with "
    "chainrule's bce_with_logits, log_softmax or cross_entropy(softmax(z), y)"
)
_DIVISOR = "keep the divisor away from 0: x / (y + 1e-12), or np.where(y == 0, 0, x / np.where(y == 0, 1, y))"
_INSIDE = "keep the argument between −1 and 1: np.clip(x, -1 + 1e-12, 1 - 1e-12)"

LOG = (
    Hazard("log of 0", _POSITIVE, lambda x: np.equal(x, 0)),
    Hazard("log of {0}, a negative number", _POSITIVE, lambda x: np.less(x, 0)),
    Hazard("the logarithm has an infinite slope at 0", _POSITIVE, lambda x: np.equal(x, 0), in_slope=True),
)
LOG1P = (
    Hazard("log of 1 + ({0}), which is 0", "keep the argument above −1", lambda x: np.equal(x, -1)),
    Hazard("log of 1 + ({0}), a negative number", "keep the argument above −1", lambda x: np.less(x, -1)),
)
TIMES_LOG = (
    Hazard("log of 0", _POSITIVE, lambda x, y: np.equal(y, 0)),
    Hazard("log of {1}, a negative number", _POSITIVE, lambda x, y: np.less(y, 0)),
)
TIMES_LOG1P = (
    Hazard("log of 1 + ({1}), which is 0", "keep the argument above −1", lambda x, y: np.equal(y, -1)),
    Hazard("log of 1 + ({1}), a negative number", "keep the argument above −1", lambda x, y: np.less(y, -1)),
)
EXPONENTIAL = (
    Hazard(
        "overflow of {name} at {0}",
        "subtract the maximum first: np.exp(z - z.max()), or use chainrule's softmax or logsumexp; exp is finite up "
        "to 709, in float32 up to 88",
        np.isfinite,
    ),
)
HYPERBOLIC = (Hazard("overflow of {name} at {0}", "keep the argument below 710, in float32 below 89"),)
SUM_OF_EXPONENTIALS = (
    Hazard("∞ in the exponents, or −∞ in all of them", "leave at least one entry of each row unmasked"),
)
SUM = (
    Hazard("∞ − ∞", "look where the operands became infinite", lambda x, y: np.isinf(x) & np.isinf(y)),
    Hazard("overflow of a sum: {0} and {1}", SMALLER),
)
PRODUCT = (
    Hazard(
        "0 · ∞",
        "choose instead of multiplying by a mask: np.where(mask, x, 0)",
        lambda x, y: (np.equal(x, 0) & np.isinf(y)) | (np.isinf(x) & np.equal(y, 0)),
    ),
    Hazard("overflow of a product: {0} · {1}", SMALLER),
)
QUOTIENT = (
    Hazard("0 / 0", _DIVISOR, lambda x, y: np.equal(x, 0) & np.equal(y, 0)),
    Hazard("division by 0: {0} / 0", _DIVISOR, lambda x, y: np.equal(y, 0)),
    Hazard("∞ / ∞", "divide before the operands become infinite", lambda x, y: np.isinf(x) & np.isinf(y)),
    Hazard("overflow of a quotient: {0} / {1}", _DIVISOR),
)
RECIPROCAL = (Hazard("division by 0: 1 / 0", _DIVISOR, lambda x: np.equal(x, 0)),)
POWER = (
    Hazard(
        "0 to the power of {1}, a division by 0",
        "keep the base away from 0",
        lambda x, y: np.equal(x, 0) & np.less(y, 0),
    ),
    Hazard(
        "{0} to the power of {1}: a negative base with a fractional exponent",
        "keep the base positive, np.abs(x) ** p, or take a whole exponent",
        lambda x, y: np.less(x, 0) & np.not_equal(y, np.rint(y)),
    ),
    Hazard("overflow of a power: {0} to the power of {1}", "take a smaller base or exponent: p * np.log(x) is finite"),
)
SQUARE = (Hazard("overflow of a square: {0}²", SMALLER),)
SQUARE_ROOT = (
    Hazard(
        "square root of {0}, a negative number",
        "keep the argument at 0 or above: np.sqrt(np.maximum(x, 0)); a variance that rounds below 0 does this",
        lambda x: np.less(x, 0),
    ),
    Hazard(
        "the square root has an infinite slope at 0",
        "keep the argument above 0: np.sqrt(x + 1e-12)",
        lambda x: np.equal(x, 0),
        in_slope=True,
    ),
)
ARCSINE = (
    Hazard("{name} of {0}, which is outside of −1 … 1", _INSIDE, lambda x: np.greater(np.abs(x), 1)),
    Hazard("{name} has an infinite slope at {0}", _INSIDE, lambda x: np.equal(np.abs(x), 1), in_slope=True),
)
ARCCOSH = (
    Hazard("{name} of {0}, which is below 1", "keep the argument above 1", lambda x: np.less(x, 1)),
    Hazard("{name} has an infinite slope at 1", "keep the argument above 1", lambda x: np.equal(x, 1), in_slope=True),
)
ARCTANH = (Hazard("{name} of {0}, which is not between −1 and 1", _INSIDE, lambda x: np.greater_equal(np.abs(x), 1)),)
MATRIX_PRODUCT = (Hazard("overflow of a matrix product", SMALLER),)
LOOP = (
    Hazard(
        "it begins in the body of the loop",
        "look at what the body computes, step by step: run it in a Python loop on the same values",
    ),
)
