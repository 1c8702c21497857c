"""Figures: well-formed, the same each time, fit for a page in two colour schemes."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

from chainrule.evaluation.gradient_flow import gradient_flow
from chainrule.evaluation.learning_curve import LearningCurve
from chainrule.evaluation.learning_rate import LearningRateTest
from chainrule.evaluation.metrics import score
from chainrule.evaluation.pictures import quality, training
from chainrule.evaluation.pictures.picture import Picture
from chainrule.evaluation.pictures.svg import COLOURS, draw


def pictures() -> dict[str, Picture]:
    rng = np.random.default_rng(0)
    losses = np.geomspace(1.0, 1e-3, 200)
    p = rng.dirichlet(np.ones(8), 200)
    many = score("multiclass", rng.integers(0, 8, 200), p, classes=[f"<b>{k}" for k in range(8)])
    numbers = score("regression", rng.normal(size=900), rng.normal(size=900))
    curve = LearningCurve("accuracy", (10, 20), (1.0, 0.99), (None, 0.9), (0.0, 0.01), (None, 0.1))
    test = LearningRateTest(0.1, (0.01, 0.1, 1.0), (2.0, 1.0, 3.0), (2.0, 1.5, 2.0), "because")
    flow = gradient_flow({"W1": losses * 1e-7, "b1": losses * 0, "W2": losses, "odd&name": losses})
    assert many.calibration is not None
    assert numbers.residuals is not None
    return {
        "loss": training.loss_picture({"loss": losses, "validation_loss": losses + 0.1}, 30),
        "gradients": training.gradient_picture(flow),
        "schedule": training.schedule_picture([0.1, 0.1, 0.001]),
        "range": training.range_test_picture(test),
        "rows": training.learning_curve_picture(curve),
        "roc": quality.roc_picture(many),
        "calibration": quality.calibration_picture(many.calibration),
        "predictions": quality.predictions_picture(numbers.residuals),
        "errors": quality.errors_picture(numbers.residuals),
    }


@pytest.fixture(scope="module", name="drawn")
def _drawn() -> dict[str, Picture]:
    return pictures()


def test_every_figure_is_well_formed_and_says_what_it_shows(drawn: dict[str, Picture]) -> None:
    for picture in drawn.values():
        root = ElementTree.fromstring(picture.svg)
        assert root.tag == "svg"
        assert root.get("role") == "img"
        assert len(root.get("aria-label", "")) > 20
        assert "<text" in picture.svg, "text is text, not paths"


def test_threads_that_draw_at_the_same_time_draw_the_same(drawn: dict[str, Picture]) -> None:
    before = dict(matplotlib.rcParams)
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(lambda _: pictures(), range(3)):
            assert {name: picture.svg for name, picture in found.items()} == {
                name: picture.svg for name, picture in drawn.items()
            }
    assert dict(matplotlib.rcParams) == before


def test_no_figure_reaches_out_or_styles_the_page(drawn: dict[str, Picture]) -> None:
    for picture in drawn.values():
        assert "http" not in picture.svg
        assert "<style" not in picture.svg
        assert "<metadata" not in picture.svg
        assert "font-family" not in picture.svg


def test_ids_of_all_figures_differ_and_are_found(drawn: dict[str, Picture]) -> None:
    page = "".join(picture.svg for picture in drawn.values())
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', page)) == set(ids)


def test_colours_follow_the_page(drawn: dict[str, Picture]) -> None:
    for picture in drawn.values():
        bare = re.sub(r"var\(--\w+, #[0-9a-f]{6}\)", "", picture.svg)
        assert re.findall(r"(?:fill|stroke): #[0-9a-f]{6}", bare) == []
    assert f"var(--c1, {COLOURS[0]})" in drawn["loss"].svg


def test_the_same_figure_has_the_same_bytes(drawn: dict[str, Picture]) -> None:
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 30, "svg.fonttype": "path"}):
        again = pictures()
    assert {name: picture.svg for name, picture in again.items()} == {
        name: picture.svg for name, picture in drawn.items()
    }


def test_figures_are_small(drawn: dict[str, Picture]) -> None:
    assert max(len(picture.svg) for picture in drawn.values()) < 120_000


def test_tables_below_figures_are_short_and_keep_both_ends(drawn: dict[str, Picture]) -> None:
    rows = drawn["loss"].rows
    assert (rows[0][0], rows[-1][0]) == (1, 200)
    assert len(rows) <= 21
    for picture in drawn.values():
        assert all(len(row) == len(picture.header) for row in picture.rows)


def test_vanishing_gradients_are_marked(drawn: dict[str, Picture]) -> None:
    assert "layer 1: vanishing" in drawn["gradients"].svg
    assert "Layer 1: vanishing gradient" in drawn["gradients"].note


def test_nothing_is_left_of_the_settings_of_matplotlib() -> None:
    before = dict(matplotlib.rcParams)

    def paint(axes: Any) -> None:
        axes.plot([0, 1], [0, 1])

    draw("any", paint, "a line")
    assert dict(matplotlib.rcParams) == before


def test_a_run_that_diverged_is_drawn_up_to_its_end() -> None:
    losses = np.geomspace(1.0, 1e200, 30)
    picture = training.loss_picture({"loss": losses, "validation_loss": losses[:-1]}, 1)
    assert picture.rows[-1] == (30, losses[-1], None)
    assert "<svg" in picture.svg
