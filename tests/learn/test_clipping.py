"""Clipping: what the optimiser inside gets to see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ConfigError
from chainrule.learn.clipping import ClipNorm, ClipValue
from chainrule.learn.optimizers import Adam, GradientDescent


def seen(clipping: Any, gradients: list[Any]) -> list[Any]:
    """The gradients inside, as a step of length 1 shows them."""
    params = [np.zeros_like(g) for g in gradients]
    return [-p for p in clipping.update(params, gradients, clipping.init(params))[0]]


def test_a_norm_within_the_limit_changes_nothing() -> None:
    gradients = [np.array([3.0, 0.0]), np.array(4.0)]
    for one, other in zip(seen(ClipNorm(GradientDescent(1.0), 5.0), gradients), gradients, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_norm_is_that_of_all_gradients_together() -> None:
    first, second = seen(ClipNorm(GradientDescent(1.0), 1.0), [np.array([3.0, 0.0]), np.array(4.0)])
    np.testing.assert_allclose(first, [0.6, 0.0])
    assert second == pytest.approx(0.8)


def test_zero_gradients_stay_zero() -> None:
    (gradient,) = seen(ClipNorm(GradientDescent(1.0), 1.0), [np.zeros(3)])
    np.testing.assert_array_equal(gradient, 0.0)


def test_values_are_clipped_one_by_one() -> None:
    (gradient,) = seen(ClipValue(GradientDescent(1.0), 2.0), [np.array([-5.0, 0.5, 3.0])])
    np.testing.assert_array_equal(gradient, [-2.0, 0.5, 2.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("wrap", [lambda o: ClipNorm(o, 0.5), lambda o: ClipValue(o, np.float64(0.1))])
def test_a_compiled_run_clips_alike(wrap: Any, dtype: Any) -> None:
    def loss(w: Any, x: Any) -> Any:
        return np.sum((x @ w - 3) ** 2)

    x = np.random.default_rng(0).normal(size=(20, 3)).astype(dtype)
    compiled, stepwise = (
        cr.minimize(loss, np.ones(3, dtype), (x,), optimizer=wrap(Adam(0.1)), steps=15, callback=callback).params
        for callback in (None, lambda *seen: None)
    )
    assert compiled.dtype == dtype
    np.testing.assert_allclose(compiled, stepwise, rtol=1e-12 if dtype is np.float64 else 1e-5)


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan"), None, True])
def test_limits_are_positive_numbers(limit: Any) -> None:
    for clipping in (ClipNorm, ClipValue):
        with pytest.raises(ConfigError, match=clipping.__name__):
            clipping(Adam(), limit)
