"""Draw the picture of the README: ``python docs/pictures/draw.py``.

It is that of a lesson of the gallery. A test draws it again and compares. Pages of the documentation need no files: the
directive ``{lesson-picture}`` draws them when the documentation is built.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "gallery"))

import making

PICTURES = ["logistic_regression"]


def draw_all(folder: Path = HERE) -> None:
    for name in PICTURES:
        making.lesson(name).save(folder / f"{name}.svg")


if __name__ == "__main__":
    draw_all()
