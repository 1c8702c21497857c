"""What is to be predicted: numbers or classes, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from chainrule.advice import Advice
from chainrule.errors import DataError
from chainrule.tables.advising import kind_of
from chainrule.tables.cells import as_labels
from chainrule.tables.deciding import MOST_NUMBER_CLASSES
from chainrule.tables.schema import Column, Schema

__all__ = ["Target", "Task", "target_of"]

Array = np.ndarray[Any, Any]
Task = Literal["regression", "binary", "multiclass", "multilabel"]


@dataclass(frozen=True)
class Target:
    """How targets become an array, and predictions become what stands in the table.

    Attributes
    ----------
    names : tuple of str
        Of the columns.
    task : {"regression", "binary", "multiclass", "multilabel"}
    classes : tuple of str
        Of binary and multi-class targets, in order; class number 1 of two is the positive one.
    """

    names: tuple[str, ...]
    task: Task
    classes: tuple[str, ...] = ()

    @property
    def outputs(self) -> int:
        """How many numbers a model puts out: one for two classes, one for each class of several."""
        return len(self.classes) if self.task == "multiclass" else len(self.names)

    @property
    def labels(self) -> Array:
        """The classes as NumPy has them: integers where all are whole numbers, text otherwise."""
        if self.classes and all(name.lstrip("-").isdigit() and str(int(name)) == name for name in self.classes):
            return np.array([int(name) for name in self.classes])
        return np.array(self.classes)

    def encode(self, batch: pa.RecordBatch) -> Array:
        """The targets of a batch that `read_batches` made.

        Returns
        -------
        array
            Regression: float64 of shape (n,), or (n, k) for k columns. Binary: float64 zeros and ones, shape (n,).
            Multi-class: int64 class numbers, shape (n,). Multi-label: float64 zeros and ones, shape (n, k).

        Raises
        ------
        DataError
            If a label is none of the classes.
        """
        columns = [batch.column(name) for name in self.names]
        if self.task in ("regression", "multilabel"):
            values = [np.asarray(column.cast(pa.float64())) for column in columns]
            return values[0] if len(values) == 1 and self.task == "regression" else np.stack(values, axis=1)
        codes = _class_numbers(columns[0], self.classes, self.names[0])
        return codes.astype(np.float64) if self.task == "binary" else codes

    def decode(self, codes: Array) -> Array:
        """Class numbers as labels."""
        return self.labels[np.asarray(codes).astype(np.int64)]

    def to_json(self) -> dict[str, Any]:
        """As a dictionary of what JSON can hold."""
        return {"names": list(self.names), "task": self.task, "classes": list(self.classes)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Target:
        """The target that `to_json` wrote."""
        return cls(tuple(data["names"]), data["task"], tuple(data["classes"]))


def target_of(schema: Schema, task: Task | None = None) -> Target:
    """What the targets of a schema call for.

    Text and booleans are classes. So are whole numbers with at most 20 different values; other numbers are numbers.
    Several columns of booleans or of zeros and ones are labels that may hold together; several of numbers, a regression
    with several outputs.

    Parameters
    ----------
    schema : Schema
    task : {"regression", "binary", "multiclass", "multilabel"}, optional
        What you know better.

    Returns
    -------
    Target

    Raises
    ------
    DataError
        If there is no target, or it has one class only, or does not fit the task.

    Examples
    --------
    >>> column = Column("sold", "category", categories=("no", "yes"))
    >>> target_of(Schema((column,), target="sold"))
    Target(names=('sold',), task='binary', classes=('no', 'yes'))
    """
    columns = [schema[name] for name in schema.targets]
    if not columns:
        raise DataError("the schema has no target", fix="name the column to be predicted: target='…'")
    if len(columns) > 1 or task == "multilabel":
        return _several(columns, task)
    (column,) = columns
    if task is None:
        task = "regression" if not _has_classes(column) else "binary" if len(column.categories) <= 2 else "multiclass"
    if task == "regression":
        if column.kind not in ("number", "integer"):
            shown = ", ".join(map(repr, column.categories[:5]))
            raise DataError(
                f"the target {column.name!r} has words ({shown}), which no regression can predict",
                fix="leave the task out, or choose another target",
            )
        return Target((column.name,), task)
    _check_classes(column, task)
    return Target((column.name,), task, column.categories)


def _has_classes(column: Column) -> bool:
    if column.kind in ("category", "boolean"):
        return True
    whole = all(float(name).is_integer() for name in column.categories)
    return bool(column.categories) and whole and (column.kind == "integer" or len(column.categories) <= 2)


def _check_classes(column: Column, task: str) -> None:
    count = len(column.categories)
    if count == 1:
        raise DataError(
            f"the target {column.name!r} has one class only: each row is {column.categories[0]!r}",
            fix="give rows of at least two classes",
        )
    if not count:
        raise DataError(
            f"the target {column.name!r} has more than {MOST_NUMBER_CLASSES} different numbers, too many for classes",
            fix=Advice.of("predict it by regression, or take it as labels: ", kind_of(column.name, "category")),
        )
    if task == "binary" and count != 2:
        raise DataError(f"the target {column.name!r} has {count} classes, not two", fix="leave the task out")


def _several(columns: list[Column], task: Task | None) -> Target:
    names = tuple(column.name for column in columns)
    flags = all(column.kind == "boolean" or set(column.categories) <= {"0", "1"} != set() for column in columns)
    flags = flags and all(column.categories for column in columns)
    numbers = all(column.kind in ("number", "integer") for column in columns)
    if task in (None, "multilabel") and flags:
        return Target(names, "multilabel")
    if task in (None, "regression") and numbers:
        return Target(names, "regression")
    kinds = ", ".join(f"{column.name!r} ({column.kind})" for column in columns)
    raise DataError(
        f"the targets {kinds} are neither all numbers nor all true or false",
        fix="give columns of numbers, or of 0 and 1",
    )


def _class_numbers(column: pa.Array, classes: tuple[str, ...], name: str) -> Array:
    if pa.types.is_floating(column.type):
        known = np.array([float(label) for label in classes])
        values = np.asarray(column)
        codes = np.minimum(np.searchsorted(known, values), len(known) - 1)
        wrong = np.flatnonzero(known[codes] != values)
    else:
        labels = as_labels(column)
        values = np.asarray(labels)
        codes = labels.dictionary_encode()
        places = {label: place for place, label in enumerate(classes)}
        found = np.array([places.get(label, -1) for label in codes.dictionary.to_pylist()], dtype=np.int64)
        codes = found[np.asarray(codes.indices)]
        wrong = np.flatnonzero(codes < 0)
    if len(wrong):
        shown = ", ".join(map(repr, classes[:5]))
        raise DataError(
            f"column {name!r} has {values[wrong[0]]!r}, which was no class in training ({shown})",
            fix="correct the label, or train again with these rows",
        )
    return codes.astype(np.int64)
