"""What a training run is asked to do, in words that a checkpoint and a model file can hold."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.errors import ConfigError
from chainrule.learn.models.layers import ACTIVATIONS
from chainrule.learn.models.objectives import LOSSES, TASKS
from chainrule.tables.decimals import DECIMALS

__all__ = ["MODELS", "OPTIMIZERS", "SCHEDULES", "TrainingSettings"]

MODELS = ("auto", "linear", "logistic", "mlp")
OPTIMIZERS = ("adam", "adamw", "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "lbfgs")
SCHEDULES = ("constant", "step", "cosine", "warmup", "plateau")

_CHOICES = {
    "model": MODELS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "activation": tuple(ACTIVATIONS),
    "loss": ("auto", *LOSSES),
    "class_weight": ("balanced",),
    "task": tuple(TASKS),
    "decimal": DECIMALS,
}


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of `train_table`. What is None is chosen by the data.

    Parameters
    ----------
    model : {"auto", "linear", "logistic", "mlp"}, default "auto"
        ``"linear"`` for numbers and ``"logistic"`` for classes have no hidden layers. ``"auto"`` is a multilayer
        perceptron.
    hidden : tuple of int, optional
        Units of each hidden layer of a perceptron.
    activation : str, default "relu"
    loss : str, default "auto"
        What a wrong prediction costs: ``"squared_error"``, ``"absolute_error"`` or ``"huber"`` for numbers, in standard
        deviations of the target; ``"cross_entropy"`` or ``"squared_error"`` for classes. ``"auto"`` takes the first
        of them.
    optimizer : str, optional
        Adam; L-BFGS for models without hidden layers, if all rows are in memory.
    lr : float or "auto", optional
        Learning rate; ``"auto"`` finds one by a short range test.
    schedule : {"constant", "step", "cosine", "warmup", "plateau"}, default "constant"
        How the learning rate changes.
    epochs, batch_size : int, optional
    l1 : float, default 0.0
    l2 : float, optional
        Penalties of the weights.
    dropout : float, default 0.0
    batch_norm : bool, default False
    clip : float, optional
        The largest norm of the gradient.
    class_weight : "balanced", optional
        Whether rows of rare classes count as much as those of frequent ones.
    early_stopping : bool, default True
        Whether the run ends when the loss of the validation rows no longer falls; then it returns the best parameters.
    patience : int, optional
        After how many epochs without an improvement.
    validation_split, test_split : float
        Shares of the rows that are kept back, to watch and to be scored.
    task : {"regression", "binary", "multiclass", "multilabel"}, optional
        Without it, the target column decides.
    types : mapping of str to str, optional
        Kinds of columns, as `infer_schema` takes them.
    decimal : {"auto", ".", ","}, default "auto"
        What stands before the decimals of numbers in text, as `infer_schema` takes it.
    seed : int, default 0
        Of the split, the first parameters, the order of rows and dropout.
    stream : bool, optional
        Whether rows come from a temporary file in each epoch. Without it, tables do that which are large.

    Raises
    ------
    ConfigError
        If a setting is nothing of the kind, or two do not fit together.

    Examples
    --------
    >>> TrainingSettings(hidden=(64, 32), lr=0.01).hidden
    (64, 32)
    >>> TrainingSettings(optimizer="adm")
    Traceback (most recent call last):
        ...
    chainrule.errors.ConfigError: optimizer is one of adam, adamw, sgd, momentum, ... not 'adm'
      fix write optimizer="adam"
    """

    model: str = "auto"
    hidden: tuple[int, ...] | None = None
    activation: str = "relu"
    loss: str = "auto"
    optimizer: str | None = None
    lr: float | str | None = None
    schedule: str = "constant"
    epochs: int | None = None
    batch_size: int | None = None
    l1: float = 0.0
    l2: float | None = None
    dropout: float = 0.0
    batch_norm: bool = False
    clip: float | None = None
    class_weight: str | None = None
    early_stopping: bool = True
    patience: int | None = None
    validation_split: float = 0.15
    test_split: float = 0.2
    task: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "auto"
    seed: int = 0
    stream: bool | None = None

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            self._check_choice(name, choices)
        if self.hidden is not None:
            object.__setattr__(self, "hidden", tuple(self.hidden))
        for name, least in (("epochs", 1), ("batch_size", 1), ("patience", 1), ("seed", 0)):
            self._check_count(name, least)
        for name in ("l1", "l2", "dropout", "clip"):
            self._check_number(name)
        if self.lr != "auto":
            self._check_number("lr", is_above=True)
        self._check_together()

    @property
    def is_linear(self) -> bool:
        """Whether the model has no hidden layers."""
        return self.model in ("linear", "logistic") or self.hidden == ()

    def to_json(self) -> dict[str, Any]:
        """As a dictionary of what JSON can hold."""
        values = dataclasses.asdict(self)
        return values | {"hidden": None if self.hidden is None else list(self.hidden), "types": dict(self.types)}

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> TrainingSettings:
        """The settings that `to_json` wrote; unknown ones, of another version, are left out."""
        known = {part.name for part in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in settings.items() if name in known})

    def _check_choice(self, name: str, choices: tuple[str, ...]) -> None:
        value = getattr(self, name)
        if value in choices or (value is None and name in ("optimizer", "class_weight", "task")):
            return
        near = difflib.get_close_matches(str(value), choices, 1)
        raise ConfigError(
            f"{name} is one of {', '.join(choices)}, not {value!r}",
            fix=f'write {name}="{near[0] if near else choices[0]}"',
        )

    def _check_count(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if value is None and name in ("epochs", "batch_size", "patience"):
            return
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ConfigError(f"{name} is a whole number from {least}, not {value!r}", fix=f"write {name}={least + 1}")

    def _check_number(self, name: str, *, is_above: bool = False) -> None:
        value = getattr(self, name)
        if value is None and name in ("l2", "clip", "lr"):
            return
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or value < 0 or (value == 0 and (is_above or name == "clip")):
            least = "above 0" if is_above or name == "clip" else "from 0"
            raise ConfigError(f"{name} is a number {least}, not {value!r}", fix=f"write {name}=0.01")

    def _check_together(self) -> None:
        for name in ("validation_split", "test_split"):
            share = getattr(self, name)
            if not isinstance(share, (int, float)) or not 0 <= share < 1:
                raise ConfigError(f"{name} is a share of the rows from 0 to below 1, not {share!r}", fix="write 0.2")
        if self.validation_split + self.test_split >= 1:
            raise ConfigError(
                f"a validation split of {self.validation_split:g} and a test split of {self.test_split:g} "
                "leave nothing to learn from",
                fix="choose shares that add up to less than 1, such as 0.15 and 0.2",
            )
        if self.hidden and self.model in ("linear", "logistic"):
            raise ConfigError(
                f"a {self.model} model has no hidden layers", fix='write model="mlp", or leave hidden out'
            )
        if self.is_linear and (self.dropout or self.batch_norm):
            name = "dropout" if self.dropout else "batch_norm"
            raise ConfigError(f"{name} acts on hidden layers, and this model has none", fix=f"leave {name} out")
        if self.dropout >= 1:
            raise ConfigError(
                f"dropout is the probability of leaving a unit out, so it is below 1, not {self.dropout:g}",
                fix="write dropout=0.2",
            )
        if self.optimizer == "lbfgs":
            self._check_lbfgs()

    def _check_lbfgs(self) -> None:
        if self.loss == "absolute_error":
            raise ConfigError(
                "L-BFGS needs a loss without kinks, and the absolute error has one where the error is 0",
                fix='write loss="huber", which is smooth there, or optimizer="adam"',
            )
        given = {
            "lr": self.lr,
            "batch_size": self.batch_size,
            "clip": self.clip,
            "dropout": self.dropout,
            "l1": self.l1,
            "schedule": self.schedule != "constant",
            "stream": self.stream,
        }
        for name, value in given.items():
            if value:
                raise ConfigError(
                    f"L-BFGS takes all rows in each iteration and finds its steps itself: {name} means nothing to it",
                    fix=f'leave {name} out, or write optimizer="adam"',
                )
