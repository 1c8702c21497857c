"""What a report says of schema, network and training run, in names and values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.objectives import TASKS
from chainrule.learn.training import Training
from chainrule.structure import flatten
from chainrule.tables.schema import Schema

__all__ = ["column_facts", "leaf_names", "model_facts", "named_history", "training_facts"]

_FAMILIES = {
    "regression": "linear regression",
    "binary": "logistic regression",
    "multiclass": "softmax regression",
    "multilabel": "a logistic regression for each label",
}


def column_facts(schema: Schema) -> list[dict[str, object]]:
    """A row for each column of a table, as the printed schema has them, without the example of its values.

    Examples
    --------
    >>> from chainrule.tables.schema import Column
    >>> column_facts(Schema((Column("size", "number", low=1.0, high=2.0, example="1.0"),)))[0]["Values"]
    '1 … 2'
    """
    header, *rows = schema.rows_of_table()
    listed = [dict(zip(header, row, strict=True)) for row in rows]
    return [{name.capitalize(): value for name, value in row.items() if name != "example"} for row in listed]


def model_facts(architecture: Architecture, params: Mapping[str, Any]) -> dict[str, object]:
    """What kind of network it is, and how large; settings that are off are left out.

    Examples
    --------
    >>> for fact in model_facts(Architecture("binary", inputs=3, hidden=(4,)), {"W1": np.zeros((3, 4))}).items():
    ...     print(*fact)
    Model multilayer perceptron
    Layers 3 → 4 → 1
    Activation relu
    Loss cross-entropy
    Parameters 12
    """
    a = architecture
    found: dict[str, object] = {
        "Model": "multilayer perceptron" if a.hidden else _FAMILIES[a.task],
        "Layers": " → ".join(f"{width:,}" for width in a.widths),
    }
    if a.hidden:
        found["Activation"] = a.activation
    found["Loss"] = TASKS[a.task].losses[a.loss].title
    found["Parameters"] = sum(int(np.size(value)) for value in params.values())
    if a.init != "auto":
        found["Initialisation"] = a.init
    if a.batch_norm:
        found["Batch normalisation"] = True
    for name, value in (("Dropout", a.dropout), ("L1 penalty", a.l1), ("L2 penalty", a.l2)):
        if value:
            found[name] = value
    if not a.fit_intercept:
        found["Biases"] = False
    return found


def training_facts(training: Training, optimizer: Any = None) -> dict[str, object]:
    """The optimiser with its settings, the epochs, and why the run ended."""
    found: dict[str, object] = {}
    if optimizer is not None:
        found["Optimiser"] = _optimizer_text(optimizer)
    found["Epochs"] = training.epochs
    if training.best_epoch:
        found["Best epoch"] = training.best_epoch
    losses = training.history["loss"]
    if len(losses):
        found["Last training loss"] = float(losses[-1])
    watched = training.history.get("validation_loss", ())
    if len(watched):
        found["Best validation loss"] = float(np.nanmin(watched)) if np.isfinite(watched).any() else None
    if training.message:
        found["Ended"] = training.message
    return found


def named_history(training: Training) -> dict[str, Any]:
    """The history, with the gradient norms by names of parameters."""
    history: dict[str, Any] = dict(training.history)
    norms = np.asarray(history.pop("gradient_norm", ()))
    if norms.ndim == 2 and norms.size:
        history["gradient_norm"] = dict(zip(leaf_names(training.params), norms.T, strict=True))
    return history


def leaf_names(params: Any) -> list[str]:
    """What the leaves of a container of parameters are called, in the order in which they are trained.

    Examples
    --------
    >>> leaf_names({"W1": 0.0, "more": [1.0, {"b": 2.0}]})
    ['W1', 'more[0]', 'more[1].b']
    """
    leaves, structure = flatten(params)
    names = [f"parameter {number}" for number in range(len(leaves))]
    _name(structure.unflatten(list(range(len(leaves)))), "", names)
    return names


def _name(container: Any, path: str, names: list[str]) -> None:
    if isinstance(container, Mapping):
        for key, value in container.items():
            _name(value, f"{path}.{key}" if path else str(key), names)
    elif isinstance(container, (tuple, list)):
        for place, value in enumerate(container):
            _name(value, f"{path}[{place}]", names)
    elif dataclasses.is_dataclass(container):
        for part in dataclasses.fields(container):
            value = getattr(container, part.name)
            _name(value, f"{path}.{part.name}" if path else part.name, names)
    elif isinstance(container, int) and path:
        names[container] = path


def _optimizer_text(optimizer: Any) -> str:
    """``Adam(lr=0.01)``: what differs from the defaults, and the learning rate."""
    if not dataclasses.is_dataclass(optimizer) or isinstance(optimizer, type):
        return type(optimizer).__name__
    shown: Sequence[str] = [
        f"{part.name}={_setting(getattr(optimizer, part.name))}"
        for part in dataclasses.fields(optimizer)
        if part.init and (part.name == "lr" or getattr(optimizer, part.name) != part.default)
    ]
    return f"{type(optimizer).__name__}({', '.join(shown)})"


def _setting(value: Any) -> str:
    if dataclasses.is_dataclass(value):
        return _optimizer_text(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
