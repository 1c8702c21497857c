"""Many tabs that train at once: each of them goes on, is answered, and is forgotten when it is closed."""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from typing import Any

import pytest
from tests.web.serving import served
from tests.web.training.browsing import Browsing, browsing

from chainrule.web.limits import Limits
from chainrule.web.training import runs

TABLES = ("moons", "xor", "spirals", "blobs", "hills")


@pytest.mark.parametrize("count", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_many_tabs_train_at_once(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[weakref.ref[Any]] = []
    begin = runs.Run.__init__

    def noted(self: runs.Run, live: Any, *others: Any, **more: Any) -> None:
        begin(self, live, *others, **more)
        kept.extend([weakref.ref(self), weakref.ref(live)])

    monkeypatch.setattr(runs.Run, "__init__", noted)
    with served(Limits(grace_seconds=2)) as page:
        with contextlib.ExitStack() as stack:
            tabs: list[Browsing] = [stack.enter_context(browsing(page)) for _ in range(count)]
            for seed, tab in enumerate(tabs):
                tab.run(source={"name": TABLES[seed % len(TABLES)], "seed": seed}, settings={"seed": seed})
                assert tab.post("control", action="play").json["is_running"]
            for tab in tabs:
                before = tab.frame(lambda frame: frame["epoch"] > 0)["epoch"]
                tab.frame(lambda frame, before=before: frame["epoch"] > before)  # type: ignore[misc]
                assert page.get("/api/presets").status == 200
        assert len(kept) == 2 * count

        def alive() -> int:
            gc.collect()
            return sum(reference() is not None for reference in kept)

        pause = threading.Event()
        while alive():
            pause.wait(0.05)
