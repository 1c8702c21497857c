"""Lengths that become known, and shapes that are broadcast before they are."""

from __future__ import annotations

import pytest

from chainrule.explain.formulas.shapes.lengths import Length, Misfit, broadcast, known, unify


def test_equal_lengths_become_known_together() -> None:
    first, second, third = Length(), Length(), Length()
    unify(first, second)
    unify(third, second)
    assert known(first) is known(second) is known(third)
    unify(second, 4)
    assert [known(length) for length in (first, second, third)] == [4, 4, 4]
    with pytest.raises(Misfit):
        unify(first, 5)


def test_a_length_is_equal_to_itself() -> None:
    length = Length()
    unify(length, length)
    assert known(length) is length


def test_shapes_are_broadcast_as_numpy_does() -> None:
    assert broadcast([(2, 1), (3,), ()]) == (2, 3)
    assert broadcast([]) == ()
    with pytest.raises(Misfit):
        broadcast([(2,), (3,)])


def test_broadcasting_finds_lengths() -> None:
    rows, columns = Length(), Length()
    assert broadcast([(rows, columns), (3,)]) == (rows, 3)
    assert known(columns) == 3
    assert broadcast([(rows,), (1,)]) == (rows,)
    assert known(rows) is rows
