"""The files of the page: right types, fresh copies, and nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files

import pytest
from tests.web.serving import Served


def test_the_index_is_the_page(page: Served) -> None:
    answer = page.get("/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.body == (files("chainrule.web") / "static" / "index.html").read_bytes()


@pytest.mark.parametrize(("name", "kind"), [("lesson.js", "text/javascript"), ("lesson.css", "text/css")])
def test_the_lesson_brings_its_script_and_styles(page: Served, name: str, kind: str) -> None:
    answer = page.get(f"/static/lesson/{name}")
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.body == (files("chainrule.explain.page") / name).read_bytes()


def test_the_browser_asks_whether_its_copy_is_the_newest(page: Served) -> None:
    first = page.get("/")
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    for known in (tag, f'W/{tag}, "other"'):
        again = page.get("/", if_none_match=known)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
    assert page.get("/", if_none_match='"other"').status == 200


def test_head_tells_the_length(page: Served) -> None:
    answer = page.request("HEAD", "/")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == str(len(page.get("/").body))


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/nothing.js",
        "/static/../guard.py",
        "/static/%2e%2e/guard.py",
        "/static/..%2fguard.py",
        "/static/..%5cguard.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/index.html/",
        "/static/index.html/..",
        "/static/index.html%00.css",
        "/static/./index.html",
        "/static/lesson/markup.py",
        "/static/lesson/../explaining.py",
        "/static/lesson/",
        "/static/" + "a/" * 2000,
        "/static/%ff%fe",
    ],
)
def test_only_the_files_of_the_page_exist(page: Served, path: str) -> None:
    answer = page.get(path)
    assert answer.status == 404
    assert answer.error["what"].startswith("there is no file /static/")


def test_files_are_only_read(page: Served) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = page.request(method, "/static/index.html")
        assert answer.status == 405
        assert answer.error["fix"] == "send GET, HEAD"
