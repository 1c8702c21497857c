"""Python's own parser, for formulas and values that several threads read at once."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["python_syntax"]

_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def python_syntax() -> Iterator[None]:
    """Parse inside of this: without Python's advice on its own code, such as "invalid decimal literal".

    One thread parses at a time: the filters of warnings belong to all of them, and so does the depth that CPython 3.11
    counts while it makes a syntax tree, which it then finds to be wrong.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
