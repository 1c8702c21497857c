"""SciPy's ``special`` for autograd programs."""

from chainrule.scipy.special import __all__, __dir__, __getattr__  # noqa: F401
