"""NumPy's ``linalg`` for autograd programs."""

from chainrule.numpy.linalg import __all__, __dir__, __getattr__  # noqa: F401
