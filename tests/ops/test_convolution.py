"""Convolution of arrays too large to lay out all windows at once takes other paths to the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.ops import convolution


@pytest.mark.parametrize(("left", "right"), [((2, 3, 7, 5), (4, 3, 2, 3)), ((2, 3, 7, 5), (4, 3, 6, 4))])
def test_large_correlations_equal_small_ones(
    left: tuple[int, ...], right: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=left), rng.normal(size=right)
    at_once = convolution.correlate_op(a, b)
    monkeypatch.setattr(convolution, "_MOST_WINDOW_ELEMENTS", 0)
    np.testing.assert_allclose(convolution.correlate_op(a, b), at_once, atol=1e-12)


def test_a_convolution_is_linear_in_each_argument_to_any_order() -> None:
    rng = np.random.default_rng(1)
    cr.check_grads(lambda a, v: np.convolve(a, v) ** 2, rng.normal(size=5), rng.normal(size=3), order=3)
