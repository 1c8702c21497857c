"""Take the pictures of a lesson's page: ``python docs/pictures/shoot.py``; needs the extra `browser` and a Chromium.

The lesson is that of logistic regression, from the gallery, in the middle of its backward pass: on a large screen, on
the same one in dark mode, and on a phone.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "gallery"))

import making

#: Name, width, height, colour scheme, step.
SHOTS = [
    ("lesson.png", 1120, 800, "light", 6),
    ("lesson_dark.png", 1120, 800, "dark", 6),
    ("lesson_phone.png", 390, 800, "light", 6),
]
LARGEST = 100_000


def shoot(folder: Path = HERE) -> None:
    chromium = os.environ.get("CHAINRULE_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        page_file = Path(place, "lesson.html")
        making.lesson("logistic_regression").save(page_file)
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
