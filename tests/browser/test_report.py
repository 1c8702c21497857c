"""The report of a model in a browser: nothing loaded, nothing cut off, readable in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.browser.visiting import serious_faults

import chainrule as cr
from chainrule.evaluation.report import network_report
from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.network import Network
from chainrule.learn.training import fit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report() -> str:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    y = np.arange(90) % 3
    X[np.arange(90), y] += 1.5
    network = Network(Architecture("multiclass", inputs=3, outputs=3, hidden=(4,)))
    data = (X[:60], network.encode(y[:60]))
    params = network.init(rng, X)
    training = fit(
        network.loss, params, data, optimizer=cr.Adam(lr=0.01), epochs=30, batch_size=16, gradient_norms=True
    )
    parts = {"training": (X[:60], y[:60]), "test": (X[60:], y[60:])}
    classes = ("a class with a rather long name", "b", "Donaudampfschifffahrtsgesellschaftskapitän")
    return network_report(
        "Three classes", network, training.params, parts, classes=classes, training=training, again="chainrule train x"
    ).to_html()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(open_page: Callable[..., Any], report: str, axe: str, scheme: str) -> None:
    page = open_page(report, color_scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert serious_faults(page, axe) == []


@pytest.mark.parametrize("width", [320, 360, 768, 1280, 1920])
def test_the_page_does_not_scroll_sideways(open_page: Callable[..., Any], report: str, width: int) -> None:
    page = open_page(report, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_text_in_figures_is_large_enough_on_a_telephone(open_page: Callable[..., Any], report: str) -> None:
    page = open_page(report, width=360)
    heights = page.evaluate(
        "[...document.querySelectorAll('svg.figure text')].map(t => t.getBoundingClientRect().height)"
    )
    assert len(heights) > 20
    assert min(heights) >= 9


def test_figures_follow_the_scheme(open_page: Callable[..., Any], report: str) -> None:
    colours = []
    for scheme in ("light", "dark"):
        page = open_page(report, color_scheme=scheme)
        colours.append(page.evaluate("getComputedStyle(document.querySelector('svg.figure text')).fill"))
    assert colours[0] != colours[1]
