"""One page for all tests that change nothing about it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.web.serving import Served, served


@pytest.fixture(scope="session")
def page() -> Iterator[Served]:
    """The page as `chainrule serve` serves it."""
    with served() as running:
        yield running
