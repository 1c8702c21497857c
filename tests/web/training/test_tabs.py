"""Tabs: how many there may be, and when one is given up with all that it holds."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.web.training.making import chosen, live_training

from chainrule.web.fields import Refused
from chainrule.web.limits import Limits
from chainrule.web.training.events import event
from chainrule.web.training.runs import Run
from chainrule.web.training.tabs import Tab, Tabs
from chainrule.web.training.uploads import Upload

CSV = b"size,sold\n1,yes\n2,no\n3,yes\n4,no\n"


def in_loop(test: Callable[[Tabs], Awaitable[Any]], **limits: Any) -> Any:
    async def run() -> Any:
        tabs = Tabs(Limits(**limits))
        try:
            return await test(tabs)
        finally:
            tabs.close()

    return asyncio.run(run())


def run_of(tab: Tab, tabs: Tabs) -> Run:
    return Run(live_training(), chosen(), 1, tabs.limits, publish=tab.publish, is_watched=tab.is_watched)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


def test_tabs_have_names_that_nobody_guesses() -> None:
    async def test(tabs: Tabs) -> set[str]:
        return {tabs.open().id for _ in range(20)}

    names = in_loop(test)
    assert len(names) == 20
    assert all(len(name) == 32 and set(name) <= set("0123456789abcdef") for name in names)


def test_there_are_only_so_many_tabs() -> None:
    async def test(tabs: Tabs) -> None:
        first, _ = tabs.open(), tabs.open()
        with pytest.raises(Refused, match="2 tabs are open") as refused:
            tabs.open()
        assert refused.value.status == 429
        tabs.give_up(first)
        tabs.open()

    in_loop(test, tabs=2)


def test_a_tab_that_is_not_known_is_refused() -> None:
    async def test(tabs: Tabs) -> None:
        with pytest.raises(Refused) as refused:
            tabs.get("0" * 32)
        assert refused.value.status == 404

    in_loop(test)


def test_a_tab_that_never_opens_a_stream_is_given_up() -> None:
    async def test(tabs: Tabs) -> None:
        tabs.open()
        await until(lambda: len(tabs) == 0)

    in_loop(test, grace_seconds=0.02)


def test_a_tab_lives_as_long_as_a_stream_is_open_and_a_little_longer() -> None:
    async def test(tabs: Tabs) -> None:
        tab = tabs.open()
        streams = [tabs.connect(tab), tabs.connect(tab)]
        assert tab.timer is None
        tabs.disconnect(tab, streams[0])
        assert tab.timer is None
        tabs.disconnect(tab, streams[1])
        assert tab.timer is not None
        again = tabs.connect(tab)  # the page was loaded again
        assert tab.timer is None
        tabs.disconnect(tab, again)
        await until(lambda: tab.is_closed)
        with pytest.raises(Refused):
            tabs.get(tab.id)

    in_loop(test, grace_seconds=0.05)


def test_a_tab_has_only_so_many_streams() -> None:
    async def test(tabs: Tabs) -> None:
        tab = tabs.open()
        tabs.connect(tab)
        with pytest.raises(Refused) as refused:
            tabs.connect(tab)
        assert refused.value.status == 429

    in_loop(test, streams=1)


def test_giving_a_tab_up_ends_its_streams_and_frees_its_run_and_its_table() -> None:
    async def test(tabs: Tabs) -> list[weakref.ref[Any]]:
        tab = tabs.open()
        stream = tabs.connect(tab)
        tab.upload = Upload.read(CSV, "sold.csv", tabs.limits)
        run = run_of(tab, tabs)
        tabs.replace_run(tab, run)
        kept = [weakref.ref(run), weakref.ref(run.live), weakref.ref(tab.upload)]
        run.play(None)
        tabs.scheduler.add(run)
        assert await stream.next(30) is not None
        tabs.give_up(tab)
        assert await stream.next(30) is None
        del run

        def gone() -> bool:
            gc.collect()
            return all(ref() is None for ref in kept)

        await until(gone)
        return kept

    in_loop(test)


def test_no_frame_is_made_for_a_browser_that_could_not_take_it() -> None:
    async def test(tabs: Tabs) -> None:
        tab = tabs.open()
        stream, run = tabs.connect(tab), run_of(tab, tabs)
        made: list[bytes] = []
        frame = run.frames.frame

        def noted(state: Any) -> bytes:
            made.append(frame(state))
            return made[-1]

        run.frames.frame = noted  # type: ignore[method-assign]
        run.play(None)
        tabs.replace_run(tab, run)
        await until(lambda: run.live.epoch >= 3)
        assert made == []
        sent = await stream.next(30)
        assert sent == event("frame", made[0])
        assert json.loads(made[0])["epoch"] >= 3

    in_loop(test)


def test_another_run_takes_the_place_of_the_one_before() -> None:
    async def test(tabs: Tabs) -> None:
        tab = tabs.open()
        first, second = run_of(tab, tabs), run_of(tab, tabs)
        first.play(None)
        tabs.replace_run(tab, first)
        tabs.replace_run(tab, second)
        assert (await tabs.holding(tab, lambda run: run)) is second
        gone = weakref.ref(first)
        del first

        def is_gone() -> bool:
            gc.collect()
            return gone() is None

        await until(is_gone)

    in_loop(test)


def test_without_a_run_there_is_nothing_to_hold() -> None:
    async def test(tabs: Tabs) -> None:
        with pytest.raises(Refused) as refused:
            await tabs.holding(tabs.open(), lambda run: run)
        assert refused.value.status == 409

    in_loop(test)


def test_a_request_that_waits_for_the_run_of_a_tab_which_is_closed_is_refused() -> None:
    async def test(tabs: Tabs) -> None:
        tab = tabs.open()
        run = run_of(tab, tabs)
        tabs.replace_run(tab, run)
        with tabs.scheduler.holding(run):
            waiting = asyncio.ensure_future(tabs.holding(tab, lambda run: run.state))
            await asyncio.sleep(0)  # it has begun, and waits
            tabs.give_up(tab)
        with pytest.raises(Refused, match="closed") as refused:
            await waiting
        assert refused.value.status == 404

    in_loop(test)


def test_requests_of_a_tab_come_one_after_the_other_and_not_too_many() -> None:
    async def test(tabs: Tabs) -> list[str]:
        tab, log = tabs.open(), []

        async def request(name: str) -> None:
            async with tabs.turn(tab):
                log.append(f"{name} begins")
                await asyncio.sleep(0)
                log.append(f"{name} ends")

        first, second = (asyncio.ensure_future(request(name)) for name in "ab")
        await asyncio.sleep(0)
        with pytest.raises(Refused) as refused:
            await request("c")
        assert refused.value.status == 429
        await asyncio.gather(first, second)
        await request("d")
        return log

    names = in_loop(test, requests=2)
    assert names == [f"{name} {when}" for name in "abd" for when in ("begins", "ends")]


def test_a_request_that_waits_for_a_tab_which_is_closed_is_refused() -> None:
    async def test(tabs: Tabs) -> None:
        tab = tabs.open()

        async def request() -> None:
            async with tabs.turn(tab):
                pass

        async with tabs.turn(tab):
            waiting = asyncio.ensure_future(request())
            await asyncio.sleep(0)
            tabs.give_up(tab)
        with pytest.raises(Refused) as refused:
            await waiting
        assert refused.value.status == 404

    in_loop(test)


def test_a_tab_that_is_given_up_makes_room() -> None:
    async def test(tabs: Tabs) -> None:
        first, second = tabs.open(), tabs.open()
        tabs.room.require(first.id, table=100)
        with pytest.raises(Refused):
            tabs.room.require(second.id, table=100)
        tabs.give_up(first)
        tabs.room.require(second.id, table=100)

    in_loop(test, tables_bytes=100)


def test_downloads_under_way_keep_no_other_request_waiting() -> None:
    async def test(tabs: Tabs) -> None:
        busy, other = tabs.open(), tabs.open()
        for tab in (busy, other):
            tabs.replace_run(tab, run_of(tab, tabs))
        begun, may_end = threading.Event(), threading.Event()

        def long(run: Run) -> None:
            begun.set()
            assert may_end.wait(60)

        download = asyncio.ensure_future(tabs.holding(busy, long, is_download=True))
        await until(begun.is_set)
        waiting = asyncio.ensure_future(tabs.holding(other, lambda run: "second", is_download=True))
        assert await tabs.heavily(lambda: "read") == "read"
        assert await tabs.holding(other, lambda run: run.state) == {"is_running": False, "epoch": 0, "step": 0}
        assert not waiting.done()
        may_end.set()
        await download
        assert await waiting == "second"

    in_loop(test)
