"""Whatever a client sends, it gets an answer that is no fault of the server, and the server goes on."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.web.fuzzing import Attempt, Fuzzer
from tests.web.serving import Served, served

from chainrule.web.limits import Limits


@pytest.fixture
def open_page() -> Iterator[Served]:
    """A page whose tabs stay open although nobody watches them."""
    with served(Limits(grace_seconds=3600, epochs=50)) as page:
        yield page


class Client:
    """Sends random requests, and keeps what was wrong with the answers."""

    def __init__(self, page: Served, seed: int) -> None:
        self.page = page
        self.tabs: list[str] = []
        self.fuzzer = Fuzzer(seed, self.tabs)
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []

    def send(self, attempts: int) -> None:
        for _ in range(attempts):
            self.one(self.fuzzer.attempt())

    def one(self, attempt: Attempt) -> None:
        try:
            answer = self.page.request(attempt.method, attempt.path, attempt.body, **attempt.headers)
        except Exception as error:
            self.wrong.append(f"{error!r} for {attempt}")
            return
        self.statuses[answer.status] += 1
        if not (200 <= answer.status < 300 or 400 <= answer.status < 500):
            self.wrong.append(f"{answer.status} for {attempt}")
        elif answer.status >= 400 and answer.body and not answer.headers["content-type"].startswith("text/"):
            if not answer.error["what"]:
                self.wrong.append(f"no message for {attempt}")
        elif attempt.path == "/api/tabs" and answer.status == 201:
            self.tabs.append(answer.json["tab"])
            if len(self.tabs) > 8:  # fewer than the server keeps, so that there is room for others
                self.page.post(f"/api/tabs/{self.tabs.pop(0)}/close")


def hold(page: Served, clients: int, attempts: int, seed: int, caplog: pytest.LogCaptureFixture) -> Counter[int]:
    """Let some clients send random requests at once; nothing may be wrong, and nothing may be logged."""
    caplog.set_level(logging.WARNING)
    sending = [Client(page, seed + number) for number in range(clients)]
    threads = [threading.Thread(target=client.send, args=(attempts,)) for client in sending]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [wrong for client in sending for wrong in client.wrong] == []
    assert caplog.text == ""
    assert page.get("/").status == 200
    assert page.post("/api/lesson", {"statements": "(x + y) * z"}).status == 200
    return sum((client.statuses for client in sending), Counter())


def test_random_requests_get_answers_that_are_no_fault_of_the_server(
    open_page: Served, caplog: pytest.LogCaptureFixture
) -> None:
    statuses = hold(open_page, clients=2, attempts=150, seed=1, caplog=caplog)
    assert {200, 201, 400, 404, 415, 422} <= set(statuses), "the requests are too much alike"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1000, 2000])
def test_ten_thousand_random_requests(open_page: Served, caplog: pytest.LogCaptureFixture, seed: int) -> None:
    hold(open_page, clients=4, attempts=1250, seed=seed, caplog=caplog)
