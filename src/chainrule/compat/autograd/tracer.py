"""Traced values and primitives, where autograd keeps them."""

from __future__ import annotations

from chainrule.compat.autograd.boxes import Box, getval, isbox, notrace_primitive
from chainrule.compat.autograd.primitives import primitive
from chainrule.compat.autograd.rules import register_notrace

__all__ = ["Box", "getval", "isbox", "notrace_primitive", "primitive", "register_notrace"]
