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
    """Names, meaning and values of the limits; what is described together stands together."""
    defaults = {field.name: field.default for field in dataclasses.fields(Limits)}
    described = NumpyDocString(Limits.__doc__)["Attributes"]
    missing = set(defaults).symmetric_difference(name for part in described for name in part.name.split(", "))
    assert not missing, f"described, and there: {missing}"
    for part in described:
        names = part.name.split(", ")
        values = [in_words(name, defaults[name]) for name in names]
        yield ", ".join(f"`{name}`" for name in names), " ".join(part.desc), ", ".join(values)


def in_words(name: str, value: Any) -> str:
    """A number with the unit that its name ends in."""
    if name.endswith("_bytes"):
        return f"{value // 1024**2:,} MB" if value >= 1024**2 else f"{value // 1024:,} kB"
    return f"{value:,.3g} s" if name.endswith("_seconds") else f"{value:,}"


class LimitTable(SphinxDirective):
    """``{limits}``: what each limit bounds, and where it lies."""

    def run(self) -> list[nodes.Node]:
        lines = ["| limit | | |", "|---|---|---|"]
        lines += [f"| {names} | {meaning} | {values} |" for names, meaning, values in rows()]
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Any) -> dict[str, Any]:
    app.add_directive("limits", LimitTable)
    return {"parallel_read_safe": True}
