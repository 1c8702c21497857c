"""Ctrl-C: the first is noted, the second ends at once."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import numpy as np
import pytest
from tests.learn.problems import classes, perceptron_loss, perceptron_params

from chainrule.learn.interrupts import Interrupts
from chainrule.learn.optimizers import Adam
from chainrule.learn.training import fit

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends a signal to its own process")


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_is_noted_and_the_second_raises() -> None:
    with Interrupts() as interrupts:
        assert not interrupts.requested
        press()
        assert interrupts.requested
        with pytest.raises(KeyboardInterrupt):
            press()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_ones_own_stays() -> None:
    heard: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with Interrupts() as interrupts:
            press()
        assert heard == [signal.SIGINT]
        assert not interrupts.requested
    finally:
        signal.signal(signal.SIGINT, previous)


def test_other_threads_hear_nothing() -> None:
    entered: list[Any] = []

    def enter() -> None:
        with Interrupts() as interrupts:
            entered.append(interrupts.requested)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert entered == [False]


def test_an_interrupted_fit_ends_with_a_state_to_go_on_from() -> None:
    settings: dict[str, Any] = {"optimizer": Adam(0.1), "batch_size": 25, "epochs": 6}
    whole = fit(perceptron_loss, perceptron_params(), classes(), **settings)
    stopped = fit(
        perceptron_loss,
        perceptron_params(),
        classes(),
        callback=lambda now: press() if now.epochs == 2 else None,
        **settings,
    )
    assert (stopped.stopped, stopped.epochs) == ("interrupted", 2)
    resumed = fit(perceptron_loss, perceptron_params(), classes(), start=stopped.state, **settings)
    for name, leaf in whole.params.items():
        np.testing.assert_array_equal(resumed.params[name], leaf)
