"""Requests and replies in JSON, and refusals that say what to send instead."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from anyio import CapacityLimiter
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from chainrule.advice import advice_for
from chainrule.errors import ChainRuleError, DataError
from chainrule.web.fields import Fields, Refused
from chainrule.web.limits import Limits

__all__ = ["Fields", "Refused", "answering", "declared_bytes", "named", "read_bytes", "read_json", "refusal", "reply"]

#: Longest whole number that is read as one: every 64-bit number has fewer digits.
_MOST_DIGITS = 20


def declared_bytes(request: Request, most: int) -> int | None:
    """How long a request says that its body is; None if it comes in chunks.

    Parameters
    ----------
    request : Request
    most : int
        Bytes that it may have.

    Raises
    ------
    Refused
        413 if it is longer.
    """
    declared = request.headers.get("content-length", "")
    if not declared.isdecimal():
        return None
    if len(declared) > 18 or int(declared) > most:
        raise _too_long(most)
    return int(declared)


async def read_bytes(request: Request, limits: Limits, most: int) -> bytes:
    """The body of a request.

    Parameters
    ----------
    request : Request
    limits : Limits
    most : int
        Bytes that it may have.

    Returns
    -------
    bytes

    Raises
    ------
    Refused
        413 if it is longer, 408 if it takes longer than ``limits.body_seconds``.
    """
    declared_bytes(request, most)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise _too_long(most)
    except TimeoutError:
        raise Refused(
            408, f"the request's body did not arrive within {limits.body_seconds:g} seconds", "send it again"
        ) from None
    return bytes(body)


def _too_long(most: int) -> Refused:
    size = f"{most // 1024**2} MB" if most >= 1024**2 else f"{most // 1024} kB"
    return Refused(413, f"the request's body has more than the {size} that are allowed", "send less at a time")


async def read_json(request: Request, limits: Limits) -> dict[str, Any]:
    """The JSON object that a request carries.

    Parameters
    ----------
    request : Request
    limits : Limits

    Returns
    -------
    dict
        Of text, finite numbers, booleans, None, lists and further objects.

    Raises
    ------
    Refused
        415 for another content type, 400 for anything that is no JSON object, and as `read_bytes` does.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, f"the content type {kind or 'none'!r} is not understood here", "send application/json")
    return parse_json(await read_bytes(request, limits, limits.json_bytes))


def parse_json(body: bytes) -> dict[str, Any]:
    """The object of a body; NaN, numbers beyond float64 and half characters are refused."""
    try:
        found = json.loads(
            body.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite_float, parse_int=_short_int
        )
        if rb"\u" in body:  # half of a surrogate pair is valid JSON, and no character
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise Refused(400, "the request's body is not valid UTF-8") from None
    except RecursionError:
        raise Refused(400, "the request's JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Refused(400, f"the request's body is no JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(found, dict):
        raise Refused(400, "the request's body is no JSON object", 'send an object, such as {"name": "value"}')
    return found


def _no_constant(text: str) -> float:
    raise Refused(400, f"{text} is no number in JSON", "send a finite number, or null")


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Refused(400, f"{text[:_MOST_DIGITS]} is larger than any 64-bit number", "send a smaller number")
    return value


def _short_int(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise Refused(400, f"{text[:_MOST_DIGITS]}… has too many digits for a whole number", "send a smaller number")
    return int(text)


def reply(payload: Any, status: int = 200) -> Response:
    """A reply in JSON, which nobody keeps.

    Parameters
    ----------
    payload : object
        Without numbers that are not finite: JSON has none.
    status : int, default 200

    Returns
    -------
    Response
    """
    body = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    return Response(body, status, {"cache-control": "no-store"}, "application/json")


def refusal(error: ChainRuleError, **more: Any) -> Response:
    """The reply to an error of this package: what happened, the lines with a caret, what to write instead.

    Parameters
    ----------
    error : ChainRuleError
        Its status is 422, unless it is `Refused`.
    **more
        What else is said beside it.

    Returns
    -------
    Response
    """
    what, _, shown = error.what.partition("\n")
    payload = {"what": what, "shown": _dedented(shown) or None, "fix": advice_for("page", error.fix), "name": None}
    status = 422
    if isinstance(error, Refused):
        status, payload["name"] = error.status, error.name
    elif isinstance(error, DataError):
        payload |= {"name": error.column, "encoding": error.encoding}
    return reply({"error": payload, **more}, status)


def _dedented(lines: str) -> str:
    """Without the indentation that all lines share, and with the caret where it was."""
    rows = lines.split("\n")
    depth = min((len(row) - len(row.lstrip(" ")) for row in rows if row.strip()), default=0)
    return "\n".join(row[depth:] for row in rows).rstrip()


@contextlib.contextmanager
def named(name: str) -> Iterator[None]:
    """Errors raised inside are about this value or field.

    Parameters
    ----------
    name : str

    Raises
    ------
    Refused
        422, in place of an error that names nothing yet.
    """
    try:
        yield
    except Refused as error:
        raise Refused(error.status, error.what, error.fix, error.name or name) from None
    except ChainRuleError as error:
        raise Refused(422, error.what, error.fix, name) from None


def answering(work: Callable[[Fields, Request], Any], limits: Limits) -> Callable[[Request], Any]:
    """An endpoint that reads JSON and computes its reply in a thread, beside the event loop.

    Requests wait for their turn. Whoever leaves before, as a page does that has newer text to send, is left out.

    Parameters
    ----------
    work : callable
        Of the request's fields and the request. Returns a response, or what is sent as JSON.
    limits : Limits
        As many as ``workers`` are computed at a time.

    Returns
    -------
    callable
        For `starlette.routing.Route`.
    """
    turns = CapacityLimiter(limits.workers)

    async def endpoint(request: Request) -> Response:
        fields = Fields(await read_json(request, limits))
        async with turns:
            if await request.is_disconnected():
                raise ClientDisconnect
            result = await run_in_threadpool(work, fields, request)
        return result if isinstance(result, Response) else reply(result)

    return endpoint
