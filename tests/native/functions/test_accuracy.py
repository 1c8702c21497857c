"""Every function to 2 units in the last place over its whole range: random bits, and all regions of interest."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from scipy import special

from chainrule.native.functions import FUNCTIONS

mp = pytest.importorskip("mpmath")

BINARY = ["arctan2", "hypot", "logaddexp", "power"]
UNARY = [name for name in FUNCTIONS if name not in BINARY]


def sigmoid(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


#: NumPy's or SciPy's function of the same name, unless it has another name, or none.
WIDE: dict[str, Callable[..., np.ndarray]] = {
    "erf": special.erf,
    "erfc": special.erfc,
    "ndtr": special.ndtr,
    "sigmoid": sigmoid,
    "softplus": softplus,
}
#: NumPy's long double has no more bits than float64 on some machines, and SciPy's functions have no long double.
HAS_EXTENDED = np.finfo(np.longdouble).nmant > 60
ONLY_FLOAT64 = ["erf", "erfc", "ndtr"]

MPMATH: dict[str, Callable[..., object]] = {
    "arccos": mp.acos,
    "arccosh": mp.acosh,
    "arcsin": mp.asin,
    "arcsinh": mp.asinh,
    "arctan": mp.atan,
    "arctan2": mp.atan2,
    "arctanh": mp.atanh,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "exp2": lambda x: mp.power(2, x),
    "log2": lambda x: mp.log(x, 2),
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "ndtr": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
}


def wide_function(name: str) -> Callable[..., np.ndarray]:
    return WIDE.get(name) or getattr(np, name)


def random_numbers(rng: np.random.Generator, dtype: type, count: int) -> np.ndarray:
    """Random bits, and numbers near every place where a function changes its ways."""
    integer = np.uint32 if dtype is np.float32 else np.uint64
    info = np.finfo(dtype)
    bits = rng.integers(0, np.iinfo(integer).max, count, dtype=integer, endpoint=True).view(dtype)
    sign = rng.choice([-1.0, 1.0], count)
    parts = [
        bits,
        rng.normal(size=count),
        10 * rng.normal(size=count),
        rng.uniform(-2, 2, count),
        rng.uniform(np.log(info.smallest_subnormal) * 1.01, np.log(info.max) * 1.01, count),
        rng.uniform(info.minexp - info.nmant - 2, info.maxexp + 2, count),
        sign * 10 ** rng.uniform(-10, 4, count),
        sign * (1 - 10 ** rng.uniform(-16, 0, count)),
        sign * (1 + 10 ** rng.uniform(-16, 2, count)),
        np.pi / 2 * rng.integers(-1000, 1000, count),
        sign * rng.uniform(0, 3e6, count),
        sign * info.smallest_subnormal * rng.integers(1, 1000, count),
    ]
    with np.errstate(all="ignore"):
        return np.concatenate([np.asarray(part).astype(dtype) for part in parts])


@cache
def arguments(name: str, scalar: str, count: int) -> tuple[np.ndarray, ...]:
    dtype = np.float32 if scalar == "float" else np.float64
    rng = np.random.default_rng(zlib.crc32(f"{name} {scalar}".encode()))
    x = random_numbers(rng, dtype, count)
    if name not in BINARY:
        return (x,)
    y = rng.permutation(random_numbers(rng, dtype, count))
    # Half of the pairs are of a kind: near one another, and positive to any power.
    with np.errstate(all="ignore"):
        near = x * rng.uniform(0.3, 3, len(x)).astype(dtype) * rng.choice([-1, 1], len(x)).astype(dtype)
    exponent = rng.uniform(-30, 30, len(x)).astype(dtype)
    other = {"power": exponent}.get(name, near)
    first = np.abs(x) if name == "power" else x
    return np.concatenate([x, first]), np.concatenate([y, other])


def tolerated(name: str, error: np.ndarray, wide: np.ndarray, args: tuple[np.ndarray, ...]) -> np.ndarray:
    """The error in units of the result, or, for a sum whose terms may cancel, of the larger of its terms."""
    if name != "logaddexp":
        return error
    with np.errstate(all="ignore"):
        larger = np.maximum(*args).astype(wide.dtype)
        terms = np.maximum(np.abs(larger), np.abs(wide - larger))
        cancelled = np.frexp(terms)[1] - np.frexp(wide)[1]
    return np.where(np.isfinite(terms) & (wide != 0), error * 0.5 ** np.maximum(cancelled, 0), error)


@cache
def numpy_reference(name: str, scalar: str, count: int) -> np.ndarray:
    wide = np.float64 if scalar == "float" and name != "power" else np.longdouble
    with np.errstate(all="ignore"):
        return wide_function(name)(*[array.astype(wide) for array in arguments(name, scalar, count)])


def assert_accurate(name: str, got: np.ndarray, wide: np.ndarray, args: tuple[np.ndarray, ...], error) -> None:
    errors = tolerated(name, error(got, wide), wide, args)
    worst = int(np.argmax(errors))
    where = [float(array[worst]) for array in args]
    assert errors[worst] <= 2, f"{name} of {where} is {got[worst]!r}, not {wide[worst]!r}: {errors[worst]} units"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32(name: str, target_name: str, compiled, ulp_error) -> None:
    args = arguments(name, "float", 20_000)
    got = compiled(name, "float", target_name)(*args)
    assert_accurate(name, got, numpy_reference(name, "float", 20_000), args, ulp_error)


@pytest.mark.skipif(not HAS_EXTENDED, reason="long double is no wider than float64 here")
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in ONLY_FLOAT64])
def test_float64_against_long_double(name: str, target_name: str, compiled, ulp_error) -> None:
    args = arguments(name, "double", 4_000)
    got = compiled(name, "double", target_name)(*args)
    assert_accurate(name, got, numpy_reference(name, "double", 4_000), args, ulp_error)


def mpmath_errors(name: str, got: np.ndarray, args: tuple[np.ndarray, ...]) -> list[tuple[float, list[float]]]:
    """Errors in units of the last place where mpmath has a finite real result of ordinary size, with the arguments."""
    function = MPMATH.get(name) or getattr(mp, name)
    errors = []
    for value, *numbers in zip(got, *args, strict=True):
        with mp.workprec(140):
            exact = function(*[mp.mpf(float(number)) for number in numbers])
            if not (isinstance(exact, mp.mpf) and mp.isfinite(exact)) or abs(exact) >= mp.mpf(2) ** 1024:
                continue
            scale = abs(exact)
            if name == "logaddexp":
                larger = mp.mpf(float(max(numbers)))
                scale = max(scale, abs(larger), abs(exact - larger))
            exponent = max(mp.frexp(scale)[1] - 1, -1022) - 52 if scale else -1074
            errors.append((float(abs(mp.mpf(float(value)) - exact) / mp.mpf(2) ** exponent), list(map(float, numbers))))
    return errors


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float64_against_mpmath(name: str, target_name: str, compiled) -> None:
    args = arguments(name, "double", 4_000)
    rng = np.random.default_rng(7)
    with np.errstate(all="ignore"):
        finite = np.all([np.isfinite(array) & (np.abs(array) < 1e6) for array in args], axis=0)
    chosen = rng.choice(np.flatnonzero(finite & np.all([np.abs(array) > 1e-30 for array in args], axis=0)), 400)
    args = tuple(array[chosen] for array in args)
    if name in ("arcsin", "arccos", "arctanh"):
        args = (np.where(np.abs(args[0]) < 1, args[0], 1 / args[0]),)
    if name in ("log", "log2", "log10", "arccosh", "power"):
        args = (np.abs(args[0]), *args[1:])
    if name == "power":
        args = (args[0], np.clip(args[1], -300, 300))
    if name == "arccosh":
        args = (1 + args[0],)
    if name == "log1p":
        args = (np.where(args[0] > -1, args[0], -1 / args[0]),)
    got = compiled(name, "double", target_name)(*args)
    errors = mpmath_errors(name, got, args)
    assert len(errors) > 200, "too few of the arguments are in the domain"
    assert max(errors)[0] <= 2, f"{name}: {max(errors)}"


@pytest.mark.parametrize("name", ["cos", "sin", "tan"])
def test_near_multiples_of_a_quarter_turn(name: str, target_name: str, compiled) -> None:
    """The float64 that come nearest to n π/2, where nothing of the leading digits is left."""
    n = np.arange(1, 1_300_000)
    quarter = np.pi / 2
    with mp.workprec(200):
        rest = float(mp.pi / 2 - mp.mpf(quarter))
    high = round(quarter * 2**30) / 2**30  # so short that n times it is exact
    x = n * quarter
    distance = np.abs(((n * high - x) + n * (quarter - high)) + n * rest) / x
    nearest = x[np.argsort(distance)[:300]]
    errors = mpmath_errors(name, compiled(name, "double", target_name)(nearest), (nearest,))
    assert max(errors)[0] <= 2, f"{name}: {max(errors)}"


@pytest.mark.slow
@pytest.mark.parametrize("name", UNARY)
def test_every_float32(name: str, target_name: str, compiled, ulp_error) -> None:
    """All bit patterns, in steps of a prime number so that every one of three runs takes others."""
    kernel = compiled(name, "float", target_name)
    step, block = 7, 1 << 22
    offset = ["host", "avx2", "baseline"].index(target_name)
    for first in range(offset, 1 << 32, step * block):
        bits = np.arange(first, min(first + step * block, 1 << 32), step, dtype=np.uint64).astype(np.uint32)
        x = bits.view(np.float32)
        with np.errstate(all="ignore"):
            wide = wide_function(name)(x.astype(np.float64))
        assert_accurate(name, kernel(x), wide, (x,), ulp_error)
