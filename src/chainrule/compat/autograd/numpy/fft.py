"""NumPy's ``fft`` for autograd programs."""

from chainrule.numpy.fft import __all__, __dir__, __getattr__  # noqa: F401
