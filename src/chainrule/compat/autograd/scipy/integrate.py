"""SciPy's ``integrate`` for autograd programs."""

from chainrule.scipy.integrate import __all__, __dir__, __getattr__  # noqa: F401
