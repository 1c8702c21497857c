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
from chainrule.structure import flatten
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
        ``loss(params, *data)``: plain NumPy code that returns one real number.
    params : array or container of arrays
        Where to start; not changed.
    data : tuple of arrays, default ()
        What the loss takes beside the parameters. With `batch_size` the first axis of each is the row axis.
    optimizer : Optimizer
        Such as ``GradientDescent(lr=0.1)``.
    steps : int
        How many steps to take.
    batch_size : int, optional
        Rows for each step, drawn without replacement until all have been seen; by default all rows.
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
        If the loss becomes NaN or infinite; it carries the last parameters that gave a finite loss.
    StructureError
        If the arrays in `data` differ in their number of rows and `batch_size` is given.

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
    gradient = StepGradient(loss)
    history: list[float] = []
    finite = leaves
    stopped = False
    with _bar(progress, steps) as advance:
        for step, rows in zip(range(steps), _batches(data, batch_size, seed), strict=False):
            value, gradients = gradient(structure.unflatten(leaves), rows)
            if not np.isfinite(value):
                raise _diverged(loss, step, value, structure.unflatten(finite))
            finite = leaves
            leaves, state = optimizer.update(leaves, gradients, state)
            history.append(float(value))
            advance(float(value))
            if callback is not None and callback(step, structure.unflatten(leaves), float(value)):
                stopped = True
                break
    return Result(structure.unflatten(leaves), {"loss": np.array(history)}, len(history), stopped)


def _batches(data: tuple[Any, ...], batch_size: int | None, seed: int) -> Iterator[tuple[Any, ...]]:
    """The rows of each step, without end."""
    if batch_size is None or not data:
        while True:
            yield data
    counts = {len(array) for array in data}
    if len(counts) > 1:
        raise StructureError(
            f"the arrays in data have different numbers of rows: {', '.join(str(len(array)) for array in data)}",
            fix="give arrays whose first axis is the row axis, or leave batch_size out",
        )
    (count,) = counts
    size = min(batch_size, count)
    if size < 1:
        raise StructureError(f"a batch of {batch_size} rows out of {count} is empty", fix="give batch_size >= 1")
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(count)
        for start in range(0, count - size + 1, size):
            rows = order[start : start + size]
            yield tuple(array[rows] for array in data)


def _diverged(loss: Callable[..., Any], step: int, value: Any, params: Any) -> DivergenceError:
    return DivergenceError(
        f"the loss of {function_name(loss)} became {float(value)} at step {step}",
        fix="use a smaller learning rate; error.params holds the last parameters with a finite loss",
        params=params,
        step=step,
    )


def _bar(progress: bool, steps: int) -> AbstractContextManager[Callable[[float], None]]:
    """A progress bar that shows the loss, or nothing."""
    if not progress:
        return nullcontext(lambda value: None)
    from chainrule.learn.progress import ProgressBar

    return ProgressBar(steps)
