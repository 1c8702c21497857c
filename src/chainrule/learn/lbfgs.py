"""L-BFGS through SciPy, with chainrule's compiled gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.learn.evaluating import Evaluation
from chainrule.learn.interrupts import Interrupts
from chainrule.learn.run import Training
from chainrule.learn.step import StepGradient
from chainrule.learn.training_state import TrainingState
from chainrule.learn.validating import require_count, row_arrays
from chainrule.structure import Structure, flatten
from chainrule.transforms.calling import Arguments

__all__ = ["lbfgs"]

#: SciPy ends where an iteration lowers the loss by less than this many roundings of it.
_ROUNDINGS = 64


def lbfgs(
    loss: Callable[..., Any],
    params: Any,
    data: tuple[Any, ...],
    *,
    max_iter: int = 200,
    tol: float = 1e-6,
    memory: int = 10,
    validation: tuple[Any, ...] | None = None,
    gradient_norms: bool = False,
    callback: Callable[[Training], Any] | None = None,
) -> Training:
    """Minimise a smooth loss of all rows by L-BFGS, the quasi-Newton method with limited memory.

    Parameters
    ----------
    loss : callable
        ``loss(params, *data)``: plain NumPy code that returns one real number.
    params : array or container of arrays
        Real numbers, where to start; not changed.
    data : tuple of arrays
        The first axis of each is the row axis.
    max_iter : int, default 200
    tol : float, default 1e-6
        The run has converged when no element of the gradient is larger than this, or when rounding hides any further
        progress.
    memory : int, default 10
        How many past steps describe the curvature.
    validation : tuple of arrays, optional
        Data of the same kind, whose loss is computed after each iteration.
    gradient_norms : bool, default False
        Whether the history tells the norm of the gradient of each leaf.
    callback : callable, optional
        ``callback(training)`` after each iteration; a true result ends the run.

    Returns
    -------
    Training
        ``epochs`` counts iterations, the history has one entry for each, after it. ``stopped`` is ``"converged"``,
        ``"epochs"`` (`max_iter` was reached), ``"callback"``, ``"interrupted"`` or ``"diverged"``. Its state holds the
        parameters, from which another optimiser may go on.

    Notes
    -----
    Loss and gradient are computed in the dtype of `params`; SciPy's vectors are float64.

    References
    ----------
    Byrd, Lu, Nocedal and Zhu, "A limited memory algorithm for bound constrained optimization", SIAM Journal on
    Scientific Computing, 1995.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.learn.lbfgs import lbfgs
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0.0, 1.0, 0.0, 1.0])
    >>> def loss(params, X, y):
    ...     z = X @ params["w"] + params["b"]
    ...     return np.mean(np.log(1 + np.exp(z)) - y * z)
    >>> training = lbfgs(loss, {"w": np.zeros(1), "b": 0.0}, (X, y))
    >>> training.stopped, training.params["w"].round(4)
    ('converged', array([0.9082]))
    """
    from scipy.optimize import minimize

    require_count("max_iter", max_iter, 0)
    data, _ = row_arrays("data", data)
    Arguments(loss, (params, *data), 0).require_differentiable()
    leaves, structure = flatten(params)
    problem = _Problem(loss, [np.array(leaf) for leaf in leaves], structure, data)
    if validation is not None:
        evaluation = Evaluation(loss, row_arrays("validation", validation)[0], structure)
    history: dict[str, list[Any]] = {"loss": []}
    ended = ""

    def training(vector: Any, stopped: str = "", message: str = "") -> Training:
        state = TrainingState(
            problem.leaves(vector), [], epoch=len(history["loss"]), history={k: list(v) for k, v in history.items()}
        )
        arrays = {name: np.array(entries) for name, entries in history.items()}
        best = int(np.argmin(history["loss"])) + 1 if history["loss"] else 0
        return Training(structure.unflatten(state.params), state, arrays, state.epoch, best, stopped, message)

    with Interrupts() as ctrl_c:

        def look(intermediate_result: Any) -> None:
            nonlocal ended
            vector = intermediate_result.x
            history["loss"].append(float(intermediate_result.fun))
            if validation is not None:
                history.setdefault("validation_loss", []).append(evaluation(problem.leaves(vector)))
            if gradient_norms:
                history.setdefault("gradient_norm", []).append(problem.norms(vector))
            if ctrl_c.requested:
                ended = "interrupted"
            elif callback is not None and callback(training(np.copy(vector))):
                ended = "callback"
            if ended:
                raise StopIteration

        start = problem.vector()
        first, _ = problem(start)
        if not np.isfinite(first):
            why = f"the loss of the first parameters is {first}: look at the data, and at the first parameters"
            return training(start, "diverged", why)
        options = {"maxiter": max_iter, "maxfun": 20 * max_iter + 20, "maxcor": memory, "gtol": tol}
        options["ftol"] = _ROUNDINGS * problem.rounding
        found = minimize(problem, start, jac=True, method="L-BFGS-B", callback=look, options=options)
    if not ended:
        # A line search that finds nothing lower (status 2) has met the rounding of the loss.
        ended = "epochs" if found.status == 1 else "converged"
    return training(found.x, ended, str(found.message))


class _Problem:
    """Loss and gradient as SciPy takes them, of one float64 vector.

    Parameters
    ----------
    loss : callable
    leaves : list of array
    structure : Structure
    data : tuple
    """

    def __init__(
        self, loss: Callable[..., Any], leaves: list[Any], structure: Structure, data: tuple[Any, ...]
    ) -> None:
        self._leaves, self._structure, self._data = leaves, structure, data
        self._gradient = StepGradient(loss)
        self._gradient.agreed(structure.unflatten(leaves), data, looks_ahead=True)
        #: The last point, and the gradient there.
        self._last: tuple[Any, list[Any]] = (None, [])

    @property
    def rounding(self) -> float:
        """The relative precision of the loss."""
        return float(max(np.finfo(leaf.dtype).eps for leaf in self._leaves))

    def vector(self) -> np.ndarray[Any, Any]:
        """The first parameters."""
        return np.concatenate([leaf.reshape(-1).astype(np.float64) for leaf in self._leaves])

    def leaves(self, vector: np.ndarray[Any, Any]) -> list[Any]:
        """Parameters of their own shapes and dtypes."""
        ends = np.cumsum([leaf.size for leaf in self._leaves])
        parts = np.split(vector, ends[:-1])
        return [part.reshape(leaf.shape).astype(leaf.dtype) for part, leaf in zip(parts, self._leaves, strict=True)]

    def __call__(self, vector: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        value, gradients = self._gradient(self._structure.unflatten(self.leaves(vector)), self._data)
        self._last = (vector.copy(), gradients)
        return float(value), np.concatenate([np.asarray(g, np.float64).reshape(-1) for g in gradients])

    def norms(self, vector: np.ndarray[Any, Any]) -> list[float]:
        """The norm of the gradient of each leaf."""
        if not np.array_equal(self._last[0], vector):
            self(vector)
        return [float(np.linalg.norm(g)) for g in self._last[1]]
