"""Connections that are slow, half open, full of garbage or simply many: each has its time, and others are answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from tests.web.serving import Served, served

from chainrule.web import application as application_module
from chainrule.web.limits import Limits

LIMITS = Limits(head_seconds=1.0, unread_seconds=0.4, body_seconds=1.0, linger_seconds=1.0, connections=8)


def stream_routes(limits: Limits) -> list[Route]:
    """Streams without end, in place of the formula view."""

    async def ticks() -> Any:
        while True:
            yield b"tick\n"
            await asyncio.sleep(0.02)

    async def flood() -> Any:
        while True:
            yield b"x" * 65536
            await asyncio.sleep(0)

    async def endpoint(request: Request) -> Response:
        return StreamingResponse({"ticks": ticks, "flood": flood}[request.path_params["kind"]]())

    return [Route("/api/stream/{kind}", endpoint)]


@pytest.fixture(scope="module")
def small() -> Iterator[Served]:
    """A page with room for few connections and little patience."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application_module.formula, "routes", stream_routes)
        with served(LIMITS) as page:
            yield page


def said(client: socket.socket) -> bytes:
    """All that a server says until it closes."""
    with contextlib.suppress(ConnectionResetError):
        return b"".join(iter(lambda: client.recv(65536), b""))
    return b""


def asked(page: Served, path: str = "/", method: str = "GET", *headers: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {page.host}", *headers, "", ""]).encode()


@pytest.mark.parametrize("sent", [b"", b"GET", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nA: b"])
def test_a_connection_that_asks_nothing_is_closed(small: Served, sent: bytes) -> None:
    with small.socket(sent) as client:
        assert said(client) == b""


def test_a_head_that_comes_byte_by_byte_is_not_waited_for(small: Served) -> None:
    with small.socket() as client:
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < started + 20:
                client.sendall(b"G")
                time.sleep(0.05)
        assert time.monotonic() < started + 20


def test_a_connection_is_kept_between_requests_but_not_for_a_slow_one(small: Served) -> None:
    with small.socket() as client:
        for _ in range(3):
            client.sendall(asked(small, "/nothing", "HEAD"))
            assert client.recv(65536).startswith(b"HTTP/1.1 404 ")
        client.sendall(b"GET / HT")
        assert said(client) == b""


def test_who_does_not_read_is_given_up(small: Served) -> None:
    with small.socket() as client:
        client.sendall(asked(small, "/api/stream/flood"))
        time.sleep(1.5)
        assert len(said(client)) > 0  # comes to an end


def test_a_stream_that_is_read_goes_on(small: Served) -> None:
    with small.socket(asked(small, "/api/stream/ticks")) as client:
        deadline = time.monotonic() + 3 * LIMITS.head_seconds
        while time.monotonic() < deadline:
            assert b"tick" in client.recv(65536) or client.recv(65536)


def test_silent_connections_keep_nobody_out(small: Served) -> None:
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(small.socket()) for _ in range(3 * LIMITS.connections)]
        assert small.get("/").status == 200
        assert said(silent[0]) == b""  # the one that waited longest made room


def test_connections_beyond_the_bound_are_told_so(small: Served) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(LIMITS.connections):
            stream = stack.enter_context(small.socket(asked(small, "/api/stream/ticks")))
            assert stream.recv(10) == b"HTTP/1.1 2"
        answer = small.get("/")
        assert answer.status == 429
        assert answer.body == b"the page has too many connections open: close some of its tabs"
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    deadline = time.monotonic() + 60
    while small.get("/").status == 429:  # until the server has noticed that they left
        assert time.monotonic() < deadline


GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the beginning of TLS
    b"\r\n\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * 200_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    bytes(range(256)) * 50,
]


@pytest.mark.parametrize("sent", GARBAGE, ids=lambda sent: repr(sent[:30]))
def test_what_is_no_request_is_refused(small: Served, sent: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with small.socket() as client, contextlib.suppress(ConnectionResetError, BrokenPipeError):
        client.sendall(sent)
        answer = said(client)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
        if b"Host" in sent and answer:
            assert b"content-security-policy" in answer
    assert small.get("/").status == 200
    assert capfd.readouterr().err == ""


def test_garbage_behind_a_request_ends_the_connection_after_the_answer(small: Served) -> None:
    with small.socket(asked(small, "/nothing") + b"\x00\x01 garbage\r\n\r\n") as client:
        answer = said(client)
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"HTTP/1.1 400 " in answer


def test_garbage_in_the_middle_of_a_stream_harms_only_this_stream(
    small: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    head = asked(small, "/api/stream/ticks", "GET", "Transfer-Encoding: chunked", "Content-Type: application/json")
    with small.socket(head) as client:
        assert client.recv(10) == b"HTTP/1.1 2"
        client.sendall(b"no chunk at all\r\n")
        said(client)
    assert small.get("/").status == 200
    assert capfd.readouterr().err == ""


def test_many_requests_at_once_are_answered_in_their_order(small: Served) -> None:
    paths = ["/", "/nothing", "/static/lesson/lesson.css", "/api/nothing"] * 5
    last = asked(small, "/", "HEAD", "Connection: close")
    with small.socket(b"".join(asked(small, path, "HEAD") for path in paths) + last) as client:
        statuses = [line.split()[1] for line in said(client).split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert statuses == [b"200", b"404", b"200", b"404"] * 5 + [b"200"]


def test_an_upgrade_is_not_taken_up(small: Served, capfd: pytest.CaptureFixture[str]) -> None:
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAA")
    with small.socket(asked(small, "/", "GET", *upgrade)) as client:
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert capfd.readouterr().err == ""


def test_a_body_that_nobody_reads_is_taken_in_and_forgotten(small: Served) -> None:
    answer = small.request("POST", "/api/nothing", b"x" * 3_000_000, content_type="application/octet-stream")
    assert answer.status == 404
