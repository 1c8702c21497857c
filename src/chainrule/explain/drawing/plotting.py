"""matplotlib in one thread at a time: its settings, and its caches of fonts, belong to the whole process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

__all__ = ["plotting"]

_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def plotting(settings: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Draw inside of this.

    Parameters
    ----------
    settings : dict, optional
        Of matplotlib, for as long as it lasts.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    import matplotlib

    given: Any = dict(settings or {})  # the names that matplotlib knows are a type of their own
    with _ONE_AT_A_TIME, matplotlib.rc_context(given):
        yield
