"""HTML that cannot be broken into: every text is escaped, unless it was built here or by a printer."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["Content", "Markup", "element", "join"]


class Markup(str):
    """A piece of finished HTML; any other string is text."""


Content = str | None | Iterable["Content"]

#: Elements that have no end tag.
_VOID = frozenset({"br", "img", "input", "link", "meta"})


def element(tag: str, *content: Content, **attributes: str | int | bool | None) -> Markup:
    """An element with its content and attributes, all of them escaped.

    Parameters
    ----------
    tag : str
    *content : str, Markup, None, or iterables of them
        A `str` is text, `Markup` is put in as it is, None is left out.
    **attributes : str, int, bool or None
        ``class_`` is written ``class``, ``data_step`` is written ``data-step``. True stands for an attribute without a
        value; False and None leave it out.

    Returns
    -------
    Markup

    Examples
    --------
    >>> print(element("p", "a < b", element("b", "!"), class_="note", hidden=True))
    <p class="note" hidden>a &lt; b<b>!</b></p>
    """
    written = "".join([_attribute(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items()])
    start = f"<{tag}{written}>"
    return Markup(start if tag in _VOID else f"{start}{join(content)}</{tag}>")


def join(content: Content) -> Markup:
    """Texts and finished pieces, one after the other."""
    if isinstance(content, Markup):
        return content
    if content is None:
        return Markup()
    if isinstance(content, str):
        return Markup(escape(content, quote=False))
    return Markup("".join([join(part) for part in content]))


def _attribute(name: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
