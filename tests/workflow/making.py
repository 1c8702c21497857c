"""Small tables that the tests of this folder, and those of the command line, are made with."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def people(path: Path, *, rows: int = 160, seed: int = 0) -> Path:
    """A table with numbers, categories, codes and missing cells; ``buys`` and ``spends`` follow from them."""
    rng = np.random.default_rng(seed)
    lines = ["age,city,zip,income,buys,spends"]
    for _ in range(rows):
        age, income = int(rng.integers(18, 80)), rng.normal(40, 10)
        city = ("Rome", "Oslo")[rng.integers(2)]
        score = (age - 50) / 15 + (income - 40) / 10 + (1 if city == "Oslo" else -1)
        shown = "" if rng.random() < 0.05 else str(age)
        code = ("01067", "10115")[rng.integers(2)]
        spends = 1000 + 200 * score + rng.normal(0, 10)
        lines.append(f"{shown},{city},{code},{income:.2f},{('no', 'yes')[int(score > 0)]},{spends:.1f}")
    path.write_text("\n".join(lines) + "\n")
    return path
