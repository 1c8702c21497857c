"""Connections of uvicorn that cannot be held open for nothing, and cannot pile up.

uvicorn closes a connection that is silent after an answer, but waits without end for one that sends the head of a
request byte by byte, or nothing at all, or does not read its answer. Here each of these has its time. And where too
many are open, the one that has waited longest makes room, so that whoever holds connections open keeps nobody else out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from chainrule.web.guard import SECURITY_HEADERS
from chainrule.web.limits import Limits

__all__ = ["protocol"]


def protocol(limits: Limits) -> type[H11Protocol]:
    """The protocol that uvicorn makes one of for each connection.

    Parameters
    ----------
    limits : Limits

    Returns
    -------
    type
        For ``uvicorn.Config(http=...)``.
    """

    class Connection(_Connection):
        _limits = limits

    return Connection


class _Timer:
    """Something that happens unless it is stopped in time."""

    def __init__(self, seconds: float, happens: Callable[[], None]) -> None:
        self._seconds = seconds
        self._happens = happens
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self.stop()
        self._handle = asyncio.get_running_loop().call_later(self._seconds, self._happens)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class _Connection(H11Protocol):
    _limits: Limits

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._head_timer = _Timer(self._limits.head_seconds, self.close)
        self._unread_timer = _Timer(self._limits.unread_seconds, self.close)
        #: Since when the connection waits for a request, by the clock of the loop.
        self.waiting_since = 0.0

    # A new connection ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections and not _made_room(self.connections, self):
            self._answer_at_once(429, "the page has too many connections open: close some of its tabs")
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_timer.stop()
        self._unread_timer.stop()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End streams too: they would keep the server waiting."""
        super().shutdown()
        if self.cycle is not None and self.cycle.response_started:
            self.transport.close()

    # Waiting for a request -------------------------------------------------------------------------------------------

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        if not self.transport.is_closing():
            super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        if not self.is_waiting:
            self._head_timer.stop()

    def on_response_complete(self) -> None:
        self._await_head()  # before the next request, which may have come already
        super().on_response_complete()

    def _await_head(self) -> None:
        self.waiting_since = self.loop.time()
        self._head_timer.start()

    def close(self) -> None:
        """Give up on the client."""
        self.transport.abort()

    # Not read, not understood ----------------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_timer.start()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread_timer.stop()

    def send_400_response(self, msg: str) -> None:
        if self.is_waiting:
            self._answer_at_once(400, msg)
        else:  # an answer is under way, and nothing can be put into its middle
            self.transport.close()

    def _answer_at_once(self, status: int, text: str) -> None:
        """Answer without a request, and close."""
        body = text.encode()
        headers = {
            **SECURITY_HEADERS,
            "content-type": "text/plain; charset=utf-8",
            "content-length": str(len(body)),
            "connection": "close",
        }
        lines = [f"HTTP/1.1 {status} {_PHRASES[status]}", *(f"{name}: {value}" for name, value in headers.items())]
        self.transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        self.transport.close()


_PHRASES = {400: "Bad Request", 429: "Too Many Requests"}


def _made_room(connections: Iterable[Any], but: _Connection) -> bool:
    """Close the connection that has waited longest for a request; False if all are being answered."""
    waiting = [each for each in connections if each is not but and each.is_waiting and not each.transport.is_closing()]
    if not waiting:
        return False
    min(waiting, key=lambda each: each.waiting_since).close()
    return True
