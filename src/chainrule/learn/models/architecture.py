"""What a network consists of: settings that are checked when they are made, and that a model file can hold."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.learn.models.initialisation import INITIALISATIONS
from chainrule.learn.models.layers import ACTIVATIONS
from chainrule.learn.models.objectives import LOSSES, TASKS

__all__ = ["Architecture"]

#: Settings that files of earlier versions have not got: they were trained with the defaults.
_ADDED_LATER = {"loss"}


@dataclass(frozen=True)
class Architecture:
    """The settings of a `Network`.

    Parameters
    ----------
    task : {"regression", "binary", "multiclass", "multilabel"}
        What is predicted: numbers; the probability of class 1; probabilities of classes that exclude each other; or
        of labels that do not.
    inputs : int
        Number of features, d.
    outputs : int, default 1
        Number of predicted numbers, classes or labels; 1 for ``"binary"``, at least 2 for ``"multiclass"``.
    hidden : tuple of int, default ()
        Units of each hidden layer. Without one, the network is linear, logistic or softmax regression.
    activation : str, default "relu"
        Of the hidden layers: ``"identity"``, ``"sigmoid"``, ``"tanh"``, ``"relu"``, ``"leaky_relu"``, ``"gelu"`` or
        ``"silu"``.
    batch_norm : bool, default False
        Whether each hidden layer is normalised over the batch, before its activation.
    dropout : float, default 0.0
        Probability with which a hidden unit is left out of a training step; below 1.
    init : {"auto", "small", "xavier", "he"}, default "auto"
        How weights begin, see `chainrule.learn.models.initialisation`. ``"auto"`` is Xavier, He before
        rectifiers in networks of more than 6 hidden layers, and zeros without any, where the loss is convex.
    l1, l2 : float, default 0.0
        What is added to the loss: l1 Σ|w| + l2/2 Σw², over all weights, not over biases.
    fit_intercept : bool, default True
        Whether units have biases.
    loss : str, default "auto"
        What a wrong prediction costs. Of numbers: ``"squared_error"``, ``"absolute_error"`` or ``"huber"``; of classes
        and labels: ``"cross_entropy"`` or ``"squared_error"``, that of the probabilities. ``"auto"`` becomes the first
        of them.

    Raises
    ------
    ConfigError
        If a setting is nothing of the kind, or two do not fit together.

    Examples
    --------
    >>> Architecture("binary", inputs=30, hidden=(64, 32), dropout=0.2).hidden
    (64, 32)
    >>> Architecture("binary", inputs=30).loss
    'cross_entropy'
    >>> try:
    ...     Architecture("binary", inputs=30, activation="tahn")
    ... except ConfigError as error:
    ...     print(error)
    activation is one of identity, sigmoid, tanh, relu, leaky_relu, gelu, silu, not 'tahn'
      fix write activation="tanh"
    """

    task: str
    inputs: int
    outputs: int = 1
    hidden: tuple[int, ...] = ()
    activation: str = "relu"
    batch_norm: bool = False
    dropout: float = 0.0
    init: str = "auto"
    l1: float = 0.0
    l2: float = 0.0
    fit_intercept: bool = True
    loss: str = "auto"

    def __post_init__(self) -> None:
        _one_of("task", self.task, TASKS)
        _one_of("activation", self.activation, ACTIVATIONS)
        _one_of("init", self.init, INITIALISATIONS)
        self._set("loss", _loss(self.loss, self.task))
        for name in ("inputs", "outputs"):
            self._set(name, _count(name, getattr(self, name)))
        self._set("hidden", _counts(self.hidden))
        for name in ("batch_norm", "fit_intercept"):
            self._set(name, _switch(name, getattr(self, name)))
        for name in ("dropout", "l1", "l2"):
            self._set(name, _strength(name, getattr(self, name)))
        self._check_together()

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _check_together(self) -> None:
        if self.dropout >= 1:
            raise ConfigError(
                f"dropout is the probability of leaving a unit out, so it is below 1, not {self.dropout:g}",
                fix="write dropout=0.5 to leave out half of them",
            )
        if self.task == "binary" and self.outputs != 1:
            raise ConfigError(
                f"a binary network has one output, the probability of class 1, not {self.outputs}",
                fix='write outputs=1, or task="multiclass" or "multilabel" for several probabilities',
            )
        if self.task == "multiclass" and self.outputs < 2:
            raise ConfigError(
                f"a multiclass network has one output for each class, so at least 2, not {self.outputs}",
                fix='give outputs= the number of classes, or write task="binary"',
            )
        for name in ("batch_norm", "dropout"):
            if getattr(self, name) and not self.hidden:
                raise ConfigError(
                    f"{name} acts on hidden layers, and this network has none",
                    fix=f"give hidden=(64,), or leave {name} out",
                )

    @property
    def widths(self) -> tuple[int, ...]:
        """Numbers of units from layer to layer, inputs and outputs included.

        Examples
        --------
        >>> Architecture("binary", inputs=4, hidden=(8,)).widths
        (4, 8, 1)
        """
        return (self.inputs, *self.hidden, self.outputs)

    @property
    def has_flat_output(self) -> bool:
        """Whether predictions are (n,), one number for each row; else they are (n, outputs).

        Examples
        --------
        >>> Architecture("regression", inputs=4).has_flat_output
        True
        """
        return self.outputs == 1 and self.task in ("regression", "binary")

    def to_json(self) -> dict[str, Any]:
        """The settings as a dictionary that JSON can hold.

        Examples
        --------
        >>> Architecture("binary", inputs=2, hidden=(3,)).to_json()["hidden"]
        [3]
        """
        return dataclasses.asdict(self) | {"hidden": list(self.hidden)}

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> Architecture:
        """Make an architecture from what `to_json` gave; everything is checked again.

        Raises
        ------
        ConfigError
            If settings are missing or unknown, or have values that they cannot have.

        Examples
        --------
        >>> first = Architecture("binary", inputs=2, hidden=(3,))
        >>> Architecture.from_json(first.to_json()) == first
        True
        """
        if not isinstance(settings, Mapping):
            raise ConfigError(
                f"an architecture is written as an object with settings, not as {settings!r:.60}",
                fix="give the dictionary that to_json() returned",
            )
        known = {field.name for field in dataclasses.fields(cls)}
        needed = known - _ADDED_LATER
        for problem, names in (("unknown", set(settings) - known), ("missing", needed - set(settings))):
            if names:
                raise ConfigError(
                    f"settings of the architecture are {problem}: {', '.join(sorted(map(str, names)))}",
                    fix="give the dictionary that to_json() of this version of chainrule returned",
                )
        return cls(**settings)


def _one_of(name: str, value: Any, allowed: Any) -> None:
    if isinstance(value, str) and value in allowed:
        return
    import difflib  # only where something went wrong

    near = difflib.get_close_matches(value, allowed, n=1) if isinstance(value, str) else []
    example = near[0] if near else next(iter(allowed))
    raise ConfigError(f"{name} is one of {', '.join(allowed)}, not {value!r:.60}", fix=f'write {name}="{example}"')


def _loss(name: Any, task: str) -> str:
    """The name of a loss that fits the task."""
    fitting = TASKS[task].losses
    if isinstance(name, str) and name in LOSSES and name not in fitting:
        what = "numbers" if task == "regression" else "probabilities"
        raise ConfigError(
            f"a {task} network predicts {what}, and {name} is no loss of {what}",
            fix="write " + " or ".join(f'loss="{one}"' for one in fitting),
        )
    _one_of("loss", name, ("auto", *fitting))
    return next(iter(fitting)) if name == "auto" else str(name)


def _count(name: str, value: Any) -> int:
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value > 0:
        return int(value)
    raise ConfigError(
        f"{name} is a whole number from 1, not {value!r:.60}", fix=f"give {name} as an int, such as {name}=3"
    )


def _counts(hidden: Any) -> tuple[int, ...]:
    if isinstance(hidden, (tuple, list)):
        return tuple([_count(f"hidden[{i}]", units) for i, units in enumerate(hidden)])
    example = f"({hidden},)" if isinstance(hidden, (int, np.integer)) else "(64, 32)"
    raise ConfigError(
        f"hidden is a tuple with the number of units of each hidden layer, not {hidden!r:.60}",
        fix=f"write hidden={example}, or hidden=() for none",
    )


def _switch(name: str, value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise ConfigError(f"{name} is True or False, not {value!r:.60}", fix=f"write {name}=True or {name}=False")


def _strength(name: str, value: Any) -> float:
    number = value.item() if isinstance(value, (np.integer, np.floating)) else value
    is_number = isinstance(number, (int, float)) and not isinstance(number, bool)
    if is_number and 0 <= number <= sys.float_info.max:
        return float(number)
    raise ConfigError(f"{name} is a number from 0, not {value!r:.60}", fix=f"write {name}=0.1, or {name}=0.0 for none")
