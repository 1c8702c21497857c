"""Who may talk to the page: the browser of this machine, opened at the page itself, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.web.serving import Served, served

from chainrule.web.guard import SECURITY_HEADERS, loopback_hosts

TOKEN = "a-token-of-the-test"


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    """A page that the network reaches, asked from this machine."""
    with served(host="0.0.0.0", token=TOKEN) as running:
        yield running


# Host, Origin and what browsers say of themselves -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LocalHost", "[::1]"])
def test_the_names_of_this_machine_are_answered(page: Served, name: str) -> None:
    assert page.get("/", host=f"{name}:{page.port}").status == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:{port}",
        "localhost.evil.example:{port}",
        "127.0.0.1:{port}.evil.example",
        "user@127.0.0.1:{port}",
        "<script>:{port}",
        "0.0.0.0:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost:",
    ],
)
def test_a_name_that_was_rebound_to_this_machine_is_refused(page: Served, host: str) -> None:
    for path in ("/", "/api/presets", "/static/lesson/lesson.js"):
        answer = page.get(path, host=host.format(port=page.port))
        assert answer.status == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert f"http://127.0.0.1:{page.port}/" in answer.body.decode()
    assert "<script>" not in answer.body.decode()


def test_a_request_without_a_host_is_refused(page: Served) -> None:
    with page.socket(b"GET / HTTP/1.0\r\n\r\n") as client:
        assert client.recv(100).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:1", "http://localhost:{port}", "null", "file://", "{host}"]
)
def test_the_origin_must_be_the_pages_own(page: Served, origin: str) -> None:
    named = origin.format(port=page.port, host=page.host)
    answer = page.post("/api/nothing", {}, origin=named)
    assert answer.status == 403
    assert answer.error["what"].startswith(f"a page of {named} asks")
    assert page.get("/", origin=named).status == 403


def test_the_pages_own_requests_are_answered(page: Served) -> None:
    assert page.post("/api/nothing", {}, origin=page.url, sec_fetch_site="same-origin").status == 404
    assert page.get("/", origin=page.url).status == 200


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 404), ("none", 404)]
)
def test_the_interface_is_for_the_page_alone(page: Served, site: str, status: int) -> None:
    assert page.get("/api/nothing", sec_fetch_site=site).status == status
    assert page.get("/", sec_fetch_site=site).status == 200  # a link may lead to the page


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "text/plain; application/json",
    ],
)
def test_what_a_form_of_another_site_could_send_is_refused(page: Served, kind: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = page.request(method, "/api/nothing", b'{"a": 1}', content_type=kind)
        assert answer.status == 415
        assert answer.error["fix"] == "send application/json or application/octet-stream"


def test_nobody_gets_leave_to_ask_from_elsewhere(page: Served) -> None:
    asked = {"origin": "http://evil.example", "access_control_request_method": "POST"}
    answer = page.request("OPTIONS", "/api/presets", **asked)
    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


# Headers ------------------------------------------------------------------------------------------------------------


def test_every_response_carries_the_security_headers(page: Served) -> None:
    answers = [
        page.get("/"),
        page.get("/nothing"),
        page.get("/api/nothing"),
        page.request("DELETE", "/"),
        page.request("OPTIONS", "/"),
        page.request("HEAD", "/"),
        page.get("/", if_none_match=page.get("/").headers["etag"]),
        page.get("/", host="evil.example"),
        page.request("POST", "/api/nothing", b"x", content_type="text/plain"),
    ]
    assert [answer.status for answer in answers] == [200, 404, 404, 405, 405, 200, 304, 403, 415]
    for answer in answers:
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert "server" not in answer.headers


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = dict(part.split(" ", 1) for part in SECURITY_HEADERS["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in SECURITY_HEADERS["content-security-policy"]
    assert "http" not in SECURITY_HEADERS["content-security-policy"]
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == policy["object-src"] == "'none'"


# The token ----------------------------------------------------------------------------------------------------------


def test_without_the_token_there_is_a_page_that_says_what_to_do(shared: Served) -> None:
    for path in ("/", "/static/lesson/lesson.js", "/?token=", "/?token=wrong", f"/?token={TOKEN}x", "/?token=%ff%00"):
        answer = shared.get(path)
        assert answer.status == 403
        assert "Open the address that chainrule serve printed" in answer.body.decode()
        assert "set-cookie" not in answer.headers
    assert shared.get("/api/presets").error["what"] == "this page needs the token of whoever serves it"
    assert shared.post(f"/api/nothing?token={TOKEN}", {}).status == 403  # only addresses that a person opens carry it


def test_the_address_with_the_token_becomes_a_cookie_and_a_clean_address(shared: Served) -> None:
    answer = shared.get(f"/?view=train&token={TOKEN}&x=a%26b")
    assert answer.status == 303
    assert answer.headers["location"] == "/?view=train&x=a%26b"
    cookie, *settings = answer.headers["set-cookie"].split("; ")
    assert cookie == f"chainrule-{shared.port}={TOKEN}"
    assert {setting.lower() for setting in settings} == {"httponly", "path=/", "samesite=strict"}
    for sent in (cookie, f"other=1; {cookie}", f"chainrule-{shared.port}=old; {cookie}"):
        assert shared.get("/", cookie=sent).status == 200
        assert shared.post("/api/nothing", {}, cookie=sent).status == 404


@pytest.mark.parametrize(
    "cookie", ["chainrule-{port}=", "chainrule-{port}=wrong", "chainrule-1={token}", "{token}", "=;;="]
)
def test_another_cookie_is_refused(shared: Served, cookie: str) -> None:
    assert shared.get("/", cookie=cookie.format(port=shared.port, token=TOKEN)).status == 403


@pytest.mark.parametrize(
    "path", ["//evil.example", "/%2f%2fevil.example", "/\\evil.example", "/%5cevil.example", "/a%0d%0aX: 1"]
)
def test_the_clean_address_leads_nowhere_else(shared: Served, path: str) -> None:
    answer = shared.get(f"{path}?token={TOKEN}".replace("\\", "%5c").replace(" ", "%20"))
    assert answer.status == 303
    assert answer.headers["location"].startswith("/")
    assert not answer.headers["location"].startswith(("//", "/\\"))
    assert "x" not in answer.headers


def test_with_a_token_any_name_leads_to_the_page_but_other_sites_stay_out(shared: Served) -> None:
    cookie = f"chainrule-{shared.port}={TOKEN}"
    assert shared.get("/", host="lab.example:8000", cookie=cookie).status == 200
    assert shared.post("/api/nothing", {}, host="lab.example", origin="http://lab.example", cookie=cookie).status == 404
    assert (
        shared.post("/api/nothing", {}, host="lab.example", origin="https://lab.example", cookie=cookie).status == 404
    )
    assert (
        shared.post("/api/nothing", {}, host="lab.example", origin="http://evil.example", cookie=cookie).status == 403
    )
    assert shared.get("/api/nothing", cookie=cookie, sec_fetch_site="cross-site").status == 403


def test_a_token_for_this_machine_alone_comes_on_top_of_its_names() -> None:
    with served(token=TOKEN) as page:
        cookie = f"chainrule-{page.port}={TOKEN}"
        assert page.get("/").status == 403
        assert page.get("/", cookie=cookie).status == 200
        assert page.get("/", cookie=cookie, host="evil.example").status == 403


def test_browsers_leave_out_the_port_of_http() -> None:
    assert {"localhost", "localhost:80"} < loopback_hosts(80)
    assert "[::2]:8000" in loopback_hosts(8000, "::2")
    assert "127.0.0.9:8000" in loopback_hosts(8000, "127.0.0.9")
