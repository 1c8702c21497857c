"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.learn.optimizers.base import Rated, fitting, new_state

__all__ = ["SGD", "GradientDescent", "Momentum", "Nesterov"]


@dataclass(frozen=True)
class GradientDescent(Rated):
    """Gradient descent: θ ← θ − lr · ∂L/∂θ, on all rows or on a batch of them (then it is called SGD).

    With momentum the velocity v ← momentum · v + ∂L/∂θ takes the place of the gradient, and with `nesterov`
    ∂L/∂θ + momentum · v does. The conventions are those of PyTorch's and optax's SGD: the velocity starts at zero, is
    not damped, and is multiplied by the learning rate of the present step.

    Parameters
    ----------
    lr : float or callable, default 0.1
        Learning rate, or a schedule.
    momentum : float, default 0.0
        How much of the velocity is kept at each step.
    nesterov : bool, default False
    weight_decay : float, default 0.0
        Its multiple of the parameters is added to the gradient, like that of an L2 penalty.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning", ICML 2013.

    Examples
    --------
    >>> descent = GradientDescent(lr=0.5)
    >>> params, state = descent.update([1.0], [2.0], descent.init([1.0]))
    >>> params, state
    ([0.0], {'count': 1, 'lr_scale': 1.0})
    """

    lr: float | Callable[[Any], Any] = 0.1
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise ConfigError("nesterov=True needs momentum", fix="give momentum=0.9 as well")

    def init(self, params: list[Any]) -> dict[str, Any]:
        """Step count; with momentum also zeros for the velocity."""
        return new_state(velocity=[np.zeros_like(p) for p in params]) if self.momentum else new_state()

    def update(
        self, params: list[Any], gradients: list[Any], state: dict[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """One step against the gradient."""
        lr = self.learning_rate(state)
        following = {**state, "count": state["count"] + 1}
        if self.weight_decay:
            gradients = [g + self.weight_decay * p for p, g in zip(params, gradients, strict=True)]
        if self.momentum:
            velocity = [self.momentum * v + g for v, g in zip(state["velocity"], gradients, strict=True)]
            following["velocity"] = velocity
            if self.nesterov:
                velocity = [g + self.momentum * v for v, g in zip(velocity, gradients, strict=True)]
            gradients = velocity
        return [p - fitting(lr, p) * g for p, g in zip(params, gradients, strict=True)], following


#: Stochastic gradient descent: the same update, with gradients of batches of rows.
SGD = GradientDescent


@dataclass(frozen=True)
class Momentum(GradientDescent):
    """Gradient descent with momentum: v ← momentum · v + ∂L/∂θ, θ ← θ − lr · v.

    Parameters
    ----------
    lr : float or callable, default 0.01
        Learning rate, or a schedule.
    momentum : float, default 0.9
    nesterov : bool, default False
    weight_decay : float, default 0.0

    Examples
    --------
    >>> descent = Momentum(lr=0.5, momentum=0.5)
    >>> params, state = descent.update([4.0], [2.0], descent.init([4.0]))
    >>> params, state = descent.update(params, [2.0], state)
    >>> float(params[0])
    1.5
    """

    lr: float | Callable[[Any], Any] = 0.01
    momentum: float = 0.9


@dataclass(frozen=True)
class Nesterov(Momentum):
    """Nesterov's momentum: v ← momentum · v + ∂L/∂θ, θ ← θ − lr · (∂L/∂θ + momentum · v).

    Parameters
    ----------
    lr : float or callable, default 0.01
        Learning rate, or a schedule.
    momentum : float, default 0.9
    nesterov : bool, default True
    weight_decay : float, default 0.0

    Examples
    --------
    >>> descent = Nesterov(lr=0.5, momentum=0.5)
    >>> params, state = descent.update([4.0], [2.0], descent.init([4.0]))
    >>> float(params[0])
    2.5
    """

    nesterov: bool = True
