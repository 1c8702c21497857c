"""The application as a whole: addresses that do not exist, methods that are not meant, and its refusal to be open."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.web.serving import Served

from chainrule.errors import ConfigError
from chainrule.web.application import application


@pytest.mark.parametrize(
    "path", ["/nothing", "/api", "/api/", "/api/nothing", "//", "/static", "/index.html", "/ü", "/<b>"]
)
def test_what_does_not_exist_is_not_found(page: Served, path: str) -> None:
    answer = page.get(quote(path))
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.error["what"] == f"there is nothing at {path}"


def test_a_method_that_is_not_meant_is_refused_with_those_that_are(page: Served) -> None:
    for method in ("POST", "OPTIONS", "TRACE", "BREW"):
        answer = page.request(method, "/")
        assert answer.status == 405
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
        assert answer.error == {
            "what": f"{method} is not understood here",
            "shown": None,
            "fix": "send GET, HEAD",
            "name": None,
        }


def test_star_and_absolute_addresses_are_harmless(page: Served) -> None:
    for target in (b"OPTIONS *", b"GET http://evil.example/", b"GET nothing"):
        with page.socket(target + f" HTTP/1.1\r\nHost: {page.host}\r\nConnection: close\r\n\r\n".encode()) as client:
            assert client.recv(65536).startswith(b"HTTP/1.1 404 ")


def test_a_page_that_is_open_to_any_site_is_not_made() -> None:
    with pytest.raises(ConfigError, match="a page that any host name reaches needs a token"):
        application()
