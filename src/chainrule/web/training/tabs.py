"""The tabs that are open in browsers, each with its own training."""

from __future__ import annotations

from chainrule.web.limits import Limits

__all__ = ["Tabs"]


class Tabs:
    """All open tabs.

    Parameters
    ----------
    limits : Limits
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def close(self) -> None:
        """Stop all runs, and end all streams."""
