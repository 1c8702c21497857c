"""Serving the page: the socket, the address that is printed, and the server's life from start to Ctrl-C."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass

from chainrule.errors import ConfigError, MissingPackageError
from chainrule.web.limits import Limits

__all__ = ["Page", "serve"]

#: A token of fewer characters could be guessed.
_SHORTEST_TOKEN = 12


@dataclass(frozen=True)
class Page:
    """A socket that listens for the page, and who may use it.

    Attributes
    ----------
    socket : socket.socket
    host, port : str, int
        To which it is bound.
    token : str or None
    """

    socket: socket.socket
    host: str
    port: int
    token: str | None

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def address(self) -> str:
        """Where a browser opens it, token included."""
        name = _own_address(self.host) if ipaddress.ip_address(self.host).is_unspecified else self.host
        name = f"[{name}]" if ":" in name else name
        return f"http://{name}:{self.port}/" + (f"?token={self.token}" if self.token else "")


def serve(
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    token: str | None = None,
    opens_browser: bool = True,
    say: Callable[[str], None] = print,
    limits: Limits | None = None,
) -> None:
    """Serve the page until Ctrl-C.

    Parameters
    ----------
    host : str, default "127.0.0.1"
        Name or address of this machine to listen at. Other machines reach one that is not of the loopback, so it has a
        token in any case.
    port : int, default 8000
        0 takes a free one.
    token : str, optional
        What visitors must show. One is made up where it is needed and not given.
    opens_browser : bool, default True
    say : callable, default print
        Told the address, when the page can be opened.
    limits : Limits, optional

    Raises
    ------
    ConfigError
        If the port is taken, or the host is not of this machine, or the token is too short.
    MissingPackageError
        Without starlette and uvicorn.
    KeyboardInterrupt
        When Ctrl-C has ended it.
    """
    try:
        from chainrule.web.server.running import run
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "chainrule":
            raise
        raise MissingPackageError(
            f"the page is served by {package}, which is not installed", fix="pip install 'chainrule[web]'"
        ) from error
    page = listen(host, port, token)

    def on_start() -> None:
        say(f"chainrule is open at {page.address} (Ctrl-C ends it)")
        if not page.is_local:
            say("Other machines can open it too. What is sent is not encrypted: use it in networks that you trust.")
        if opens_browser and _has_browser():
            threading.Thread(target=webbrowser.open, args=(page.address,), daemon=True).start()

    run(page, limits or Limits(), on_start)


def listen(host: str, port: int, token: str | None = None) -> Page:
    """Open the socket; see `serve`."""
    if token is not None and (len(token) < _SHORTEST_TOKEN or not re.fullmatch(r"[A-Za-z0-9_.~-]+", token)):
        raise ConfigError(
            "the token is too short, or has characters that addresses and cookies cannot carry",
            fix=f"give at least {_SHORTEST_TOKEN} letters, digits, - and _, or leave token out to have one made",
        )
    try:
        family, _, _, _, address = min(
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE),
            key=lambda found: found[0] != socket.AF_INET,  # browsers try 127.0.0.1 for localhost in any case
        )
        listening = socket.create_server(address[:2], family=family, backlog=256)
    except (OSError, UnicodeError) as error:
        raise _cannot_listen(host, port, error) from None
    bound_host, bound_port = listening.getsockname()[:2]
    page = Page(listening, bound_host, bound_port, token)
    if token is None and not page.is_local:
        page = Page(listening, bound_host, bound_port, secrets.token_urlsafe(24))
    return page


def _cannot_listen(host: str, port: int, error: Exception) -> ConfigError:
    reason = getattr(error, "errno", None)
    if reason == errno.EADDRINUSE:
        return ConfigError(
            f"port {port} of {host} is taken by another program, which may be another chainrule",
            fix=f"write port={port + 1 if port < 65535 else 8000}, or port=0 for any that is free",
        )
    if reason in (errno.EACCES, errno.EPERM):
        return ConfigError(
            f"port {port} is open to administrators only", fix="write port=8000, or port=0 for any that is free"
        )
    return ConfigError(
        f"this machine cannot listen at {host!r}: {error}",
        fix='write host="127.0.0.1" for this machine alone, or host="0.0.0.0" for its network',
    )


def _own_address(unspecified: str) -> str:
    """The address by which other machines know this one. No packet is sent to find it."""
    family, far = (socket.AF_INET6, "2001:db8::1") if ":" in unspecified else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((far, 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "::1" if family == socket.AF_INET6 else "127.0.0.1"


def _has_browser() -> bool:
    """Whether one can open beside the terminal, and not inside of it."""
    is_graphical = not sys.platform.startswith(("linux", "freebsd", "openbsd"))
    return is_graphical or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
