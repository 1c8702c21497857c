"""Targets as arrays of numbers, in the shape of a network's predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.learn.models.architecture import Architecture

__all__ = ["encode_targets"]


def encode_targets(y: Any, architecture: Architecture, dtype: Any) -> Any:
    """Bring targets into the shape and dtype of predictions.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, outputs)
        Numbers; labels 0 and 1 or probabilities; integer labels of classes from 0.
    architecture : Architecture
    dtype : dtype

    Returns
    -------
    array of shape (n,) or (n, outputs)

    Raises
    ------
    ConfigError
        If these are no targets of the task.

    Examples
    --------
    >>> encode_targets([[3], [4]], Architecture("regression", inputs=1), np.float32)
    array([3., 4.], dtype=float32)
    """
    y = np.asarray(y)
    if y.dtype.kind not in "biuf":
        raise ConfigError(
            f"y is an array of {y.dtype}, and a loss computes with numbers",
            fix="number the classes: classes, y = np.unique(y, return_inverse=True)",
        )
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.argwhere(~np.isfinite(y))[0][0]) if y.ndim else 0
        raise ConfigError(
            f"y has {y[row] if y.ndim else y} in row {row}, and no prediction can be compared with that",
            fix="leave out rows without a target: known = np.isfinite(y); X, y = X[known], y[known]",
        )
    if architecture.task == "multiclass" and y.ndim == 1:
        return _one_hot(y, architecture.outputs, dtype)
    if architecture.has_flat_output and y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    expected = "(n,)" if architecture.has_flat_output else f"(n, {architecture.outputs})"
    if (y.ndim == 1) != architecture.has_flat_output or y.shape[1:] not in ((), (architecture.outputs,)):
        raise ConfigError(
            f"y has the shape {y.shape}, but a {architecture.task} network with {architecture.outputs} "
            f"output{'s' * (architecture.outputs > 1)} needs {expected}",
            fix="give one target, or one row of targets, for each row of X",
        )
    if architecture.task != "regression" and y.size and not (y.min() >= 0 and y.max() <= 1):
        raise ConfigError(
            f"y has values from {y.min()} to {y.max()}, but labels are 0 and 1",
            fix="number the classes: classes, y = np.unique(y, return_inverse=True)",
        )
    return y.astype(dtype)


def _one_hot(y: Any, classes: int, dtype: Any) -> Any:
    labels = y.astype(np.intp)
    if (labels != y).any() or (y.size and not 0 <= labels.min() <= labels.max() < classes):
        shown = ", ".join(map(str, np.unique(y)[:5]))
        raise ConfigError(
            f"labels of {classes} classes are whole numbers from 0 to {classes - 1}, but y holds {shown}, ...",
            fix="number the classes: classes, y = np.unique(y, return_inverse=True)",
        )
    return np.eye(classes, dtype=dtype)[labels]
