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


def _log_atanh(s2: mp.mpf) -> mp.mpf:
    """(2 atanh(s) / s − 2) / s² as a function of s²."""
    s = mp.sqrt(s2)
    return (2 * mp.atanh(s) / s - 2) / s2


def _tanh_tail(z: mp.mpf) -> mp.mpf:
    """(tanh(v) / v − 1) / v² as a function of v²."""
    v = mp.sqrt(z)
    return (mp.tanh(v) / v - 1) / z


_HALF_LN2 = float(mp.log(2) / 2) * 1.0001
F = np.float32

#: name: the function and weight are those of the file where the coefficients stand.
PROBLEMS: dict[str, Problem] = {
    # exp(r) = 1 + r + r² p(r)
    "exp32": Problem(_tail(mp.exp, 1, 1), lambda r: r**2 / mp.exp(r), -_HALF_LN2, _HALF_LN2, 4, F),
    "exp32_5": Problem(_tail(mp.exp, 1, 1), lambda r: r**2 / mp.exp(r), -_HALF_LN2, _HALF_LN2, 3, F),
    "exp64": Problem(_tail(mp.exp, 1, 1), lambda r: r**2 / mp.exp(r), -_HALF_LN2, _HALF_LN2, 9),
    # expm1(r) = r + r² p(r)
    "expm1_32": Problem(_tail(mp.exp, 1, 1), lambda r: abs(r**2 / mp.expm1(r)), -_HALF_LN2, _HALF_LN2, 4, F),
    "expm1_64": Problem(_tail(mp.exp, 1, 1), lambda r: abs(r**2 / mp.expm1(r)), -_HALF_LN2, _HALF_LN2, 9),
    # tanh(v) = v + v³ p(v²), |v| ≤ ln 2 / 4
    "tanh32_2": Problem(_tanh_tail, lambda z: z / (mp.tanh(mp.sqrt(z)) / mp.sqrt(z)), 1e-12, 0.03005, 1, F),
    "tanh32_3": Problem(_tanh_tail, lambda z: z / (mp.tanh(mp.sqrt(z)) / mp.sqrt(z)), 1e-12, 0.03005, 2, F),
    "tanh64_5": Problem(_tanh_tail, lambda z: z / (mp.tanh(mp.sqrt(z)) / mp.sqrt(z)), 1e-12, 0.03005, 4),
    "tanh64_6": Problem(_tanh_tail, lambda z: z / (mp.tanh(mp.sqrt(z)) / mp.sqrt(z)), 1e-12, 0.03005, 5),
    # log(1 + r) = r − r²/2 + r³ p(r)
    "log32": Problem(_tail(mp.log1p, 0, 1, -0.5), lambda r: abs(r**3 / mp.log1p(r)), -0.25, 0.5, 7, F),
    "log32_6": Problem(_tail(mp.log1p, 0, 1, -0.5), lambda r: abs(r**3 / mp.log1p(r)), -0.25, 0.5, 6, F),
    # log((1 + s) / (1 − s)) = 2 s + s³ p(s²)
    "atanh32": Problem(_log_atanh, lambda z: z / (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z)), 1e-12, 0.0401, 3, F),
    "atanh32_2": Problem(_log_atanh, lambda z: z / (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z)), 1e-12, 0.0401, 2, F),
    "atanh64": Problem(_log_atanh, lambda z: z / (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z)), 1e-12, 0.0401, 6),
    "atanh64_7": Problem(_log_atanh, lambda z: z / (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z)), 1e-12, 0.0401, 7),
    # softplus: s in [0, 1/3]
    "soft32": Problem(_log_atanh, lambda z: z / (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z)), 1e-12, 1 / 9 * 1.0001, 3, F),
    "soft64": Problem(_log_atanh, lambda z: z / (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z)), 1e-12, 1 / 9 * 1.0001, 10),
}


def main(names: list[str]) -> None:
    for name in names or PROBLEMS:
        coefficients, error = solve(PROBLEMS[name])
        scalar = PROBLEMS[name].dtype
        print(f"{name}: error {error:.3g} = 2^{np.log2(error):.2f}")
        print("    (" + ", ".join(str(scalar(c)) for c in coefficients) + ")")


if __name__ == "__main__":
    main(sys.argv[1:])
