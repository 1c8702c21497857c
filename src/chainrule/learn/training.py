"""`fit`: training over epochs, with mini-batches, validation, early stopping, and a state from which to go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.learn.feeding import RowChunks
from chainrule.learn.interrupts import Interrupts
from chainrule.learn.minimize import progress_bar
from chainrule.learn.optimizers.protocol import Optimizer
from chainrule.learn.run import Training, TrainingRun
from chainrule.learn.stopping import EarlyStopping, ReduceOnPlateau
from chainrule.learn.training_state import TrainingState
from chainrule.learn.validating import require_count

__all__ = ["Training", "completed", "fit"]


def fit(
    loss: Callable[..., Any],
    params: Any,
    data: tuple[Any, ...] | RowChunks,
    *,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = None,
    seed: int = 0,
    shuffle: bool = True,
    validation: tuple[Any, ...] | None = None,
    early_stopping: EarlyStopping | None = None,
    plateau: ReduceOnPlateau | None = None,
    noise: Callable[[np.random.Generator, int], tuple[Any, ...]] | None = None,
    gradient_norms: bool = False,
    callback: Callable[[Training], Any] | None = None,
    progress: bool = False,
    start: TrainingState | None = None,
) -> Training:
    """Train parameters over epochs.

    Parameters
    ----------
    loss : callable
        ``loss(params, *data)``: plain NumPy code that returns one real number, the mean over the rows that it gets.
    params : array or container of arrays
        Where to start; not changed.
    data : tuple of arrays, or RowChunks
        What the loss takes beside the parameters, such as ``(X, y)``; the first axis of each is the row axis. For data
        larger than memory an object with ``rows`` and ``chunks(epoch, rng)``, which yields such tuples.
    optimizer : Optimizer
        Such as ``Adam(lr=0.01)``.
    epochs : int
        How many epochs the run has, those before `start` included.
    batch_size : int, optional
        Rows for each step, by default all. The last batch of an epoch is smaller if the rows do not divide evenly.
    seed : int, default 0
        Of the order of rows and of the noise.
    shuffle : bool, default True
        Whether each epoch takes the rows in a new order.
    validation : tuple of arrays, optional
        Data of the same kind, whose loss is computed after each epoch.
    early_stopping : EarlyStopping, optional
    plateau : ReduceOnPlateau, optional
    noise : callable, optional
        ``noise(rng, epoch)`` returns a tuple of arrays with a row axis, which the loss takes after `data`, such as
        masks for dropout. The loss of the validation data is computed without.
    gradient_norms : bool, default False
        Whether the history tells the norm of the gradient of each leaf.
    callback : callable, optional
        ``callback(training)`` after each epoch; a true result ends the run.
    progress : bool, default False
        Whether to show a progress bar (needs the extra ``train``).
    start : TrainingState, optional
        A state to go on from. With the same arguments, the run ends with what it would have without the break, bit for
        bit.

    Returns
    -------
    Training

    Raises
    ------
    ConfigError
        If a setting is nothing of the kind, or `start` belongs to another seed or another optimiser.
    StructureError
        If arrays differ in their number of rows, or `start` belongs to other parameters.
    IntegerInputError, NonScalarOutputError
        As for `minimize`.
    KeyboardInterrupt
        At the second Ctrl-C. The first one ends the run after the step that it is at, with ``stopped="interrupted"``
        and a state to go on from.

    Notes
    -----
    A run that diverges raises nothing: it ends with ``stopped="diverged"``, keeps the best parameters, and `message`
    names the operation that gave NaN or infinity, and a learning rate to try. It counts as divergence as well if
    the loss of an epoch has grown ten times in a row, to more than a hundred times the lowest one and the first one.

    All steps of an epoch are one call of native code, compiled once for the whole batches and once for the last,
    smaller one; without validation, early stopping, callback and the like, several epochs are. For that the loss must
    be a function of its arguments; see `minimize`.

    `TrainingRun` is the same, piece by piece.

    The order of rows in an epoch is that of ``numpy.random.default_rng([seed, epoch])``, with epochs counted from 0,
    and `noise` gets ``numpy.random.default_rng([seed, epoch, 1])``: a run needs no hidden state to go on.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.learn.optimizers import Adam
    >>> from chainrule.learn.training import fit
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> y = X @ np.array([2.0, -1.0]) + 3.0
    >>> def loss(params, X, y):
    ...     y_hat = X @ params["w"] + params["b"]
    ...     return np.mean((y_hat - y) ** 2)
    >>> training = fit(
    ...     loss, {"w": np.zeros(2), "b": 0.0}, (X, y), optimizer=Adam(lr=0.1), epochs=60, batch_size=32
    ... )
    >>> training.params["w"].round(2), round(float(training.params["b"]), 2)
    (array([ 2., -1.]), 3.0)
    >>> training.stopped, training.history["loss"].shape
    ('epochs', (60,))
    """
    require_count("epochs", epochs, 0)
    run = TrainingRun(
        loss,
        params,
        data,
        optimizer=optimizer,
        batch_size=batch_size,
        seed=seed,
        shuffle=shuffle,
        validation=validation,
        early_stopping=early_stopping,
        plateau=plateau,
        noise=noise,
        gradient_norms=gradient_norms,
        start=start,
    )
    return completed(run, epochs, callback=callback, progress=progress)


def completed(
    run: TrainingRun, epochs: int, *, callback: Callable[[Training], Any] | None = None, progress: bool = False
) -> Training:
    """Run what is left of so many epochs, or until Ctrl-C.

    Parameters
    ----------
    run : TrainingRun
    epochs : int
        Those that are finished included.
    callback : callable, optional
    progress : bool, default False
        As `fit` takes them.

    Returns
    -------
    Training

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.learn.optimizers import SGD
    >>> run = TrainingRun(lambda w, x: np.mean((w - x) ** 2), 0.0, (np.ones(4),), optimizer=SGD(lr=0.5))
    >>> completed(run, 3)
    <Training after 3 epochs: loss 1 → 0, stopped: epochs>
    """
    left = max(epochs - run.epoch, 0)
    with progress_bar(progress, left * run.steps_per_epoch - run.step) as on_steps, Interrupts() as ctrl_c:
        run.advance(epochs=left, callback=callback, is_interrupted=lambda: ctrl_c.requested, on_steps=on_steps)
    return run.training()
