"""A browser, pages that may load nothing, and the page itself: ``pytest -m browser`` with `browser` and a Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.training_view import TrainingView
from tests.browser.visiting import Visitor
from tests.web.serving import Served, served

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
AXE = Path("node_modules/axe-core/axe.min.js")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium: the one that CHAINRULE_CHROMIUM names, or the system's."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail("playwright is missing: pip install -e '.[browser]'")
    named = os.environ.get("CHAINRULE_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.fail("no Chromium: install Debian's `chromium`, or name one in CHAINRULE_CHROMIUM")
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield instance
        instance.close()


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open HTML as a file; at the end, the page must have loaded nothing and complained of nothing."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_(html: str, fragment: str = "", width: int = 1280, height: int = 900, **settings: Any) -> Any:
        path = tmp_path / "lesson.html"
        path.write_text(html, encoding="utf-8")
        address = path.as_uri()
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        page = context.new_page()

        def serve(route: Any) -> None:
            if route.request.url.partition("#")[0] == address:
                route.continue_()
            else:
                complaints.append(f"request to {route.request.url}")
                route.abort()

        page.route("**/*", serve)
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.goto(address + fragment)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def site() -> Iterator[Served]:
    """The page, served as `chainrule serve` serves it."""
    with served() as running:
        yield running


@pytest.fixture
def visit(browser: Any, site: Served) -> Iterator[Visitor]:
    """Open tabs of the page; at the end, none of them must have asked another server or complained of anything."""
    visitor = Visitor(browser, site.url)
    yield visitor
    visitor.close()
    assert visitor.complaints == []


@pytest.fixture
def view(visit: Visitor) -> TrainingView:
    """The training view as it opens: with the moons."""
    return TrainingView(visit("#training"))


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, an accessibility checker."""
    path = Path(os.environ.get("CHAINRULE_AXE", AXE))
    if not path.is_file():
        pytest.fail(f"no axe-core at {path}: npm install --no-save axe-core, or name axe.min.js in CHAINRULE_AXE")
    return path.read_text(encoding="utf-8")
