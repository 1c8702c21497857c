"""A run of a tab: slices, speed, frames, and every way to end, by a clock that is handed in."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from tests.web.training.making import Shown

from chainrule.errors import ConfigError
from chainrule.web.fields import Refused
from chainrule.web.limits import Limits


def test_a_slice_ends_when_its_time_is_over() -> None:
    shown = Shown(is_watched=False)
    shown.run.play(None)
    shown.run.work()
    assert shown.clock.now == pytest.approx(Limits().slice_seconds, abs=0.0015)
    assert shown.run.is_running


def test_a_run_at_full_speed_asks_for_its_next_turn_at_once() -> None:
    shown = Shown(is_watched=False)
    shown.run.play(None)
    due = shown.run.work()
    assert due is not None
    assert due <= shown.clock.now


@pytest.mark.parametrize("speed", [1.0, 10.0, 50.0])
def test_speed_is_epochs_per_second_without_busy_waiting(speed: float) -> None:
    shown = Shown(is_watched=False, step=0.0001)  # 5 steps an epoch
    shown.run.play(speed)
    turns = shown.work(10.0)
    assert shown.run.live.epoch == pytest.approx(10 * speed, abs=1.1)
    assert turns <= shown.run.live.epoch + 2


def test_a_run_that_cannot_keep_up_goes_as_fast_as_it_can() -> None:
    shown = Shown(is_watched=False, step=0.01)  # 20 epochs a second
    shown.run.play(1000.0)
    shown.work(5.0)
    assert shown.run.live.epoch == pytest.approx(100, abs=2)


def test_frames_are_made_only_while_somebody_watches() -> None:
    shown = Shown(is_watched=False)
    shown.run.play(None)
    shown.work(1.0)
    assert shown.frames == []
    shown.is_watched = True
    shown.run.show()
    shown.run.work()
    assert len(shown.frames) == 1


def test_at_most_thirty_frames_come_in_a_second() -> None:
    shown = Shown()
    shown.run.play(None)
    shown.work(2.0)
    assert 40 <= len(shown.frames) <= 61


def test_costly_frames_are_rarer_so_that_training_has_two_thirds_of_the_time() -> None:
    shown = Shown(step=0.01)
    frame = shown.run.frames.frame

    def costly(state: Any) -> bytes:
        shown.clock.now += 0.2
        return frame(state)

    shown.run.frames.frame = costly  # type: ignore[method-assign]
    shown.run.play(None)
    shown.work(12.0)
    assert 15 <= len(shown.frames) <= 21  # 0.2 seconds in 0.6
    steps = shown.run.live.epoch * shown.run.live.steps_per_epoch
    assert steps >= 0.6 * 12 / 0.01


def test_a_paused_run_shows_each_change_once_and_then_rests() -> None:
    shown = Shown()
    assert shown.run.work() is None
    assert shown.run.work() is None
    assert len(shown.frames) == 1
    shown.clock.now += 1.0
    shown.run.step()
    assert shown.run.work() is None
    assert [json.loads(frame)["step"] for frame in shown.frames] == [0, 1]


def test_a_change_that_comes_too_soon_is_shown_in_time() -> None:
    shown = Shown()
    shown.run.work()
    shown.run.look(None, ["confusion"])
    due = shown.run.work()
    assert due == pytest.approx(Limits().frame_seconds)
    assert len(shown.frames) == 1
    shown.clock.now = due
    shown.run.work()
    assert json.loads(shown.frames[-1])["surface"] is None


def test_only_what_is_looked_at_is_shown() -> None:
    shown = Shown()
    shown.run.look([1, 0], ["units"])
    shown.run.work()
    frame = json.loads(shown.frames[0])
    assert frame["units"] is not None
    assert [frame[part] for part in ("surface", "histograms", "confusion")] == [None] * 3


@pytest.mark.parametrize(("axes", "shows"), [([0, 0], None), ([0, 7], None), ([0], None), (None, ["everything"])])
def test_what_cannot_be_shown_is_refused(axes: list[int] | None, shows: list[str] | None) -> None:
    shown = Shown()
    with pytest.raises(Refused) as refused:
        shown.run.look(axes, shows)
    assert refused.value.status == 422
    assert refused.value.fix


def test_the_speed_is_measured_while_it_runs() -> None:
    shown = Shown()
    shown.run.play(20.0)
    shown.work(3.0)
    rates = [json.loads(frame)["epochs_per_second"] for frame in shown.frames]
    assert rates[0] is None
    assert rates[-1] == pytest.approx(20.0, rel=0.1)
    shown.run.pause()
    shown.clock.now += 1.0
    shown.run.work()
    assert json.loads(shown.frames[-1])["epochs_per_second"] is None


def test_pausing_resting_and_going_on_is_the_same_as_not_pausing() -> None:
    broken, whole = Shown(is_watched=False), Shown(is_watched=False)
    for _ in range(5):
        broken.run.play(None)
        broken.work(0.03)
        broken.run.pause()
        assert broken.run.work() is None
    while (broken.run.live.epoch, broken.run.live.step) != (whole.run.live.epoch, whole.run.live.step):
        whole.run.step()
        whole.run.work()
    for name, value in broken.run.live.params.items():
        assert (value == whole.run.live.params[name]).all()


def where(shown: Shown) -> tuple[bool, int, int]:
    return shown.run.is_running, shown.run.live.epoch, shown.run.live.step


def test_an_epoch_that_takes_long_is_done_slice_by_slice() -> None:
    shown = Shown(step=0.015)  # 5 steps an epoch, of which two fill a slice
    shown.run.epoch()
    assert where(shown) == (True, 0, 0)  # its code is compiled in a turn of its own
    steps = []
    while shown.run.work() is not None:
        steps.append(shown.run.live.step)
    assert steps[:2] == [2, 4]
    assert where(shown) == (False, 1, 0)
    shown.run.epoch()
    assert where(shown) == (True, 1, 2)
    shown.run.step()  # after the epoch, and a slice of it at once
    assert where(shown) == (True, 1, 4)
    assert shown.run.state == {"is_running": False, "epoch": 1, "step": 4}  # a reply says nothing of goals
    shown.work(1.0)
    assert where(shown) == (False, 2, 1)
    told = [json.loads(frame)["is_running"] for frame in shown.frames]
    assert told[0]
    assert not told[-1]


def test_what_is_quick_is_done_at_once() -> None:
    shown = Shown()
    shown.run.step()
    shown.run.work()
    shown.run.step()
    assert shown.run.state == {"is_running": False, "epoch": 0, "step": 2}
    shown.run.epoch()
    assert shown.run.state == {"is_running": False, "epoch": 1, "step": 0}
    shown.clock.now += 1.0
    shown.run.work()
    assert [json.loads(frame)["is_running"] for frame in shown.frames] == [False, False]


@pytest.mark.parametrize("end", ["pause", "reset", "close"])
def test_an_epoch_that_takes_long_can_be_given_up(end: str) -> None:
    shown = Shown(is_watched=False, step=0.015)
    shown.run.epoch()
    shown.run.work()
    steps = shown.run.live.step
    getattr(shown.run, end)()
    shown.run.live.close = lambda: None  # type: ignore[method-assign]
    assert shown.run.work() is None
    assert (shown.run.live.epoch, shown.run.live.step) == (0, 0 if end == "reset" else steps)


def test_one_epoch_may_take_no_longer_than_a_run_may() -> None:
    shown = Shown(Limits(run_seconds=0.04), step=0.015)
    shown.run.epoch()
    shown.work(1.0)
    assert json.loads(shown.frames[-1])["stopped"]["reason"] == "seconds"
    assert shown.run.live.epoch == 0


# The end --------------------------------------------------------------------------------------------------------------


def test_a_run_that_takes_too_long_pauses_and_says_so() -> None:
    shown = Shown(Limits(run_seconds=1.0))
    shown.run.play(None)
    shown.work(10.0)
    assert not shown.run.is_running
    stopped = json.loads(shown.frames[-1])["stopped"]
    assert stopped["reason"] == "seconds"
    assert stopped["message"] == "the run has taken 1 seconds, the most that this page does"
    shown.run.play(None)
    assert not shown.run.is_running
    shown.run.reset()
    shown.run.play(None)
    assert shown.run.is_running


def test_a_run_of_many_epochs_pauses_and_says_so() -> None:
    shown = Shown()
    shown.run.live.settings = shown.run.live.settings.__class__(
        **{**vars(shown.run.live.settings), "epochs": 3, "types": {}}
    )
    shown.run.play(None)
    shown.work(10.0)
    assert shown.run.live.epoch == 3
    assert json.loads(shown.frames[-1])["stopped"]["message"].startswith("the run reached 3 epochs")


@pytest.mark.parametrize(
    ("error", "message", "fix"),
    [
        (ConfigError("that is wrong", fix="do this"), "that is wrong", "do this"),
        (ValueError("a bug"), "the run failed by an error in chainrule", "reset it"),
    ],
)
def test_an_error_in_training_ends_this_run_with_a_message(
    error: Exception, message: str, fix: str, caplog: pytest.LogCaptureFixture
) -> None:
    shown = Shown()

    def fails(**how: Any) -> None:
        raise error

    shown.run.live.advance = fails  # type: ignore[method-assign]
    shown.run.play(None)
    with caplog.at_level(logging.CRITICAL):
        assert shown.run.work() is None
    stopped = json.loads(shown.frames[-1])["stopped"]
    assert (stopped["reason"], stopped["message"]) == ("failed", message)
    assert stopped["fix"].startswith(fix)


def test_an_error_in_a_frame_ends_this_run_with_a_message(caplog: pytest.LogCaptureFixture) -> None:
    shown = Shown()

    def fails(state: Any) -> bytes:
        raise ValueError("a bug")

    shown.run.frames.frame = fails  # type: ignore[method-assign]
    shown.run.play(None)
    with caplog.at_level(logging.CRITICAL):
        shown.work(1.0)
    assert len(shown.frames) == 1
    frame = json.loads(shown.frames[0])
    assert frame["stopped"]["reason"] == "failed"
    assert not frame["is_running"]


def test_a_closed_run_stops_at_the_next_step_and_shows_nothing() -> None:
    shown = Shown()
    closed: list[bool] = []
    shown.run.live.close = lambda: closed.append(True)  # type: ignore[method-assign]
    shown.run.play(None)
    shown.run.work()
    count, epoch = len(shown.frames), shown.run.live.epoch
    shown.run.close()
    assert shown.run.work() is None
    assert closed == [True]
    assert (len(shown.frames), shown.run.live.epoch) == (count, epoch)
