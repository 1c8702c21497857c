"""Optimisers: from parameters and their gradients to the next parameters.

An optimiser is a frozen set of numbers with two methods in plain NumPy, ``init(params)`` and
``update(params, gradients, state)``, on lists of arrays. So the training loop traces and compiles it, and one of
one's own works the same way.
"""

from chainrule.learn.optimizers.adagrad import AdaGrad
from chainrule.learn.optimizers.adam import Adam, AdamW
from chainrule.learn.optimizers.gradient_descent import SGD, GradientDescent, Momentum, Nesterov
from chainrule.learn.optimizers.protocol import Optimizer
from chainrule.learn.optimizers.rmsprop import RMSProp

__all__ = ["SGD", "AdaGrad", "Adam", "AdamW", "GradientDescent", "Momentum", "Nesterov", "Optimizer", "RMSProp"]
