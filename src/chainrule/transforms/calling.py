"""Calling a function on traced arguments: what every transform does first."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError, IntegerInputError, StructureError, TraceLeakError
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import CONSTANT, input_node
from chainrule.graph.provenance import describe_value
from chainrule.structure import Structure, flatten
from chainrule.trace.record import to_node
from chainrule.trace.session import Session, active_sessions, refuse_other_algebra
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.trace.tracer import Tracer

__all__ = ["Arguments", "TracedCall", "argument_names", "function_name"]


def function_name(fun: Callable[..., Any]) -> str:
    """What to call a function in a message."""
    return getattr(fun, "__name__", None) or type(fun).__name__


def argument_names(fun: Callable[..., Any], count: int) -> list[str]:
    """Names of the first positional parameters, invented where the signature does not tell."""
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}[{i}]" for i in range(count - len(names))]
            break
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
    names += [f"argument {i}" for i in range(len(names), count)]
    return names[:count]


class Arguments:
    """The arguments that a transform differentiates, taken apart into leaves.

    Attributes
    ----------
    positions : tuple of int
        Which positional arguments these are.
    leaves : list
        Their arrays.
    structures : list of Structure
        How each argument is put together again.
    """

    __slots__ = ("_fun", "args", "leaves", "positions", "single", "structures")

    def __init__(self, fun: Callable[..., Any], args: tuple[Any, ...], argnums: int | Sequence[int]) -> None:
        self._fun = fun
        self.args = args
        self.single = isinstance(argnums, (int, np.integer))
        numbers: Sequence[int] = [argnums] if self.single else argnums  # type: ignore[list-item, assignment]
        self.positions = tuple([self._position(number) for number in numbers])
        self.leaves: list[Any] = []
        self.structures: list[Structure] = []
        for position in self.positions:
            leaves, structure = flatten(args[position])
            self.leaves += leaves
            self.structures.append(structure)

    def _position(self, number: int) -> int:
        count = len(self.args)
        if not -count <= number < count:
            raise StructureError(
                f"argument number {number} of {function_name(self._fun)} was asked for, but the call has {count} "
                "positional arguments",
                where=line_of_frame(user_frame()),
                fix="pass the argument by position, or correct argnums",
            )
        return number % count

    def leaf_names(self) -> list[str]:
        """A name for each leaf, such as ``params['W']``."""
        names = argument_names(self._fun, len(self.args))
        return [
            path
            for position, structure in zip(self.positions, self.structures, strict=True)
            for path in structure.paths(names[position])
        ]

    def with_leaves(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """All positional arguments, with other leaves in the differentiated ones."""
        changed = list(self.args)
        start = 0
        for position, structure in zip(self.positions, self.structures, strict=True):
            changed[position] = structure.unflatten(leaves[start : start + structure.leaf_count])
            start += structure.leaf_count
        return tuple(changed)

    def unflatten(self, leaves: Sequence[Any]) -> Any:
        """Leaves in the structure of the differentiated argument, or a tuple of several arguments."""
        if len(self.structures) == 1:
            whole = self.structures[0].unflatten(leaves)
            return whole if self.single else (whole,)
        parts = []
        start = 0
        for structure in self.structures:
            parts.append(structure.unflatten(leaves[start : start + structure.leaf_count]))
            start += structure.leaf_count
        return tuple(parts)

    def require_differentiable(self) -> None:
        """Raise for integers, booleans and whatever is no array of numbers."""
        for position, leaf in enumerate(self.leaves):
            if type(leaf) is float or (type(leaf) is np.ndarray and leaf.dtype.kind in "fc"):
                continue
            array = leaf if hasattr(leaf, "dtype") else np.asarray(leaf)
            if array.dtype.kind not in "fc":
                name = self.leaf_names()[position]
                shown = np.asarray(leaf).item() if array.ndim == 0 and array.dtype.kind in "iu" else None
                raise IntegerInputError(
                    f"{describe_value(name, array.shape, array.dtype)} is not a real or complex floating-point value, "
                    "so it has no gradient",
                    where=line_of_frame(user_frame()),
                    fix=f"write {shown}.0 instead of {shown}"
                    if shown is not None
                    else "convert it with .astype(float), or leave it out of argnums",
                )


class TracedCall:
    """A function applied to traced arguments.

    Attributes
    ----------
    inputs : list of Node
        One for each leaf of the differentiated arguments.
    result : object
        What the function returned, traced.
    nested : bool
        Whether the call took place inside another trace, and the result must stay symbolic.
    start : int
        Nodes up to this index belong to enclosing traces.
    looked_at : bool
        Whether the function looked at traced numbers.
    """

    __slots__ = ("inputs", "looked_at", "nested", "result", "start")

    def __init__(
        self,
        fun: Callable[..., Any],
        arguments: Arguments,
        kwargs: dict[str, Any],
        *,
        names: Sequence[str] | None = None,
        scans_names: bool = False,
    ) -> None:
        self.nested = bool(active_sessions())
        with Session(scans_names=scans_names) as session:
            self.start = session.start
            self.inputs = [_input(leaf) for leaf in arguments.leaves]
            if names is not None:
                for node, name in zip(self.inputs, names, strict=True):
                    node.name = name
            tracers = [Tracer(node) for node in self.inputs]
            self.result = run_user_function(fun, arguments.with_leaves(tracers), kwargs)
        self.looked_at = session.looked_at

    def own_constants(self, outputs: Sequence[Node]) -> None:
        """Copy the large arrays that the function used: they may be changed before the outputs are computed."""
        for node in ancestors(outputs, after=self.start):
            if node.op is CONSTANT:
                node._value = np.array(node._value)

    def nodes_of(self, result: Any) -> list[Node]:
        """The nodes of returned leaves; plain arrays among them become constants."""
        return [to_node(leaf) for leaf in result]


def _input(leaf: Any) -> Node:
    if type(leaf) is Tracer:
        return input_node(leaf._node)
    if type(leaf) is np.ndarray:
        return input_node(leaf)
    if isinstance(leaf, np.ndarray):
        refuse_other_algebra(leaf)
    return input_node(np.asarray(leaf))


def run_user_function(fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call the user's function; where NumPy hid one of our errors behind its own, show ours."""
    try:
        return fun(*args, **kwargs)
    except ChainRuleError:
        raise
    except (ValueError, TypeError) as error:
        hidden = error.__cause__ or error.__context__
        if isinstance(hidden, TraceLeakError):
            raise hidden from None
        if "read-only" in str(error):
            raise TraceLeakError(
                "an array that takes part in a traced computation was assigned to while it was being traced",
                where=_line_in_user_code(error),
                fix="assign to a copy: a = a.copy()",
            ) from error
        raise


def run_for_any_numbers(
    session: Session, fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call the user's function in a session that allows no looking at numbers; where NumPy put an error of its own in
    the place of a refused look, show what was refused."""
    try:
        return run_user_function(fun, args, kwargs)
    except (TypeError, ValueError) as error:
        if session.refusal is None or isinstance(error, ChainRuleError):
            raise
        raise session.refusal from error


def _line_in_user_code(error: BaseException) -> str | None:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return line_of_frame(traceback.tb_frame) if traceback else None
