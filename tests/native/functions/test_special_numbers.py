"""Zeros and their signs, infinities, NaN and the points where a function is exact: as NumPy has them, bit for bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import special

from chainrule.native.functions import FUNCTIONS

BINARY = ["arctan2", "hypot", "logaddexp", "power"]
OTHER = {
    "erf": special.erf,
    "erfc": special.erfc,
    "ndtr": special.ndtr,
    "sigmoid": special.expit,
    "softplus": lambda x: np.logaddexp(np.zeros_like(x), x),
}


def special_numbers(dtype: type) -> np.ndarray:
    info = np.finfo(dtype)
    positive = [0.0, np.inf, np.nan, 1.0, 2.0, 3.0, 0.5, 1e30, info.max, info.tiny, info.smallest_subnormal]
    return np.array([*positive, *(-number for number in positive)], dtype)


def expected(name: str, *args: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return (OTHER.get(name) or getattr(np, name))(*args)


def assert_same_special_values(got: np.ndarray, wanted: np.ndarray, args: list[np.ndarray]) -> None:
    """NaN, infinities, zeros and ±1 are equal with their signs; others nearly."""
    assert got.dtype == wanted.dtype
    for value, want, *numbers in zip(got, wanted, *args, strict=True):
        if np.isnan(want):
            assert np.isnan(value), f"{numbers}: {value}, not NaN"
        elif want in (0, 1, -1) or np.isinf(want):
            assert value == want, f"{numbers}: {value}, not {want}"
            assert np.signbit(value) == np.signbit(want), f"{numbers}: {value}, not {want}"
        else:
            unit = abs(want - np.nextafter(want, want.dtype.type(0)))
            assert abs(value - want) <= 8 * unit, f"{numbers}: {value}, not {want}"  # SciPy's are off by some, too


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in BINARY])
def test_of_one_argument(name: str, scalar: str, target_name: str, compiled) -> None:
    x = special_numbers(np.float32 if scalar == "float" else np.float64)
    assert_same_special_values(compiled(name, scalar, target_name)(x), expected(name, x), [x])


@pytest.mark.parametrize("name", BINARY)
def test_of_two_arguments(name: str, scalar: str, target_name: str, compiled) -> None:
    numbers = special_numbers(np.float32 if scalar == "float" else np.float64)
    pairs = np.array(list(itertools.product(numbers, numbers)), numbers.dtype)
    x, y = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
    assert_same_special_values(compiled(name, scalar, target_name)(x, y), expected(name, x, y), [x, y])


def test_powers_of_negative_numbers(scalar: str, target_name: str, compiled) -> None:
    dtype = np.float32 if scalar == "float" else np.float64
    bases = np.array([-2, -1, -0.5, -1.5, -0.0, -np.inf], dtype)
    large = 2.0 ** np.array([23, 24, 25, 52, 53, 54, 70])
    exponents = np.concatenate([np.arange(-9, 10) / 2, large, -large, large - 1, large + 1]).astype(dtype)
    pairs = np.array(list(itertools.product(bases, exponents)), dtype)
    x, y = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
    assert_same_special_values(compiled("power", scalar, target_name)(x, y), expected("power", x, y), [x, y])


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [("exp2", 10, 1024), ("log2", 1024, 10), ("log10", 1000, 3), ("cbrt", 27, 3)],
)
def test_exact_values(name: str, argument: float, value: float, scalar: str, target_name: str, compiled) -> None:
    assert compiled(name, scalar, target_name)(np.array([argument]))[0] == value
