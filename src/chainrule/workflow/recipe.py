"""From settings to a network and an optimiser: what was left open is chosen by the size of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.errors import ConfigError
from chainrule.learn.clipping import ClipNorm
from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.objectives import TASKS
from chainrule.learn.optimizers import AdaGrad, Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSProp
from chainrule.learn.schedules import Cosine, StepDecay, WarmUp
from chainrule.learn.stopping import EarlyStopping, ReduceOnPlateau
from chainrule.tables.targets import Target
from chainrule.workflow.settings import TrainingSettings

__all__ = ["Recipe", "optimizer_name", "recipe_for", "require_fitting"]

#: Optimisers by name, each with the learning rate that suits standardised inputs.
_OPTIMIZERS: dict[str, tuple[Any, float]] = {
    "adam": (Adam, 0.003),
    "adamw": (AdamW, 0.003),
    "sgd": (GradientDescent, 0.1),
    "momentum": (Momentum, 0.02),
    "nesterov": (Nesterov, 0.02),
    "adagrad": (AdaGrad, 0.03),
    "rmsprop": (RMSProp, 0.001),
}

#: Steps that a run may take before early stopping is asked; epochs follow from it.
_STEPS = 20_000
_FEWEST_EPOCHS, _MOST_EPOCHS = 20, 500
_ITERATIONS = 1000
#: Steps without an improvement after which a run ends. A short epoch has few, so the loss moves little in it.
_PATIENT_STEPS = 800
_LEAST_PATIENCE, _MOST_PATIENCE = 10, 60
#: Units of the first hidden layer; from so many rows on, a second one is worth its parameters.
_UNITS = 64
_ROWS_FOR_TWO_LAYERS = 10_000
#: The L2 penalty is this divided by the number of rows: few rows say little against small weights.
_PENALTY, _LARGEST_PENALTY = 5.0, 0.02


@dataclass(frozen=True)
class Recipe:
    """A training run without its data.

    Attributes
    ----------
    architecture : Architecture
    optimizer_name : str
    lr : float or None
        None for L-BFGS.
    epochs : int
        For L-BFGS, iterations.
    batch_size : int
    steps : int
        How many the epochs have together.
    schedule : str
    clip : float or None
    early_stopping : EarlyStopping or None
    """

    architecture: Architecture
    optimizer_name: str
    lr: float | None
    epochs: int
    batch_size: int
    steps: int
    schedule: str
    clip: float | None
    early_stopping: EarlyStopping | None

    @property
    def is_lbfgs(self) -> bool:
        """Whether the whole data go into each iteration of L-BFGS."""
        return self.optimizer_name == "lbfgs"

    @property
    def usual_lr(self) -> float:
        """A learning rate that suits the optimiser and standardised inputs."""
        return _OPTIMIZERS[self.optimizer_name][1]

    @property
    def plateau(self) -> ReduceOnPlateau | None:
        """What lowers the learning rate where the loss no longer falls."""
        return ReduceOnPlateau() if self.schedule == "plateau" else None

    def optimizer(self, lr: Any = None) -> Any:
        """The optimiser, with its schedule and clipping; `lr` stands in for the learning rate of the recipe.

        Parameters
        ----------
        lr : float or callable, optional
        """
        made = _OPTIMIZERS[self.optimizer_name][0](lr=self._scheduled() if lr is None else lr)
        return made if self.clip is None else ClipNorm(made, self.clip)

    def _scheduled(self) -> Any:
        assert self.lr is not None
        if self.schedule == "step":
            return StepDecay(self.lr, every=max(self.steps // 3, 1), factor=0.1)
        if self.schedule == "cosine":
            return Cosine(self.lr, steps=self.steps)
        if self.schedule == "warmup":
            warm = max(self.steps // 20, 1)
            return WarmUp(Cosine(self.lr, steps=max(self.steps - warm, 1)), steps=warm)
        return self.lr


def recipe_for(
    settings: TrainingSettings, target: Target, *, inputs: int, rows: int, has_validation: bool, is_stream: bool
) -> Recipe:
    """Fill in what the settings leave open.

    Parameters
    ----------
    settings : TrainingSettings
    target : Target
    inputs : int
        Columns of the design matrix.
    rows : int
        To learn from.
    has_validation : bool
    is_stream : bool

    Returns
    -------
    Recipe

    Raises
    ------
    ConfigError
        If the model does not fit the target.
    """
    require_fitting(settings, target)
    name = optimizer_name(settings, is_stream=is_stream)
    if name == "lbfgs" and is_stream:
        raise ConfigError("L-BFGS needs all rows in memory", fix='write optimizer="adam"')
    batch_size = min(settings.batch_size or _batch_size(rows), rows)
    per_epoch = -(-rows // batch_size)
    epochs = settings.epochs or (
        _ITERATIONS if name == "lbfgs" else min(max(_STEPS // per_epoch, _FEWEST_EPOCHS), _MOST_EPOCHS)
    )
    default_lr = None if name == "lbfgs" else _OPTIMIZERS[name][1]
    lr = default_lr if settings.lr in (None, "auto") else settings.lr
    watches = settings.early_stopping and has_validation and name != "lbfgs"
    return Recipe(
        _architecture(settings, target, inputs, rows),
        name,
        lr,  # type: ignore[arg-type]  # "auto" was replaced
        epochs,
        batch_size,
        epochs * per_epoch,
        settings.schedule,
        settings.clip,
        EarlyStopping(patience=settings.patience or _patience(per_epoch)) if watches else None,
    )


def require_fitting(settings: TrainingSettings, target: Target) -> None:
    """Refuse a model that does not fit the target, as soon as the target is known."""
    is_regression = target.task == "regression"
    if settings.model == "logistic" and is_regression:
        raise ConfigError(
            f"{', '.join(target.names)} is a column of numbers, and logistic regression predicts classes",
            fix='write model="linear", or take the numbers as classes, by the kind "category" of the column',
        )
    if settings.model == "linear" and not is_regression:
        raise ConfigError(
            f"{', '.join(target.names)} is a column of classes, and linear regression predicts numbers",
            fix='write model="logistic"',
        )
    fitting = TASKS[target.task].losses
    if settings.loss != "auto" and settings.loss not in fitting:
        what = "numbers" if target.task == "regression" else "classes"
        raise ConfigError(
            f"{', '.join(target.names)} is a target of {what}, and {settings.loss} is no loss of {what}",
            fix="write " + " or ".join(f'loss="{name}"' for name in fitting),
        )
    if settings.class_weight and target.task not in ("binary", "multiclass"):
        raise ConfigError(
            f"class weights need a target with classes, and this one is for {target.task}",
            fix="leave class_weight out",
        )


def optimizer_name(settings: TrainingSettings, *, is_stream: bool) -> str:
    """L-BFGS where the loss is convex and smooth, and nothing was set that means another one."""
    if settings.optimizer is not None:
        return settings.optimizer
    means_steps = settings.lr is not None or settings.batch_size or settings.clip or settings.schedule != "constant"
    has_kinks = settings.l1 or settings.loss == "absolute_error"
    return "lbfgs" if settings.is_linear and not (is_stream or has_kinks or means_steps) else "adam"


def _patience(steps: int) -> int:
    """In epochs of so many steps."""
    return min(max(_PATIENT_STEPS // steps, _LEAST_PATIENCE), _MOST_PATIENCE)


def _batch_size(rows: int) -> int:
    """Small tables take more, noisier steps; large ones take faster ones."""
    return 32 if rows < 2_000 else 128 if rows < 50_000 else 512


def _architecture(settings: TrainingSettings, target: Target, inputs: int, rows: int) -> Architecture:
    hidden = settings.hidden
    if hidden is None:
        is_deep = rows >= _ROWS_FOR_TWO_LAYERS
        hidden = () if settings.is_linear else (_UNITS, _UNITS // 2) if is_deep else (_UNITS,)
    return Architecture(
        target.task,
        inputs,
        target.outputs,
        hidden=hidden,
        activation=settings.activation,
        loss=settings.loss,
        batch_norm=settings.batch_norm,
        dropout=settings.dropout,
        l1=settings.l1,
        l2=_penalty(rows, has_hidden=bool(hidden)) if settings.l2 is None else settings.l2,
    )


def _penalty(rows: int, *, has_hidden: bool) -> float:
    """Without hidden layers that of scikit-learn's defaults, C = 1 and alpha = 1."""
    return min(_PENALTY / rows, _LARGEST_PENALTY) if has_hidden else 1.0 / rows
