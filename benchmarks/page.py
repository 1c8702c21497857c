"""The page under the clock: ``python benchmarks/page.py [--clients 50] [--seconds 10] [--repeats 15]``.

Four questions. How long does each example's lesson take after a key press? How long until the page shows it, and until
anything is painted at all (with the extra `browser` and a Chromium)? And when so many clients train at once, each with
its stream of frames open, how long does the page of each take to answer, and how much memory does the server need?

The server is a process of its own; the clients are this one.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import re
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from chainrule.explain.model import Level
from chainrule.web.fields import Fields
from chainrule.web.formula.lessons import lesson_payload
from chainrule.web.formula.presets import PRESETS
from chainrule.web.formula.statements import Typed, read_typed
from chainrule.web.limits import Limits

#: What each client trains: the page's first choice.
RUN = {
    "source": {"kind": "generated", "name": "moons", "rows": 300, "noise": 0.1},
    "settings": {"hidden": [8, 8], "activation": "tanh", "optimizer": "adam", "lr": 0.01, "batch_size": 32},
}


@dataclass(frozen=True)
class Page:
    """A server that runs."""

    port: int
    process: int

    def ask(self, method: str, path: str, data: Any = None) -> Any:
        """What a request is answered with: JSON, or bytes."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            body = None if data is None else json.dumps(data).encode()
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            content = response.read()
            if response.status >= 300:
                raise RuntimeError(f"{method} {path}: {response.status} {content[:300]!r}")
            is_json = response.headers.get("Content-Type") == "application/json"
            return json.loads(content) if is_json else content

    def seconds(self, method: str, path: str, data: Any = None) -> float:
        start = time.perf_counter()
        self.ask(method, path, data)
        return time.perf_counter() - start

    def megabytes(self) -> float:
        """Memory that the server holds now; not known outside of Linux."""
        try:
            status = Path(f"/proc/{self.process}/status").read_text()
        except OSError:
            return float("nan")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else float("nan")


@contextlib.contextmanager
def serving() -> Iterator[Page]:
    command = [sys.executable, "-m", "chainrule.cli.main", "serve", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = re.search(r":(\d+)/", process.stdout.readline())
            if address is None:
                raise SystemExit("the server does not start")
            yield Page(int(address[1]), process.pid)
        finally:
            process.kill()


def milliseconds(times: list[float]) -> str:
    return f"{1000 * statistics.median(times):.0f} | {1000 * max(times):.0f}"


# Lessons ------------------------------------------------------------------------------------------------------------


def lessons(page: Page, repeats: int) -> None:
    """The answer as the page waits for it, and the time of the processor alone, which other programs stretch less."""
    print(
        "| lesson, in ms | first | median | slowest | processor | with closed forms |\n|---|---:|---:|---:|---:|---:|"
    )
    for preset in PRESETS:
        for level in get_args(Level):
            asked = {"statements": preset.statements, "values": dict(preset.values), "level": level}
            first = page.seconds("POST", "/api/lesson", asked)
            times = [page.seconds("POST", "/api/lesson", asked) for _ in range(repeats)]
            typed = read_typed(Fields(asked), Limits())
            processor = min(processor_seconds(typed, level) for _ in range(repeats))
            closed = [page.seconds("POST", "/api/lesson", asked | {"closed_forms": True}) for _ in range(repeats)]
            told = f"{1000 * first:.0f} | {milliseconds(times)} | {1000 * processor:.0f}"
            told += f" | {1000 * statistics.median(closed):.0f}"
            print(f"| {preset.id}, by {level} | {told} |", flush=True)


def processor_seconds(typed: Typed, level: Level) -> float:
    start = time.process_time()
    lesson_payload(typed, level)
    return time.process_time() - start


# In the browser -----------------------------------------------------------------------------------------------------


def in_the_browser(page: Page, repeats: int) -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print("\nNothing is measured in a browser: it needs playwright and a Chromium.")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        key_to_picture(browser, page, repeats)
        first_paint(browser, page, repeats)
        browser.close()


def key_to_picture(browser: Any, page: Page, repeats: int) -> None:
    """From a number that is typed to the frame that shows its lesson."""
    print("\n| from key to picture, in ms | median | slowest |\n|---|---:|---:|")
    for preset in PRESETS:
        tab = browser.new_page()
        tab.goto(f"http://127.0.0.1:{page.port}/#formula?preset={preset.id}")
        tab.locator(".lesson").wait_for()
        tab.evaluate("document.fonts.ready")
        times = [tab.evaluate(TYPED, f"0.{10 + number}") for number in range(repeats + 3)][3:]
        print(f"| {preset.id} | {milliseconds(times)} |", flush=True)
        tab.close()


#: Types into the first field, and gives the seconds until the frame after the lesson has changed is drawn.
TYPED = """async text => {
    const pause = milliseconds => new Promise(done => setTimeout(done, milliseconds));
    const field = document.querySelector('.values input:not([type=range], [type=checkbox])');
    const host = document.querySelector('.lesson-host');
    const changed = new Promise(done => {
        const all = { subtree: true, childList: true, attributes: true, characterData: true };
        new MutationObserver((_, observer) => done(observer.disconnect())).observe(host, all);
    });
    await pause(200);
    const start = performance.now();
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await changed;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return (performance.now() - start) / 1000;
}"""


def first_paint(browser: Any, page: Page, repeats: int) -> None:
    """In a browser that has nothing in its cache, and in one that was here before."""
    print("\n| first paint, in ms | median | slowest |\n|---|---:|---:|")
    for view in ("formula", "training"):
        address = f"http://127.0.0.1:{page.port}/#{view}"
        cold, warm = [], []
        for _ in range(repeats):
            context = browser.new_context()
            cold.append(painted(context.new_page(), address))
            warm.append(painted(context.new_page(), address))
            context.close()
        print(f"| {view}, first visit | {milliseconds(cold)} |\n| {view}, again | {milliseconds(warm)} |", flush=True)


def painted(tab: Any, address: str) -> float:
    """Seconds from the beginning of the navigation to the first paint with content."""
    tab.goto(address)
    seconds: float = tab.evaluate(
        """() => new Promise(done => new PerformanceObserver(list => {
             const found = list.getEntriesByName("first-contentful-paint");
             if (found.length) done(found[0].startTime / 1000);
           }).observe({type: "paint", buffered: true}))"""
    )
    tab.close()
    return seconds


# Many clients -------------------------------------------------------------------------------------------------------


class Streams:
    """Event streams that are read by one thread, which keeps how much came on each."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.selector = selectors.DefaultSelector()
        self.frames: dict[str, int] = {}

    def open(self, tab: str) -> None:
        stream = socket.create_connection(("127.0.0.1", self.page.port))
        head = f"GET /api/tabs/{tab}/events HTTP/1.1\r\nHost: 127.0.0.1:{self.page.port}\r\n\r\n"
        stream.sendall(head.encode())
        self.frames[tab] = 0
        self.selector.register(stream, selectors.EVENT_READ, tab)

    def read(self, seconds: float) -> None:
        """Read all that comes for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for key, _ in self.selector.select(left):
                self.frames[key.data] += key.fileobj.recv(1 << 18).count(b"event: frame")  # type: ignore[union-attr]

    def close(self) -> None:
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self.selector.close()


def crowd(page: Page, clients: int, seconds: float) -> None:
    example = next(preset for preset in PRESETS if preset.id == "perceptron")
    lesson = {"statements": example.statements, "values": dict(example.values)}
    before = page.megabytes()
    streams = Streams(page)
    opening: list[float] = []
    for _ in range(clients):
        start = time.perf_counter()
        tab = page.ask("POST", "/api/tabs", {})["tab"]
        streams.open(tab)
        page.ask("POST", f"/api/tabs/{tab}/run", RUN)
        page.ask("POST", f"/api/tabs/{tab}/control", {"action": "play", "speed": None})
        opening.append(time.perf_counter() - start)
        streams.read(0.01)
    rows: dict[str, list[float]] = {
        "a tab opens and plays": opening,
        "the page": [],
        "a lesson": [],
        "a pause": [],
        "a step": [],
    }
    memory = [page.megabytes()]
    streams.frames = dict.fromkeys(streams.frames, 0)
    start = time.monotonic()
    for tab in list(streams.frames):
        rows["the page"].append(page.seconds("GET", "/"))
        rows["a lesson"].append(page.seconds("POST", "/api/lesson", lesson))
        rows["a pause"].append(page.seconds("POST", f"/api/tabs/{tab}/control", {"action": "pause"}))
        rows["a step"].append(page.seconds("POST", f"/api/tabs/{tab}/control", {"action": "step"}))
        page.ask("POST", f"/api/tabs/{tab}/control", {"action": "play", "speed": None})
        streams.read(seconds / clients)
        memory.append(page.megabytes())
    per_second = [frames / (time.monotonic() - start) for frames in streams.frames.values()]
    streams.close()
    time.sleep(10)  # until the tabs are given up
    print(f"\n| {clients} clients train; in ms | median | slowest |\n|---|---:|---:|")
    for name, times in rows.items():
        print(f"| {name} | {milliseconds(times)} |")
    print(f"\nFrames per second of a client: {min(per_second):.1f} to {max(per_second):.1f}.")
    during = f"{memory[0]:.0f} MB when all train, {max(memory):.0f} MB at most"
    print(f"Memory of the server: {before:.0f} MB before, {during}, {page.megabytes():.0f} MB after they left.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long they are watched")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--only", choices=["lessons", "browser", "clients"])
    settings = parser.parse_args()
    with serving() as page:
        if settings.only in (None, "lessons"):
            lessons(page, settings.repeats)
        if settings.only in (None, "browser"):
            in_the_browser(page, settings.repeats)
        if settings.only in (None, "clients"):
            crowd(page, settings.clients, settings.seconds)


if __name__ == "__main__":
    main()
