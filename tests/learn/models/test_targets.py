"""Targets in the shape and dtype of predictions, and what is no target."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ConfigError
from chainrule.learn.models import Architecture, Network


def encode(y: Any, task: str, outputs: int = 1, dtype: Any = np.float64) -> Any:
    return Network(Architecture(task, 2, outputs)).encode(y, dtype)


@pytest.mark.parametrize(
    ("y", "task", "outputs", "expected"),
    [
        ([1, 2], "regression", 1, [1.0, 2.0]),
        ([[1], [2]], "regression", 1, [1.0, 2.0]),
        ([[1, 2]], "regression", 2, [[1.0, 2.0]]),
        ([True, False], "binary", 1, [1.0, 0.0]),
        ([0.25, 1.0], "binary", 1, [0.25, 1.0]),
        ([2, 0], "multiclass", 3, [[0, 0, 1], [1, 0, 0]]),
        ([2.0, 0.0], "multiclass", 3, [[0, 0, 1], [1, 0, 0]]),
        ([[0.5, 0.5, 0.0]], "multiclass", 3, [[0.5, 0.5, 0.0]]),
        ([[1, 1]], "multilabel", 2, [[1, 1]]),
        ([[1], [0]], "multilabel", 1, [[1], [0]]),
        ([], "multiclass", 3, np.zeros((0, 3))),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_targets_are_numbers_in_the_shape_of_predictions(
    y: Any, task: str, outputs: int, expected: Any, dtype: Any
) -> None:
    found = encode(y, task, outputs, dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.asarray(expected, dtype))
    assert found.shape == np.shape(expected)


@pytest.mark.parametrize(
    ("y", "task", "outputs", "message"),
    [
        (["no", "yes"], "binary", 1, "y is an array of <U3"),
        ([0, 2], "binary", 1, "values from 0 to 2, but labels are 0 and 1"),
        ([0.0, np.nan], "binary", 1, "y has nan in row 1"),
        ([0, 3], "multiclass", 3, "whole numbers from 0 to 2, but y holds 0, 3"),
        ([-1, 0], "multiclass", 3, "whole numbers from 0 to 2"),
        ([0.5, 1.0], "multiclass", 3, "whole numbers from 0 to 2"),
        ([np.nan, 1.0], "multiclass", 3, "y has nan in row 0"),
        ([[1.0, 2.0], [3.0, np.inf]], "regression", 2, r"y has \[ 3. inf\] in row 1"),
        (np.inf, "regression", 1, "y has inf in row 0"),
        ([[0, 1]], "multiclass", 3, r"shape \(1, 2\), but a multiclass network with 3 outputs needs \(n, 3\)"),
        ([[0, 1]], "binary", 1, r"shape \(1, 2\), but a binary network with 1 output needs \(n,\)"),
        ([1.0, 2.0], "regression", 2, r"needs \(n, 2\)"),
        ([0, 1], "multilabel", 2, r"needs \(n, 2\)"),
        (1.0, "regression", 1, r"needs \(n,\)"),
        ([[[1.0]]], "regression", 1, r"needs \(n,\)"),
    ],
)
def test_what_is_no_target_is_refused(y: Any, task: str, outputs: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        encode(y, task, outputs)
