"""The page as one ASGI application: the guard, the routes of both views, and the files."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from chainrule.errors import ChainRuleError, ConfigError
from chainrule.web import static_files
from chainrule.web.exchange import refusal, reply
from chainrule.web.fields import Refused
from chainrule.web.formula import routes as formula
from chainrule.web.guard import Guard
from chainrule.web.limits import Limits
from chainrule.web.training import routes as training
from chainrule.web.training.tabs import Tabs

__all__ = ["application"]


def application(
    limits: Limits | None = None, *, token: str | None = None, hosts: Collection[str] | None = None
) -> Guard:
    """The whole page.

    Parameters
    ----------
    limits : Limits, optional
    token : str, optional
        What visitors must show; see `chainrule.web.guard`.
    hosts : collection of str, optional
        What ``Host`` may say, such as ``{"localhost:8000"}``. May be left out only with a token.

    Returns
    -------
    Guard
        An ASGI application.

    Raises
    ------
    ConfigError
        Without token and hosts: any site could use the page through its visitor's browser.
    """
    if token is None and hosts is None:
        raise ConfigError("a page that any host name reaches needs a token", fix="give token= or hosts=")
    limits = limits or Limits()
    tabs = Tabs(limits)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            tabs.close()

    app = Starlette(
        routes=[*formula.routes(limits), *training.routes(limits, tabs), *static_files.routes()],
        exception_handlers={
            ChainRuleError: _own_error,
            HTTPException: _http_error,
            ClientDisconnect: _gone,
            Exception: _bug,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # an address has one spelling, and no response repeats what Host said
    return Guard(app, token=token, hosts=hosts, linger_seconds=limits.linger_seconds)


async def _own_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ChainRuleError)
    return refusal(error)


async def _http_error(request: Request, error: Exception) -> Response:
    """What Starlette refuses: an address or a method that does not exist."""
    assert isinstance(error, HTTPException)
    allowed = ", ".join(sorted(dict(error.headers or {}).get("Allow", "").split(", ")))
    if error.status_code == 404:
        refused = Refused(404, f"there is nothing at {request.scope['path'][:100]}")
    elif error.status_code == 405:
        refused = Refused(405, f"{request.method} is not understood here", f"send {allowed}")
    else:
        refused = Refused(error.status_code, str(error.detail))
    response = refusal(refused)
    response.headers.update(error.headers or {})
    return response


async def _gone(request: Request, error: Exception) -> Response:
    """Nobody is there any more to read it."""
    return refusal(Refused(400, "the request ended in the middle"))


async def _bug(request: Request, error: Exception) -> Response:
    """A mistake of ours. Starlette raises it again after the reply, so that it is printed where the page is served."""
    what = "something went wrong in chainrule itself, and the terminal that serves the page says what"
    return reply({"error": {"what": what, "shown": None, "fix": None, "name": None}}, 500)
