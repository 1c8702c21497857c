"""A few threads that give every running job its turn, slice by slice."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Job", "Scheduler"]

_log = logging.getLogger(__name__)


class Job(Protocol):
    """What a scheduler runs."""

    def work(self) -> float | None:
        """Work for one short slice.

        Returns
        -------
        float or None
            When to be called again, by the scheduler's clock; None until it is added again.
        """


class Scheduler:
    """Jobs take turns: one that has worked goes to the end of the row.

    A job is in the hands of one thread at a time, so it needs no lock of its own.

    Parameters
    ----------
    workers : int
        Threads. They start with the first job and end with the program. With 0, jobs run only where `run_next` is
        called.
    clock : callable, default time.monotonic

    Examples
    --------
    >>> class Count:
    ...     def __init__(self, name, times):
    ...         self.name, self.times = name, times
    ...     def work(self):
    ...         self.times -= 1
    ...         print(self.name, end=" ")
    ...         return 0.0 if self.times else None
    >>> scheduler = Scheduler(workers=0)
    >>> scheduler.add(Count("a", 2))
    >>> scheduler.add(Count("b", 3))
    >>> while scheduler.run_next():
    ...     pass
    a b a b b
    """

    def __init__(self, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._workers = workers
        self._clock = clock
        self._changed = threading.Condition()
        self._due: dict[Job, float] = {}  # in the order in which they wait
        self._busy: set[Job] = set()
        self._again: set[Job] = set()
        self._wanted: Counter[Job] = Counter()
        self._threads: list[threading.Thread] = []
        self._is_closed = False

    # Jobs ----------------------------------------------------------------------------------------------------------

    def add(self, job: Job) -> None:
        """A job has something to do. If it is at work, it gets another turn."""
        with self._changed:
            if self._is_closed:
                return
            if job in self._busy:
                self._again.add(job)
            else:
                self._due[job] = 0.0  # keeps its place in the row, if it has one
            self._start()
            self._changed.notify_all()  # who waits may be a thread, or somebody who wants another job

    def remove(self, job: Job) -> None:
        """A job that waits gets no turn. One that is at work says itself whether it comes again."""
        with self._changed:
            self._due.pop(job, None)
            self._again.discard(job)

    @contextmanager
    def holding(self, job: Job) -> Iterator[None]:
        """Keep a job out of the threads' hands, after the turn that it is at; then it gets one at once."""
        with self._changed:
            self._wanted[job] += 1
            self._changed.wait_for(lambda: job not in self._busy)
            self._busy.add(job)
        try:
            yield
        finally:
            with self._changed:
                self._busy.discard(job)
                self._wanted[job] -= 1
                if not self._wanted[job]:
                    del self._wanted[job]
                self._changed.notify_all()
            self.add(job)

    def close(self) -> None:
        """End the threads, each after its turn."""
        with self._changed:
            self._is_closed = True
            self._due.clear()
            self._again.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    # Threads -------------------------------------------------------------------------------------------------------

    def run_next(self) -> bool:
        """Give the next job that is due its turn, in this thread; False if none is."""
        with self._changed:
            job = self._next()
        if job is None:
            return False
        self._turn(job)
        return True

    def _start(self) -> None:
        while len(self._threads) < self._workers:
            thread = threading.Thread(target=self._loop, name=f"training-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _loop(self) -> None:
        while True:
            with self._changed:
                job = self._next()
                while job is None:
                    if self._is_closed:
                        return
                    self._changed.wait(self._pause())
                    job = self._next()
            self._turn(job)

    def _next(self) -> Job | None:
        """Take the first job that is due and that nobody else has or wants."""
        now = self._clock()
        for job, due in self._due.items():
            if due <= now and not self._wanted[job]:
                del self._due[job]
                self._busy.add(job)
                return job
        return None

    def _pause(self) -> float | None:
        """Seconds until a job is due; a job that somebody holds is announced when it is free."""
        waiting = [due for job, due in self._due.items() if not self._wanted[job]]
        return max(min(waiting) - self._clock(), 0.0) if waiting else None

    def _turn(self, job: Job) -> None:
        due = None
        try:
            due = job.work()
        except Exception:  # one job must not take the thread away from the others
            _log.exception("a job failed")
        with self._changed:
            self._busy.discard(job)
            if job in self._again:
                self._again.discard(job)
                due = 0.0
            if due is not None and not self._is_closed:
                self._due[job] = due
            self._changed.notify_all()
