"""Real tables that scikit-learn brings along."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from chainrule.errors import DataError

__all__ = ["BUNDLED", "BundledTable", "bundled_table"]


@dataclass(frozen=True)
class BundledTable:
    """What there is to know about a table that scikit-learn brings along.

    Attributes
    ----------
    name : str
        For `bundled_table`.
    title : str
        As reports call it.
    task : {"binary", "multiclass", "regression"}
    target : str
        The column to be predicted.
    rows, features : int
    classes : int
        Values of the target; 0 for numbers.
    shows : str
        What is predicted from what.

    Examples
    --------
    >>> BUNDLED["iris"].target, BUNDLED["iris"].rows, BUNDLED["iris"].classes
    ('species', 150, 3)
    """

    name: str
    title: str
    task: str
    target: str
    rows: int
    features: int
    classes: int
    shows: str


def bundled_table(name: str) -> tuple[dict[str, Any], str]:
    """A table that scikit-learn brings along.

    Parameters
    ----------
    name : str
        One of `BUNDLED`.

    Returns
    -------
    columns : dict of str to array or list
    target : str
        The column to be predicted.

    Raises
    ------
    DataError
        If there is no such table.

    Examples
    --------
    >>> columns, target = bundled_table("wine")
    >>> target, len(columns), columns[target][0], float(columns["alcohol"][0])
    ('cultivar', 14, 'class_0', 14.23)
    """
    if name not in BUNDLED:
        near = difflib.get_close_matches(str(name), BUNDLED, 1)
        raise DataError(
            f"there is no bundled table {name!r}; there are {', '.join(BUNDLED)}",
            fix=f"write {near[0] if near else next(iter(BUNDLED))!r}",
        )
    target = BUNDLED[name].target
    found = _loaded(name)
    columns: dict[str, Any] = {str(column): found.data[:, place] for place, column in enumerate(found.feature_names)}
    return columns | {target: _targets(name, found)}, target


def _targets(name: str, found: Any) -> Any:
    """Classes by their names, where they are words."""
    if name in ("digits", "diabetes"):
        return found.target
    return found.target_names[found.target].tolist()


def _loaded(name: str) -> Any:
    from sklearn import datasets

    if name == "diabetes":
        return datasets.load_diabetes(scaled=False)  # years and mg/dl, rather than numbers that are scaled already
    return getattr(datasets, f"load_{name}")()


#: Tables that scikit-learn brings along, by name.
BUNDLED = {
    record.name: record
    for record in (
        BundledTable(
            "breast_cancer",
            "Breast cancer",
            "binary",
            "diagnosis",
            569,
            30,
            2,
            "a tumour's nature from its cells' shape",
        ),
        BundledTable("iris", "Iris", "multiclass", "species", 150, 4, 3, "a flower's species from its leaves"),
        BundledTable("wine", "Wine", "multiclass", "cultivar", 178, 13, 3, "a wine's grower from a chemical analysis"),
        BundledTable("digits", "Digits", "multiclass", "digit", 1797, 64, 10, "a written digit from 8 × 8 pixels"),
        BundledTable(
            "diabetes", "Diabetes", "regression", "progression", 442, 10, 0, "a disease's course from ten measurements"
        ),
    )
}
