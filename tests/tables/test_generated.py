"""Tables that are made up: what they hold, and what can be learnt from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.tables import GENERATED, Preprocessing, generated_table, infer_schema, open_table

CLASSES = [name for name, record in GENERATED.items() if record.classes]
SURFACES = [name for name, record in GENERATED.items() if not record.classes]


@pytest.mark.parametrize("name", GENERATED)
def test_a_table_is_what_its_record_says(name: str) -> None:
    record, table = GENERATED[name], generated_table(name, rows=31, seed=4)
    assert list(table) == ["x1", "x2", record.target]
    assert all(np.isfinite(table[column]).all() and len(table[column]) == 31 for column in ("x1", "x2"))
    source = open_table(table, name=record.title)
    preprocessing = Preprocessing.fit(source, infer_schema(source, record.target))
    assert (preprocessing.task, preprocessing.classes) == (record.task, record.classes)
    assert preprocessing.feature_names == ("x1", "x2")
    assert source.name == record.title


@pytest.mark.parametrize("name", GENERATED)
def test_the_seed_decides(name: str) -> None:
    def columns(seed: int) -> list[Any]:
        return [np.asarray(values).tolist() for values in generated_table(name, rows=12, seed=seed).values()]

    assert columns(3) == columns(3)
    assert columns(3) != columns(4)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("rows", [10, 11, 200])
def test_classes_have_equally_many_rows(name: str, rows: int) -> None:
    _, counts = np.unique(generated_table(name, rows=rows)["label"], return_counts=True)
    assert len(counts) == len(GENERATED[name].classes)
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("name", ["xor", "moons", "circles", "spirals"])
def test_without_noise_the_nearest_point_has_the_same_class(name: str) -> None:
    table = generated_table(name, rows=2000, noise=0)
    points, label = np.stack([table["x1"], table["x2"]], axis=1), np.array(table["label"])
    distance = ((points[:, None] - points) ** 2).sum(axis=2) + np.diag(np.full(2000, np.inf))
    assert (label == label[distance.argmin(axis=1)]).mean() > 0.97


def test_xor_is_the_sign_of_the_product() -> None:
    table = generated_table("xor", rows=100, noise=0)
    assert [("A" if product > 0 else "B") for product in table["x1"] * table["x2"]] == table["label"]


@pytest.mark.parametrize("name", GENERATED)
def test_noise_is_a_standard_deviation(name: str) -> None:
    """Of a surface's height, and of the points of each class, it adds to what there is."""
    record = GENERATED[name]

    def spread(noise: float) -> float:
        table = generated_table(name, rows=20_000, noise=noise)
        if not record.classes:
            return float(np.var(table["y"]))
        chosen = np.array(table["label"]) == "A"
        return float(np.var(table["x1"][chosen]))

    assert spread(0.5) - spread(0) == pytest.approx(0.25, abs=0.02)


def test_the_plane_is_a_plane() -> None:
    table = generated_table("plane", rows=50, noise=0)
    assert table["y"] == pytest.approx(2 * table["x1"] - table["x2"] + 0.5)


def test_no_plane_fits_the_hills() -> None:
    table = generated_table("hills", rows=500, noise=0)
    design = np.stack([table["x1"], table["x2"], np.ones(500)], axis=1)
    _, (left,), _, _ = np.linalg.lstsq(design, table["y"], rcond=None)
    assert left > 0.5 * 500 * np.var(table["y"])


@pytest.mark.parametrize(
    ("name", "settings", "what", "fix"),
    [
        ("moon", {}, "no table 'moon' to be made up; there are xor, moons", "'moons'"),
        ("sand", {}, "no table 'sand'", "'xor'"),
        ("moons", {"rows": 9}, "rows is a whole number from 10 to 100,000, not 9", "rows=200"),
        ("moons", {"rows": 10**9}, "rows is a whole number", "rows=200"),
        ("moons", {"rows": 20.0}, "rows is a whole number", "rows=200"),
        ("moons", {"noise": -0.1}, "noise is a standard deviation, a number from 0, not -0.1", "noise=0.1"),
        ("moons", {"noise": float("nan")}, "noise is a standard deviation", "noise=0.1"),
        ("moons", {"noise": "much"}, "noise is a standard deviation, a number from 0, not 'much'", "noise=0.1"),
        ("moons", {"seed": -1}, "seed is a whole number from 0 to 4,294,967,295, not -1", "seed=0"),
    ],
)
def test_what_cannot_be_made(name: str, settings: dict[str, Any], what: str, fix: str) -> None:
    with pytest.raises(DataError) as caught:
        generated_table(name, **settings)
    assert what in caught.value.what
    assert fix in str(caught.value.fix)
