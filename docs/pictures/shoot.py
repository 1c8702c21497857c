"""Take the pictures of a lesson's page: ``python docs/pictures/shoot.py``; needs the extra `browser` and a Chromium.

The lesson is that of a perceptron with two layers, in the middle of its backward pass: on a large screen, on the same
one in dark mode, and on a phone.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

import chainrule as cr

HERE = Path(__file__).parent
#: Name, width, height, colour scheme, step.
SHOTS = [
    ("lesson.png", 1280, 860, "light", 10),
    ("lesson_dark.png", 1280, 860, "dark", 10),
    ("lesson_phone.png", 390, 800, "light", 10),
]
LARGEST = 200_000


def perceptron(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    z1 = W1 @ x + b1
    a1 = np.tanh(z1)
    z2 = W2 @ a1 + b2
    y_hat = cr.sigmoid(z2)
    L = np.sum(-y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat))
    return L  # noqa: RET504 (the lesson calls the output by this name)


def lesson() -> cr.Lesson:
    W1, W2 = np.array([[0.5, -0.25], [1.0, 0.75], [-0.5, 0.25]]), np.array([[1.0, -0.5, 0.25]])
    values = (W1, np.zeros((3, 1)), W2, np.zeros((1, 1)), np.array([[1.0], [-0.5]]), np.array([[1.0]]))
    return cr.explain(perceptron, *values, wrt=["W1", "b1", "W2", "b2"])


def shoot(folder: Path = HERE) -> None:
    chromium = os.environ.get("CHAINRULE_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        page_file = Path(place, "lesson.html")
        page_file.write_text(lesson().to_html(), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, width, height, scheme, step in SHOTS:
            size = {"width": width, "height": height}
            page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
            page.goto(f"{page_file.as_uri()}#step={step}")
            picture = page.screenshot(path=folder / name)
            if len(picture) > LARGEST:
                sys.exit(f"{name} has {len(picture)} bytes: a picture of the documentation has at most {LARGEST}")
            page.close()
        browser.close()


if __name__ == "__main__":
    shoot()
