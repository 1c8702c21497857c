"""Models of small tables with every kind of column, for the tests of this room."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from chainrule.learn.models import Architecture, Network
from chainrule.storage.model import TableModel
from chainrule.tables import Preprocessing, infer_schema, open_table

ROWS = 120


def csv_text(rows: int = ROWS, seed: int = 0) -> str:
    """Numbers, whole numbers, booleans, categories with rare values, dates, ZIP codes; with holes; and targets."""
    chance = np.random.default_rng(seed)
    lines = ["größe,count,open,city,zip,when,price,kind,sort,good,cheap"]
    for i in range(rows):
        hole = chance.random(6) < 0.1
        size = "" if hole[0] else f"{chance.normal(50, 20):.3f}"
        when = f"20{chance.integers(10, 30)}-{chance.integers(1, 13):02d}-{chance.integers(1, 29):02d}"
        when += f" {chance.integers(0, 24):02d}:{chance.integers(0, 60):02d}:00"
        cells = [
            size,
            str(chance.integers(0, 1000)),
            "" if hole[2] else ("true", "false")[i % 2],
            "NA" if hole[3] else ("Rom", "Ōsaka", "Bergen", "Oslo")[min(int(chance.exponential(1.0)), 3)],
            ("00501", "01067", "99999")[i % 3],
            "" if hole[5] else when,
            f"{chance.normal(1000, 300):.2f}",
            ("dog", "cat")[i % 2],
            ("a", "b", "c")[(i // 2) % 3],
            str(i % 2),
            str((i // 3) % 2),
        ]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


TARGETS: dict[str, Any] = {
    "regression": "price",
    "binary": "kind",
    "multiclass": "sort",
    "multilabel": ("good", "cheap"),
}


def model_of(
    task: str, dtype: Any = np.float64, *, record: dict[str, Any] | None = None, **settings: Any
) -> TableModel:
    """A network with random parameters for the table above; its batch normalisation has seen the table's rows."""
    table = open_table(io.StringIO(csv_text()))
    schema = infer_schema(table, TARGETS[task])
    preprocessing = Preprocessing.fit(table, schema, max_categories=2)
    X, _ = preprocessing.arrays(open_table(io.StringIO(csv_text())), dtype)
    assert preprocessing.outcome is not None
    settings = {"hidden": (8, 5), **settings}
    architecture = Architecture(task, inputs=X.shape[1], outputs=preprocessing.outcome.outputs, **settings)
    network, chance = Network(architecture), np.random.default_rng(1)
    params = {
        name: (value + chance.normal(0, 0.3, np.shape(value))).astype(dtype)
        for name, value in network.init(chance, X).items()
    }
    return TableModel(preprocessing, architecture, network.finish(params, X), record or {})


def new_rows() -> io.StringIO:
    """Rows that the model has not seen, as a file."""
    return io.StringIO(csv_text(50, seed=9))
