"""Event streams: the newest event and no other, a ping in silence, an end on both sides."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from chainrule.web.training.events import EventResponse, Stream, event


def test_a_stream_gives_the_newest_event_only() -> None:
    async def run() -> list[bytes | None]:
        stream = Stream()
        for number in range(100):
            stream.put(b"%d" % number)
        first = await stream.next(1.0)
        stream.put(b"after")
        return [first, await stream.next(1.0)]

    assert asyncio.run(run()) == [b"99", b"after"]


def test_an_event_of_another_thread_wakes_the_stream() -> None:
    async def run() -> bytes | None:
        stream = Stream()
        thread = threading.Thread(target=stream.put, args=(b"news",))
        waiting = asyncio.ensure_future(stream.next(60.0))
        await asyncio.sleep(0)
        thread.start()
        found = await waiting
        thread.join()
        return found

    assert asyncio.run(run()) == b"news"


def test_no_event_of_many_threads_is_lost_for_good() -> None:
    async def run() -> bytes | None:
        stream = Stream()
        threads = [threading.Thread(target=lambda: [stream.put(b"x") for _ in range(500)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            await stream.next(0.01)
        stream.put(b"last")
        return await stream.next(1.0)

    assert asyncio.run(run()) == b"last"


def test_in_silence_there_is_a_ping() -> None:
    async def run() -> bytes | None:
        return await Stream().next(0.001)

    assert asyncio.run(run()) == b": ping\n\n"


def test_a_stream_that_has_ended_gives_nothing() -> None:
    async def run() -> list[bytes | None]:
        stream = Stream()
        stream.put(b"old")
        stream.end()
        return [await stream.next(1.0), await stream.next(1.0)]

    assert asyncio.run(run()) == [None, None]


def test_cancelling_whoever_waits_is_heard_even_if_an_event_comes_at_the_same_time() -> None:
    async def run() -> None:
        stream = Stream()

        async def read() -> None:
            while await stream.next(60.0) is not None:
                pass

        reader = asyncio.ensure_future(read())
        await asyncio.sleep(0)
        stream._news.set()
        stream._newest.append(b"news")
        await asyncio.sleep(0)  # the reader is about to wake up
        reader.cancel()
        await asyncio.wait([reader], timeout=30)
        assert reader.cancelled()

    asyncio.run(run())


def test_a_stream_says_when_it_waits_for_news() -> None:
    async def run() -> list[object]:
        log: list[object] = []
        stream = Stream(lambda: log.append("wanted"))
        log.append(stream.is_waiting)
        stream.put(b"first")
        log.append(await stream.next(1.0))  # it is there, so nobody waits
        waiting = asyncio.ensure_future(stream.next(60.0))
        await asyncio.sleep(0)
        log.append(stream.is_waiting)
        stream.put(b"second")
        log.append(stream.is_waiting)
        log.append(await waiting)
        log.append(stream.is_waiting)
        return log

    assert asyncio.run(run()) == [False, b"first", "wanted", True, False, b"second", False]


def test_putting_into_a_stream_whose_loop_is_closed_does_nothing() -> None:
    async def make() -> Stream:
        return Stream()

    asyncio.run(make()).put(b"late")


class Browser:
    """The other side of an ASGI response."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.leave = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()

    async def receive(self) -> dict[str, Any]:
        await self.leave.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


def answered(behave: Callable[[Browser, Stream], Awaitable[None]]) -> tuple[Browser, int]:
    """What a browser got that behaves so, and how often the stream was closed."""
    closed: list[bool] = []

    async def run() -> Browser:
        browser, stream = Browser(), Stream()
        response = EventResponse(stream, lambda: closed.append(True), ping_seconds=60.0)
        answer = asyncio.ensure_future(response({"type": "http"}, browser.receive, browser.send))
        await behave(browser, stream)
        await asyncio.wait_for(answer, 30)
        return browser

    return asyncio.run(run()), len(closed)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0)


def test_a_response_sends_events_until_the_browser_leaves() -> None:
    async def behave(browser: Browser, stream: Stream) -> None:
        stream.put(event("frame", b"{}"))
        await until(lambda: b"data" in browser.body)
        browser.leave.set()

    browser, closed = answered(behave)
    headers = dict(browser.sent[0]["headers"])
    assert headers[b"content-type"] == b"text/event-stream"
    assert b"content-length" not in headers
    assert browser.body == b"retry: 500\n\nevent: frame\ndata: {}\n\n"
    assert closed == 1


def test_a_response_ends_with_its_stream() -> None:
    async def behave(browser: Browser, stream: Stream) -> None:
        stream.end()

    browser, closed = answered(behave)
    assert browser.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert closed == 1


def test_a_slow_browser_gets_what_is_new_when_it_reads_again() -> None:
    async def behave(browser: Browser, stream: Stream) -> None:
        await until(lambda: len(browser.sent) == 2)
        browser.reads.clear()
        for number in range(1000):
            stream.put(b"%d\n" % number)
            await asyncio.sleep(0)
        browser.reads.set()
        await until(lambda: b"999" in browser.body)
        browser.leave.set()

    browser, _ = answered(behave)
    assert len(browser.sent) <= 4  # the head, the first event that it did not read, and the newest one


def test_a_browser_that_leaves_while_it_reads_nothing_closes_the_stream() -> None:
    async def behave(browser: Browser, stream: Stream) -> None:
        browser.reads.clear()
        stream.put(b"never read")
        await asyncio.sleep(0)
        browser.leave.set()

    browser, closed = answered(behave)
    assert browser.body == b""
    assert closed == 1
