"""The server: uvicorn, set up so that it tells little, waits for nobody, and ends at once."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import uvicorn

from chainrule.web.application import application
from chainrule.web.guard import loopback_hosts
from chainrule.web.limits import Limits
from chainrule.web.server.connections import protocol
from chainrule.web.server.warming import warm_lessons, warm_training_later

if TYPE_CHECKING:
    from chainrule.web.server.serving import Page

__all__ = ["Server", "run", "server"]

#: How long a thread that computes may keep another waiting for the interpreter; every request waits several times.
_SWITCH_SECONDS = 0.001


class Server(uvicorn.Server):
    """Says when it listens, and ends quietly.

    Parameters
    ----------
    config : uvicorn.Config
    on_start : callable
    """

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        if self.started:
            self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, and say nothing of what is cut off: whoever pressed Ctrl-C wants that."""
        logger = logging.getLogger("uvicorn.error")
        level = logger.level
        logger.setLevel(logging.CRITICAL)
        try:
            await super().shutdown(sockets)
        finally:
            logger.setLevel(level)


def server(page: Page, limits: Limits, on_start: Callable[[], None] = lambda: None) -> Server:
    """The server of a page whose socket is open.

    Parameters
    ----------
    page : Page
    limits : Limits
    on_start : callable, optional
        Called when it answers.

    Returns
    -------
    Server
    """
    hosts = loopback_hosts(page.port, page.host) if page.is_local else None
    settings: dict[str, Any] = {
        "http": protocol(limits),
        "ws": "none",
        "loop": "asyncio",
        "lifespan": "on",
        "log_config": None,  # what is wrong goes to standard error, and nothing else is printed
        "log_level": "error",
        "access_log": False,
        "proxy_headers": False,  # who asks is not told by who asks
        "server_header": False,
        "h11_max_incomplete_event_size": 32 * 1024,
        "timeout_keep_alive": 5,
        "timeout_graceful_shutdown": 2,
    }
    return Server(uvicorn.Config(application(limits, token=page.token, hosts=hosts), **settings), on_start)


def run(page: Page, limits: Limits, on_start: Callable[[], None]) -> None:
    """Serve a page in this thread until a signal ends it, and close its socket.

    Parameters
    ----------
    page : Page
    limits : Limits
    on_start : callable
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    with page.socket:
        warm_lessons(limits)
        later = warm_training_later(limits)
        server(page, limits, on_start).run([page.socket])
        later.cancel()
