"""Recording: a call on traced values becomes nodes, which know the user's line and variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError, ShapeMismatchError, UnsupportedOperationError
from chainrule.graph.node import Node, ancestors, next_index
from chainrule.graph.op import Op, literal
from chainrule.graph.provenance import describe
from chainrule.ops.record import Function
from chainrule.trace.session import lift_argument, names_wanted, protect
from chainrule.trace.source import line_of_frame, user_frame, user_site
from chainrule.trace.tracer import Tracer
from chainrule.trace.views import link_view, link_views

__all__ = ["call_record", "name_locals", "record_nodes", "record_op", "to_node", "unwrap", "wrap"]


def to_node(value: Any) -> Node:
    """The node of a traced value, or a new leaf for anything else."""
    if type(value) is Tracer:
        return value._node
    if isinstance(value, Node):
        return value
    kind = type(value)
    if kind is float or kind is int:
        return literal(value)
    if kind is list or kind is tuple:
        return _stacked(value)
    node = lift_argument(value)
    if node.dtype.kind == "O":
        raise UnsupportedOperationError(
            f"a value of type {type(value).__name__} cannot take part in a computation on arrays",
            where=line_of_frame(user_frame()),
            fix="convert it to a NumPy array of numbers first",
        )
    return node


def _stacked(values: list[Any] | tuple[Any, ...]) -> Node:
    """A nested list in which some numbers may be traced."""
    unwrapped = unwrap(values)
    if not _contains_node(unwrapped):
        return lift_argument(np.asarray(values))
    from chainrule.ops.joining import array

    return array(unwrapped)


def _contains_node(value: Any) -> bool:
    return isinstance(value, Node) or (isinstance(value, (list, tuple)) and any(_contains_node(item) for item in value))


def unwrap(value: Any) -> Any:
    """Replace traced values by their nodes, inside lists, tuples and dicts too; plain arrays are protected."""
    kind = type(value)
    if kind is Tracer:
        return value._node
    if kind is np.ndarray:
        return protect(value)
    if kind is list:
        return [unwrap(item) for item in value]
    if kind is tuple:
        return tuple([unwrap(item) for item in value])
    if kind is dict:
        return {key: unwrap(item) for key, item in value.items()}
    if kind is slice:
        return slice(unwrap(value.start), unwrap(value.stop), unwrap(value.step))
    return protect(value) if isinstance(value, np.ndarray) else value


def wrap(value: Any) -> Any:
    """Replace nodes by traced values, inside lists and (named) tuples too."""
    if isinstance(value, Node):
        return Tracer(value)
    kind = type(value)
    if kind is list:
        return [wrap(item) for item in value]
    if isinstance(value, tuple):
        items = [wrap(item) for item in value]
        return kind(*items) if hasattr(value, "_fields") else tuple(items)
    return value


def record_op(op: Op, args: tuple[Any, ...], params: dict[str, Any] | None = None) -> Tracer:
    """Apply an operation to values of which at least one is traced."""
    nodes = tuple([value._node if type(value) is Tracer else to_node(value) for value in args])
    result = record_nodes(op, nodes, params)
    return link_view(args[0], result) if op.is_view and type(args[0]) is Tracer else result


def record_nodes(op: Op, nodes: tuple[Node, ...], params: dict[str, Any] | None = None) -> Tracer:
    """Apply an operation to nodes, on behalf of the user's line that is running."""
    try:
        node = op.apply(nodes, params)
    except ChainRuleError:
        raise
    except ValueError as error:
        raise explain_failure(op.name, nodes, error) from None
    node.site = user_site(2)
    if names_wanted():
        name_locals()
    return Tracer(node)


#: Functions that hand an array on as it is where there is nothing to do.
_SAME_ARRAY = frozenset(
    "asarray atleast_1d atleast_2d atleast_3d broadcast_arrays broadcast_to real_if_close transpose".split()
)
#: Functions that copy or not, as the layout in memory demands.
_MAY_COPY = frozenset(("ascontiguousarray", "ravel"))


def call_record(record: Op | Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a record with NumPy's arguments, some of which are traced."""
    if isinstance(record, Op) and not kwargs:
        return record_op(record, args)
    mark = next_index()
    plain_args, plain_kwargs = unwrap(args), unwrap(kwargs)
    try:
        result = record(*plain_args, **plain_kwargs)
    except ChainRuleError:
        raise
    except np.linalg.LinAlgError:
        raise
    except ValueError as error:
        nodes = tuple([value for value in plain_args if isinstance(value, Node)])
        raise explain_failure(record.name, nodes, error) from None
    _mark_origin(result, mark)
    if names_wanted():
        name_locals()
    if isinstance(result, Node) and not result.op.is_view and result.index > mark:
        return Tracer(result)
    traced = [value for value in (*args, *kwargs.values()) if type(value) is Tracer]
    if traced and result is traced[0]._node:
        copies = kwargs.get("copy")
        if copies is False or (record.name in _SAME_ARRAY and not copies):
            return traced[0]
    return link_views(traced, wrap(result), may_copy=record.name in _MAY_COPY)


def _mark_origin(result: Any, mark: int) -> None:
    """Give every node that a call made the line of the call; what it returned also the variable it is assigned to."""
    site = user_site(2)
    if isinstance(result, Node) and result.index == mark + 1:  # the common case: one call, one node
        result.site = site
        return
    results = _nodes_in(result)
    returned = {node.index for node in results}
    behind = site and (site[0], site[1] + 1)  # no instruction begins there, so that nothing is assigned
    for node in ancestors(results, after=mark):
        if node.site is None:
            node.site = site if node.index in returned else behind


def _nodes_in(value: Any) -> list[Node]:
    if isinstance(value, Node):
        return [value]
    if isinstance(value, (list, tuple)):
        return [node for item in value for node in _nodes_in(item)]
    return []


def name_locals() -> None:
    """Give traced values the names of the user's local variables that hold them."""
    frame = user_frame()
    if frame is None:
        return
    for name, value in frame.f_locals.items():
        if type(value) is Tracer:
            node = value._node
            if node.name is None:
                node.name = name
            elif node.local_name is None:
                node.local_name = name


#: The usual way out, by operation.
_FIXES = {"matmul": "transpose one of them (W.T @ x or x @ W), or give it the matching length"}
_ANY_FIX = "make the shapes agree, for instance with reshape, x[:, None] or x.T"


def explain_failure(name: str, nodes: tuple[Node, ...], error: ValueError) -> ShapeMismatchError:
    """The error for arguments that do not fit, with the user's names, line and a way out."""
    name_locals()
    shown = [describe(node) for node in nodes]
    operands = " and ".join(shown) if len(shown) < 3 else ", ".join(shown)
    verb = "cannot combine" if len(shown) > 1 else "cannot take"
    return ShapeMismatchError(
        f"{name} {verb} {operands}: {error}",
        where=line_of_frame(user_frame()),
        fix=_FIXES.get(name, _ANY_FIX if _is_about_shapes(error) else None),
    )


def _is_about_shapes(error: ValueError) -> bool:
    """Whether a reason speaks of shapes, and not, say, of a class label out of range."""
    return any(word in str(error) for word in ("shape", "broadcast", "dimension", "axis", "meet"))
