"""Epochs per second by a clock that is handed in."""

from __future__ import annotations

import pytest

from chainrule.web.training.pace import Pace


@pytest.mark.parametrize("speed", [0.2, 1.0, 7.0, 30.0, 1000.0])
def test_over_a_while_the_speed_is_what_was_asked_for(speed: float) -> None:
    pace, epoch, now = Pace(speed, 0.0, 0), 0, 0.0
    while now < 20.0:
        epoch += pace.due(now, epoch)
        assert pace.due(now, epoch) == 0
        assert pace.next(epoch) > now
        now = pace.next(epoch)
    assert epoch == pytest.approx(20.0 * speed, abs=1.01)


def test_it_waits_between_epochs_rather_than_asking_again_and_again() -> None:
    pace, epoch, turns, now = Pace(10.0, 0.0, 0), 0, 0, 0.0
    while now < 10.0:
        epoch += pace.due(now, epoch)
        turns += 1
        now = pace.next(epoch)
    assert turns <= epoch + 1


def test_a_run_that_cannot_keep_up_has_no_debts() -> None:
    pace = Pace(100.0, 0.0, 0)
    epoch = pace.due(0.0, 0)
    assert pace.due(60.0, epoch) == 1  # not 6,000
    assert pace.next(epoch + 1) == pytest.approx(60.01)


def test_a_short_delay_is_caught_up_with() -> None:
    pace = Pace(100.0, 0.0, 0)
    assert pace.due(0.1, 1) == 10


def test_the_epoch_at_the_start_does_not_matter() -> None:
    pace = Pace(5.0, 3.0, 1000)
    assert pace.due(3.0, 1000) == 1
    assert pace.next(1001) == pytest.approx(3.2)
