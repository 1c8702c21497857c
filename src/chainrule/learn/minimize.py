"""`minimize`: gradient descent on any loss, over any container of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import DivergenceError, StructureError
from chainrule.learn.optimizers import Optimizer
from chainrule.learn.step import StepGradient
from chainrule.structure import Structure, flatten
from chainrule.transforms.calling import Arguments, function_name

__all__ = ["Result", "minimize"]


@dataclass
class Result:
    """What `minimize` found.

    Attributes
    ----------
    params : object
        The last parameters, in the structure of the first ones.
    history : dict of str to array
        ``"loss"``: the loss before each step, of the rows that the step saw.
    steps : int
        How many steps were taken.
    stopped : bool
        Whether the callback ended the run early.

    Examples
    --------
    >>> import chainrule as cr
    >>> result = cr.minimize(lambda w: (w - 3) ** 2, 0.0, optimizer=cr.GradientDescent(lr=0.5), steps=2)
    >>> result
    <Result after 2 steps: loss 9 → 0>
    >>> float(result.params), result.history["loss"]
    (3.0, array([9., 0.]))
    """

    params: Any
    history: dict[str, np.ndarray[Any, Any]] = field(repr=False)
    steps: int = 0
    stopped: bool = False

    def __repr__(self) -> str:
        losses = self.history["loss"]
        path = f"{losses[0]:.6g} → {losses[-1]:.6g}" if len(losses) else "no step"
        return f"<Result after {self.steps} steps: loss {path}>"


def minimize(
    loss: Callable[..., Any],
    params: Any,
    data: tuple[Any, ...] = (),
    *,
    optimizer: Optimizer,
    steps: int,
    batch_size: int | None = None,
    seed: int = 0,
    callback: Callable[[int, Any, float], bool | None] | None = None,
    progress: bool = False,
) -> Result:
    """Minimise a loss by gradient descent.

    Parameters
    ----------
    loss : callable
        ``loss(params, *data)``: plain NumPy code that returns one real number. Its Python code runs at every step only
        where its result may depend on the step: if it branches on numbers, draws random numbers, or changes something
        (see Notes).
    params : array or container of arrays
        Where to start; not changed.
    data : tuple, default ()
        What the loss takes beside the parameters. With `batch_size` arrays (or containers of arrays), whose first axis
        is the row axis.
    optimizer : Optimizer
        Such as ``GradientDescent(lr=0.1)``.
    steps : int
        How many steps to take.
    batch_size : int, optional
        Rows for each step, by default all. An epoch sees every row once, in a new random order; its last batch is
        smaller if the rows do not divide evenly.
    seed : int, default 0
        Of the order of rows.
    callback : callable, optional
        ``callback(step, params, loss)`` after each step; a true result ends the run.
    progress : bool, default False
        Whether to show a progress bar (needs the extra ``train``).

    Returns
    -------
    Result

    Raises
    ------
    DivergenceError
        If the loss or the parameters become NaN or infinite; it carries the last parameters that gave a finite loss.
    IntegerInputError
        If the parameters are integers: write ``0.0``, not ``0``.
    NonScalarOutputError
        If the loss does not return one real number.
    StructureError
        If `batch_size` is given and the arrays in `data` differ in their number of rows or have none.

    Notes
    -----
    The loss is called in the first two steps. If both recorded the same graph with the same constants, and no number
    was looked at, the graph's program does the further steps alone. So a loss must be a function of its arguments:
    noise and counters that differ between two calls are noticed, a change that comes later is not. With a callback,
    which may change what the loss reads, each step calls the loss.

    Complex parameters step against the conjugate of the gradient, the direction of steepest descent.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> def loss(w, x, y):
    ...     return np.mean((w * x - y) ** 2)
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> result = cr.minimize(loss, 0.0, (x, 2 * x), optimizer=cr.GradientDescent(lr=0.1), steps=50)
    >>> round(float(result.params), 6)
    2.0
    """
    data = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    Arguments(loss, (params, *data), 0).require_differentiable()
    leaves, structure = flatten(params)
    leaves = [np.array(leaf) for leaf in leaves]
    state = optimizer.init(leaves)
    gradient = StepGradient(loss, keeps_programs=callback is None)
    history: list[float] = []
    finite = leaves
    stopped = False
    with _bar(progress, steps) as advance:
        for step, rows in zip(range(steps), _batches(data, batch_size, seed), strict=False):
            value, gradients = gradient(structure.unflatten(leaves), rows)
            if not np.isfinite(value):
                raise _diverged(f"the loss of {function_name(loss)} became {float(value)}", step, structure, finite)
            finite = leaves
            with np.errstate(over="ignore", invalid="ignore"):  # parameters that are not finite end the run
                leaves, state = optimizer.update(leaves, [_uphill(g) for g in gradients], state)
            history.append(float(value))
            advance(float(value))
            if callback is not None and callback(step, structure.unflatten(leaves), float(value)):
                stopped = True
                break
    if not all(np.isfinite(leaf).all() for leaf in leaves):
        raise _diverged(
            f"a gradient of {function_name(loss)} became NaN or infinite", len(history) - 1, structure, finite
        )
    return Result(structure.unflatten(leaves), {"loss": np.array(history)}, len(history), stopped)


def _uphill(gradient: Any) -> Any:
    """The direction of steepest ascent: for a complex parameter, the conjugate of its gradient."""
    return np.conj(gradient) if gradient.dtype.kind == "c" else gradient


def _batches(data: tuple[Any, ...], batch_size: int | None, seed: int) -> Iterator[tuple[Any, ...]]:
    """The rows of each step, without end."""
    if batch_size is None or not data:
        while True:
            yield data
    leaves, structure = flatten(tuple([np.asarray(part) if isinstance(part, list) else part for part in data]))
    if not all(hasattr(leaf, "dtype") and np.ndim(leaf) for leaf in leaves):
        raise StructureError(
            "with batch_size every array in data must have a row axis, but one is a single value",
            fix="take it from a closure: loss=lambda params, *rows: f(params, *rows, value)",
        )
    counts = {len(leaf) for leaf in leaves}
    if len(counts) > 1:
        raise StructureError(
            f"the arrays in data have different numbers of rows: {', '.join(str(len(leaf)) for leaf in leaves)}",
            fix="give arrays whose first axis is the row axis, or leave batch_size out",
        )
    (count,) = counts
    if batch_size < 1 or count < 1:
        raise StructureError(
            f"batches of {batch_size} rows cannot be drawn from {count} rows", fix="give batch_size >= 1 and some rows"
        )
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(count)
        for start in range(0, count, batch_size):
            rows = order[start : start + batch_size]
            yield structure.unflatten([leaf[rows] for leaf in leaves])


def _diverged(what: str, step: int, structure: Structure, finite: list[Any]) -> DivergenceError:
    return DivergenceError(
        f"{what} at step {step}",
        fix="use a smaller learning rate; error.params holds the last parameters with a finite loss"
        if step
        else "look at the data and the first parameters: a logarithm of zero or a missing value does this",
        params=structure.unflatten(finite),
        step=step,
    )


def _bar(progress: bool, steps: int) -> AbstractContextManager[Callable[[float], None]]:
    """A progress bar that shows the loss, or nothing."""
    if not progress:
        return nullcontext(lambda value: None)
    from chainrule.learn.progress import ProgressBar

    return ProgressBar(steps)
