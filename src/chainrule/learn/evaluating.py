"""The loss on data that are not trained on, epoch after epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError
from chainrule.learn.recording import Recording, data_arrays
from chainrule.learn.reuse import Kept, forget_values, hashable
from chainrule.simplify.stabilise import stabilise
from chainrule.structure import Structure
from chainrule.transforms.compiling import Runnable, compile_graph

__all__ = ["Evaluation"]

#: Programs are kept for the next run on data of the same shapes; the numbers of data and constants are given to them.
_programs: Kept[Runnable] = Kept(16)


class Evaluation:
    """A loss on fixed data as a compiled program of the parameters, where its graph does not depend on their numbers.

    Parameters
    ----------
    loss : callable
    data : tuple
    structure : Structure
        Of the parameters.
    """

    def __init__(self, loss: Callable[..., Any], data: tuple[Any, ...], structure: Structure) -> None:
        self._loss, self._data, self._structure = loss, data, structure
        self._run: Callable[[list[Any]], Any] | None = None

    def __call__(self, leaves: list[Any]) -> float:
        """The loss for these parameters."""
        if self._run is None:
            self._run = self._compiled(leaves) or self._called
        with np.errstate(all="ignore"):  # a loss that is not finite is no improvement
            return float(self._run(leaves))

    def _called(self, leaves: list[Any]) -> Any:
        return self._loss(self._structure.unflatten(leaves), *self._data)

    def _compiled(self, leaves: list[Any]) -> Callable[[list[Any]], Any] | None:
        try:
            first, second = (Recording(self._loss, self._structure.unflatten(leaves), self._data) for _ in range(2))
        except (ChainRuleError, TypeError, ValueError, IndexError):
            return None  # with plain arrays the loss may work; if not, that call tells why
        if not (second.is_fixed and second.agrees_with(first)):
            return None
        kinds = tuple([(leaf.shape, leaf.dtype, leaf.kind) for leaf in second.leaves])
        program = _programs.get(hashable((second.key, kinds)), lambda: _compiled(second))
        arrays = [np.ascontiguousarray(array) for array in data_arrays(self._data)]
        given = [*arrays, *second.constants]
        return lambda leaves: program.run([*leaves, *given])[0]


def _compiled(recording: Recording) -> Runnable:
    stabilise(recording.order)
    program = compile_graph([recording.output.stable or recording.output], recording.leaves)
    forget_values(recording.leaves)
    return program
