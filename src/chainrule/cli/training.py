"""``chainrule train``: data in, a trained classifier's quality out."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split

from chainrule.errors import DataError
from chainrule.learn.minimize import Result, minimize
from chainrule.learn.models import LogisticRegression, TwoLayerPerceptron
from chainrule.learn.optimizers import GradientDescent
from chainrule.transforms.graphs import trace

__all__ = ["Data", "read_csv", "run_training"]

_HELD_OUT = 0.25
#: A quarter of them, rounded up, has room for both classes.
_FEWEST_ROWS = 5


@dataclass(frozen=True)
class Data:
    """A table for binary classification.

    Attributes
    ----------
    name : str
    X : array of shape (n, d)
    y : array of shape (n,)
        Zeros and ones.
    classes : tuple of str
        What 0 and 1 are called.
    """

    name: str
    X: np.ndarray[Any, Any]
    y: np.ndarray[Any, Any]
    classes: tuple[str, str]


def bundled() -> Data:
    """The breast-cancer data that scikit-learn ships: 569 rows, 30 columns."""
    table = load_breast_cancer()
    return Data(
        "breast cancer (bundled with scikit-learn)", table.data, table.target.astype(float), tuple(table.target_names)
    )


def read_csv(path: Path, target: str) -> Data:
    """Read a CSV file with a header, numbers in every column but the target, and two classes.

    Raises
    ------
    DataError
        Naming row and column of what does not fit.
    """
    with path.open(newline="", encoding="utf-8-sig", errors="strict") as file:
        try:
            rows = _numbered_rows(file)
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"{path} cannot be read as CSV: {error}", fix="save it as UTF-8 text with commas") from None
    if len(rows) < 2:
        raise DataError(f"{path} has no data rows", fix=f"give a file with a header and at least {_FEWEST_ROWS} rows")
    header = [name.strip() for name in rows[0][1]]
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise DataError(f"{path} has two columns named {twice!r}", fix="rename one of them")
    if target not in header:
        raise DataError(f"{path} has no column {target!r}", fix=f"its columns are {', '.join(header)}")
    if len(header) < 2:
        raise DataError(f"{path} has no column beside {target!r}", fix="give at least one column of numbers")
    for number, row in rows[1:]:
        if len(row) != len(header):
            raise DataError(
                f"{path}, line {number}: {len(row)} cells, but the header has {len(header)} columns",
                fix="quote cells that contain commas",
            )
    column = header.index(target)
    X = np.array(
        [[_number(path, n, header[i], cell) for i, cell in enumerate(row) if i != column] for n, row in rows[1:]]
    )
    labels = [row[column].strip() for _, row in rows[1:]]
    if "" in labels:
        raise DataError(
            f"{path}, line {rows[1 + labels.index('')][0]}, column {target!r}: the cell is empty",
            fix="fill it in, or leave the row out",
        )
    return Data(path.name, X, *_two_classes(path, target, labels))


def _numbered_rows(file: TextIO) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, each with the line on which it begins."""
    reader = csv.reader(file)
    rows, line = [], 1
    for row in reader:
        if row:
            rows.append((line, row))
        line = reader.line_num + 1
    return rows


def _number(path: Path, line: int, column: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise DataError(
            f"{path}, line {line}, column {column!r}: {cell!r} is no finite number",
            fix="give numbers in every column but the target",
        )
    return value


def _two_classes(path: Path, target: str, labels: list[str]) -> tuple[np.ndarray[Any, Any], tuple[str, str]]:
    classes = sorted(set(labels), key=_number_or_word)
    if len(classes) != 2:
        shown = ", ".join(classes[:5]) + (", …" if len(classes) > 5 else "")
        raise DataError(
            f"{path}, column {target!r}: {len(classes)} distinct values ({shown}), but two classes are needed",
            fix="choose a target with two distinct values",
        )
    fewest = min(labels.count(name) for name in classes)
    if fewest < 2:
        raise DataError(
            f"{path}, column {target!r}: a class has {fewest} row", fix="give at least two rows of each class"
        )
    if len(labels) < _FEWEST_ROWS:
        raise DataError(
            f"{path} has {len(labels)} rows, too few to hold some of both classes out for testing",
            fix=f"give at least {_FEWEST_ROWS} rows",
        )
    return np.array([float(label == classes[1]) for label in labels]), (classes[0], classes[1])


def _number_or_word(label: str) -> tuple[int, float, str]:
    try:
        return 0, float(label), label
    except ValueError:
        return 1, 0.0, label


def run_training(
    file: Path | None, target: str | None, *, model: str, hidden: int, lr: float, steps: int, seed: int
) -> None:
    """Train on a stratified split of standardised data, and print how good the result is."""
    data = bundled() if file is None or target is None else read_csv(file, target)
    X_train, X_test, y_train, y_test = train_test_split(
        data.X, data.y, test_size=_HELD_OUT, stratify=data.y, random_state=seed
    )
    mean, spread = X_train.mean(axis=0), X_train.std(axis=0)
    spread[spread == 0] = 1.0  # a constant column carries nothing, and becomes zero
    X_train, X_test = (X_train - mean) / spread, (X_test - mean) / spread
    chosen: Any = LogisticRegression() if model == "logistic" else TwoLayerPerceptron(hidden=hidden)
    params = chosen.init(np.random.default_rng(seed), X_train)
    result = minimize(
        chosen.loss, params, (X_train, y_train), optimizer=GradientDescent(lr=lr), steps=steps, progress=True
    )
    what = "logistic regression" if model == "logistic" else f"two-layer perceptron, {hidden} hidden units"
    console = Console()
    console.print(f"[bold]{escape(data.name)}[/bold]: {len(data.X)} rows, {data.X.shape[1]} columns")
    console.print(f"{what}, {steps} steps of gradient descent, learning rate {lr:g}")
    console.print(_quality(chosen, result, (X_train, y_train), (X_test, y_test)))
    predicted = _predicted(chosen, result.params, X_test)
    console.print(_confusion(confusion_matrix(y_test, predicted, labels=[0, 1]), data.classes))


def _predicted(model: Any, params: Any, X: Any) -> Any:
    """Which rows are more probably of class 1."""
    with np.errstate(over="ignore"):  # exp(800) is infinite, and the probability 1 / (1 + exp(800)) zero
        return model.predict(params, X) > 0.5


def _quality(model: Any, result: Result, train: tuple[Any, Any], test: tuple[Any, Any]) -> Table:
    table = Table()
    for title in ("", "rows", "loss", "accuracy"):
        table.add_column(title, justify="left" if not title else "right")
    for name, (X, y) in (("train", train), ("test", test)):
        loss = trace(model.loss, result.params, X, y).outputs[0].value  # of the stable form, as in training
        accuracy = np.mean(_predicted(model, result.params, X) == y)
        table.add_row(name, str(len(y)), f"{float(loss):.4g}", f"{accuracy:.1%}")
    return table


def _confusion(counts: np.ndarray[Any, Any], classes: tuple[str, str]) -> Table:
    table = Table(title="confusion matrix, test rows", title_justify="left")
    table.add_column("")
    for name in classes:
        table.add_column(f"predicted {escape(name)}", justify="right")
    for position, (name, row) in enumerate(zip(classes, counts, strict=True)):
        cells = [f"[bold]{count}[/bold]" if i == position else str(count) for i, count in enumerate(row)]
        table.add_row(f"is {escape(name)}", *cells)
    return table
