"""A visitor of the page: a browser's tab that goes to one server only, and whose complaints are written down."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

#: What Chromium itself writes into the console when a request is answered with an error. A formula that is half typed
#: is such an answer, and no fault of the page; what else is refused is one.
REFUSED_FORMULA = re.compile(r"Failed to load resource: .* status of 422 ")

#: Milliseconds after which what is waited for does not come any more, on a machine that has much else to do.
PATIENCE = 60_000

#: Pressing keys through a page comes to an end after this many.
MOST_STOPS = 400


class Visitor:
    """Opens tabs of one server, and lists what a page must not do: other addresses, console messages, errors.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
    address : str
        Of the server, such as ``http://127.0.0.1:8000``.
    """

    def __init__(self, browser: Any, address: str) -> None:
        self.browser = browser
        self.address = address
        self.complaints: list[str] = []
        self._contexts: list[Any] = []

    def __call__(self, fragment: str = "", *, width: int = 1280, height: int = 900, **settings: Any) -> Any:
        """Open a tab of its own at an address of the page: ``visit("#training", width=360)``."""
        context = self.browser.new_context(viewport={"width": width, "height": height}, **settings)
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        return self.open(context, fragment)

    def open(self, context: Any, fragment: str = "") -> Any:
        """Open one more tab beside those of a context."""
        context.route(self.is_elsewhere, lambda route: route.abort())
        page = context.new_page()
        page.on("request", self._look)
        page.on("console", lambda message: self._hear(message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.goto(f"{self.address}/{fragment}")
        return page

    def is_elsewhere(self, url: str) -> bool:
        """Whether an address leaves the server; what is written into a page itself leaves nothing."""
        return not url.startswith((f"{self.address}/", "data:", f"blob:{self.address}/", "about:"))

    def forgive(self, page: Any, pattern: str, least: int) -> list[str]:
        """Wait until a page has complained so often of something that it was made to do, and forget it."""
        deadline = time.monotonic() + PATIENCE / 1000
        while len(found := [each for each in self.complaints if re.search(pattern, each)]) < least:
            assert time.monotonic() < deadline, f"{pattern}: {found}"
            page.wait_for_timeout(20)
        self.complaints = [each for each in self.complaints if each not in found]
        return found

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _look(self, request: Any) -> None:
        if self.is_elsewhere(request.url):
            self.complaints.append(f"request to {request.url}")

    def _hear(self, text: str) -> None:
        if not REFUSED_FORMULA.match(text):
            self.complaints.append(f"console: {text}")


def settle(page: Any) -> None:
    """Wait for the fonts, and for what follows a change in the next frames: sizes, and what keys can scroll."""
    page.evaluate(
        """async () => {
            await document.fonts.ready;
            for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
        }"""
    )


@contextlib.contextmanager
def held(page: Any, address: str) -> Iterator[None]:
    """The first request to an address that is sent in the block comes to the server, and is answered, at its end."""
    routes: list[Any] = []

    def hold_the_first(route: Any) -> None:
        routes.append(route)
        if len(routes) > 1:
            route.continue_()

    page.route(address, hold_the_first)
    yield
    while not routes:
        page.wait_for_timeout(10)
    with page.expect_response(address):
        routes[0].continue_()
    settle(page)
    page.unroute(address)


def stop_time(page: Any) -> None:
    """Let time pass for a page only when its clock is told to: by itself, an installed clock goes on."""
    page.clock.install(time=0)
    page.clock.pause_at(3_600)


def serious_faults(page: Any, axe: str, within: str = "html") -> list[tuple[str, str]]:
    """What axe-core finds serious or critical on a page, or in a part of it: the rule, and the element."""
    settle(page)
    page.evaluate(axe)
    found = page.evaluate("within => axe.run(within)", within)["violations"]
    return [
        (fault["id"], node["html"][:200])
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def width_needed(page: Any) -> int:
    """How wide the page is, whatever the screen shows of it."""
    page.evaluate("document.fonts.ready")
    return page.evaluate("document.documentElement.scrollWidth")


def tab_until(page: Any, is_there: Callable[[str, str], bool], key: str = "Tab") -> str:
    """Press a key until the focus is where a test of role and name says; gives the name.

    ``tab_until(page, lambda role, name: name == "Play")``
    """
    seen = []
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        role, name = focused(page)
        if is_there(role, name):
            return name
        seen.append(f"{role} {name!r}")
    raise AssertionError(f"no such stop on the way: {seen[:80]}")


def focused(page: Any) -> tuple[str, str]:
    """Role and name of what has the focus, as a screen reader gets them."""
    handle = page.evaluate_handle("document.activeElement")
    session = page.context.new_cdp_session(page)
    try:
        session.send("DOM.enable")
        session.send("Runtime.enable")
        remote = session.send("Runtime.evaluate", {"expression": "document.activeElement"})["result"]["objectId"]
        node = session.send("Accessibility.getPartialAXTree", {"objectId": remote, "fetchRelatives": False})["nodes"][0]
    finally:
        session.detach()
        handle.dispose()
    return node.get("role", {}).get("value", ""), node.get("name", {}).get("value", "")
