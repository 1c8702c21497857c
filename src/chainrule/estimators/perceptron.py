"""What multilayer perceptrons share: from checked rows to a trained network."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state

from chainrule.errors import ConfigError, DataError
from chainrule.estimators.base import Estimator, choice, count, number
from chainrule.estimators.rows import distinct_rows
from chainrule.estimators.scaling import Scaling
from chainrule.estimators.solvers import SOLVERS, optimizer_of, watches_of
from chainrule.learn.lbfgs import lbfgs
from chainrule.learn.models import Architecture, Network
from chainrule.learn.stopping import Watch
from chainrule.learn.training import Training, fit
from chainrule.learn.training_state import TrainingState
from chainrule.structure import flatten

__all__ = ["Perceptron", "is_stochastic"]

#: scikit-learn's names of activations.
_ACTIVATIONS = {"logistic": "sigmoid"}

#: Rows of a step where the user names no number: so many, that an epoch has about 50 steps.
_STEPS, _LEAST_ROWS, _MOST_ROWS = 50, 32, 200

#: Numbers in the values of a layer that are computed at once in a prediction, so that they stay in the cache.
_CHUNK = 1 << 17


def is_stochastic(model: Any) -> bool:
    """Whether a model takes steps of batches, so that `partial_fit` has a meaning."""
    if model.solver == "lbfgs":
        raise AttributeError('partial_fit takes steps of batches: give solver="adam" or "sgd"')
    return True


class Perceptron(Estimator):
    """A network, and how it is trained; see `MLPClassifier` for the settings."""

    def __init__(
        self,
        *,
        hidden_layer_sizes: Any,
        activation: str,
        solver: str,
        alpha: float,
        l1: float,
        dropout: float,
        batch_norm: bool,
        standardize: bool,
        batch_size: Any,
        learning_rate: str,
        learning_rate_init: float,
        power_t: float,
        max_iter: int,
        shuffle: bool,
        random_state: Any,
        tol: float,
        verbose: bool,
        warm_start: bool,
        momentum: float,
        nesterovs_momentum: bool,
        early_stopping: bool,
        validation_fraction: float,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        n_iter_no_change: int,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.l1 = l1
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.standardize = standardize
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change

    # What is handed out ----------------------------------------------------------------------------------------------

    @property
    def params_(self) -> dict[str, Any]:
        """Parameters for features, and predicted numbers, on their own scale."""
        params, scaling = dict(self._params), self._scaling
        weights = params["W1"]
        params["W1"] = (weights.T / scaling.scale).T
        shift = scaling.mean @ params["W1"]
        if "mean1" in params:
            params["mean1"] = params["mean1"] + shift
        else:
            params["b1"] = params["b1"] - shift
        last = len(self.network_.architecture.hidden) + 1
        target = self._target_scaling
        params[f"W{last}"] = params[f"W{last}"] * target.scale
        params[f"b{last}"] = params[f"b{last}"] * target.scale + target.mean
        return params

    @property
    def coefs_(self) -> list[Any]:
        """Weights of each layer, of shape (inputs, outputs)."""
        return [W.reshape(len(W), -1) for W, _ in self.network_.affine_layers(self.params_)]

    @property
    def intercepts_(self) -> list[Any]:
        """Biases of each layer, of shape (outputs,)."""
        return [np.reshape(b, -1) for _, b in self.network_.affine_layers(self.params_)]

    def _raw(self, X: Any) -> Any:
        """The raw numbers of the last layer."""
        X = self._features(X).astype(self._dtype, copy=False)
        rows = max(_CHUNK // max(self.network_.architecture.widths), 256)
        parts = [
            self.network_.outputs(self._params, self._scaling.apply(X[start : start + rows]))
            for start in range(0, len(X), rows)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    # Training --------------------------------------------------------------------------------------------------------

    def _train(self, task: str, X: Any, y: Any, weight: Any, outputs: int, *, goes_on: bool) -> None:
        """Train until the settings say that it is enough.

        Parameters
        ----------
        task : str
            Of the architecture.
        y : array
            Numbers; for classes those of `class_codes`.
        goes_on : bool
            Whether to begin from the weights that were found before.
        """
        choice("solver", self.solver, SOLVERS)
        X = X.astype(self._dtype, copy=False) if goes_on else X
        if self.shuffle:
            X, y, weight = distinct_rows(X, y, weight)
        random = check_random_state(self.random_state)
        seed = int(random.randint(np.iinfo(np.int32).max))
        training, held_out = self._split(X, y, weight, seed, stratify=task in ("binary", "multiclass"))
        X, y, weight = training
        self._prepare(task, X, y, weight, outputs, goes_on=goes_on)
        if not goes_on:
            self._dtype = X.dtype
            self._params = self.network_.init(np.random.default_rng(seed), X)
        data = self._encoded(X, y, weight)
        if self.solver == "lbfgs":
            found = self._run_lbfgs(data)
        else:
            found = self._run(data, seed, None if held_out is None else self._encoded(*held_out))
        self._take(found, data)
        if found.stopped in ("epochs", "diverged", "interrupted"):
            warnings.warn(_explained(found, self.max_iter), ConvergenceWarning, stacklevel=3)

    def _continue(self, task: str, X: Any, y: Any, weight: Any, outputs: int, *, goes_on: bool) -> None:
        """Train for one epoch, with the optimiser as the last one left it."""
        choice("solver", self.solver, SOLVERS)
        if self.early_stopping:
            raise ConfigError("partial_fit holds no rows out", fix="give early_stopping=False")
        X = X.astype(self._dtype, copy=False) if goes_on else X
        if self.shuffle:
            X, y, weight = distinct_rows(X, y, weight)
        seed = self._state.seed if goes_on else int(check_random_state(self.random_state).randint(2**31 - 1))
        self._prepare(task, X, y, weight, outputs, goes_on=goes_on)
        if not goes_on:
            self._dtype = X.dtype
            self._params = self.network_.init(np.random.default_rng(seed), X)
        data = self._encoded(X, y, weight)
        self._take(self._run(data, seed, None, epoch=self._state if goes_on else TrainingState([], [])), data)

    def _prepare(self, task: str, X: Any, y: Any, weight: Any, outputs: int, *, goes_on: bool) -> None:
        """Set network and scales."""
        hidden = self.hidden_layer_sizes
        share = len(X) if weight is None else float(weight.sum())  # the loss is the mean over so many rows
        architecture = Architecture(
            task,
            inputs=X.shape[1],
            outputs=1 if task == "binary" else outputs,
            hidden=tuple(hidden) if np.iterable(hidden) else (hidden,),
            activation=_ACTIVATIONS.get(self.activation, self.activation),
            batch_norm=self.batch_norm,
            dropout=self.dropout,
            l1=number("l1", self.l1) / share,
            l2=number("alpha", self.alpha) / share,
        )
        if goes_on:
            _require_same(self.network_.architecture, architecture)
        else:
            self._scaling = Scaling.of(X, weight) if self.standardize else Scaling.none(X)
            self._target_scaling = self._scaling_of_targets(y.astype(X.dtype), weight)
        self.network_ = Network(architecture)
        self.n_layers_, self.n_outputs_ = len(architecture.hidden) + 2, architecture.outputs

    def _scaling_of_targets(self, y: Any, weight: Any) -> Scaling:
        """Labels stay as they are."""
        return Scaling(np.zeros((), y.dtype), np.ones((), y.dtype))

    def _encoded(self, X: Any, y: Any, weight: Any) -> tuple[Any, ...]:
        """Rows as the loss takes them; weights have the mean 1, and none are given where all are the same."""
        if self.network_.architecture.task == "regression":
            y = self._target_scaling.apply(y.astype(X.dtype))
        columns = [np.full(len(X), strength, X.dtype) for strength in objective(self.network_)[1]]
        data = (self._scaling.apply(X), self.network_.encode(y, X.dtype), *columns)
        if weight is None or (weight == weight[0]).all():
            return data
        return (*data, (weight / weight.mean()).astype(X.dtype))

    def _rows_of_step(self, rows: int) -> int:
        if self.solver == "lbfgs":
            return rows
        if isinstance(self.batch_size, str):
            choice("batch_size", self.batch_size, ("auto",))
            return min(max(rows // _STEPS, _LEAST_ROWS), _MOST_ROWS, rows)
        return min(count("batch_size", self.batch_size), rows)

    def _split(self, X: Any, y: Any, weight: Any, seed: int, *, stratify: bool) -> tuple[Any, Any]:
        """Rows to train on, and rows that are held out."""
        if not self.early_stopping or self.solver == "lbfgs":
            return (X, y, weight), None
        part = number("validation_fraction", self.validation_fraction, above=0.0, most=0.99)
        rows = np.arange(len(X))
        kept, held = train_test_split(rows, test_size=part, random_state=seed, stratify=y if stratify else None)
        return tuple(
            [(X[one], y[one], None if weight is None else weight[one]) for one in (np.sort(kept), np.sort(held))]
        )  # type: ignore[return-value]

    def _run(
        self, data: tuple[Any, ...], seed: int, validation: tuple[Any, ...] | None, epoch: TrainingState | None = None
    ) -> Training:
        """Train in steps; with `epoch`, the state before it, for one epoch."""
        network, rows = self.network_, len(data[0])
        batch_size = self._rows_of_step(rows)
        settings: dict[str, Any] = {"epochs": count("max_iter", self.max_iter), **watches_of(self)}
        if epoch is not None:
            settings = {"epochs": epoch.epoch + 1, "start": epoch if epoch.params else None}
        return fit(
            objective(network)[0],
            network.trainable(self._params),
            data,
            optimizer=optimizer_of(self, rows=rows, batch_size=batch_size),
            batch_size=batch_size,
            seed=seed,
            shuffle=bool(self.shuffle),
            validation=validation,
            noise=(lambda rng, _: network.noise(rng, rows, data[0].dtype)) if self.dropout else None,
            progress=bool(self.verbose),
            **settings,
        )

    def _run_lbfgs(self, data: tuple[Any, ...]) -> Training:
        if self.dropout:
            raise ConfigError("L-BFGS needs the same loss at each step, without dropout", fix='give solver="adam"')
        return lbfgs(
            objective(self.network_)[0],
            self.network_.trainable(self._params),
            data,
            max_iter=count("max_iter", self.max_iter),
            tol=number("tol", self.tol),
        )

    def _take(self, found: Training, data: tuple[Any, ...]) -> None:
        """Keep what training found."""
        self._params = self.network_.finish(found.params, data[0])
        # What goes on goes on from these parameters, and compares its losses with none from before.
        self._state = replace(
            found.state,
            params=flatten(found.params)[0],
            step=0,
            losses=np.zeros(0),
            best=None,
            best_loss=float("inf"),
            best_epoch=0,
            stopping=Watch(),
            plateau=Watch(),
        )
        self.loss_curve_ = found.history["loss"].tolist()
        if "validation_loss" in found.history:
            self.validation_loss_curve_ = found.history["validation_loss"].tolist()
        watched = found.history.get("validation_loss", found.history["loss"])
        self.n_iter_ = max(found.epochs, 1)
        if len(watched):
            self.loss_, self.best_loss_ = float(found.history["loss"][-1]), float(watched.min())


def objective(network: Network) -> tuple[Callable[..., Any], tuple[float, ...]]:
    """The loss of a network that takes the strengths of its penalties as data.

    They depend on the number of rows. As numbers they would be part of the compiled loop; as columns beside the rows
    they are not, and another fold of a cross-validation uses the same loop.

    Returns
    -------
    loss : callable
        ``loss(params, X, y, *columns, weight, *noise)``
    strengths : tuple of float
        What the columns hold.
    """
    settings = network.architecture
    plain, layers = Network(replace(settings, l1=0.0, l2=0.0)), range(1, len(settings.hidden) + 2)
    measures = [(settings.l2 / 2, np.square), (settings.l1, np.abs)]
    used = [(strength, measure) for strength, measure in measures if strength]

    def loss(params: Any, X: Any, y: Any, *rest: Any) -> Any:
        columns, rest = rest[: len(used)], rest[len(used) :]
        total = plain.loss(params, X, y, *rest)
        for column, (_, measure) in zip(columns, used, strict=True):
            for i in layers:
                total = total + np.mean(column) * np.sum(measure(params[f"W{i}"]))
        return total

    return loss, tuple([strength for strength, _ in used])


def _require_same(before: Architecture, now: Architecture) -> None:
    """Penalties may change from fit to fit, shapes not."""
    if replace(now, l1=before.l1, l2=before.l2, dropout=before.dropout) != before:
        raise DataError(
            f"the network that was trained has {before.inputs} features, {before.hidden} hidden units and "
            f"{before.outputs} outputs, so training cannot go on with {now.inputs}, {now.hidden} and {now.outputs}",
            fix="give data and settings of the same kind, or set warm_start=False and call fit",
        )


def _explained(found: Training, max_iter: int) -> str:
    if found.stopped == "epochs":
        return f"training has not converged in max_iter={max_iter} epochs; give more, or a larger tol"
    return f"training {found.stopped}: {found.message}"
