"""Addresses of the formula view."""

from __future__ import annotations

from starlette.routing import Route

from chainrule.web.limits import Limits

__all__ = ["routes"]


def routes(limits: Limits) -> list[Route]:
    """The routes of the formula view."""
    return []
