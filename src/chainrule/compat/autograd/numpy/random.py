"""NumPy's ``random`` for autograd programs."""

from chainrule.numpy.random import __all__, __dir__, __getattr__  # noqa: F401
