"""A run that goes on from a state ends with what it would have without the break, bit for bit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tests.learn.problems import classes, line, perceptron_loss, perceptron_params, square_loss

from chainrule.errors import ConfigError, StructureError
from chainrule.learn import epochs as epochs_module
from chainrule.learn.clipping import ClipNorm, ClipValue
from chainrule.learn.optimizers import AdaGrad, Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSProp
from chainrule.learn.schedules import Cosine, StepDecay, WarmUp
from chainrule.learn.stopping import EarlyStopping, ReduceOnPlateau
from chainrule.learn.training import Training, fit
from chainrule.learn.training_state import TrainingState

OPTIMIZERS = [
    GradientDescent(0.1),
    Momentum(0.05, weight_decay=0.01),
    Nesterov(0.05),
    AdaGrad(0.1),
    RMSProp(0.01, momentum=0.5, centered=True),
    Adam(0.05),
    AdamW(0.05),
    Adam(WarmUp(Cosine(0.1, 20), 4)),
    GradientDescent(StepDecay(0.2, 7, 0.5)),
    ClipNorm(Adam(0.05), 0.2),
    ClipValue(Nesterov(0.05), 0.05),
]


def through_a_file(state: TrainingState) -> TrainingState:
    """The state after a way through arrays and JSON."""
    arrays, header = state.to_arrays()
    return TrainingState.from_arrays(
        {name: array.copy() for name, array in arrays.items()}, json.loads(json.dumps(header))
    )


def same(one: Training, other: Training) -> None:
    (arrays, header), (other_arrays, other_header) = one.state.to_arrays(), other.state.to_arrays()
    assert header == other_header
    assert arrays.keys() == other_arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, other_arrays[name], err_msg=name)
        assert array.dtype == other_arrays[name].dtype
    for name, leaf in one.params.items():
        np.testing.assert_array_equal(leaf, other.params[name])
    assert (one.epochs, one.best_epoch, one.stopped, one.message) == (
        other.epochs,
        other.best_epoch,
        other.stopped,
        other.message,
    )


def test_every_optimizer_goes_on() -> None:
    for optimizer in OPTIMIZERS:
        settings: dict[str, Any] = {"optimizer": optimizer, "batch_size": 25, "seed": 2}
        whole = fit(perceptron_loss, perceptron_params(), classes(), epochs=7, **settings)
        part = fit(perceptron_loss, perceptron_params(), classes(), epochs=3, **settings)
        start = through_a_file(part.state)
        same(fit(perceptron_loss, perceptron_params(), classes(), epochs=7, start=start, **settings), whole)


def noise(rng: np.random.Generator, epoch: int) -> tuple[Any, ...]:
    return ((rng.random((60, 5)) > 0.3) / 0.7,)


WATCHED: dict[str, dict[str, Any]] = {
    "validation": {"validation": True},
    "all rows": {"batch_size": None, "validation": True},
    "early stopping": {"validation": True, "early_stopping": EarlyStopping(2)},
    "early stopping on the training loss": {"early_stopping": EarlyStopping(1, min_delta=0.02)},
    "plateau": {"plateau": ReduceOnPlateau(patience=1, min_delta=0.05)},
    "noise": {"noise": noise, "gradient_norms": True},
    "no shuffling": {"shuffle": False},
    "everything": {
        "validation": True,
        "early_stopping": EarlyStopping(3),
        "plateau": ReduceOnPlateau(patience=1, min_delta=0.05),
        "noise": noise,
        "gradient_norms": True,
    },
}


@pytest.mark.parametrize("name", WATCHED)
def test_a_run_goes_on_after_any_epoch(name: str) -> None:
    X, y = classes()
    settings: dict[str, Any] = {"optimizer": Adam(0.2), "batch_size": 25, "epochs": 8, **WATCHED[name]}
    if settings.get("validation"):
        settings["validation"] = (X[60:], y[60:])
    states: list[TrainingState] = []
    whole = fit(
        perceptron_loss,
        perceptron_params(),
        (X[:60], y[:60]),
        callback=lambda now: states.append(through_a_file(now.state)),
        **settings,
    )
    assert len(states) == whole.epochs
    for state in states[::3] + states[-1:]:
        same(fit(perceptron_loss, perceptron_params(), (X[:60], y[:60]), start=state, **settings), whole)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("after", [1, 2, 3, 4, 6])
def test_a_run_goes_on_in_the_middle_of_an_epoch(after: int, compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted run ends between two native calls."""
    asked = 0

    class Run(epochs_module.Run):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self._descent._steps_per_call = 1
            monkeypatch.setattr(self._descent, "_set_pace", lambda seconds: None)

    class Interrupts:
        def __enter__(self) -> Any:
            return self

        def __exit__(self, *error: Any) -> None:
            return

        @property
        def requested(self) -> bool:
            nonlocal asked
            asked += 1
            return asked > after

    class Seeing(Adam):
        def update(self, params: Any, gradients: Any, state: Any) -> Any:
            float(gradients[0].sum())  # which no tracer allows
            return super().update(params, gradients, state)

    settings: dict[str, Any] = {
        "optimizer": (Adam if compiled else Seeing)(0.1),
        "batch_size": 25,
        "epochs": 3,
        "gradient_norms": True,
        "plateau": ReduceOnPlateau(patience=1, min_delta=0.05),
    }
    whole = fit(perceptron_loss, perceptron_params(), classes(60), **settings)
    with monkeypatch.context() as patch:
        patch.setattr("chainrule.learn.run.Run", Run)
        patch.setattr("chainrule.learn.training.Interrupts", Interrupts)
        part = fit(perceptron_loss, perceptron_params(), classes(60), **settings)
    assert part.stopped == "interrupted"
    assert part.epochs < 3
    start = through_a_file(part.state)
    same(fit(perceptron_loss, perceptron_params(), classes(60), start=start, **settings), whole)


def test_a_state_is_not_changed_by_the_run_that_goes_on_from_it() -> None:
    settings: dict[str, Any] = {"optimizer": Adam(0.1), "batch_size": 25, "early_stopping": EarlyStopping()}
    state = fit(perceptron_loss, perceptron_params(), classes(), epochs=2, **settings).state
    before = through_a_file(state).to_arrays()
    first, second = (
        fit(perceptron_loss, perceptron_params(), classes(), epochs=5, start=state, **settings) for _ in range(2)
    )
    same(first, second)
    arrays, header = state.to_arrays()
    assert header == before[1]
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, before[0][name])


def test_a_run_goes_on_where_nothing_can_be_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.learn.compiled.is_available", lambda: False)
    monkeypatch.setattr("chainrule.transforms.compiling.is_available", lambda: False)
    settings: dict[str, Any] = {"optimizer": Adam(0.1), "batch_size": 25, "validation": classes(40)}
    whole = fit(perceptron_loss, perceptron_params(3), classes(), epochs=5, **settings)
    state = fit(perceptron_loss, perceptron_params(3), classes(), epochs=2, **settings).state
    same(
        fit(perceptron_loss, perceptron_params(3), classes(), epochs=5, start=through_a_file(state), **settings), whole
    )


def test_a_finished_run_stays_finished() -> None:
    settings: dict[str, Any] = {"optimizer": Adam(0.1), "epochs": 3, "batch_size": 25}
    whole = fit(perceptron_loss, perceptron_params(), classes(), **settings)
    same(fit(perceptron_loss, perceptron_params(), classes(), start=whole.state, **settings), whole)


def test_more_epochs_go_on_where_a_finished_run_ended() -> None:
    settings: dict[str, Any] = {"optimizer": Adam(0.1), "batch_size": 20}
    state = fit(perceptron_loss, perceptron_params(), classes(60), epochs=3, **settings).state
    longer = fit(perceptron_loss, perceptron_params(), classes(60), epochs=130, start=state, **settings)
    same(longer, fit(perceptron_loss, perceptron_params(), classes(60), epochs=130, **settings))


START = {"w": np.zeros(3), "b": np.array(0.0)}


def test_a_state_of_another_run_is_refused() -> None:
    state = fit(square_loss, START, line(), optimizer=Adam(), epochs=1, seed=5).state
    with pytest.raises(ConfigError, match="seed 5, not 0"):
        fit(square_loss, START, line(), optimizer=Adam(), epochs=2, start=state)
    with pytest.raises(ConfigError, match="another optimiser"):
        fit(square_loss, START, line(), optimizer=GradientDescent(), epochs=2, start=state, seed=5)
    with pytest.raises(StructureError, match="parameters of shapes"):
        fit(perceptron_loss, perceptron_params(), classes(), optimizer=Adam(), epochs=2, start=state, seed=5)
