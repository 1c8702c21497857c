"""What autograd offers to those who extend it: primitives with rules of their own, and vector spaces."""

from __future__ import annotations

from chainrule.compat.autograd.boxes import Box, notrace_primitive
from chainrule.compat.autograd.primitives import primitive
from chainrule.compat.autograd.rules import (
    def_linear,
    defjvp,
    defjvp_argnum,
    defjvp_argnums,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
    register_notrace,
)
from chainrule.compat.autograd.vspaces import SparseObject, VSpace, vspace

__all__ = [
    "Box",
    "JVPNode",
    "SparseObject",
    "VJPNode",
    "VSpace",
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "notrace_primitive",
    "primitive",
    "register_notrace",
    "vspace",
]


class VJPNode:
    """Names reverse mode, for `register_notrace`."""


class JVPNode:
    """Names forward mode, for `register_notrace`."""
