"""Boolean masks that are always the same: compiled code picks and adds by position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

RNG = np.random.default_rng(3)
X = RNG.normal(size=(4, 5, 3))
FIRST, SECOND, LAST = RNG.random(4) > 0.4, RNG.random(5) > 0.3, RNG.random(3) > 0.3
FIRST_TWO, LAST_TWO = RNG.random((4, 5)) > 0.4, RNG.random((5, 3)) > 0.5

INDEXED: dict[str, Callable[[Any], Any]] = {
    "first axis": lambda x: x[FIRST],
    "second axis": lambda x: x[:, SECOND],
    "two axes": lambda x: x[FIRST_TWO],
    "last two axes": lambda x: x[:, LAST_TWO],
    "behind an ellipsis": lambda x: x[..., LAST_TWO],
    "all axes": lambda x: x[np.ones(x.shape, bool)],
    "with a number": lambda x: x[1, SECOND],
    "between numbers": lambda x: x[1, SECOND, 2],
    "with a slice": lambda x: x[:, SECOND, ::2],
    "with a new axis": lambda x: x[None, FIRST, :, None],
    "with positions": lambda x: x[np.ones(4, bool), [0, 1, 2, 1]],
    "with a gap": lambda x: x[FIRST, :, [1]],
    "twice": lambda x: x[FIRST][:, SECOND],
}


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "cache", False)


@pytest.mark.parametrize("name", INDEXED)
def test_masks_are_compiled_and_equal_numpy(name: str) -> None:
    fun = INDEXED[name]
    found = cr.jit(fun)
    np.testing.assert_array_equal(found(X), fun(X))
    assert "NumPy" not in found.plan(X)


@pytest.mark.parametrize("name", INDEXED)
def test_gradients_through_masks_are_compiled(name: str) -> None:
    fun = INDEXED[name]
    gradient = cr.grad(lambda x: np.sum(np.sin(fun(x)) * np.cos(np.arange(fun(X).size)).reshape(fun(X).shape)))
    found = cr.jit(gradient)
    np.testing.assert_allclose(found(X), gradient(X), rtol=1e-13)
    assert "NumPy" not in found.plan(X)


def test_a_mask_that_picks_nothing() -> None:
    nothing = np.zeros(4, bool)
    assert cr.jit(lambda x: x[nothing] * 2)(X).shape == (0, 5, 3)
