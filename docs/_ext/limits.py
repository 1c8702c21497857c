"""The table of the page's limits, made from the class that holds them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from numpydoc.docscrape import NumpyDocString
from sphinx.util.docutils import SphinxDirective

from chainrule.web.limits import Limits


def rows() -> Iterator[tuple[str, str, str]]:
    """Name, meaning and value of each limit."""
    parts = NumpyDocString(Limits.__doc__)["Attributes"]
    meaning = {name: " ".join(part.desc) for part in parts for name in part.name.split(", ")}
    for field in dataclasses.fields(Limits):
        yield field.name, meaning[field.name], in_words(field.name, field.default)


def in_words(name: str, value: Any) -> str:
    """A number with the unit that its name ends in."""
    if name.endswith("_bytes"):
        return f"{value // 1024**2:,} MB" if value >= 1024**2 else f"{value // 1024:,} kB"
    return f"{value:,g} s" if name.endswith("_seconds") else f"{value:,}"


class LimitTable(SphinxDirective):
    """``{limits}``: what each limit bounds, and where it lies."""

    def run(self) -> list[nodes.Node]:
        lines = ["| limit | | |", "|---|---|---|"]
        lines += [f"| `{name}` | {meaning} | {value} |" for name, meaning, value in rows()]
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Any) -> dict[str, Any]:
    app.add_directive("limits", LimitTable)
    return {"parallel_read_safe": True}
