"""Addresses of the training view."""

from __future__ import annotations

from starlette.routing import Route

from chainrule.web.limits import Limits
from chainrule.web.training.tabs import Tabs

__all__ = ["routes"]


def routes(limits: Limits, tabs: Tabs) -> list[Route]:
    """The routes of the training view."""
    return []
