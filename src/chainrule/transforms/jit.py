"""`jit`: a function that is traced once for each kind of call, and from then on runs as a compiled program."""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import RecompilationWarning, StaticArgumentError
from chainrule.trace.session import active_sessions
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.transforms.calling import function_name
from chainrule.transforms.compiling import CompiledCall
from chainrule.transforms.signatures import CallSignature

__all__ = ["jit"]

#: Programs kept for one function; when there are more, the one that was not used for longest goes.
MOST_PROGRAMS = 64
#: So many programs are tried before a signature is worked out: a small last batch comes once in each epoch.
RECENT = 4
#: A function that is compiled so often probably gets something static that should not be.
WARNED_AT = 16


def jit(
    fun: Callable[..., Any], static_argnums: int | Sequence[int] = (), static_argnames: str | Sequence[str] = ()
) -> Callable[..., Any]:
    """Make a compiled version of a function.

    The function is traced at the first call with arguments of one structure, and of given shapes, dtypes and static
    values; its Python code does not run again in further such calls.

    Parameters
    ----------
    fun : callable
        Plain NumPy code, or a function made by `grad`, `hessian` and so on. Arguments and result may be nested
        containers.
    static_argnums : int or sequence of int, optional
        Positional arguments whose values, floats too, are fixed in the program: one program for each value.
    static_argnames : str or sequence of str, optional
        The same for arguments by name.

    Returns
    -------
    callable
        With the arguments and the result of `fun`. Arrays in the result are fresh. Two attributes more:
        ``plan(*args, **kwargs)`` returns a text that tells what the program for these arguments consists of, and
        ``clear()`` drops all programs.

    Raises
    ------
    TracedBranchError
        If `fun` looks at a number, for instance by ``if x > 0``.
    StaticArgumentError
        If a static value cannot be hashed, or a static argument does not exist.

    Warns
    -----
    RecompilationWarning
        Once, if the function is compiled again and again.

    See Also
    --------
    chainrule.config : threads, and the cache on disk.

    Notes
    -----
    Arrays, NumPy's scalars and Python's floats and complex numbers are dynamic. All else is static: integers, truth
    values, text, None, functions and other objects, compared by value and held by their hash. Arrays and variables
    that the function closes over are read when it is traced and are constants from then on; an assignment to an
    argument does not reach the caller's array. Compiled code does not warn of NaN and infinity, as `grad` does. Inside
    another transform, as in ``grad(jit(f))``, the function is traced as part of it.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> @cr.jit
    ... def norm(x):
    ...     print("tracing")
    ...     return np.sqrt(np.sum(x * x))
    >>> float(norm(np.array([3.0, 4.0])))
    tracing
    5.0
    >>> float(norm(np.array([6.0, 8.0])))
    10.0
    >>> cr.jit(cr.grad(norm))(np.array([3.0, 4.0]))
    tracing
    array([0.6, 0.8])
    """
    programs = _Programs(fun, static_argnums, static_argnames)

    @functools.wraps(fun)
    def compiled(*args: Any, **kwargs: Any) -> Any:
        if active_sessions():
            return fun(*args, **kwargs)
        latest = programs.latest
        if latest is not None:
            values = latest.values(args, kwargs)
            if values is not None:
                return latest.result(values)
        return programs.call(args, kwargs)

    compiled.plan = programs.plan  # type: ignore[attr-defined]
    compiled.clear = programs.clear  # type: ignore[attr-defined]
    return compiled


class _Programs:
    """The compiled programs of one function, by signature.

    Attributes
    ----------
    latest : CompiledCall or None
        The one that ran last; calls mostly repeat.
    """

    def __init__(
        self, fun: Callable[..., Any], static_argnums: int | Sequence[int], static_argnames: str | Sequence[str]
    ) -> None:
        self._fun = fun
        self._static = _static_arguments(fun, static_argnums, static_argnames)
        self._kept: OrderedDict[Any, CompiledCall] = OrderedDict()
        self._lock = threading.RLock()
        self._compiled = 0
        self._previous: CallSignature | None = None
        self._recent: tuple[CompiledCall, ...] = ()
        self.latest: CompiledCall | None = None

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the function with a signature that is not that of the call before."""
        for compiled in self._recent:
            values = compiled.values(args, kwargs)
            if values is not None:
                break
        else:
            signature = self._signature(args, kwargs)
            compiled, values = self._find(signature), signature.values
        self.latest = compiled
        self._recent = (compiled, *[other for other in self._recent if other is not compiled])[:RECENT]
        return compiled.result(values)

    def plan(self, *args: Any, **kwargs: Any) -> str:
        """What the program for some arguments consists of; it is compiled where that has not happened yet.

        Returns
        -------
        str
        """
        return self._find(self._signature(args, kwargs)).program.plan()

    def clear(self) -> None:
        """Drop all programs, so that the next call traces the function again."""
        with self._lock:
            self._kept.clear()
            self.latest = self._previous = None
            self._recent = ()
            self._compiled = 0

    def _signature(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallSignature:
        return CallSignature(self._fun, args, kwargs, self._static)

    def _find(self, signature: CallSignature) -> CompiledCall:
        with self._lock:  # also while compiling: threads that begin with the same call wait for one program
            compiled = self._kept.get(signature.key)
            if compiled is None:
                compiled = self._kept[signature.key] = CompiledCall(self._fun, signature)
                self._note_compilation(signature)
                if len(self._kept) > MOST_PROGRAMS:
                    self._kept.popitem(last=False)
            else:
                self._kept.move_to_end(signature.key)
            return compiled

    def _note_compilation(self, signature: CallSignature) -> None:
        self._compiled += 1
        previous, self._previous = self._previous, signature.without_values()
        if self._compiled != WARNED_AT or previous is None:
            return
        frame = user_frame()
        where = line_of_frame(frame)
        message = (
            f"{function_name(self._fun)} has been compiled {WARNED_AT} times; "
            f"last, {signature.difference_from(previous)}"
            + (f"\n  at  {where}" if where else "")
            + "\n  fix pass what changes as an array or a float (an int is static), keep shapes the same (pad the last "
            "batch, or leave it out), and make functions outside the loop"
        )
        if frame is None:
            warnings.warn(message, RecompilationWarning, stacklevel=2)
        else:
            warnings.warn_explicit(message, RecompilationWarning, frame.f_code.co_filename, frame.f_lineno)


def _static_arguments(
    fun: Callable[..., Any], argnums: int | Sequence[int], argnames: str | Sequence[str]
) -> Callable[[int | str], bool]:
    """Which arguments are static, however they are passed: by position or by name."""
    numbers = {int(argnums)} if isinstance(argnums, (int, np.integer)) else {int(number) for number in argnums}
    names = {argnames} if isinstance(argnames, str) else set(argnames)
    if numbers or names:
        _resolve(fun, numbers, names)
    static = numbers | names
    return static.__contains__


def _resolve(fun: Callable[..., Any], numbers: set[int], names: set[str]) -> None:
    """Add the names of the numbers and the numbers of the names, and check that these arguments exist."""
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):
        return  # a function that does not tell what it takes
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    takes_any_name = any(p.kind is p.VAR_KEYWORD for p in parameters)
    for number in list(numbers):
        if number < 0 and not takes_any_number:
            numbers.discard(number)
            numbers.add(number + len(positional))
    wrong: list[Any] = [n for n in numbers if not 0 <= n < len(positional) and not (takes_any_number and n >= 0)]
    known = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    wrong += [name for name in names if name not in known and not takes_any_name]
    if wrong:
        raise StaticArgumentError(
            f"{function_name(fun)} has no argument {wrong[0]!r} that could be static",
            where=line_of_frame(user_frame()),
            fix=f"its arguments are {', '.join(p.name for p in parameters) or 'none'}; "
            "static_argnums counts them from 0, static_argnames names them",
        )
    given_names = set(names)
    names.update(positional[number] for number in numbers if number < len(positional))
    numbers.update(positional.index(name) for name in given_names if name in positional)
