"""`TrainingRun`: wherever a run is cut, it ends with what one `fit` gives."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.learn.problems import classes, line, perceptron_loss, perceptron_params, square_loss
from tests.learn.test_resume import noise, same, through_a_file

from chainrule.errors import ConfigError
from chainrule.learn.optimizers import Adam, GradientDescent
from chainrule.learn.recording import Recording
from chainrule.learn.run import TrainingRun
from chainrule.learn.stopping import EarlyStopping, ReduceOnPlateau
from chainrule.learn.training import Training, fit

X, Y = classes()
ROWS = (X[:60], Y[:60])
HELD_BACK = (X[60:], Y[60:])
EPOCHS = 6

#: Ways to run, by what is done in between: nothing, or a look after each epoch.
KINDS: dict[str, dict[str, Any]] = {
    "all rows": {},
    "whole batches": {"batch_size": 20},
    "a smaller last batch": {"batch_size": 25},
    "noise": {"batch_size": 25, "noise": noise, "gradient_norms": True},
    "watched": {
        "batch_size": 20,
        "validation": HELD_BACK,
        "early_stopping": EarlyStopping(3),
        "plateau": ReduceOnPlateau(patience=1, min_delta=0.02),
    },
    "diverging": {"batch_size": 20, "optimizer": GradientDescent(1e308)},
}

START = {"w": np.zeros(3), "b": np.array(0.0)}


def arguments(kind: str) -> dict[str, Any]:
    return {"optimizer": Adam(0.05), "seed": 3, **KINDS[kind]}


pieces = st.lists(
    st.one_of(
        st.tuples(st.just("steps"), st.integers(0, 7)),
        st.tuples(st.just("epochs"), st.integers(0, 3)),
        st.tuples(st.just("asked"), st.integers(0, 4)),
    ),
    max_size=8,
)


class Patience:
    """Says that it is enough when it is asked once more than so often."""

    def __init__(self, asked: int) -> None:
        self.left = asked

    def is_over(self) -> bool:
        self.left -= 1
        return self.left < 0


def advance(run: TrainingRun, kind: str, amount: int) -> None:
    """A piece of a run, within the epochs that it has in all."""
    left = EPOCHS * run.steps_per_epoch - run.epoch * run.steps_per_epoch - run.step
    if kind == "steps":
        run.advance(steps=min(amount, left))
    elif kind == "epochs":
        run.advance(epochs=amount, steps=left)
    else:
        run.advance(steps=left, is_interrupted=Patience(amount).is_over)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(cuts=pieces)
def test_pieces_end_with_what_one_fit_gives(kind: str, cuts: list[tuple[str, int]]) -> None:
    whole = fit(perceptron_loss, perceptron_params(), ROWS, epochs=EPOCHS, **arguments(kind))
    run = TrainingRun(perceptron_loss, perceptron_params(), ROWS, call_seconds=0.0, **arguments(kind))
    for cut in cuts:
        advance(run, *cut)
    run.advance(epochs=EPOCHS - run.epoch)
    found = run.training()
    if whole.stopped == "diverged" and found.message != whole.message:  # a piece looks at its last parameters
        assert found.stopped == "diverged"
        found.message = whole.message
    same(found, whole)


@pytest.mark.parametrize("batch_size", [None, 20])
def test_a_run_that_grows_ends_at_the_same_epoch_however_it_is_cut(batch_size: int | None) -> None:
    asked: dict[str, Any] = {"optimizer": GradientDescent(1.5), "batch_size": batch_size}
    whole = fit(square_loss, START, line(), epochs=64, **asked)
    assert (whole.stopped, whole.epochs < 64) == ("diverged", True)
    run = TrainingRun(square_loss, START, line(), **asked)
    while not run.ended.is_final:
        run.advance(steps=2)
    same(run.training(), whole)


def test_one_can_change_over_to_fit_and_back_again() -> None:
    run = TrainingRun(perceptron_loss, perceptron_params(), ROWS, **arguments("a smaller last batch"))
    run.advance(steps=4)
    state = through_a_file(run.training().state)
    whole = fit(perceptron_loss, perceptron_params(), ROWS, epochs=5, **arguments("a smaller last batch"))
    same(
        fit(perceptron_loss, perceptron_params(), ROWS, epochs=5, start=state, **arguments("a smaller last batch")),
        whole,
    )
    again = TrainingRun(perceptron_loss, perceptron_params(), ROWS, start=state, **arguments("a smaller last batch"))
    assert (again.epoch, again.step) == (1, 1)
    again.advance(epochs=4)
    same(again.training(), whole)


def test_the_loss_is_not_traced_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = TrainingRun(perceptron_loss, perceptron_params(), ROWS, validation=HELD_BACK, **arguments("noise"))
    run.advance(epochs=2)
    monkeypatch.setattr(Recording, "__init__", lambda self, *args, **kwargs: pytest.fail("traced again"))
    run.advance(epochs=1)
    run.advance(steps=2)
    run.advance(epochs=2, callback=lambda training: None)
    assert run.epoch == 5


def test_epochs_that_nobody_watches_are_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.learn.compiled import CompiledLoop

    run = TrainingRun(perceptron_loss, perceptron_params(), ROWS, call_seconds=60.0, **arguments("whole batches"))
    run.advance(epochs=1)
    run.advance(epochs=30)  # as long as it takes to learn how long a step takes
    calls: list[int] = []
    taken = CompiledLoop.run

    def counting(self: CompiledLoop, block: Any, steps: int, order: Any = None) -> Any:
        calls.append(steps)
        return taken(self, block, steps, order)

    monkeypatch.setattr(CompiledLoop, "run", counting)
    run.advance(epochs=30)
    assert calls == [90]


def test_where_a_run_is() -> None:
    run = TrainingRun(perceptron_loss, perceptron_params(), ROWS, **arguments("a smaller last batch"))
    assert (run.epoch, run.step, run.steps_per_epoch, run.ended.reason) == (0, 0, 3, "")
    ended = run.advance(steps=5)
    assert (run.epoch, run.step, ended.reason) == (1, 2, "steps")
    assert ended.message == "epoch 2 has had 2 of its 3 steps"
    assert run.advance(epochs=1).reason == "epochs"
    assert (run.epoch, run.step) == (2, 0)
    assert run.advance(epochs=5, steps=3).message == "all 3 epochs are finished"
    assert run.advance(epochs=1, is_interrupted=lambda: True).reason == "interrupted"
    assert [len(entries) for entries in run.history.values()] == [3, 3]
    assert repr(run.training()).endswith("stopped: interrupted>")


def test_parameters_of_a_look_stay_what_they_are() -> None:
    run = TrainingRun(perceptron_loss, perceptron_params(), ROWS, **arguments("whole batches"))
    run.advance(steps=1)
    first, kept = run.params, {name: value.copy() for name, value in run.params.items()}
    run.advance(epochs=2)
    for name, value in first.items():
        np.testing.assert_array_equal(value, kept[name])
        assert not np.array_equal(value, run.params[name])


def test_a_callback_ends_a_piece_and_not_the_run() -> None:
    run = TrainingRun(square_loss, START, line(), optimizer=Adam(0.05))
    seen: list[Training] = []

    def callback(training: Training) -> bool:
        seen.append(training)
        return True

    assert run.advance(epochs=5, callback=callback).reason == "callback"
    assert (run.epoch, seen[0].stopped) == (1, "")
    assert run.advance(epochs=2).reason == "epochs"
    assert run.epoch == 3


def test_somebody_hears_of_each_step() -> None:
    heard: list[tuple[int, float]] = []
    run = TrainingRun(square_loss, START, line(), optimizer=Adam(0.05), batch_size=20)
    run.advance(epochs=4, on_steps=lambda count, loss: heard.append((count, loss)))
    assert sum(count for count, _ in heard) == 4 * run.steps_per_epoch
    run.advance(epochs=1)
    assert sum(count for count, _ in heard) == 4 * run.steps_per_epoch


def test_a_run_that_diverged_takes_no_further_step() -> None:
    run = TrainingRun(square_loss, START, line(), optimizer=GradientDescent(1e200))
    ended = run.advance(epochs=10)
    assert (ended.reason, ended.is_final) == ("diverged", True)
    error = ended.error
    assert error is not None
    assert np.isfinite(error.params["w"]).all()
    with np.errstate(all="ignore"):
        assert not np.isfinite(square_loss(error.bad_params, *error.data))
    kept = run.params
    assert run.advance(epochs=10) is ended
    np.testing.assert_array_equal(run.params["w"], kept["w"])


def test_a_loss_that_grows_and_grows_says_at_which_parameters() -> None:
    run = TrainingRun(square_loss, START, line(), optimizer=GradientDescent(1.5))
    ended = run.advance(epochs=100)
    assert "grew for 10 epochs in a row" in ended.message
    assert ended.error is not None
    assert square_loss(ended.error.bad_params, *line()) > 100 * square_loss(START, *line())
    assert run.history["loss"][-1] == max(run.history["loss"])


def test_early_stopping_is_the_end() -> None:
    run = TrainingRun(square_loss, START, line(), optimizer=Adam(0.0), early_stopping=EarlyStopping(2))
    assert run.advance(epochs=50).reason == "early stopping"
    assert run.advance(steps=1).is_final
    assert run.epoch == 3


@pytest.mark.parametrize(
    ("told", "complaint"),
    [({}, "not told how far"), ({"epochs": -1}, "epochs is a whole number"), ({"steps": 1.5}, "steps is a whole")],
)
def test_how_far_is_a_whole_number(told: dict[str, Any], complaint: str) -> None:
    run = TrainingRun(square_loss, START, line(), optimizer=Adam())
    with pytest.raises(ConfigError, match=complaint):
        run.advance(**told)


def test_many_runs_at_once_in_threads_of_their_own() -> None:
    """They share what is compiled, and nothing else."""
    seeds = range(24)
    expected = [fit(perceptron_loss, perceptron_params(), ROWS, **_of_seed(seed), epochs=6) for seed in seeds]
    found: dict[int, Any] = {}

    def work(own: list[int]) -> None:
        runs = {seed: TrainingRun(perceptron_loss, perceptron_params(), ROWS, **_of_seed(seed)) for seed in own}
        for _ in range(6):
            for run in runs.values():
                run.advance(steps=2)
                run.advance(epochs=1)
        found.update({seed: run.training() for seed, run in runs.items()})

    threads = [threading.Thread(target=work, args=([*seeds][i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [*seeds]
    for seed, whole in zip(seeds, expected, strict=True):
        for name, value in whole.params.items():
            np.testing.assert_array_equal(found[seed].params[name], value)


def _of_seed(seed: int) -> dict[str, Any]:
    return {"optimizer": Adam(0.05), "batch_size": 25, "seed": seed, "validation": HELD_BACK, "gradient_norms": True}
