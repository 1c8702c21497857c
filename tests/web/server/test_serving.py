"""Where the page is served, and what is said where it cannot be."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

import pytest
from tests.web.serving import served

from chainrule.errors import ConfigError
from chainrule.web.server import serving
from chainrule.web.server.serving import Page, listen


def test_a_free_port_is_taken_and_told() -> None:
    page = listen("127.0.0.1", 0)
    with page.socket:
        assert page.port > 0
        assert (page.is_local, page.token) == (True, None)
        assert page.address == f"http://127.0.0.1:{page.port}/"


def test_localhost_is_this_machine_alone() -> None:
    page = listen("localhost", 0)
    with page.socket:
        assert page.host == "127.0.0.1"
        assert page.is_local


def test_ipv6_is_written_in_brackets() -> None:
    try:
        page = listen("::1", 0)
    except ConfigError:
        pytest.skip("this machine has no IPv6")
    with page.socket:
        assert page.address == f"http://[::1]:{page.port}/"
        assert page.is_local


def test_what_the_network_reaches_has_a_token_in_any_case() -> None:
    tokens = set()
    for _ in range(2):
        page = listen("0.0.0.0", 0)
        with page.socket:
            assert not page.is_local
            assert page.token is not None
            assert len(page.token) >= 32
            assert page.address.endswith(f":{page.port}/?token={page.token}")
            assert "0.0.0.0" not in page.address  # which no browser can open
            tokens.add(page.token)
    assert len(tokens) == 2


def test_the_token_may_be_given() -> None:
    for host in ("127.0.0.1", "0.0.0.0"):
        page = listen(host, 0, "twelve-chars")
        with page.socket:
            assert page.token == "twelve-chars"


@pytest.mark.parametrize(
    "token", ["", "short", "twelve chars", "twelve;chars", "zwölf-zeichen", 'twelve"chars', "twelve\nchars"]
)
def test_a_token_that_is_weak_or_cannot_be_sent_is_refused(token: str) -> None:
    with pytest.raises(ConfigError, match="the token is too short, or has characters"):
        listen("127.0.0.1", 0, token)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError) as raised:
            listen("127.0.0.1", port)
    assert raised.value.what == f"port {port} of 127.0.0.1 is taken by another program, which may be another chainrule"
    assert raised.value.fix == f"write port={port + 1}, or port=0 for any that is free"


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "not a host", "a" * 300, ".", "\x00"])
def test_a_host_that_is_not_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="this machine cannot listen at"):
        listen(host, 0)


def test_the_browser_opens_when_the_page_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    said: list[str] = []
    done = threading.Event()
    monkeypatch.setenv("BROWSER", "true")
    monkeypatch.setattr(serving.webbrowser, "open", lambda address: (opened.append(address), done.set()))
    monkeypatch.setattr(
        "chainrule.web.server.running.run", lambda page, limits, on_start: (on_start(), page.socket.close())
    )
    serving.serve("0.0.0.0", 0, say=said.append)
    assert done.wait(60)
    assert said[0] == f"chainrule is open at {opened[0]} (Ctrl-C ends it)"
    assert "not encrypted" in said[1]
    serving.serve(port=0, say=said.append, opens_browser=False)
    assert len(opened) == 1
    assert len(said) == 3


def test_no_browser_is_opened_inside_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert not serving._has_browser()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert serving._has_browser()
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delenv("WAYLAND_DISPLAY")
    assert serving._has_browser()


def printed(code: str) -> str:
    """What a program prints that runs by itself."""
    tree = {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=tree, timeout=120
    ).stdout


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    code = f"""import sys; sys.modules[{missing!r}] = None
from chainrule.errors import MissingPackageError
from chainrule.web.server.serving import serve
try:
    serve(port=0)
except MissingPackageError as error:
    print(error)"""
    assert printed(code) == (
        f"the page is served by {missing}, which is not installed\n  fix pip install 'chainrule[web]'\n"
    )


def test_the_web_stack_is_imported_only_where_the_page_is_served() -> None:
    imports = "import sys, chainrule.cli.main, chainrule.web.server.serving"
    code = f"{imports}; print({{'starlette', 'uvicorn'}} & set(sys.modules))"
    assert printed(code) == "set()\n"


def test_the_page_ends_while_connections_are_open() -> None:
    with served() as page:
        idle = page.socket()
        half = page.socket(b"GET / HT")
        assert page.get("/").status == 200
    for client in (idle, half):
        with client:
            assert client.recv(10) == b""


def test_an_address_of_all_machines_is_told_as_one_that_can_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        assert Page(unused, "192.168.1.5", 8000, "t").address == "http://192.168.1.5:8000/?token=t"
        monkeypatch.setattr(serving, "_own_address", lambda unspecified: "192.168.1.7")
        assert Page(unused, "0.0.0.0", 8000, "t").address == "http://192.168.1.7:8000/?token=t"
