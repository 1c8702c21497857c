"""Open tabs of the page: what each of them holds, and when it is given up."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import numpy as np
from anyio import CapacityLimiter, to_thread

from chainrule.web.fields import Refused
from chainrule.web.limits import Limits
from chainrule.web.training.events import Stream, event
from chainrule.web.training.room import Room
from chainrule.web.training.runs import Run
from chainrule.web.training.scheduler import Scheduler
from chainrule.web.training.uploads import Opened, Upload

__all__ = ["Tab", "Tabs"]

_T = TypeVar("_T")
_CLOSED = ("this tab is not known, or was closed a while ago", "load the page again")


class Tab:
    """What one tab of the browser holds on the server. It lives in the event loop; runs work in other threads.

    Attributes
    ----------
    id : str
    upload : Upload or None
    opened : Opened or None
        A table that is of use only if it is read in another way, such as without a certain column.
    run : Run or None
    lock : asyncio.Lock
        Held by requests that change the upload or the run.
    runs : int
        How many it has had.
    is_closed : bool
    """

    def __init__(self) -> None:
        self.id = secrets.token_hex(16)
        self.upload: Upload | None = None
        self.opened: Opened | None = None
        self.run: Run | None = None
        self.lock = asyncio.Lock()
        self.waiting = 0
        self.runs = 0
        self.is_closed = False
        self.streams: tuple[Stream, ...] = ()  # replaced as a whole, for threads read it
        self.timer: asyncio.TimerHandle | None = None

    def is_watched(self) -> bool:
        """Whether an event stream is open, and could send a frame at once."""
        return any(stream.is_waiting for stream in self.streams)

    def publish(self, frame: bytes) -> None:
        """Send a frame to whoever watches; any thread may."""
        data = event("frame", frame)
        for stream in self.streams:
            stream.put(data)


class Tabs:
    """All tabs of a server, and the threads that work for them.

    Parameters
    ----------
    limits : Limits
    clock : callable, default time.monotonic
        Of runs and scheduler.

    Attributes
    ----------
    limits, clock
    scheduler : Scheduler
    room : Room
        Of tables, runs and bodies, by the names of the tabs.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        cores = os.cpu_count() or 1
        self.limits, self.clock = limits, clock
        self.scheduler = Scheduler(cores, clock)
        self.room: Room = Room(limits.tables_bytes)
        self._tabs: dict[str, Tab] = {}
        self._heavy = CapacityLimiter(cores)
        self._downloads = CapacityLimiter(limits.downloads)  # of their own: a report must not keep a new run waiting
        self._light = CapacityLimiter(limits.tabs)  # one of a tab at a time: who waits for its run is in nobody's way

    def __len__(self) -> int:
        return len(self._tabs)

    # Opening and closing ---------------------------------------------------------------------------------------------

    def open(self) -> Tab:
        """A new tab.

        Raises
        ------
        Refused
            429 if there are too many.
        """
        if len(self._tabs) >= self.limits.tabs:
            raise Refused(
                429,
                f"{self.limits.tabs} tabs are open, the most that this server keeps",
                "close the training view in another tab, or try again in a minute",
            )
        tab = Tab()
        self._tabs[tab.id] = tab
        self.room.open(tab.id)
        self._expect(tab)
        return tab

    def get(self, id: str) -> Tab:
        """The tab of this name.

        Raises
        ------
        Refused
            404 if there is none, or it was given up.
        """
        tab = self._tabs.get(id)
        if tab is None:
            raise Refused(404, *_CLOSED)
        return tab

    def give_up(self, tab: Tab) -> None:
        """Stop the run of a tab and forget all that it holds."""
        self._tabs.pop(tab.id, None)
        self.room.free(tab.id)
        tab.is_closed = True
        if tab.timer is not None:
            tab.timer.cancel()
        for stream in tab.streams:
            stream.end()
        tab.streams, tab.upload, tab.opened = (), None, None
        self.replace_run(tab, None)

    def close(self) -> None:
        """The server ends."""
        for tab in list(self._tabs.values()):
            self.give_up(tab)
        self.scheduler.close()

    def replace_run(self, tab: Tab, run: Run | None) -> None:
        """Give a tab another run; the one before ends at once."""
        old, tab.run = tab.run, run
        if old is not None:
            old.close()
            self.scheduler.add(old)  # for the turn in which it frees what it holds
        if run is not None:
            self.scheduler.add(run)

    # Streams ---------------------------------------------------------------------------------------------------------

    def connect(self, tab: Tab) -> Stream:
        """Open an event stream; it begins with the present frame.

        Raises
        ------
        Refused
            429 if the tab has too many.
        """
        if len(tab.streams) >= self.limits.streams:
            raise Refused(429, f"this tab has {self.limits.streams} event streams already", "close one of them")
        stream = Stream(lambda: self._wake(tab))
        tab.streams = (*tab.streams, stream)
        if tab.timer is not None:
            tab.timer.cancel()
            tab.timer = None
        if tab.run is not None:
            tab.run.show()
        return stream

    def disconnect(self, tab: Tab, stream: Stream) -> None:
        """An event stream was closed; without any, the tab is given up after a while."""
        tab.streams = tuple(other for other in tab.streams if other is not stream)
        if not tab.streams and not tab.is_closed:
            self._expect(tab)

    def _expect(self, tab: Tab) -> None:
        """Give a tab up unless somebody opens a stream soon."""
        loop = asyncio.get_running_loop()
        tab.timer = loop.call_later(self.limits.grace_seconds, self.give_up, tab)

    def _wake(self, tab: Tab) -> None:
        """A frame could be sent: the run makes one, if there is something new."""
        if tab.run is not None:
            self.scheduler.add(tab.run)

    # Requests --------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def turn(self, tab: Tab) -> AsyncIterator[None]:
        """Requests of one tab come one after the other.

        Raises
        ------
        Refused
            429 if too many wait, 404 if the tab was closed meanwhile.
        """
        if tab.waiting >= self.limits.requests:
            raise Refused(429, "this tab has sent more than it can do at once", "wait for the answers")
        tab.waiting += 1
        try:
            async with tab.lock:
                self.get(tab.id)
                yield
        finally:
            tab.waiting -= 1

    # Threads ---------------------------------------------------------------------------------------------------------

    async def heavily(self, work: Callable[[], _T]) -> _T:
        """Do something long, such as reading a table, in a thread; as many at once as there are cores."""
        return await to_thread.run_sync(work, limiter=self._heavy)

    async def holding(self, tab: Tab, work: Callable[[Run], _T], *, is_download: bool = False) -> _T:
        """Do something with the run of a tab, while it does nothing else; what is a download may take long.

        Raises
        ------
        Refused
            409 if there is none, 404 if the tab was closed meanwhile.
        """
        run = tab.run
        if run is None:
            raise Refused(409, "this tab has no run yet", "choose data and a model first")

        def held() -> _T:
            with self.scheduler.holding(run), np.errstate(all="ignore"):  # a run that diverges has huge numbers
                if tab.is_closed:  # while this waited for its turn, in which the run has freed what it held
                    raise Refused(404, *_CLOSED)
                return work(run)

        return await to_thread.run_sync(held, limiter=self._downloads if is_download else self._light)
