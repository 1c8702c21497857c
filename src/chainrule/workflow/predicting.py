"""Predictions of a model for whole tables, into files; and its scores there. Memory stays flat."""

from __future__ import annotations

import csv
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from chainrule.errors import ConfigError, DataError
from chainrule.evaluation.metrics import score
from chainrule.evaluation.scores import Scores
from chainrule.storage.atomic import refused
from chainrule.storage.model import TableModel
from chainrule.tables.reading import read_batches

__all__ = ["ENDINGS", "evaluate_model", "predictions", "write_predictions"]

#: Endings of files that predictions can be written to.
ENDINGS = (".csv", ".parquet")

Array = np.ndarray[Any, Any]


def predictions(model: TableModel, source: Any, *, probabilities: bool = False) -> Iterator[pa.RecordBatch]:
    """Predictions block by block.

    Parameters
    ----------
    model : TableModel
    source : whatever `open_table` takes
        Its columns may stand in any order; the target may be left out.
    probabilities : bool, default False
        Whether each class or label has a column with its probability.

    Yields
    ------
    pyarrow.RecordBatch
        A column ``predicted_…`` for each target, and a column ``p_…`` for each class.

    Raises
    ------
    DataError
        If a column is missing or a cell does not fit, naming row, column and value.
    ConfigError
        If probabilities are wanted of numbers.
    """
    if probabilities and model.task == "regression":
        model.probabilities(np.empty(0))  # which says so
    for outputs in model.outputs(source):
        yield _batch(model, outputs, probabilities)


def _batch(model: TableModel, outputs: Array, probabilities: bool) -> pa.RecordBatch:
    names = model.target.names
    chosen = model.decide(outputs)
    columns = {f"predicted_{name}": part for name, part in zip(names, _columns(chosen), strict=True)}
    if probabilities:
        labels = model.classes or names
        shares = _columns(model.probabilities(outputs))
        columns |= {f"p_{label}": part for label, part in zip(labels, shares, strict=True)}
    return pa.RecordBatch.from_pydict({name: pa.array(values) for name, values in columns.items()})


def _columns(values: Array) -> list[Array]:
    return [values] if values.ndim == 1 else list(values.T)


def write_predictions(
    model: TableModel, source: Any, output: str | PathLike[str] | BinaryIO, *, probabilities: bool = False
) -> int:
    """Write predictions to a file, which is there as a whole or not at all.

    Parameters
    ----------
    model : TableModel
    source : whatever `open_table` takes
    output : str, path or binary file
        A path that ends in ``.csv`` or ``.parquet``; an open file gets CSV.
    probabilities : bool, default False

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    DataError
        If a column is missing or a cell does not fit, naming row, column and value.
    ConfigError
        If the ending is another one.
    StorageError
        If the file cannot be written.
    """
    batches = predictions(model, source, probabilities=probabilities)
    if not isinstance(output, (str, PathLike)):
        return _write_csv(batches, output)
    path = Path(output)
    if path.suffix.lower() not in ENDINGS:
        raise ConfigError(f"{path}: predictions are written as {' or '.join(ENDINGS)}", fix=f"write {path.stem}.csv")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    write = _write_parquet if path.suffix.lower() == ".parquet" else _write_csv
    try:
        try:
            with temporary.open("xb") as file:
                count = write(batches, file)
            os.replace(temporary, path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise refused(f"cannot write {path}", error) from error
    return count


def _write_csv(batches: Iterator[pa.RecordBatch], file: BinaryIO) -> int:
    options = pa_csv.WriteOptions(include_header=False)
    count = 0
    for batch in batches:
        if not count:
            header = io.StringIO()
            csv.writer(header, lineterminator="\n").writerow(batch.schema.names)
            file.write(header.getvalue().encode())
        block = io.BytesIO()
        pa_csv.write_csv(pa.Table.from_batches([batch]), block, options)
        file.write(block.getvalue())
        count += batch.num_rows
    return count


def _write_parquet(batches: Iterator[pa.RecordBatch], file: BinaryIO) -> int:
    first = next(batches, None)
    if first is None:
        raise DataError("the table has no rows to predict", fix="give at least one")
    count = first.num_rows
    with pq.ParquetWriter(file, first.schema) as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def evaluate_model(model: TableModel, source: Any) -> Scores:
    """The scores of a model on a table with targets.

    Parameters
    ----------
    model : TableModel
    source : whatever `open_table` takes

    Returns
    -------
    Scores

    Raises
    ------
    DataError
        If a column is missing or a cell does not fit, naming row, column and value.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from chainrule.workflow.settings import TrainingSettings
    >>> from chainrule.workflow.training import train_table
    >>> data = load_iris(as_frame=True).frame
    >>> trained = train_table(data, "target", TrainingSettings(model="logistic"))
    >>> evaluate_model(trained.model, data)["accuracy"] > 0.95
    True
    """
    dtype = model.params["W1"].dtype
    truths, outputs = [], []
    for batch in read_batches(source, model.schema):
        outputs.append(model.network.predict(model.params, model.preprocessing.transform_batch(batch, dtype)))
        truths.append(model.target.encode(batch))
    if not truths:
        raise DataError("the table has no rows to evaluate", fix="give at least one")
    names = model.target.names
    classes = model.classes or (names if len(names) > 1 else None)
    return score(model.task, np.concatenate(truths), np.concatenate(outputs), classes=classes)  # type: ignore[arg-type]
