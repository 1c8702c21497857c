"""Rows of characters: widths, breaks, tables, labels below a formula."""

from __future__ import annotations

from chainrule.explain.faces.cells import (
    Span,
    blank,
    labelled,
    pad,
    row_text,
    row_width,
    spans_of,
    table,
    text_width,
    wrapped,
)
from chainrule.notation.tree import Call, Marked, Symbol, Transpose

X, Y, G = [Symbol(name, is_array=True) for name in "XYG"]


def test_combining_signs_take_no_room() -> None:
    assert text_width("x̂ = 1") == 5
    assert row_width(pad((Span("x̂"),), 3)) == 3


def test_padding_on_the_left_puts_text_to_the_right() -> None:
    assert pad((Span("7"),), 3, to_right=True) == (blank(2), Span("7"))
    assert pad((Span("1234"),), 3) == (Span("1234"),)


def test_marked_parts_are_pieces_of_their_own() -> None:
    product = Marked(Symbol("a"), "local") * Marked(Symbol("b"), "upstream")
    spans = spans_of(product)
    assert [(span.text, span.role) for span in spans if span.role != "plain"] == [("a", "local"), ("b", "upstream")]
    assert [span.role for span in spans_of(Symbol("a"), "value")] == ["value"]


def test_rows_break_before_the_weakest_sign_outside_of_brackets() -> None:
    rows = wrapped((Span("aaaa · bbbb + cccc · (dddd + eeee)"),), 30)
    assert [row_text(row) for row in rows] == ["aaaa · bbbb", "+ cccc · (dddd + eeee)"]


def test_words_break_at_spaces_and_one_word_stays_whole() -> None:
    assert [row_text(row) for row in wrapped((Span("one two three"),), 8)] == ["one two", "three"]
    assert wrapped((Span("x" * 20),), 8) == [(Span("x" * 20),)]


def test_a_break_keeps_the_roles_of_the_pieces() -> None:
    rows = wrapped((Span("aaa bbb", "local"), Span(" ccc ddd", "upstream")), 9)
    assert [[(span.text.strip(), span.role) for span in row] for row in rows] == [
        [("aaa bbb", "local"), ("", "upstream")],
        [("ccc ddd", "upstream")],
    ]


def test_columns_are_as_wide_as_their_widest_cell_and_empty_ones_are_left_out() -> None:
    cells = [((Span("a"),), (), (Span("10"),)), ((Span("bbb"),), (), (Span("7"),))]
    assert [row_text(row) for row in table(cells, right=(2,))] == ["a     10", "bbb    7"]


def test_labels_are_centred_below_their_parts() -> None:
    row, below = labelled(spans_of(X @ Transpose(Y, is_array=True)), [(X, "(4, 1)"), (Transpose(Y), "(1, 3)")])
    text, labels = row_text(row), row_text(below)
    for part, label in (("X", "(4, 1)"), ("Yᵀ", "(1, 3)")):
        middle = text.index(part) + len(part) / 2
        assert abs(labels.index(label) + len(label) / 2 - middle) <= 1


def test_neighbours_of_the_same_shape_share_a_label() -> None:
    product = G * (Symbol("p") * (1 - Symbol("p")))
    labels = [(Symbol("p"), "(2,)"), (1 - Symbol("p"), "(2,)")]
    _, below = labelled(spans_of(product), labels)
    assert row_text(below).split() == ["(2,)"]


def test_parts_without_a_label_or_a_place_have_nothing_below() -> None:
    row, below = labelled(spans_of(X), [(X, ""), (Y, "(3,)")])
    assert (row_text(row), row_text(below)) == ("X", "")


def test_a_label_stands_below_a_part_and_not_below_the_same_letter_in_a_word() -> None:
    n, tanh_of_v = Symbol("n", is_array=True), Call("tanh", (Symbol("v", is_array=True),))
    row, below = labelled(spans_of(tanh_of_v * n), [(n, "2")])
    assert row_text(below).index("2") == row_text(row).rindex("n") > len("tanh(v)")
