"""The forward pass that training differentiates: from rows to a network's raw outputs, and on to their losses.

In a lesson, values have the names that they have here: z1, a1, ŷ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ConfigError, ShapeMismatchError
from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.layers import ACTIVATIONS, batch_moments, dense, normalise
from chainrule.learn.models.objectives import TASKS, penalty
from chainrule.trace.naming import named

__all__ = ["like", "losses_of_rows", "raw_outputs", "with_penalty"]

Params = dict[str, Any]


def raw_outputs(architecture: Architecture, params: Params, x: Any, noise: tuple[Any, ...] = ()) -> Any:
    """The last layer's raw numbers z, of rows or of one row that is a vector; see `Network.outputs`.

    Raises
    ------
    ConfigError
        If there is not one array of noise for each hidden layer, or none at all.

    Examples
    --------
    >>> params = {"W1": np.array([1.0, 2.0]), "b1": np.array(0.5)}
    >>> float(raw_outputs(Architecture("regression", inputs=2), params, np.array([3.0, 4.0])))
    11.5
    """
    depth = len(architecture.hidden) + 1
    if len(noise) not in (0, len(architecture.hidden) if architecture.dropout else 0):
        raise ConfigError(
            f"noise holds {len(noise)} arrays, but there are {len(architecture.hidden)} hidden layers with "
            f"dropout={architecture.dropout:g}",
            fix="give what network.noise(rng, rows) returned, or nothing",
        )
    activate = ACTIVATIONS[architecture.activation]
    a = x
    for i in range(1, depth):
        z = named(_preactivation(params, i, a, is_normalised=architecture.batch_norm), f"z{i}")
        a = named(activate(z), f"a{i}")
        if noise:
            a = named(a * noise[i - 1], f"d{i}")
    return _preactivation(params, depth, a, is_normalised=False)


def losses_of_rows(architecture: Architecture, z: Any, y: Any) -> Any:
    """The loss of each row, from raw outputs and targets.

    Parameters
    ----------
    architecture : Architecture
    z : array of shape (n,) or (n, outputs)
        Or of one row: () or (outputs,).
    y : array of the same shape
        For classes also (n,), integer labels.

    Returns
    -------
    array of shape (n,) or ()

    Raises
    ------
    ShapeMismatchError
        If `y` has not the shape of the predictions.

    Examples
    --------
    >>> losses_of_rows(Architecture("regression", inputs=2), np.array([1.0, 2.0]), np.array([1.0, 4.0])).tolist()
    [0.0, 2.0]
    """
    task = TASKS[architecture.task]
    named(z, "y_hat" if architecture.task == "regression" else f"z{len(architecture.hidden) + 1}")
    _check_targets(architecture, z, y)
    is_label = architecture.task == "multiclass" and np.ndim(y) < z.ndim
    loss, targets = task.losses[architecture.loss], y if is_label else like(y, z)
    if architecture.has_flat_output or not task.averages_outputs:
        return loss.of_outputs(z, targets)
    parts = loss.of_outputs(z, targets)
    return np.mean(parts, axis=-1)


def with_penalty(architecture: Architecture, loss: Any, params: Params) -> Any:
    """A loss, and what the architecture adds to it for large weights.

    Examples
    --------
    >>> float(with_penalty(Architecture("regression", inputs=1, l1=0.5), 1.0, {"W1": np.array([-2.0])}))
    2.0
    """
    if not (architecture.l1 or architecture.l2):
        return loss
    weights = [params[f"W{i}"] for i in range(1, len(architecture.hidden) + 2)]
    return loss + named(penalty(weights, architecture.l1, architecture.l2), "penalty")


def like(y: Any, z: Any) -> Any:
    """Targets or weights in the dtype of the outputs, so that float32 stays float32."""
    y = y if hasattr(y, "dtype") else np.asarray(y)
    return y if y.dtype == z.dtype else y.astype(z.dtype)


def _preactivation(params: Params, i: int, a: Any, *, is_normalised: bool) -> Any:
    """z of layer i from the activations before it."""
    z = dense(a, _part(params, f"W{i}"), _part(params, f"b{i}") if f"b{i}" in params else None)
    if not is_normalised:
        return z
    is_finished = f"mean{i}" in params
    moments = (_part(params, f"mean{i}"), _part(params, f"var{i}")) if is_finished else batch_moments(z)
    return normalise(z, *moments, gamma=_part(params, f"gamma{i}"), beta=_part(params, f"beta{i}"))


def _part(params: Params, name: str) -> Any:
    """A parameter; lessons call it by its key, whatever the layers call it."""
    return named(params[name], name)


def _check_targets(architecture: Architecture, z: Any, y: Any) -> None:
    """Refuse (n, 1) with (n,), which NumPy would broadcast to (n, n)."""
    is_label = architecture.task == "multiclass" and z.ndim == 2 and np.ndim(y) == 1
    expected = z.shape[:1] if is_label else z.shape
    if np.shape(y) != expected:
        raise ShapeMismatchError(
            f"y has the shape {np.shape(y)}, but the predictions have the shape {z.shape}",
            fix="y = network.encode(y) brings targets into shape",
        )
