"""What a notebook shows of a lesson, in Chromium: rich where its styles are kept, plain where they are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.browser.visiting import serious_faults

import chainrule as cr

pytestmark = pytest.mark.browser


def layer(W: Any, x: Any) -> Any:
    a = np.tanh(W @ x)
    return np.sum(a * a)


@pytest.fixture(scope="module")
def fragment() -> str:
    lesson = cr.explain(layer, np.array([[1.0, 0.5], [0.0, -1.0]]), np.array([0.5, 1.0]))
    return lesson._repr_mimebundle_()["text/html"]


def document(fragment: str, theme: str = "true") -> str:
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Notebook</title>'
        f'<body data-jp-theme-light="{theme}"><main>{fragment}</main></body></html>'
    )


def visible(page: Any, selector: str) -> list[bool]:
    return [part.is_visible() for part in page.locator(f".chainrule-lesson {selector}").all()]


def test_styles_bring_out_formulas_and_picture(open_page: Callable[..., Any], fragment: str) -> None:
    page = open_page(document(fragment.replace("<details", "<details open")))
    assert visible(page, ".rich")
    assert all(visible(page, ".rich"))
    assert not any(visible(page, ".plain"))


def test_without_styles_text_and_image_stand_in(open_page: Callable[..., Any], fragment: str) -> None:
    unstyled = re.sub("<style>.*?</style>", "", fragment, count=1, flags=re.DOTALL)
    page = open_page(document(unstyled.replace("<details", "<details open")))
    assert all(visible(page, ".plain"))
    assert not any(visible(page, ".rich"))
    assert page.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100


@pytest.mark.parametrize("theme", ["true", "false"])
def test_axe_finds_no_serious_fault(open_page: Callable[..., Any], fragment: str, axe: str, theme: str) -> None:
    page = open_page(document(fragment.replace("<details", "<details open"), theme))
    assert serious_faults(page, axe, ".chainrule-lesson") == []
