"""The parts of SciPy that autograd covers."""

from chainrule.compat.autograd.scipy import integrate, linalg, signal, special, stats

__all__ = ["integrate", "linalg", "signal", "special", "stats"]
