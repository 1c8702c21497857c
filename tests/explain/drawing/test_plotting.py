"""Threads that draw at once have each its own settings, and leave none behind."""

from __future__ import annotations

import threading

import pytest

from chainrule.explain.drawing.plotting import plotting


def test_settings_of_threads_do_not_mix() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    before = dict(matplotlib.rcParams)
    seen: list[tuple[float, float]] = []

    def draw(size: float) -> None:
        for _ in range(20):
            with plotting({"font.size": size}):
                seen.append((size, matplotlib.rcParams["font.size"]))

    threads = [threading.Thread(target=draw, args=(size,)) for size in (7.0, 8.0, 9.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 60
    assert all(wanted == found for wanted, found in seen)
    assert dict(matplotlib.rcParams) == before
