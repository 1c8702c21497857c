"""`minimize`: gradient descent on any loss, over any container of parameters."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.learn.batches import Batches
from chainrule.learn.descent import Descent
from chainrule.learn.optimizers import Optimizer
from chainrule.learn.validating import require_count, require_optimizer
from chainrule.structure import flatten
from chainrule.transforms.calling import Arguments

__all__ = ["Result", "minimize", "progress_bar"]


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
    check_finite: bool = True,
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
    check_finite : bool, default True
        Whether a loss that becomes NaN or infinite ends the run with an error.

    Returns
    -------
    Result

    Raises
    ------
    DivergenceError
        If the loss or the parameters become NaN or infinite, unless `check_finite` is false; it names the first
        operation that did, and carries the last parameters that gave a finite loss.
    IntegerInputError
        If the parameters are integers: write ``0.0``, not ``0``.
    NonScalarOutputError
        If the loss does not return one real number.
    ConfigError
        If `optimizer`, `steps` or `batch_size` is nothing of the kind.
    StructureError
        If an update changes the shape of a parameter; if `batch_size` is given and the arrays in `data` differ in their
        number of rows or have none.

    Notes
    -----
    The loss is called twice. If both calls recorded the same graph with the same constants, and no number was looked
    at, the whole loop is compiled: gradients, the optimiser's update, the choice of rows and the history run as native
    code, as far as they can. So a loss must be a function of its arguments: noise and counters that differ between
    two calls are noticed, a change that comes later is not. With a callback, which may change what the loss reads, each
    step calls the loss.

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
    require_optimizer(optimizer)
    require_count("steps", steps, 0)
    if batch_size is not None:
        require_count("batch_size", batch_size)
    data = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    Arguments(loss, (params, *data), 0).require_differentiable()
    leaves, structure = flatten(params)
    batches = Batches(data, batch_size, seed)
    with progress_bar(progress, steps) as advance:
        descent = Descent(
            loss,
            [np.array(leaf) for leaf in leaves],
            structure,
            batches,
            optimizer,
            check_finite=check_finite,
            callback=callback,
            advance=advance,
        )
        for span in batches.spans(steps):
            descent.run(span)
            if descent.stopped:
                break
    descent.finish()
    return Result(descent.params, {"loss": descent.history}, descent.steps, descent.stopped)


def progress_bar(progress: bool, steps: int) -> AbstractContextManager[Callable[[int, float], None]]:
    """A progress bar that shows the loss, or nothing."""
    if not progress:
        return nullcontext(lambda steps, value: None)
    from chainrule.learn.progress import ProgressBar

    return ProgressBar(steps)
