"""Whose turn it is: fair, paced by a clock that stands still, and never two threads at one job."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from chainrule.web.training.scheduler import Scheduler


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Work:
    """A job that writes its name down."""

    def __init__(self, name: str, log: list[str], due: Callable[[], float | None] = lambda: 0.0) -> None:
        self.name, self.log, self.due = name, log, due

    def work(self) -> float | None:
        self.log.append(self.name)
        return self.due()


def test_jobs_take_turns_however_many_there_are() -> None:
    scheduler, log = Scheduler(0), []
    for name in "abc":
        scheduler.add(Work(name, log))
    for _ in range(300):
        assert scheduler.run_next()
    assert "".join(log) == "abc" * 100


def test_a_job_that_comes_late_gets_its_share_at_once() -> None:
    scheduler, log = Scheduler(0), []
    scheduler.add(Work("a", log))
    for _ in range(50):
        scheduler.run_next()
    scheduler.add(Work("b", log))
    for _ in range(10):
        scheduler.run_next()
    assert sorted(log[50:]) == ["a"] * 5 + ["b"] * 5


def test_adding_a_job_again_gives_it_no_second_place() -> None:
    scheduler, log = Scheduler(0), []
    jobs = [Work(name, log) for name in "ab"]
    for job in (*jobs, jobs[0], jobs[0]):
        scheduler.add(job)
    for _ in range(6):
        scheduler.run_next()
    assert "".join(log) == "ababab"


def test_a_job_waits_until_it_is_due() -> None:
    clock = Clock()
    scheduler, log = Scheduler(0, clock), []
    scheduler.add(Work("a", log, lambda: clock.now + 2.0))
    assert scheduler.run_next()
    assert not scheduler.run_next()
    clock.now = 1.9
    assert not scheduler.run_next()
    clock.now = 2.0
    assert scheduler.run_next()
    assert log == ["a", "a"]


def test_adding_wakes_a_job_that_waits() -> None:
    scheduler, log = Scheduler(0, Clock()), []
    job = Work("a", log, lambda: 100.0)
    scheduler.add(job)
    scheduler.run_next()
    scheduler.add(job)
    assert scheduler.run_next()
    assert not scheduler.run_next()


def test_a_job_with_nothing_to_do_gets_no_turn_until_it_is_added() -> None:
    scheduler, log = Scheduler(0), []
    job = Work("a", log, lambda: None)
    scheduler.add(job)
    assert scheduler.run_next()
    assert not scheduler.run_next()
    scheduler.add(job)
    assert scheduler.run_next()


def test_a_job_that_is_added_at_work_gets_another_turn() -> None:
    scheduler, log = Scheduler(0), []
    turns = iter((True, False))

    def due() -> None:
        if next(turns):
            scheduler.add(job)

    job = Work("a", log, due)
    scheduler.add(job)
    while scheduler.run_next():
        pass
    assert log == ["a", "a"]


def test_a_removed_job_gets_no_turn() -> None:
    scheduler, log = Scheduler(0), []
    job = Work("a", log)
    scheduler.add(job)
    scheduler.remove(job)
    assert not scheduler.run_next()
    assert log == []


def test_a_job_that_fails_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    scheduler, log = Scheduler(0), []

    def fails() -> None:
        raise ValueError("broken")

    scheduler.add(Work("bad", log, fails))
    scheduler.add(Work("good", log))
    with caplog.at_level(logging.CRITICAL):
        for _ in range(4):
            scheduler.run_next()
    assert log == ["bad", "good", "good", "good"]


def test_a_held_job_gets_no_turn_and_one_at_once_afterwards() -> None:
    scheduler, log = Scheduler(0), []
    held, other = Work("held", log, lambda: None), Work("other", log)
    scheduler.add(held)
    scheduler.add(other)
    with scheduler.holding(held):
        for _ in range(3):
            scheduler.run_next()
        assert log == ["other"] * 3
    for _ in range(2):
        scheduler.run_next()
    assert "held" in log[3:]


def test_a_job_that_was_never_added_can_be_held() -> None:
    scheduler, log = Scheduler(0), []
    job = Work("a", log, lambda: None)
    with scheduler.holding(job):
        pass
    scheduler.run_next()
    assert log == ["a"]


class Alone:
    """A job that notices if two threads work at it at once."""

    def __init__(self, turns: int) -> None:
        self.lock = threading.Lock()
        self.left = turns
        self.collisions = 0
        self.done = threading.Event()

    def enter(self) -> None:
        if not self.lock.acquire(blocking=False):
            self.collisions += 1
            return
        self.lock.release()

    def work(self) -> float | None:
        with_lock = self.lock.acquire(blocking=False)
        self.collisions += not with_lock
        self.left -= 1
        if with_lock:
            self.lock.release()
        if self.left <= 0:
            self.done.set()
            return None
        return 0.0


def test_only_one_thread_is_at_a_job_whoever_holds_it() -> None:
    scheduler = Scheduler(4)
    jobs = [Alone(2000) for _ in range(3)]
    for job in jobs:
        scheduler.add(job)

    def hold() -> None:
        for _ in range(50):
            for job in jobs:
                with scheduler.holding(job):
                    job.enter()

    holders = [threading.Thread(target=hold) for _ in range(3)]
    for holder in holders:
        holder.start()
    for holder in holders:
        holder.join()
    for job in jobs:
        assert job.done.wait(60)
    scheduler.close()
    assert [job.collisions for job in jobs] == [0, 0, 0]


def test_threads_sleep_until_a_job_is_due_and_end_when_closed() -> None:
    scheduler = Scheduler(2)
    job = Alone(1)
    scheduler.add(job)
    assert job.done.wait(60)
    threads = list(scheduler._threads)
    scheduler.close()
    assert not any(thread.is_alive() for thread in threads)
    scheduler.add(job)  # nothing happens
    assert job.left == 0
