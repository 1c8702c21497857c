"""Looking at a number that is not there: code that is traced for any numbers cannot ask which ones they are."""

from __future__ import annotations

from typing import NamedTuple

from chainrule.errors import TracedBranchError, TraceLeakError
from chainrule.graph.node import Node
from chainrule.graph.provenance import describe, describe_value, where_recorded
from chainrule.trace.source import assigned_name, line_of_frame, user_frame

__all__ = ["leaked", "refusal"]


class _Purpose(NamedTuple):
    """What a number is wanted for, and what to write instead."""

    text: str
    fix: str


_CHOOSE = "choose with np.where(condition, a, b) or cr.cond, repeat with cr.while_loop or cr.scan"
_STATIC = "make it static where it is the same in most calls: cr.jit(f, static_argnums=...)"

_PURPOSES = {
    "bool": _Purpose("decides a branch or a loop (if, while, and, or, not, assert)", f"{_CHOOSE}; or {_STATIC}"),
    "int()": _Purpose(
        "is wanted as a plain integer (int, range, a length)",
        "repeat with cr.scan or cr.while_loop, choose with np.where or cr.cond; take lengths from x.shape, and "
        "elements of a plain array with cr.numpy.take(array, i); "
        f"or {_STATIC}",
    ),
    "float()": _Purpose(
        "is wanted as a plain number (float, or a function of math)",
        "leave float() out and use NumPy's function instead of math's (np.exp(x), not math.exp(x)), write "
        "v = chainrule.numpy.zeros(...) for an array v that is assigned into; np.where, cr.cond, cr.scan and "
        "cr.while_loop branch and repeat without looking",
    ),
    "array": _Purpose(
        "is wanted as a plain array (np.asarray, np.array, or an assignment into one)",
        "use chainrule.numpy.asarray(x), chainrule.numpy.array([x, y]) or np.stack([x, y]), and make arrays that are "
        "assigned into with chainrule.numpy.zeros(...); np.where, cr.cond, cr.scan and cr.while_loop branch and "
        "repeat without looking",
    ),
    "text": _Purpose(
        "is to be printed with so many digits", "leave the format out to see shape and dtype, or return the value"
    ),
}
_ANY_PURPOSE = _Purpose(
    "decides the shape, the dtype or a setting of a result",
    "keep shapes fixed, as np.where(mask, x, 0.0) does where x[mask] does not; np.where, cr.cond, cr.scan and "
    f"cr.while_loop branch and repeat without looking; or {_STATIC}",
)
#: Callers of `Tracer._leak` whose purpose is that of another one.
_ANOTHER_NAME = {
    "np.asarray() or an assignment into a plain array": "array",
    "complex()": "float()",
    "item()": "float()",
    "tolist()": "float()",
    "an integer index": "int()",
}


def refusal(node: Node, purpose: str = "", name: str | None = None) -> TracedBranchError:
    """The error for a number that is asked for while the function is traced for any numbers."""
    known = _PURPOSES.get(_ANOTHER_NAME.get(purpose, purpose), _ANY_PURPOSE)
    name = name or node.name or assigned_name(node)
    return TracedBranchError(
        f"{describe_value(name, node.shape, node.dtype)} {known.text}, but it has no number yet: the function is "
        "recorded once, for all numbers",
        where=line_of_frame(user_frame()),
        fix=known.fix,
    )


def leaked(stray: Node) -> TraceLeakError:
    """The error for a traced value that outlived its trace."""
    return TraceLeakError(
        f"{describe(stray)} was traced in a call that has ended, and is used in a later one",
        where=where_recorded(stray),
        fix="return the value from the function (has_aux=True hands it on) instead of keeping it elsewhere",
    )
