"""Answers to requests that were not read to their end.

A server that answers early, say because a body is too long, and closes while the client still sends, makes the client's
system throw the answer away with the connection. So the rest is taken in for a while and forgotten, and only then does
the answer end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["Lingering"]

Message = MutableMapping[str, Any]


class Lingering:
    """Both directions of one exchange.

    Parameters
    ----------
    receive, send : callable
        Of ASGI.
    has_body : bool
        Whether the request has one.
    seconds : float
        How long the rest of a body is taken in.
    """

    def __init__(
        self,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
        *,
        has_body: bool,
        seconds: float,
    ) -> None:
        self._receive = receive
        self._send = send
        self._has_more = has_body
        self._seconds = seconds

    async def receive(self) -> Message:
        """The next part of the request."""
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._has_more = False
        return message

    async def send(self, message: Message) -> None:
        """The next part of the answer; the last one waits for the end of the request."""
        if self._has_more and message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        if self._has_more and message["type"] == "http.response.body" and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._forget_the_rest()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def _forget_the_rest(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                while self._has_more:
                    await self.receive()
        except TimeoutError:
            self._has_more = False
