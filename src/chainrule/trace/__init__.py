"""Tracing: an array that runs NumPy code and records it."""

import chainrule.trace.applying
import chainrule.trace.methods  # noqa: F401  (gives traced arrays their operators and methods)
