"""Curves stay short, and keep their first and last point."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chainrule.web.training.curves import Curve


@given(st.integers(1, 500), st.integers(4, 40))
def test_a_curve_is_short_and_spans_the_run(epochs: int, most: int) -> None:
    curve = Curve("training", most=most)
    for epoch in range(1, epochs + 1):
        curve.add(epoch, epoch / 10)
    columns = curve.columns()
    assert len(columns["epoch"]) <= most
    assert len(columns["epoch"]) >= min(epochs, most // 2)
    assert columns["epoch"][0] == 1
    assert columns["epoch"][-1] == epochs
    assert columns["epoch"] == sorted(set(columns["epoch"]))
    assert columns["training"] == [round(epoch / 10, 6) for epoch in columns["epoch"]]


def test_points_that_were_drawn_stay_where_they_are() -> None:
    curve = Curve("training", most=10)
    for epoch in range(1, 100):
        curve.add(epoch, 0.0)
        *kept, _ = curve.columns()["epoch"]
        distances = {after - before for before, after in pairwise(kept)}
        assert distances <= {1} or distances in ({2}, {4}, {8}, {16}, {32})
        assert not kept or kept[0] == 1


def test_a_point_of_the_same_epoch_replaces_the_one_before() -> None:
    curve = Curve("training", "validation", most=10)
    for value in (0.1, 0.2, 0.3):
        curve.add(0, value, None)
    curve.add(1, 0.4, 0.5)
    curve.add(1, 0.6, math.nan)
    assert curve.columns() == {"epoch": [0, 1], "training": [0.3, 0.6], "validation": [None, None]}


def test_an_empty_curve() -> None:
    assert Curve("training", most=10).columns() == {"epoch": [], "training": []}
