"""Networks of each task, with hidden layers and without, and problems for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.learn.models import Architecture, Network

N, D = 24, 3
OUTPUTS = {"regression": 1, "binary": 1, "multiclass": 3, "multilabel": 3}
CASES = [
    {"task": "regression"},
    {"task": "regression", "outputs": 3, "hidden": (5,), "activation": "sigmoid"},
    {"task": "binary", "l1": 0.01, "l2": 0.1},
    {"task": "binary", "hidden": (5, 4), "activation": "gelu", "dropout": 0.3, "l2": 0.1},
    {"task": "binary", "hidden": (5,), "activation": "relu", "fit_intercept": False},
    {"task": "multiclass"},
    {"task": "multiclass", "hidden": (5, 4), "activation": "silu", "batch_norm": True, "dropout": 0.2},
    {"task": "multilabel", "hidden": (5,), "activation": "leaky_relu", "batch_norm": True},
    {"task": "multilabel", "hidden": (4, 4, 4), "activation": "tanh", "l1": 0.01},
    {"task": "regression", "hidden": (5,), "activation": "tanh", "loss": "absolute_error"},
    {"task": "regression", "outputs": 3, "hidden": (5,), "activation": "tanh", "loss": "huber"},
    {"task": "binary", "hidden": (5,), "activation": "tanh", "loss": "squared_error"},
    {"task": "multiclass", "hidden": (5,), "activation": "tanh", "loss": "squared_error"},
    {"task": "multilabel", "loss": "squared_error"},
]


def case_name(settings: dict[str, Any]) -> str:
    return "-".join(f"{key}={value}" for key, value in settings.items())


def build(settings: dict[str, Any]) -> Network:
    return Network(Architecture(**{"inputs": D, "outputs": OUTPUTS[settings["task"]]} | settings))


def problem(network: Network, dtype: Any = np.float64, weighted: bool = True) -> tuple[Any, list[Any]]:
    """Parameters away from zero, and data: rows, targets, weights, masks."""
    rng = np.random.default_rng(0)
    settings = network.architecture
    X = rng.normal(size=(N, D)).astype(dtype)
    shape = (N,) if settings.has_flat_output else (N, settings.outputs)
    targets = {
        "regression": lambda: rng.normal(size=shape),
        "binary": lambda: rng.integers(0, 2, N),
        "multiclass": lambda: rng.integers(0, 3, N),
        "multilabel": lambda: rng.integers(0, 2, shape),
    }[settings.task]()
    params = network.init(rng, X)
    params = {name: (value + 0.2 * rng.normal(size=value.shape)).astype(dtype) for name, value in params.items()}
    weights = [rng.uniform(0.5, 2.0, N).astype(dtype)] if weighted else []
    return params, [X, network.encode(targets, dtype), *weights, *network.noise(rng, N, dtype)]


def normalised() -> tuple[Network, Any, Any, Any]:
    """A network with batch normalisation in two layers, its parameters, rows and targets."""
    network = build({"task": "regression", "hidden": (6, 5), "activation": "tanh", "batch_norm": True})
    params, (X, y, *_) = problem(network, weighted=False)
    return network, params, X, y
