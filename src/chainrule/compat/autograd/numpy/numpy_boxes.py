"""The class of traced arrays, under autograd's name."""

from __future__ import annotations

from chainrule.compat.autograd.boxes import Box

__all__ = ["ArrayBox"]

ArrayBox = Box
