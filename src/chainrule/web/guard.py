"""Who may talk to the page: the door that every request passes, and the headers that every response carries.

The page has no accounts, and by default the whole machine may reach it. What must be kept out is another site, opened
in the same browser, that uses the visitor's browser to reach the page. It has three ways.

- **DNS rebinding**: ``evil.example`` first resolves to its own server, then to 127.0.0.1, so that its scripts count as
  of the same origin as our page. But the browser says in ``Host`` which name it connects to, and no script can change
  that. So ``Host`` must be a name by which the page is served.
- **Requests across sites**, such as a form or an image that points to 127.0.0.1. Browsers name the sender in ``Origin``
  with everything that can change something, and say ``Sec-Fetch-Site`` on top. ``Origin`` must be the page's own, that
  is to say name the ``Host`` of the same request; ``null`` does not. Browsers too old to send either could
  send a body only as a form does, so a body must be JSON or bytes, of which scripts of other sites must ask leave first
  (``OPTIONS``), and get none. Reading across sites fails since no response allows it, and nothing changes by reading.
- **Being framed or scripted**: the content security policy admits the page's own files and nothing inline.

Beyond the machine itself a token is needed, and then any ``Host`` will do: a page has more names in a network than can
be listed, and the token is what protects. A site that rebinds its name to the page's address does not know it, and the
browser keeps the cookie that carries it to the name under which the page was opened. The cookie is sent to every port
of that name, so another server on the same machine must be trusted as much.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response

from chainrule.web.exchange import refusal
from chainrule.web.fields import Refused
from chainrule.web.lingering import Lingering

__all__ = ["SECURITY_HEADERS", "Guard", "loopback_hosts"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: With every response, errors included.
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_SECURITY = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]

#: Bodies that another site can only send after it asked leave.
_KINDS = ("application/json", "application/octet-stream")
_READING = ("GET", "HEAD", "OPTIONS")


def loopback_hosts(port: int, address: str = "127.0.0.1") -> frozenset[str]:
    """What ``Host`` says when a browser of this machine opens the page.

    Parameters
    ----------
    port : int
    address : str, default "127.0.0.1"
        To which the page is bound.

    Returns
    -------
    frozenset of str

    Examples
    --------
    >>> sorted(loopback_hosts(8000))
    ['127.0.0.1:8000', '[::1]:8000', 'localhost:8000']
    """
    names = {"127.0.0.1", "localhost", "[::1]", f"[{address}]" if ":" in address else address}
    suffixes = [f":{port}", ""] if port == 80 else [f":{port}"]  # browsers leave the port of http out
    return frozenset(name + suffix for name in names for suffix in suffixes)


class Guard:
    """Middleware that lets the page's own requests through, and adds the headers.

    Parameters
    ----------
    app : ASGI application
    token : str, optional
        What a visitor must show, in the address once and then in a cookie.
    hosts : collection of str, optional
        What ``Host`` may say. None allows all, and is for pages with a token.
    linger_seconds : float
        See `chainrule.web.lingering`.
    """

    def __init__(self, app: App, *, token: str | None, hosts: Collection[str] | None, linger_seconds: float) -> None:
        self.app = app
        self._linger_seconds = linger_seconds
        self._token = token
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)  # the application's start and end
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_SECURITY]
            await send(message)

        headers = _Headers(scope["headers"])
        answer = self._refused(scope, headers)
        ends = Lingering(receive, send_with_headers, has_body=headers.has_body(), seconds=self._linger_seconds)
        await (self.app if answer is None else answer)(scope, ends.receive, ends.send)

    def _refused(self, scope: Scope, headers: _Headers) -> App | None:
        """The response to what must not go through."""
        try:
            self._check_sender(scope, headers)
            if self._token is not None:
                return self._check_token(scope, headers, self._token)
        except Refused as error:
            return (
                refusal(error) if scope["path"].startswith("/api/") else _page(error, has_link=self._token is not None)
            )
        return None

    def _check_sender(self, scope: Scope, headers: _Headers) -> None:
        """Refuse what another site sends, by the name it knows us by or by its own."""
        host = headers.get("host")
        if self._hosts is not None and host.lower() not in self._hosts:
            raise Refused(
                403,
                f"this page is not served by the name {host[:100] or 'that was not given'}",
                f"open http://{min(self._hosts)}/",
            )
        origin = headers.get("origin")
        if origin and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
            raise Refused(403, f"a page of {origin[:100]} asks, and only the page's own requests are answered")
        site = headers.get("sec-fetch-site")
        if scope["path"].startswith("/api/") and site not in ("", "same-origin", "none"):
            raise Refused(403, "a page of another site asks, and only the page's own requests are answered")
        if scope["method"] not in _READING and headers.has_body():
            kind = headers.get("content-type").partition(";")[0].strip().lower()
            if kind not in _KINDS:
                raise Refused(
                    415,
                    f"the content type {kind[:60] or 'none'!r} is not understood here",
                    f"send {' or '.join(_KINDS)}",
                )

    def _check_token(self, scope: Scope, headers: _Headers, token: str) -> Response | None:
        """Let the cookie through, turn the token of an address into the cookie, and refuse everything else."""
        cookie = f"chainrule-{(scope.get('server') or ('', 0))[1]}"  # the ports of one name share their cookies
        if any(_same(value, token) for value in _cookies(headers, cookie)):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=None)
        if scope["method"] in ("GET", "HEAD") and any(name == "token" and _same(value, token) for name, value in query):
            return _welcome(scope["path"], [entry for entry in query if entry[0] != "token"], cookie, token)
        raise Refused(
            403,
            "this page needs the token of whoever serves it",
            "open the address that chainrule serve printed, with ?token= and all that follows",
        )


class _Headers:
    """The headers of a request, each as one text."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._found: dict[str, str] = {}
        for name, value in raw:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self._found[key] = f"{self._found[key]}; {text}" if key in self._found else text

    def get(self, name: str) -> str:
        return self._found.get(name, "")

    def has_body(self) -> bool:
        return self.get("transfer-encoding") != "" or self.get("content-length") not in ("", "0")


def _same(shown: str, token: str) -> bool:
    """Compare in a time that tells nothing about how much is right."""
    return hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), token.encode())


def _cookies(headers: _Headers, name: str) -> list[str]:
    """The values of a cookie, of which a browser may send several."""
    pairs = [part.strip().partition("=") for part in headers.get("cookie").split(";")]
    return [value for key, _, value in pairs if key == name]


def _welcome(path: str, query: list[tuple[str, str]], cookie: str, token: str) -> Response:
    """Hand out the cookie, and send the browser to the address without the token, which histories may keep."""
    address = "/" + quote(path.lstrip("/\\"), safe="/") + (f"?{urlencode(query)}" if query else "")
    response = RedirectResponse(address, 303, {"cache-control": "no-store"})
    response.set_cookie(cookie, token, path="/", httponly=True, samesite="strict")
    return response


def _page(error: Refused, *, has_link: bool) -> Response:
    """A refusal for people. The link helps where another site led here: then the browser keeps a strict cookie back."""
    advice = f"<p>{escape(error.fix[:1].upper() + error.fix[1:])}.</p>" if error.fix else ""
    link = '<p>If you have opened it before: <a href="/">go on to the page</a>.</p>' if has_link else ""
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>chainrule</title><h1>Not from here</h1>'
        f"<p>{escape(error.what[:1].upper() + error.what[1:])}.</p>{advice}{link}</html>",
        error.status,
        {"cache-control": "no-store"},
    )
