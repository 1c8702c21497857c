"""A tab of the browser, as tests have it: it opens a stream, and sends what the page sends."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.web.serving import Answer, Served

__all__ = ["MOONS", "Browsing", "browsing"]

#: What the page asks for at first: a small network that learns the moons.
MOONS: dict[str, Any] = {
    "source": {"kind": "generated", "name": "moons", "rows": 200, "noise": 0.1, "seed": 0},
    "settings": {"hidden": [8, 8], "activation": "tanh", "lr": 0.02, "batch_size": 32, "seed": 0},
}


class Browsing:
    """One tab, with its event stream open."""

    def __init__(self, page: Served) -> None:
        self.page = page
        opened = page.post("/api/tabs")
        assert opened.status == 201, opened.body
        self.id = opened.json["tab"]
        self.connection: http.client.HTTPConnection | None = None
        self.listen()

    @property
    def path(self) -> str:
        return f"/api/tabs/{self.id}"

    def listen(self) -> None:
        """Open the event stream."""
        self.connection = self.page.connection(timeout=60)
        self.connection.request("GET", f"{self.path}/events")
        self.stream = self.connection.getresponse()
        assert self.stream.status == 200, self.stream.read()

    def leave(self) -> None:
        """Close the event stream, as a closed tab does."""
        assert self.connection is not None
        self.stream.close()
        self.connection.close()

    def post(self, what: str, **fields: Any) -> Answer:
        return self.page.post(f"{self.path}/{what}", fields)

    def get(self, what: str) -> Answer:
        return self.page.get(f"{self.path}/{what}")

    def run(self, **changes: Any) -> dict[str, Any]:
        """Choose moons, or something else, and get the description of the run."""
        fields = {part: {**MOONS[part], **changes.get(part, {})} for part in MOONS}
        answer = self.page.post(f"{self.path}/run", fields)
        assert answer.status == 200, answer.body
        return answer.json

    def epochs(self, count: int) -> dict[str, Any]:
        """The frame after so many more epochs, one by one, of a run that was just made."""
        for _ in range(count):
            assert self.post("control", action="epoch").status == 200
        return self.frame(lambda frame: frame["epoch"] == count and not frame["is_running"])

    def frame(self, wanted: Callable[[dict[str, Any]], bool] = lambda frame: True) -> dict[str, Any]:
        """The next frame that is as wanted."""
        while True:
            line = self.stream.readline()
            assert line, "the stream has ended"
            if line.startswith(b"data: "):
                frame = json.loads(line[6:])
                if wanted(frame):
                    return frame


@contextlib.contextmanager
def browsing(page: Served) -> Iterator[Browsing]:
    """A tab that is closed at the end of the block."""
    tab = Browsing(page)
    try:
        yield tab
    finally:
        tab.leave()
