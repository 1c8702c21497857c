"""chainrule's own functions, for arrays and traced values: activations, softmax and losses.

They are the records of `chainrule.ops.activations`, `softmaxes` and `losses`, one function for each name that these
modules list.

>>> import numpy as np
>>> relu(np.array([-1.0, 2.0]))
array([0., 2.])
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from chainrule.graph.op import OPS, Op
from chainrule.ops import activations, losses, softmaxes
from chainrule.ops.record import FUNCTIONS, Function
from chainrule.trace.call import call_with
from chainrule.trace.record import record_op
from chainrule.trace.tracer import Tracer

__all__ = sorted([*activations.__all__, *softmaxes.__all__, *losses.__all__])


def _elementwise_op(record: Function) -> Op | None:
    """The operation of a function of one argument that is nothing but that operation."""
    op = OPS.get(record.name)
    alone = op is not None and op.broadcasts and len(inspect.signature(record.body).parameters) == 1
    return op if alone else None


def _public(record: Function) -> Any:
    """A record as a function that users call."""
    op = _elementwise_op(record)

    def of_one(x: Any) -> Any:
        return record_op(op, (x,)) if op is not None and type(x) is Tracer else call_with(record, x)

    def of_several(*args: Any, **kwargs: Any) -> Any:
        return call_with(record, *args, **kwargs)

    function: Any = of_several if op is None else of_one
    functools.update_wrapper(function, record.body)
    function.__name__ = function.__qualname__ = record.name
    function.__module__ = __name__
    return function


globals().update({name: _public(FUNCTIONS[name]) for name in __all__})


if TYPE_CHECKING:  # a type checker does not see names that are put into globals()

    def __getattr__(name: str) -> Any: ...
