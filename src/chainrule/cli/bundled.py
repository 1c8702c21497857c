"""The table that is trained on where none is given."""

from __future__ import annotations

from typing import Any

__all__ = ["breast_cancer"]


def breast_cancer() -> dict[str, Any]:
    """The breast-cancer data that scikit-learn ships: 569 rows, 30 numbers each, and the diagnosis."""
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    columns: dict[str, Any] = dict(zip(map(str, found.feature_names), found.data.T, strict=True))
    return columns | {"diagnosis": found.target_names[found.target].tolist()}
