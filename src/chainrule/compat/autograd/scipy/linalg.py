"""SciPy's ``linalg`` for autograd programs."""

from chainrule.scipy.linalg import __all__, __dir__, __getattr__  # noqa: F401
