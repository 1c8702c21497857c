"""Training runs in files, so that whatever ends a run can be gone on from: the last two states are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from chainrule.errors import DataError, StorageError
from chainrule.learn.training_state import TrainingState
from chainrule.storage.atomic import remove_leftovers
from chainrule.storage.container import read_container, write_container

__all__ = ["Checkpoint", "load_checkpoint", "previous_path", "save_checkpoint"]

_KIND = "checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """What was read.

    Attributes
    ----------
    state : TrainingState
        What `fit` goes on from with ``start=``.
    header : dict
        As it was saved beside the state.
    path : Path
        The file that it came from.
    damaged : StorageError or None
        Why the newest file was passed by, where this is the one before.
    """

    state: TrainingState
    header: dict[str, Any]
    path: Path
    damaged: StorageError | None = None


def previous_path(path: str | PathLike[str]) -> Path:
    """Where the checkpoint goes that a new one replaces.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Path

    Examples
    --------
    >>> previous_path("run.safetensors").name
    'run.previous.safetensors'
    """
    target = Path(os.path.realpath(path))
    return target.with_name(f"{target.stem}.previous{target.suffix}")


def save_checkpoint(path: str | PathLike[str], state: TrainingState, header: Mapping[str, Any] | None = None) -> None:
    """Write the state of a training run; the checkpoint that was there becomes the previous one.

    At every moment, one of the two files is a whole checkpoint, whatever ends the process.

    Parameters
    ----------
    path : str or path
    state : TrainingState
    header : dict, optional
        What JSON can hold, such as the settings of the run.

    Raises
    ------
    StorageError
        If the file cannot be written, as on a full disk; the last checkpoint is as it was.
    MissingPackageError
        Without safetensors.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "run.safetensors")
    ...     for epoch in (1, 2, 3):
    ...         save_checkpoint(path, TrainingState([np.ones(2) / epoch], [], epoch=epoch), {"lr": 0.1})
    ...     newest, before = load_checkpoint(path), load_checkpoint(previous_path(path))
    >>> newest.state.epoch, before.state.epoch, newest.header
    (3, 2, {'lr': 0.1})
    """
    arrays, description = state.to_arrays()
    everything = {"state": description, "run": dict(header or {})}
    write_container(path, _KIND, everything, arrays, keep=previous_path(path))
    remove_leftovers(path)


def load_checkpoint(path: str | PathLike[str]) -> Checkpoint:
    """The newest checkpoint that is whole: this file, or the previous one where it is missing or damaged.

    Parameters
    ----------
    path : str or path
        As it was given to `save_checkpoint`.

    Returns
    -------
    Checkpoint

    Raises
    ------
    StorageError
        If neither file is a whole checkpoint; it says what is wrong with the newer one.
    MissingPackageError
        Without safetensors.
    """
    newest = Path(path)
    try:
        return _read(newest, None)
    except StorageError as error:
        before = previous_path(path)
        if not before.is_file():
            raise
        try:
            return _read(before, error)
        except StorageError:
            raise error from None


def _read(path: Path, damaged: StorageError | None) -> Checkpoint:
    contents = read_container(path, _KIND)
    try:
        state = TrainingState.from_arrays(contents.arrays, contents.header["state"])
        header = contents.header["run"]
    except (DataError, LookupError, TypeError, ValueError, AttributeError) as error:
        why = error.what if isinstance(error, DataError) else repr(error)
        raise StorageError(
            f"{path} holds no training state: {why}",
            fix="go on with the version of chainrule that wrote it, or start anew",
        ) from error
    return Checkpoint(state, header, path, damaged)
