"""`fit`: training over epochs, with mini-batches, validation, early stopping, and a state from which to go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, StructureError
from chainrule.learn.epochs import Run, Settings
from chainrule.learn.feeding import RowChunks
from chainrule.learn.interrupts import Interrupts
from chainrule.learn.minimize import progress_bar
from chainrule.learn.optimizers.protocol import Optimizer
from chainrule.learn.stopping import EarlyStopping, ReduceOnPlateau
from chainrule.learn.training_state import TrainingState
from chainrule.learn.validating import require_count, require_optimizer
from chainrule.structure import flatten
from chainrule.transforms.calling import Arguments

__all__ = ["Training", "fit", "row_arrays"]


@dataclass
class Training:
    """What `fit` found, and what its callback sees after each epoch.

    Attributes
    ----------
    params : object
        The parameters: the best ones with ``EarlyStopping(restore_best=True)``, else the last ones.
    state : TrainingState
        From here `fit` goes on, with ``start=training.state``.
    history : dict of str to array
        One entry for each epoch. ``"loss"``: the mean over the rows, each measured before the step that took it in;
        ``"lr"``: the learning rate of the last step; ``"validation_loss"``, if there are such data;
        ``"gradient_norm"``, if asked for: shape (epochs, leaves), the mean over the steps.
    epochs : int
        How many are finished.
    best_epoch : int
        The one with the lowest watched loss, counted from 1: the loss of the validation data, else that of training.
    stopped : str
        Why the run ended: ``"epochs"``, ``"early stopping"``, ``"callback"``, ``"diverged"`` or ``"interrupted"``; an
        empty string while it goes on.
    message : str
        The same in a sentence, for a person.
    """

    params: Any
    state: TrainingState = field(repr=False)
    history: dict[str, np.ndarray[Any, Any]] = field(repr=False)
    epochs: int = 0
    best_epoch: int = 0
    stopped: str = ""
    message: str = ""

    def __repr__(self) -> str:
        losses = self.history["loss"]
        path = f"{losses[0]:.6g} → {losses[-1]:.6g}" if len(losses) else "none yet"
        end = f", stopped: {self.stopped}" if self.stopped else ""
        return f"<Training after {self.epochs} epochs: loss {path}{end}>"


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
    require_optimizer(optimizer)
    require_count("epochs", epochs, 0)
    require_count("seed", seed, 0)
    if batch_size is not None:
        require_count("batch_size", batch_size, 1)
    if isinstance(data, RowChunks):
        rows, example = data.rows, ()
        _check_chunks(data, batch_size, noise)
    else:
        data, rows = row_arrays("data", data)
        example = data
    if validation is not None:
        validation, _ = row_arrays("validation", validation)
    Arguments(loss, (params, *example), 0).require_differentiable()
    leaves, structure = flatten(params)
    leaves = [np.array(leaf) for leaf in leaves]
    optimizer_leaves, optimizer_structure = flatten(state := optimizer.init(leaves))
    if plateau is not None and not (isinstance(state, dict) and "lr_scale" in state):
        raise ConfigError(
            f"ReduceOnPlateau cannot lower the learning rate of {type(optimizer).__name__}",
            fix='let its state be a dict with "lr_scale", a factor of the learning rate that starts at 1.0',
        )
    if start is None:
        start = TrainingState(leaves, optimizer_leaves, seed=int(seed))
    else:
        _check_start(start, leaves, optimizer_leaves, seed)
    size = None if batch_size is None or (batch_size >= rows and example) else min(int(batch_size), rows)
    restores = early_stopping is not None and early_stopping.restore_best

    def training(run: Run, stopped: str = "", message: str = "") -> Training:
        state = run.state()
        kept = state.best if restores and state.best is not None else state.params
        history = {name: np.array(entries) for name, entries in state.history.items()}
        return Training(structure.unflatten(kept), state, history, state.epoch, state.best_epoch, stopped, message)

    steps = max(epochs - start.epoch, 0) * (1 if size is None else -(-rows // size)) - start.step
    with progress_bar(progress, steps) as advance, Interrupts() as ctrl_c:
        settings = Settings(
            rows=rows,
            batch_size=size,
            seed=int(seed),
            shuffle=shuffle,
            early_stopping=early_stopping,
            plateau=plateau,
            noise=noise,
            gradient_norms=gradient_norms,
            callback=None if callback is None else lambda: callback(training(run)),
            advance=advance,
            is_interrupted=lambda: ctrl_c.requested,
        )
        run = Run(loss, structure, data, optimizer, optimizer_structure, validation, settings, start)
        stopped = run.until(epochs)
        return training(run, stopped.reason, stopped.message)


def row_arrays(name: str, data: Any) -> tuple[tuple[Any, ...], int]:
    """Data as a tuple of arrays, and their number of rows."""
    data = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    data = tuple(
        [
            np.ascontiguousarray(part) if isinstance(part, (list, np.ndarray)) and np.ndim(part) else part
            for part in data
        ]
    )
    leaves, _ = flatten(data)
    if not leaves or not all(hasattr(leaf, "dtype") and np.ndim(leaf) for leaf in leaves):
        raise StructureError(
            f"{name} is a tuple of arrays with a row axis, but holds {'nothing' if not leaves else 'a single value'}",
            fix="give (X, y); take other values from a closure: loss=lambda params, *rows: f(params, *rows, value)",
        )
    counts = [len(leaf) for leaf in leaves]
    if len(set(counts)) > 1 or not counts[0]:
        raise StructureError(
            f"the arrays in {name} have {', '.join(map(str, counts))} rows",
            fix="give arrays whose first axis is the row axis, with at least one row",
        )
    return data, counts[0]


def _check_chunks(source: RowChunks, batch_size: int | None, noise: Any) -> None:
    """Refuse what needs all rows at once."""
    require_count("rows", source.rows, 1)
    if batch_size is None:
        raise ConfigError("data in chunks are trained on in mini-batches", fix="give batch_size=1000")
    if noise is not None:
        raise ConfigError(
            "noise cannot be made for data in chunks", fix="let chunks(epoch, rng) yield the noise as further arrays"
        )


def _check_start(start: TrainingState, leaves: list[Any], optimizer_leaves: list[Any], seed: int) -> None:
    """Refuse a state that belongs to another run."""
    if start.seed != seed:
        raise ConfigError(f"start comes from a run with seed {start.seed}, not {seed}", fix=f"give seed={start.seed}")
    shapes = [[np.shape(leaf) for leaf in one] for one in (start.params, leaves)]
    if shapes[0] != shapes[1]:
        raise StructureError(
            f"start has parameters of shapes {shapes[0]}, but params has {shapes[1]}",
            fix="give the parameters of the same model: their numbers are taken from start",
        )
    shapes = [[np.shape(leaf) for leaf in one] for one in (start.optimizer, optimizer_leaves)]
    if shapes[0] != shapes[1]:
        raise ConfigError(
            "start comes from a run with another optimiser: its state has other arrays",
            fix="give the same optimizer, or leave start out and begin from start.params",
        )
