"""What the sections of a report are put together from: facts, tables, figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Number

from chainrule.evaluation.pictures.picture import Picture
from chainrule.explain.page.markup import Content, Markup, element
from chainrule.notation.numbers import number_text

__all__ = ["Section", "cell", "facts", "figure", "figures", "table"]

#: Cells of at most this length are not broken into lines.
_SHORT = 26


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading.

    Attributes
    ----------
    key : str
        Where links lead to.
    title : str
    content : Content
    """

    key: str
    title: str
    content: Content

    def markup(self) -> Markup:
        """The element."""
        heading = element("h2", self.title, id=f"{self.key}-title")
        return element("section", heading, self.content, id=self.key, aria_labelledby=f"{self.key}-title")


def cell(value: object) -> str:
    """A value in a table: numbers with four digits, a dash for what is not there.

    Examples
    --------
    >>> cell(0.123456), cell(None), cell("text"), cell(True)
    ('0.1235', '–', 'text', 'yes')
    """
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) > 9999:
        return f"{value:,}"
    if isinstance(value, Number) or type(value).__module__ == "numpy":
        return number_text(value)
    return str(value)


def facts(given: Mapping[str, object]) -> Markup | None:
    """Names and what is known of them."""
    if not given:
        return None
    pairs = [element("div", element("dt", name), element("dd", cell(value))) for name, value in given.items()]
    return element("dl", pairs, class_="facts")


def table(
    header: Sequence[str], rows: Sequence[Sequence[Content | object]], *, caption: str = "", class_: str = ""
) -> Markup:
    """A table whose first column names its rows; columns of numbers are set flush right, empty ones left out."""
    written = [
        [value if isinstance(value, Markup) else "" if value == "" else cell(value) for value in row] for row in rows
    ]
    kept = [i for i in range(len(header)) if not i or any(row[i] for row in written)]
    header, written = [header[i] for i in kept], [[row[i] for i in kept] for row in written]
    numeric = [all(_is_number(row[i]) for row in written) for i in range(len(header))]

    def style(i: int, text: str = "") -> str | None:
        return "number" if numeric[i] and i else "short" if 0 < len(text) <= _SHORT else None

    head = element("tr", [element("th", name, scope="col", class_=style(i)) for i, name in enumerate(header)])
    body = [
        element(
            "tr",
            [
                element("th", row[0], scope="row"),
                *(element("td", value, class_=style(i, value)) for i, value in enumerate(row[1:], 1)),
            ],
        )
        for row in written
    ]
    inner = [element("caption", caption) if caption else None, element("thead", head), element("tbody", body)]
    # a table that scrolls must be reachable by keyboard
    return element("div", element("table", inner, class_=class_ or None), class_="scroll", tabindex=0)


def figure(picture: Picture) -> Markup:
    """A picture with its caption, and its numbers below."""
    numbers = element(
        "details",
        element("summary", "The numbers"),
        table(picture.header, picture.rows),
        class_="twin",
    )
    return element(
        "figure",
        element("h3", picture.title),
        Markup(picture.svg),
        element("figcaption", picture.caption),
        element("p", picture.note, class_="warning") if picture.note else None,
        numbers,
    )


def figures(pictures: Sequence[Picture], first: Sequence[Markup] = ()) -> Markup | None:
    """Pictures, after other cards, side by side where there is room."""
    cards = [*first, *map(figure, pictures)]
    return element("div", cards, class_="figures") if cards else None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[−\-+]?[\d.,]+(e[−\-]?\d+)?( %)?( ± .*)?|[–∞]|nan|−∞", text) is not None
