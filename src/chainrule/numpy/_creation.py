"""Functions that make new arrays: inside a traced function the array can be assigned to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.op import constant
from chainrule.trace.namespace import describe_wrapper, recorded
from chainrule.trace.session import active_sessions
from chainrule.trace.tracer import Tracer

__all__ = ["wrap"]

_MAKERS = {
    getattr(np, name)
    for name in (
        "arange array asanyarray asarray ascontiguousarray asfortranarray copy empty empty_like eye full full_like "
        "geomspace identity linspace logspace ones ones_like tri zeros zeros_like"
    ).split()
}
#: Memory that holds whatever was there before would make the graph's values unpredictable.
_FILLED: dict[Any, Any] = {np.empty: np.zeros, np.empty_like: np.zeros_like}


def wrap(function: Callable[..., Any], module: str) -> Callable[..., Any]:
    """A NumPy function for `chainrule.numpy`: it takes traced values, and new arrays take part in the trace."""
    plain = recorded(function, module)
    if function not in _MAKERS:
        return plain
    inside = recorded(_FILLED.get(function, function), module)

    def maker(*args: Any, **kwargs: Any) -> Any:
        if not active_sessions():
            return plain(*args, **kwargs)
        result = inside(*args, **kwargs)
        if type(result) is not np.ndarray or result.dtype.kind not in "fc" or any(result is value for value in args):
            return result  # integers and masks steer the computation, and existing arrays keep their identity
        return Tracer(constant(result))

    describe_wrapper(maker, function, module)
    return maker
