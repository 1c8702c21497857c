"""Server-sent events: a stream holds the newest frame, and never a queue of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, MutableMapping
from typing import Any

from starlette.responses import Response

__all__ = ["EventResponse", "Stream", "event"]

_PING = b": ping\n\n"
#: The browser comes back after so many milliseconds where a stream was cut: well before its tab is given up.
_RETRY = b"retry: 500\n\n"


def event(name: str, data: bytes) -> bytes:
    r"""An event as it goes over the line; the data are one line.

    Examples
    --------
    >>> event("frame", b'{"epoch": 1}')
    b'event: frame\ndata: {"epoch": 1}\n\n'
    """
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)


class Stream:
    """What one open event stream sends next.

    Made and read in the event loop; `put` and `end` may be called in any thread.

    Parameters
    ----------
    on_wanted : callable, optional
        Called in the event loop when all was sent, and what comes next could be sent at once.
    """

    def __init__(self, on_wanted: Callable[[], None] = lambda: None) -> None:
        self._on_wanted = on_wanted
        self._is_waiting = False
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._newest: deque[bytes] = deque(maxlen=1)
        self._has_ended = False

    @property
    def is_waiting(self) -> bool:
        """Whether all was sent, and somebody could take what comes next."""
        return self._is_waiting and not self._newest

    def put(self, data: bytes) -> None:
        """Send this next; what was not sent yet is forgotten."""
        self._newest.append(data)
        self._wake()

    def end(self) -> None:
        """Send nothing any more."""
        self._has_ended = True
        self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def next(self, seconds: float) -> bytes | None:
        """The newest event as soon as there is one, a ping if there is none for so long, and None at the end."""
        try:
            while not self._has_ended:
                if self._newest:
                    return self._newest.popleft()
                if not self._is_waiting:
                    self._is_waiting = True
                    self._on_wanted()
                try:
                    async with asyncio.timeout(seconds):  # wait_for may swallow a cancellation that comes with an event
                        await self._news.wait()
                except TimeoutError:
                    return _PING
                self._news.clear()
            return None
        finally:
            self._is_waiting = False


class EventResponse(Response):
    """The response that sends what a stream holds, until one of both sides ends it.

    Parameters
    ----------
    stream : Stream
    on_close : callable
        Called once, when nothing is sent any more.
    ping_seconds : float
        After so long without an event a comment is sent, which tells whether somebody is still there.
    """

    def __init__(self, stream: Stream, on_close: Callable[[], None], *, ping_seconds: float) -> None:
        self.status_code = 200
        self.background = None
        self.body = b""
        self.init_headers({"content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._stream, self._on_close, self._ping_seconds = stream, on_close, ping_seconds

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        sides = [asyncio.ensure_future(self._pump(send)), asyncio.ensure_future(_gone(receive))]
        try:
            await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._on_close()
            self._stream.end()
            for side in sides:
                side.cancel()
            await asyncio.gather(*sides, return_exceptions=True)

    async def _pump(self, send: Any) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        data: bytes | None = _RETRY
        while data is not None:
            await send({"type": "http.response.body", "body": data, "more_body": True})  # waits for a slow browser
            data = await self._stream.next(self._ping_seconds)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
