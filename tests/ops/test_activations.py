"""Activations on what is no floating-point array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr


@pytest.mark.parametrize("activation", [cr.sigmoid, cr.silu, cr.relu, cr.softplus, cr.softmax])
@pytest.mark.parametrize("dtype", [bool, int])
def test_booleans_and_integers_count_as_numbers(activation: Any, dtype: type) -> None:
    whole = np.array([1, 0]).astype(dtype)
    np.testing.assert_allclose(activation(whole), activation(np.array([1.0, 0.0])))
