"""Bodies and replies: what is no JSON object of moderate size is refused, and errors keep their caret."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.web.serving import Served, served

from chainrule.errors import ChainRuleError, FormulaError
from chainrule.explain.formulas import parse
from chainrule.web import application as application_module
from chainrule.web.exchange import answering, named, read_bytes, refusal, reply
from chainrule.web.fields import Fields, Refused
from chainrule.web.limits import Limits

LIMITS = Limits(json_bytes=10_000, upload_bytes=3 * 1024**2, body_seconds=1.0, linger_seconds=1.0)


class Work:
    """Work that goes on when it may."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.goes_on = threading.Event()


WORK = Work()


def echo_routes(limits: Limits) -> list[Route]:
    """Routes that send back what was understood of a request, in place of those of the formula view."""

    def echo(fields: Fields, request: Request) -> Any:
        return {"text": fields.text("text", None), "number": fields.number("number", None)}

    def plain(fields: Fields, request: Request) -> Any:
        return PlainTextResponse("as it is")

    async def size(request: Request) -> Any:
        return reply({"size": len(await read_bytes(request, limits, limits.upload_bytes))})

    def failing(fields: Fields, request: Request) -> Any:
        raise {"formula": lambda: FormulaError("no\n  x ^ 2\n    ^", fix="write **"), "bug": lambda: KeyError("a bug")}[
            fields.text("text")
        ]()

    def held(fields: Fields, request: Request) -> Any:
        WORK.begun.append(fields.text("text"))
        WORK.goes_on.wait(60)
        return {}

    return [
        Route("/api/held", answering(held, replace(limits, workers=1)), methods=["POST"]),
        Route("/api/echo", answering(echo, limits), methods=["POST"]),
        Route("/api/plain", answering(plain, limits), methods=["POST"]),
        Route("/api/size", size, methods=["PUT"]),
        Route("/api/failing", answering(failing, limits), methods=["POST"]),
    ]


@pytest.fixture(scope="module")
def echo() -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application_module.formula, "routes", echo_routes)
        with served(LIMITS) as page:
            yield page


def test_json_is_read_and_answered(echo: Served) -> None:
    answer = echo.post("/api/echo", {"text": "ŷ − y 🎓", "number": -1e-3})
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json == {"text": "ŷ − y 🎓", "number": -1e-3}
    assert echo.post("/api/echo", {}, content_type="Application/JSON; charset=utf-8").status == 200
    assert echo.post("/api/plain").body == b"as it is"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "the request's body is no JSON: Expecting value at character 0"),
        (b'{"text": "x"', "the request's body is no JSON: Expecting ',' delimiter at character 12"),
        (b'{"text": "x"} {}', "the request's body is no JSON: Extra data at character 14"),
        (b'{"text": "\n"}', "the request's body is no JSON: Invalid control character at at character 10"),
        (b'["text"]', "the request's body is no JSON object"),
        (b'"text"', "the request's body is no JSON object"),
        (b"null", "the request's body is no JSON object"),
        (b'{"number": NaN}', "NaN is no number in JSON"),
        (b'{"number": -Infinity}', "-Infinity is no number in JSON"),
        (b'{"number": 1e999}', "1e999 is larger than any 64-bit number"),
        (b'{"number": ' + b"9" * 5000 + b"}", "99999999999999999999… has too many digits for a whole number"),
        (b'{"text": ' + b"[" * 4000 + b"]" * 4000 + b"}", "text must be text, not a list"),
        (b'{"text": ' + b"[" * 9000, "the request's body is no JSON: Expecting value at character 9009"),
        (b'{"text": "\xff"}', "the request's body is not valid UTF-8"),
        (b'{"text": "\\ud800"}', "the request's body is not valid UTF-8"),
        (b"\x00\x01\x02", "the request's body is no JSON: Expecting value at character 0"),
        (b'{"number": true}', "number must be a number, not true"),
        (b'{"number": "1"}', "number must be a number, not text"),
        (b'{"text": 5}', "text must be text, not a number"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_is_no_json_object_is_refused(echo: Served, body: bytes, what: str) -> None:
    answer = echo.request("POST", "/api/echo", body, content_type="application/json")
    assert answer.status == 400
    nested = "the request's JSON is nested too deeply"  # how deep is too deep, the version of Python decides
    assert answer.error["what"] in ((what, nested) if b"[[" in body else (what,))


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/jsonx", "application/octet-stream; a=b"])
def test_another_content_type_is_refused(echo: Served, kind: str) -> None:
    answer = echo.request("POST", "/api/echo", b"{}", content_type=kind)
    assert answer.status == 415
    assert answer.error["fix"] in ("send application/json", "send application/json or application/octet-stream")


def test_a_long_body_is_refused_however_it_is_sent(echo: Served) -> None:
    text = json.dumps({"text": "x" * 10_000}).encode()
    answer = echo.request("POST", "/api/echo", text, content_type="application/json")
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert answer.error["what"] == "the request's body has more than the 9 kB that are allowed"
    with contextlib.closing(echo.connection()) as connection:  # in chunks, without a length
        connection.request(
            "PUT",
            "/api/size",
            iter([b"x" * 500_000] * 8),
            {"Content-Type": "application/octet-stream"},
            encode_chunked=True,
        )
        response = connection.getresponse()
        assert response.status == 413
        assert json.loads(response.read())["error"]["what"].endswith("3 MB that are allowed")
    assert echo.put("/api/size", b"x" * LIMITS.upload_bytes).json == {"size": LIMITS.upload_bytes}


def test_the_refusal_of_a_long_body_arrives_though_the_client_still_sends(echo: Served) -> None:
    answer = echo.put("/api/size", b"x" * (LIMITS.upload_bytes * 8))
    assert answer.status == 413


def test_a_slow_body_is_given_up(echo: Served) -> None:
    head = (
        f"POST /api/echo HTTP/1.1\r\nHost: {echo.host}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    )
    with echo.socket(head.encode()) as client:
        for byte in b'{"tex':
            client.sendall(bytes([byte]))
            time.sleep(0.01)
        said = b"".join(iter(lambda: client.recv(65536), b""))
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"did not arrive within 1 seconds" in said


def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(
    echo: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    head = (
        f"POST /api/echo HTTP/1.1\r\nHost: {echo.host}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    )
    with echo.socket(head.encode() + b'{"'):
        pass
    assert echo.post("/api/echo").status == 200
    assert capfd.readouterr().err == ""


def test_who_leaves_before_the_turn_comes_is_left_out(echo: Served) -> None:
    def sent(text: str) -> socket.socket:
        body = json.dumps({"text": text})
        head = f"POST /api/held HTTP/1.1\r\nHost: {echo.host}\r\nContent-Type: application/json\r\n"
        return echo.socket(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    with sent("first") as first:
        deadline = time.monotonic() + 60
        while not WORK.begun:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        sent("second").close()
        with sent("third") as third:
            assert echo.post("/api/echo").status == 200  # by now the server has seen all of them
            WORK.goes_on.set()
            assert first.recv(100).startswith(b"HTTP/1.1 200 ")
            assert third.recv(100).startswith(b"HTTP/1.1 200 ")
    assert WORK.begun == ["first", "third"]


def test_an_error_comes_apart_into_what_is_shown_and_what_to_write(echo: Served) -> None:
    answer = echo.post("/api/failing", {"text": "formula"})
    assert answer.status == 422
    assert answer.error == {"what": "no", "shown": "x ^ 2\n  ^", "fix": "write **", "name": None}


def test_a_bug_is_told_to_who_serves_and_not_to_who_asks(echo: Served, caplog: pytest.LogCaptureFixture) -> None:
    answer = echo.post("/api/failing", {"text": "bug"})
    assert answer.status == 500
    assert "a bug" not in answer.body.decode()
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    deadline = time.monotonic() + 60
    while "KeyError: 'a bug'" not in caplog.text:  # it is printed after the reply
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert echo.post("/api/echo").status == 200


def told(error: ChainRuleError) -> dict[str, Any]:
    return json.loads(bytes(refusal(error).body))["error"]


def test_the_caret_of_a_real_formula_stays_under_its_column() -> None:
    with pytest.raises(FormulaError) as raised:
        parse("y = 2 * x * * 3; y + 1")
    error = told(raised.value)
    line, caret = (error["shown"] or "").split("\n")
    assert line == "y = 2 * x * * 3"
    assert line[caret.index("^") :].startswith("* 3")


def test_named_says_what_an_error_is_about() -> None:
    with pytest.raises(Refused) as raised, named("w"):
        raise FormulaError("no number", fix="write 1")
    assert told(raised.value) == {"what": "no number", "shown": None, "fix": "write 1", "name": "w"}
    assert refusal(raised.value).status_code == 422
    with pytest.raises(Refused) as raised, named("w"), named("inner"):
        raise Refused(413, "too large")
    assert (raised.value.status, raised.value.name) == (413, "inner")


def test_replies_have_only_finite_numbers() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        reply({"loss": float("nan")})
