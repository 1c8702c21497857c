"""All that a training run needs to go on: arrays and numbers, for a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import DataError, StructureError
from chainrule.learn.stopping import Watch

__all__ = ["TrainingState"]

#: The layout of what `to_arrays` returns.
_VERSION = 1

#: Leaves of an optimiser's state that were plain numbers are plain numbers again.
_KINDS: dict[str, type] = {"int": int, "float": float}

_WATCHES = ("stopping", "plateau")


@dataclass
class TrainingState:
    """A training run between two steps.

    Attributes
    ----------
    params : list of array
        The leaves of the parameters.
    optimizer : list
        The leaves of the optimiser's state, arrays and plain numbers.
    epoch, step : int
        How many epochs are finished, and how many steps of the next one.
    seed : int
        Of the order of rows and of the noise.
    losses : array, shape (step,)
        The losses of these steps.
    norms : list of float
        With gradient norms: for each leaf the sum over these steps.
    best : list of array or None
        The parameters of the epoch with the lowest watched loss.
    best_loss, best_epoch : float, int
        That loss, and which epoch it was, counted from 1; 0 if no loss was watched yet.
    stopping, plateau : Watch
        How long `EarlyStopping` and `ReduceOnPlateau` have waited.
    history : dict of str to list
        One entry for each finished epoch.

    Examples
    --------
    >>> import numpy as np
    >>> state = TrainingState([np.ones(2)], [3, 1.0], epoch=3, history={"loss": [4.0, 2.0, 1.0]})
    >>> arrays, header = state.to_arrays()
    >>> sorted(arrays)
    ['history/loss', 'losses', 'norms', 'numbers', 'optimizer/0', 'optimizer/1', 'params/0']
    >>> again = TrainingState.from_arrays(arrays, header)
    >>> again.epoch, again.optimizer, again.history
    (3, [3, 1.0], {'loss': [4.0, 2.0, 1.0]})
    """

    params: list[Any]
    optimizer: list[Any]
    epoch: int = 0
    step: int = 0
    seed: int = 0
    losses: Any = field(default_factory=lambda: np.zeros(0))
    norms: list[float] = field(default_factory=list)
    best: list[Any] | None = None
    best_loss: float = float("inf")
    best_epoch: int = 0
    stopping: Watch = field(default_factory=Watch)
    plateau: Watch = field(default_factory=Watch)
    history: dict[str, list[Any]] = field(default_factory=dict)

    def to_arrays(self) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
        """Everything as arrays by name, and a header that JSON can hold.

        Returns
        -------
        arrays : dict of str to array
            In C order.
        header : dict

        Raises
        ------
        StructureError
            If the state of an optimiser of one's own holds something that is no number.
        """
        arrays: dict[str, Any] = {
            "losses": self.losses,
            "norms": self.norms,
            "numbers": [self.best_loss, self.stopping.reference, self.plateau.reference],
        }
        for group, leaves in (("params", self.params), ("optimizer", self.optimizer), ("best", self.best or [])):
            arrays |= {f"{group}/{i}": leaf for i, leaf in enumerate(leaves)}
        arrays |= {f"history/{name}": entries for name, entries in self.history.items()}
        for name, value in arrays.items():
            array = np.array(value, np.float64) if isinstance(value, list) else np.array(value, order="C")
            if array.dtype.kind not in "fciub":
                raise StructureError(
                    f"{name} of the training state is {value!r}, which no checkpoint can hold",
                    fix="keep arrays and numbers in the optimiser's state, and settings in the optimiser itself",
                )
            arrays[name] = array
        header = {
            "version": _VERSION,
            "epoch": self.epoch,
            "step": self.step,
            "seed": self.seed,
            "best_epoch": self.best_epoch,
            "waited": {name: getattr(self, name).waited for name in _WATCHES},
            "optimizer": [type(leaf).__name__ if type(leaf) in (int, float) else "array" for leaf in self.optimizer],
            "params": len(self.params),
            "has_best": self.best is not None,
            "history": list(self.history),
        }
        return arrays, header

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], header: Mapping[str, Any]) -> TrainingState:
        """The state that `to_arrays` took apart.

        Parameters
        ----------
        arrays : mapping of str to array
        header : mapping

        Raises
        ------
        DataError
            If something is missing, or of another version.
        """
        if header.get("version") != _VERSION:
            raise DataError(
                f"the training state has version {header.get('version')!r}, but this program reads {_VERSION}",
                fix="go on with the version of chainrule that wrote it, or start anew",
            )
        try:
            best_loss, *references = [float(number) for number in arrays["numbers"]]
            watches = {
                name: Watch(reference, int(header["waited"][name]))
                for name, reference in zip(_WATCHES, references, strict=True)
            }
            count = int(header["params"])
            return cls(
                params=[_own(arrays[f"params/{i}"]) for i in range(count)],
                optimizer=[
                    _KINDS[kind](arrays[f"optimizer/{i}"]) if kind in _KINDS else _own(arrays[f"optimizer/{i}"])
                    for i, kind in enumerate(header["optimizer"])
                ],
                epoch=int(header["epoch"]),
                step=int(header["step"]),
                seed=int(header["seed"]),
                losses=np.array(arrays["losses"], np.float64),
                norms=[float(norm) for norm in arrays["norms"]],
                best=[_own(arrays[f"best/{i}"]) for i in range(count)] if header["has_best"] else None,
                best_loss=best_loss,
                best_epoch=int(header["best_epoch"]),
                history={name: np.asarray(arrays[f"history/{name}"]).tolist() for name in header["history"]},
                **watches,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"the training state is not whole: {type(error).__name__} {error}", fix="go on from another checkpoint"
            ) from error


def _own(array: Any) -> Any:
    return np.array(array)
