"""Room for tables: what is noted, refused, given back."""

from __future__ import annotations

import contextlib

import pytest

from chainrule.web.fields import Refused
from chainrule.web.training.room import Needs, Room


def room_of(*tabs: str, most: int = 100) -> Room:
    room = Room(most)
    for tab in tabs:
        room.open(tab)
    return room


def test_all_tabs_together_have_a_bound() -> None:
    room = room_of("first", "second")
    room.require("first", table=100)
    room.require("first", table=80)  # in place of the one that it has
    room.require("first", run=20)
    for more in ({"table": 1}, {"run": 1}, {"body": 1}):
        with pytest.raises(Refused) as refused:
            room.require("second", **more)
        assert refused.value.status == 429
    assert room.needs("second") == Needs()
    room.require("first", run=10)
    room.require("second", table=10)
    room.free("first")
    room.require("second", run=90)


def test_a_body_under_way_is_counted_beside_the_table_that_it_replaces() -> None:
    room = room_of("first", "second")
    room.require("first", table=40)
    room.require("first", body=50)
    with pytest.raises(Refused):
        room.require("second", body=20)
    room.require("first", table=50, body=0)
    room.require("second", body=20)


def test_what_fails_needs_as_much_as_before() -> None:
    room = room_of("tab")
    room.require("tab", table=10, run=90)
    with contextlib.suppress(ValueError), room.kept("tab"):
        room.require("tab", table=1)
        raise ValueError("no table")
    assert room.needs("tab") == Needs(10, 90)


def test_a_tab_that_was_closed_meanwhile_needs_nothing() -> None:
    room = room_of("tab", "other")
    with contextlib.suppress(ValueError), room.kept("tab"):
        room.free("tab")
        room.require("tab", table=1000)
        raise ValueError("closed")
    assert room.needs("tab") == Needs()
    room.require("other", table=100)
