"""The page, served by a real server on a free port of this machine, in a thread."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.web.limits import Limits
from chainrule.web.server.running import server
from chainrule.web.server.serving import listen

__all__ = ["Answer", "Served", "served"]


@dataclass(frozen=True)
class Answer:
    """A response that was read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, str | None]:
        return self.json["error"]


class Served:
    """A page that answers at ``127.0.0.1:port``."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.url = f"http://{self.host}"

    def connection(self, timeout: float = 120) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send a request on a connection of its own; ``sec_fetch_site=`` stands for the header ``Sec-Fetch-Site``."""
        with contextlib.closing(self.connection()) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def post(self, path: str, data: Any = None, **headers: str) -> Answer:
        """Send data as JSON."""
        body = json.dumps({} if data is None else data).encode()
        return self.request("POST", path, body, **{"content_type": "application/json", **headers})

    def put(self, path: str, body: bytes, **headers: str) -> Answer:
        """Send bytes."""
        return self.request("PUT", path, body, **{"content_type": "application/octet-stream", **headers})

    def socket(self, sent: bytes = b"", timeout: float = 30) -> socket.socket:
        """A connection on which anything may be sent, after these bytes."""
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        opened.sendall(sent)
        return opened


@contextlib.contextmanager
def served(limits: Limits | None = None, *, host: str = "127.0.0.1", token: str | None = None) -> Iterator[Served]:
    """Serve the page for as long as the block runs; it is closed as Ctrl-C closes it."""
    page = listen(host, 0, token)
    started = threading.Event()
    running = server(page, limits or Limits(), started.set)
    thread = threading.Thread(target=running.run, args=([page.socket],))
    with page.socket:
        thread.start()
        try:
            assert started.wait(60), "the server does not start"
            yield Served(page.port)
        finally:
            running.should_exit = True
            thread.join(60)
        assert not thread.is_alive(), "the server does not end"
