from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.notation.numbers import number_text, preview


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-25.0, "−25"),
        (0.6931471805599453, "0.6931"),
        (-0.5, "−0.5"),
        (1.41421356, "1.414"),
        (123.456, "123.5"),
        (12345.678, "1.235·10⁴"),
        (1_000_000, "1000000"),
        (2_500_000, "2.5·10⁶"),
        (3.2e-8, "3.2·10⁻⁸"),
        (-1.5e300, "−1.5·10³⁰⁰"),
        (1e-5, "10⁻⁵"),
        (0.00012345, "0.0001234"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (float("nan"), "nan"),
        (1 + 2j, "1 + 2i"),
        (-0.5 - 1e-9j, "−0.5 − 10⁻⁹i"),
        (True, "True"),
        (np.float32(0.1), "0.1"),
        (np.int64(-7), "−7"),
        (np.array([[3.0]]), "3"),
        (None, "None"),
        ("reflect", "reflect"),
    ],
)
def test_a_number_is_short_and_has_a_true_minus_sign(value: Any, text: str) -> None:
    assert number_text(value) == text


def test_an_array_is_no_number() -> None:
    with pytest.raises(ValueError, match="size 1"):
        number_text(np.ones(2))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.5, "−0.5"),
        (np.arange(4), "[0, 1, 2, 3] (4,)"),
        (np.arange(30), "[0, 1, 2, 3, …] (30,)"),
        (np.array([[1.0, -2.0], [3.0, 4.0]]), "[[1, −2], [3, 4]] (2, 2)"),
        (np.eye(3), "[[1, 0, …], [0, 1, …], …] (3, 3)"),
        (np.zeros((5, 4, 3)), "[[[0, 0, …], [0, 0, …], …], [[0, 0, …], [0, 0, …], …], …] (5, 4, 3)"),
        (np.zeros((0,)), "[] (0,)"),
        ([True, False], "[True, False] (2,)"),
    ],
)
def test_an_array_is_shown_by_its_first_elements_and_its_shape(value: Any, text: str) -> None:
    assert preview(value) == text
