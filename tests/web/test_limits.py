"""Bounds: all are described, all are positive, and those that the page shows are those that are held to."""

from __future__ import annotations

import re
from dataclasses import fields

from tests.web.serving import Served

from chainrule.web.limits import Limits


def test_every_bound_is_described_and_positive() -> None:
    described = re.findall(r"^    ([a-z_, ]+) : (?:int|float)$", Limits.__doc__ or "", re.MULTILINE)
    names = [name for line in described for name in line.split(", ")]
    assert sorted(names) == sorted(field.name for field in fields(Limits))
    assert all(getattr(Limits(), name) > 0 for name in names)


def test_event_streams_of_all_tabs_leave_connections_for_requests() -> None:
    limits = Limits()
    assert limits.tabs * limits.streams < limits.connections


def test_the_page_shows_the_bounds_that_are_held_to(page: Served) -> None:
    told = page.get("/api/training").json["limits"]
    assert told == {name: getattr(Limits(), name) for name in told}
    assert len(told) > 5
