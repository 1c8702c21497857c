"""Take the pictures of the page and of a lesson: ``python docs/pictures/shoot.py``; needs `browser` and a Chromium.

The lesson is that of logistic regression, from the gallery, in the middle of its backward pass. The page is shown at
three widths: the formula view at the same step, the training view after some epochs of the moons.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "gallery"), str(HERE.parent.parent)]

import making
from tests.web.serving import served

#: Name, width, height, colour scheme, step.
LESSONS = [
    ("lesson.png", 1120, 800, "light", 6),
    ("lesson_dark.png", 1120, 800, "dark", 6),
    ("lesson_phone.png", 390, 800, "light", 6),
]
FORMULAS = "#formula?preset=logistic&closed=1&step=6"
TRAINING = "#training?data=moons&noise=0.2&hidden=6,4"
#: Name, width, height, colour scheme, address.
PAGES = [
    ("page_formulas.png", 1280, 1000, "light", FORMULAS),
    ("page_formulas_wide.png", 1920, 1080, "dark", FORMULAS),
    ("page_formulas_phone.png", 360, 800, "light", FORMULAS),
    ("page_training.png", 1280, 1000, "light", TRAINING),
    ("page_training_wide.png", 1920, 1200, "dark", TRAINING),
    ("page_training_phone.png", 360, 800, "light", TRAINING),
]
EPOCHS = 60
LARGEST = 200_000


def shoot(folder: Path = HERE) -> None:
    chromium = os.environ.get("CHAINRULE_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright, served() as site:
        page_file = Path(place, "lesson.html")
        making.lesson("logistic_regression").save(page_file)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, width, height, scheme, step in LESSONS:
            page = opened(browser, width, height, scheme, f"{page_file.as_uri()}#step={step}")
            keep(folder / name, page)
        for name, width, height, scheme, fragment in PAGES:
            page = opened(browser, width, height, scheme, f"{site.url}/{fragment}")
            page.wait_for_selector("[data-step][aria-current=step]" if fragment == FORMULAS else "[data-readout]")
            if fragment == TRAINING:
                train(page)
            page.evaluate("document.fonts.ready.then(() => null)")
            keep(folder / name, page)
        browser.close()


def opened(browser: Any, width: int, height: int, scheme: str, address: str) -> Any:
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce")
    page.goto(address)
    return page


def train(page: Any) -> None:
    """Train for some epochs, and look at what is learnt."""
    epoch = "() => Number(document.querySelector('[data-readout=epoch]').textContent)"
    page.wait_for_function("() => /[0-9]/.test(document.querySelector('[data-readout=training-loss]').textContent)")
    page.get_by_role("combobox", name="Speed").select_option(label="60 epochs/s")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"() => ({epoch})() >= {EPOCHS}")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(1500)


def keep(path: Path, page: Any) -> None:
    """Write the picture, with a palette where all of its colours are too many bytes, and close the page."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        picture.quantize(256, kmeans=3, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        sys.exit(f"{path.name} has {path.stat().st_size} bytes: a picture of the documentation has at most {LARGEST}")
    page.close()


if __name__ == "__main__":
    shoot()
