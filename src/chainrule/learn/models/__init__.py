"""Models: `init`, `predict` and `loss` in plain NumPy code, from the lecture's formulas to networks of any depth.

>>> import numpy as np
>>> network = Network(Architecture("multiclass", inputs=4, outputs=3, hidden=(8,)))
>>> X = np.zeros((5, 4))
>>> network.predict(network.init(np.random.default_rng(0), X), X).shape
(5, 3)
"""

from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.lecture import LinearRegression, LogisticRegression, TwoLayerPerceptron
from chainrule.learn.models.network import Network

__all__ = ["Architecture", "LinearRegression", "LogisticRegression", "Network", "TwoLayerPerceptron"]
