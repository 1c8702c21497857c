"""How many bytes the tabs of a server need together, of which there are only so many."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chainrule.web.fields import Refused

__all__ = ["Needs", "Room"]


@dataclass(frozen=True)
class Needs:
    """About how many bytes one tab needs.

    Attributes
    ----------
    table, run : int
        What it has.
    body : int
        A request on its way, as long as it says that it is.
    opened : int
        A table that is not of use yet.
    """

    table: int = 0
    run: int = 0
    body: int = 0
    opened: int = 0

    @property
    def total(self) -> int:
        """All together."""
        return self.table + self.run + self.body + self.opened


class Room:
    """Bytes that are noted before they are used; any thread may ask.

    Parameters
    ----------
    most : int
        For all together.

    Examples
    --------
    >>> room = Room(100)
    >>> room.open("a")
    >>> room.require("a", table=80)
    >>> try:
    ...     room.require("a", run=30)
    ... except Refused as refused:
    ...     refused.status
    429
    >>> room.needs("a")
    Needs(table=80, run=0, body=0, opened=0)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._needs: dict[Hashable, Needs] = {}
        self._changes = threading.Lock()

    def open(self, tab: Hashable) -> None:
        """There is another tab, which needs nothing yet."""
        self._needs[tab] = Needs()

    def free(self, tab: Hashable) -> None:
        """A tab needs nothing any more."""
        with self._changes:
            self._needs.pop(tab, None)

    def needs(self, tab: Hashable) -> Needs:
        """What is noted of a tab."""
        return self._needs.get(tab, Needs())

    def require(self, tab: Hashable, **changed: int) -> None:
        """Note what a tab needs now, and refuse what is too much for all together.

        Parameters
        ----------
        tab : hashable
        **changed : int
            What changes of its `Needs`.

        Raises
        ------
        Refused
            429.
        """
        with self._changes:
            if tab not in self._needs:
                return  # it was closed, and gives back what it holds as soon as it hears of it
            wanted = dataclasses.replace(self._needs[tab], **changed)
            others = sum(needs.total for other, needs in self._needs.items() if other != tab)
            if others + wanted.total > self._most:
                raise Refused(
                    429,
                    f"the tables of all tabs together may take {self._most // 1024**2} MB",
                    "close other tabs, or upload a smaller table",
                )
            self._needs[tab] = wanted

    @contextmanager
    def kept(self, tab: Hashable) -> Iterator[None]:
        """Where this fails, a tab keeps what it has, so that it needs as many bytes as before."""
        before = self.needs(tab)
        try:
            yield
        except BaseException:
            with self._changes:
                if tab in self._needs:
                    self._needs[tab] = before
            raise
