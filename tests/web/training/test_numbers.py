"""Numbers in bytes come back as they were, within half a step."""

from __future__ import annotations

import base64

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.web.training.numbers import in_bytes, scaled_bytes


def values_of(low: float, high: float, data: str) -> np.ndarray:
    return low + (high - low) * np.frombuffer(base64.b64decode(data), np.uint8) / 255


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_bytes_hold_numbers_to_a_255th_of_their_range(numbers: list[float]) -> None:
    values = np.array(numbers)
    low, high, data = in_bytes(values)
    step = (high - low) / 255
    np.testing.assert_allclose(values_of(low, high, data), values, atol=0.51 * step + 1e-5 * np.abs(values).max())


def test_equal_numbers_are_the_lowest_byte() -> None:
    assert in_bytes(np.full(3, 2.5)) == (2.5, 2.5, base64.b64encode(b"\0\0\0").decode())


def test_what_lies_outside_is_the_nearest_byte() -> None:
    assert base64.b64decode(scaled_bytes(np.array([-1.0, 0.5, 2.0]), 0.0, 1.0)) == bytes([0, 128, 255])
