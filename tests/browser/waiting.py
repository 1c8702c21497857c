"""Saying what a page shows, and waiting until it does: what is read at once may be what was there before."""

from __future__ import annotations

from typing import Any

from tests.browser.visiting import PATIENCE

__all__ = ["expect"]


def expect(found: Any) -> Any:
    """Playwright's assertions on a locator or a page; it is imported where browser tests run."""
    from playwright.sync_api import expect as expected

    expected.set_options(timeout=PATIENCE)
    return expected(found)
