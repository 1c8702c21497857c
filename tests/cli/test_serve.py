"""``chainrule serve`` as a process: it tells its address, answers, and ends with Ctrl-C."""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest
from tests.cli.calling import call, command, environment
from tests.web.serving import Served
from tests.web.training.browsing import MOONS


@contextlib.contextmanager
def serving(*arguments: object, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """The process, what it said first, and its port."""
    started = subprocess.Popen(
        command("serve", "--no-browser", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**environment(), **variables},
    )
    try:
        assert started.stdout is not None
        line = started.stdout.readline()
        address = re.search(r"http://[^/]*:(\d+)/", line)
        assert address is not None, started.communicate(timeout=120)
        yield started, line, int(address[1])
    finally:
        started.kill()
        started.communicate()


def status(port: int, path: str = "/") -> int:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def test_it_serves_until_ctrl_c_and_waits_for_nobody() -> None:
    with serving("--port", 0) as (process, line, port):
        assert line == f"chainrule is open at http://127.0.0.1:{port}/ (Ctrl-C ends it)\n"
        assert status(port) == 200
        with socket.create_connection(("127.0.0.1", port)) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        assert (process.returncode, out, err) == (130, "", "\nthe page is closed\n")


def test_ctrl_c_ends_runs_and_their_streams() -> None:
    with serving("--port", 0) as (process, _, port):
        page = Served(port)
        with contextlib.ExitStack() as stack:
            for _ in range(2):
                tab = page.post("/api/tabs").json["tab"]
                head = f"GET /api/tabs/{tab}/events HTTP/1.1\r\nHost: {page.host}\r\n\r\n"
                stream = stack.enter_context(page.socket(head.encode()))
                assert page.post(f"/api/tabs/{tab}/run", MOONS).status == 200
                assert page.post(f"/api/tabs/{tab}/control", {"action": "play"}).json["is_running"]
                assert stream.recv(10) == b"HTTP/1.1 2"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        assert (process.returncode, out, err) == (130, "", "\nthe page is closed\n")


def test_for_the_network_it_needs_a_token_and_prints_it() -> None:
    with serving("--port", 0, "--host", "0.0.0.0") as (process, line, port):
        token = re.search(r"\?token=([\w-]{32,}) ", line)
        assert token is not None
        assert status(port) == 403
        assert status(port, f"/?token={token[1]}") == 303
        process.terminate()
        _, err = process.communicate(timeout=120)
        assert err == ""


def test_the_token_may_come_from_the_environment() -> None:
    with serving("--port", 0, CHAINRULE_TOKEN="from-the-environment") as (_, line, port):
        assert line.startswith(f"chainrule is open at http://127.0.0.1:{port}/?token=from-the-environment ")
        assert status(port) == 403


def test_a_port_that_is_taken_is_said_in_options() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = call("serve", "--port", port)
    assert done.exit_code == 2
    assert f"port {port} of 127.0.0.1 is taken" in done.output
    assert f"fix write --port {port + 1}, or --port 0 for any that is free" in done.output


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--port", 70000), "70000 is not in the range 0<=x<=65535"),
        (("--port", "eight"), "'eight' is not a valid integer range"),
        (("--host", "192.0.2.1"), 'write --host 127.0.0.1 for this machine alone, or --host 0.0.0.0'),
        (("--token", "short"), "or leave --token out to have one made"),
        (("8000",), "unexpected extra argument"),
    ],
)  # fmt: skip
def test_wrong_usage_is_taught(arguments: tuple[object, ...], what: str) -> None:
    done = call("serve", *arguments)
    assert done.exit_code == 2
    assert what in done.output
