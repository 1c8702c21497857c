"""The version of chainrule, which files carry that it writes."""

__all__ = ["__version__"]

__version__ = "0.1.0"
