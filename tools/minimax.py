"""Where the coefficients of ``chainrule.native.functions`` come from: Remez's exchange, each rounded in turn.

``python tools/minimax.py NAME ...`` prints the coefficients of the named problems (all of them without a name).
Needs mpmath.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import mpmath as mp
import numpy as np

mp.mp.dps = 60

Function = Callable[[mp.mpf], mp.mpf]


@dataclass(frozen=True)
class Problem:
    """Find p of a degree, so that weight · (p − function) is as small as possible on an interval."""

    function: Function
    weight: Function
    low: float
    high: float
    degree: int
    dtype: type = np.float64


def remez(values: list, weights: list, points: list, powers: int) -> tuple[list, mp.mpf]:
    """Coefficients of the minimax polynomial on a fine grid of points, and its largest weighted error.

    The exchange starts from the peaks of the least-squares error: evenly spaced points would do, were it not for
    weights that vanish inside the interval.
    """
    rows = [[w * x**k for k in range(powers)] for x, w in zip(points, weights, strict=True)]
    coefficients = list(mp.lu_solve(mp.matrix(rows), mp.matrix([w * f for f, w in zip(values, weights, strict=True)])))
    best: tuple[list, mp.mpf] = (coefficients, mp.inf)
    for _ in range(30):
        errors = [w * (mp.polyval(coefficients[::-1], x) - f) for x, f, w in zip(points, values, weights, strict=True)]
        largest = max(abs(e) for e in errors)
        if largest < best[1]:
            best = (coefficients, largest)
        peaks = _alternating_peaks(errors, powers + 1)
        if len(peaks) < powers + 1 or min(abs(errors[i]) for i in peaks) > largest * mp.mpf("0.999"):
            break
        rows = [[points[i] ** k for k in range(powers)] + [(-1) ** j / weights[i]] for j, i in enumerate(peaks)]
        *coefficients, _ = mp.lu_solve(mp.matrix(rows), mp.matrix([values[i] for i in peaks]))
    return best


def _alternating_peaks(errors: list, count: int) -> list[int]:
    """Where the error is largest between its changes of sign: `count` neighbours of them, if there are as many."""
    peaks: list[int] = []
    for i, error in enumerate(errors):
        if peaks and mp.sign(error) == mp.sign(errors[peaks[-1]]):
            if abs(error) > abs(errors[peaks[-1]]):
                peaks[-1] = i
        else:
            peaks.append(i)
    while len(peaks) > count:
        peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
    return peaks


def solve(problem: Problem, grid: int = 400) -> tuple[list[float], float]:
    """Rounded coefficients, lowest power first, and the error that they leave.

    The lowest coefficient is rounded first; the others are then fitted anew to what it leaves, and so on.
    """
    low, high = mp.mpf(problem.low), mp.mpf(problem.high)
    points = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (i + mp.mpf("0.37")) / grid) for i in range(grid)]
    values, weights = [problem.function(x) for x in points], [problem.weight(x) for x in points]
    truth, first_weights = list(values), list(weights)
    rounded: list[float] = []
    for powers in range(problem.degree + 1, 0, -1):
        coefficients, _ = remez(values, weights, points, powers)
        rounded.append(float(problem.dtype(float(coefficients[0]))))
        values = [(f - rounded[-1]) / x for f, x in zip(values, points, strict=True)]
        weights = [w * abs(x) for w, x in zip(weights, points, strict=True)]
    left = max(
        abs(w * (mp.polyval(rounded[::-1], x) - f)) for x, f, w in zip(points, truth, first_weights, strict=True)
    )
    return rounded, float(left)


def _tail(function: Function, *leading: float) -> Function:
    """(function − leading terms) / x^(their number)."""
    return lambda x: (function(x) - mp.polyval(list(leading)[::-1], x)) / x ** len(leading)


def _odd(function: Function, first: float = 1) -> Function:
    """(f(v) / v − first) / v² as a function of v²: the tail of an odd series."""

    def tail(z: mp.mpf) -> mp.mpf:
        v = mp.sqrt(z)
        return (function(v) / v - first) / z

    return tail


def _odd_weight(function: Function) -> Function:
    """What makes the error of the tail one relative to the function."""

    def weight(z: mp.mpf) -> mp.mpf:
        v = mp.sqrt(z)
        return abs(z * v / function(v))

    return weight


def _odd_problem(function: Function, high: float, terms: int, dtype: type = np.float64, first: float = 1) -> Problem:
    return Problem(_odd(function, first), _odd_weight(function), 1e-12, high, terms - 1, dtype)


def _cos_problem(terms: int, dtype: type = np.float64) -> Problem:
    def tail(z: mp.mpf) -> mp.mpf:
        return (mp.cos(mp.sqrt(z)) - 1) / z

    return Problem(tail, lambda z: z / mp.cos(mp.sqrt(z)), 1e-12, 0.6170, terms - 1, dtype)


def _log_ratio(s: mp.mpf) -> mp.mpf:
    """log((1 + s) / (1 − s))."""
    return 2 * mp.atanh(s)


def _erf_problem(first: float, high: float, degree: int, dtype: type = np.float64) -> Problem:
    def tail(z: mp.mpf) -> mp.mpf:
        return mp.erf(mp.sqrt(z)) / mp.sqrt(z) - first

    return Problem(tail, lambda z: mp.sqrt(z) / mp.erf(mp.sqrt(z)), 1e-12, high, degree, dtype)


def _ndtr_problem(first: float, degree: int, dtype: type = np.float64) -> Problem:
    def half_width(z: mp.mpf) -> mp.mpf:
        return mp.erf(mp.sqrt(z / 2)) / 2 / mp.sqrt(z)

    return Problem(lambda z: half_width(z) - first, lambda z: 1 / half_width(z), 1e-12, 0.5001, degree, dtype)


def _tail_problem(
    scaled: Function, center: float, low: float, high: float, degree: int, dtype: type = np.float64
) -> Problem:
    """`scaled`(x) as a polynomial in t = (x − center) / (x + center)."""

    def function(t: mp.mpf) -> mp.mpf:
        return scaled(center * (1 + t) / (1 - t))

    t_low, t_high = ((x - center) / (x + center) for x in (low, high))
    return Problem(function, lambda t: 1 / function(t), t_low, t_high, degree, dtype)


def _scaled_erfc(x: mp.mpf) -> mp.mpf:
    return (x + 0.5) * mp.exp(x * x) * mp.erfc(x)


def _scaled_ndtr(offset: float) -> Function:
    return lambda x: (x + offset) * mp.exp(x * x / 2) * mp.erfc(x / mp.sqrt(2)) / 2


_HALF_LN2 = float(mp.log(2) / 2) * 1.0001
F = np.float32

#: name: the function and weight are those of the file where the coefficients stand.
PROBLEMS: dict[str, Problem] = {
    # expm1(r) = r + r² p(r)
    "expm1_32": Problem(_tail(mp.exp, 1, 1), lambda r: abs(r**2 / mp.expm1(r)), -_HALF_LN2, _HALF_LN2, 4, F),
    "expm1_64": Problem(_tail(mp.exp, 1, 1), lambda r: abs(r**2 / mp.expm1(r)), -_HALF_LN2, _HALF_LN2, 9),
    # log((1 + s) / (1 − s)) = 2 s + s³ p(s²), |s| ≤ 1/5
    "log32": _odd_problem(_log_ratio, 0.0401, 3, F, 2),
    "log64": _odd_problem(_log_ratio, 0.0401, 8, first=2),
    # the same, |s| ≤ 1/3
    "log1p32": _odd_problem(_log_ratio, 0.1112, 4, F, 2),
    "log1p64": _odd_problem(_log_ratio, 0.1112, 11, first=2),
    # 2 s + 2/3 s³ + s⁵ p(s²), |s| ≤ 1/5
    # for power of float32: as log64 and expm1_64, to 40 and 30 bits
    "log40": _odd_problem(_log_ratio, 0.0401, 5, first=2),
    "expm1_30": Problem(_tail(mp.exp, 1, 1), lambda r: abs(r**2 / mp.expm1(r)), -_HALF_LN2, _HALF_LN2, 5),
    "power64": Problem(
        lambda z: (_log_ratio(mp.sqrt(z)) / mp.sqrt(z) - 2 - 2 * z / 3) / z**2,
        lambda z: z**2 * mp.sqrt(z) / _log_ratio(mp.sqrt(z)),
        1e-12,
        0.0401,
        7,
    ),
    "sin32": _odd_problem(mp.sin, 0.6170, 3, F),
    "sin64": _odd_problem(mp.sin, 0.6170, 6),
    # cos r = 1 + r² p(r²)
    "cos32": _cos_problem(4, F),
    "cos64": _cos_problem(7),
    "tan64": _odd_problem(mp.tan, 0.6170, 14),
    "atan32": _odd_problem(mp.atan, 0.2501, 5, F),
    "atan64": _odd_problem(mp.atan, 0.2501, 12),
    "asin32": _odd_problem(mp.asin, 0.2501, 5, F),
    "asin64": _odd_problem(mp.asin, 0.2501, 12),
    "sinh32": _odd_problem(mp.sinh, 0.3026, 3, F),
    "sinh64": _odd_problem(mp.sinh, 0.3026, 6),
    "cbrt": Problem(lambda m: 1 / mp.cbrt(m), mp.cbrt, 0.75, 1.5, 4, F),
    # erf(x) / x = first + p(x²)
    "erf32": _erf_problem(float(F(2 / np.sqrt(np.pi))), 0.725, 6, F),
    "erf64": _erf_problem(float(2 / np.sqrt(np.pi)), 0.5626, 10),
    # erf(t + 2.25)
    "erf_far32": Problem(lambda t: mp.erf(t + 2.25), lambda t: 1 / mp.erf(t + 2.25), -1.4, 1.7, 14, F),
    # (Φ(x) − 1/2) / x = first + p(x²)
    "ndtr32": _ndtr_problem(float(F(1 / np.sqrt(2 * np.pi))), 4, F),
    "ndtr64": _ndtr_problem(0.3989422804014327, 8),
    # (x + 1/2) e^(x²) erfc x and (x + √(1/2)) e^(x²/2) Φ(−x)
    "erfc32": _tail_problem(_scaled_erfc, 2.0, 0.5, 10.1, 9, F),
    "erfc64": _tail_problem(_scaled_erfc, 3.0, 0.5, 27.3, 20),
    "ndtr_tail32": _tail_problem(_scaled_ndtr(float(F(np.sqrt(0.5)))), 2.75, 0.707, 14.3, 9, F),
    "ndtr_tail64": _tail_problem(_scaled_ndtr(float(np.sqrt(0.5))), 4.25, 0.707, 38.7, 20),
}


def main(names: list[str]) -> None:
    for name in names or PROBLEMS:
        coefficients, error = solve(PROBLEMS[name])
        scalar = PROBLEMS[name].dtype
        print(f"{name}: error {error:.3g} = 2^{np.log2(error):.2f}")
        print("    (" + ", ".join(str(scalar(c)) for c in coefficients) + ")")


if __name__ == "__main__":
    main(sys.argv[1:])
