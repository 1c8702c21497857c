"""Texts cannot become markup."""

from __future__ import annotations

from chainrule.explain.page.markup import Markup, element, join

EVIL = "</p><script>alert('1')</script>&\""


def test_text_is_escaped_in_content_and_attributes() -> None:
    assert element("p", EVIL) == "<p>&lt;/p&gt;&lt;script&gt;alert('1')&lt;/script&gt;&amp;\"</p>"
    assert element("p", title='"><b>') == '<p title="&quot;&gt;&lt;b&gt;"></p>'


def test_finished_pieces_are_put_in_as_they_are() -> None:
    assert element("ul", [element("li", "a"), [Markup("<li>b</li>"), None]]) == "<ul><li>a</li><li>b</li></ul>"


def test_a_string_joined_to_markup_is_text_again() -> None:
    assert join([Markup("<b></b>") + "<i>"]) == "&lt;b&gt;&lt;/b&gt;&lt;i&gt;"


def test_attributes() -> None:
    written = element("input", type="range", value=0, min=None, disabled=False, hidden=True, class_="a", data_go="b")
    assert written == '<input type="range" value="0" hidden class="a" data-go="b">'
