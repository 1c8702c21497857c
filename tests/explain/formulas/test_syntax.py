"""Formulas and values that several threads read at once."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from chainrule.explain.formulas import parse, parse_value


@pytest.fixture
def hurry() -> Iterator[None]:
    """Threads that change places all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hurry")
def test_threads_leave_the_filters_of_warnings_alone() -> None:
    before = list(warnings.filters)
    read: list[object] = []

    def work() -> None:
        for _ in range(200):
            read.append(
                parse("0x1for x" if len(read) % 7 == 0 else "2 * x + 1").names
            )  # the first has advice of Python
            read.append(parse_value("[1, 2, 3]"))

    def careful() -> None:
        try:
            work()
        except ValueError as error:
            read.append(error)

    threads = [threading.Thread(target=careful) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
