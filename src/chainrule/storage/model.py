"""A trained model of tables: all that is needed to predict from a file, itself kept in one file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError, ConfigError, StorageError, StructureError
from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.network import Network
from chainrule.storage.atomic import write_atomically
from chainrule.storage.container import pack, read_container
from chainrule.storage.plain import plain
from chainrule.tables.preprocessing import Preprocessing
from chainrule.tables.reading import read_batches
from chainrule.tables.schema import Schema
from chainrule.tables.targets import Target

__all__ = ["TableModel", "parameter_shapes"]

Array = np.ndarray[Any, Any]

_KIND = "model"


@dataclass(frozen=True, repr=False)
class TableModel:
    r"""A network, and how rows of a table become its inputs and its outputs become predictions.

    Parameters
    ----------
    preprocessing : Preprocessing
        With a target. It holds the schema, too.
    architecture : Architecture
        Of the network; its inputs, outputs and task are those of the preprocessing.
    params : dict of str to array
        Trained; with batch normalisation, what `Network.finish` returned.
    record : dict, optional
        How the model came about: settings, history, versions, date. Nothing of it is used in a prediction. What JSON
        cannot hold is kept as text.

    Raises
    ------
    StructureError
        If the parts do not fit together, or a parameter is not finite.

    Examples
    --------
    >>> import io, pathlib, tempfile
    >>> from chainrule.tables import infer_schema, open_table
    >>> table = open_table(io.StringIO("size,city,sold\n1,Rome,yes\n2,Oslo,no\n3,Rome,yes\n2,Oslo,no\n"))
    >>> preprocessing = Preprocessing.fit(table, infer_schema(table, "sold"))
    >>> params = {"W1": np.array([0.5, -2.0, 2.0, 0.0]), "b1": np.array(0.0)}
    >>> model = TableModel(preprocessing, Architecture("binary", inputs=4), params, {"epochs": 10})
    >>> model
    <TableModel binary: 2 columns, widths 4, 1, classes 'no', 'yes'>
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "sold.safetensors")
    ...     model.save(path)
    ...     loaded = TableModel.load(path)
    >>> loaded.predict({"size": [2.0, 2.0], "city": ["Rome", "Oslo"]})
    array(['yes', 'no'], dtype='<U3')
    """

    preprocessing: Preprocessing
    architecture: Architecture
    params: dict[str, Array]
    record: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", {name: np.asarray(value) for name, value in self.params.items()})
        object.__setattr__(self, "record", plain(self.record))
        _check_target(self.preprocessing, self.architecture)
        _check_params(self.params, self.architecture)

    def __repr__(self) -> str:
        widths = ", ".join(map(str, self.architecture.widths))
        classes = f", classes {', '.join(map(repr, self.classes[:10]))}" if self.classes else ""
        more = ", …" if len(self.classes) > 10 else ""
        return f"<TableModel {self.task}: {len(self.schema.features):,} columns, widths {widths}{classes}{more}>"

    # What it is ----------------------------------------------------------------------------------------------------

    @property
    def schema(self) -> Schema:
        """The columns of its tables."""
        return self.preprocessing.schema

    @property
    def target(self) -> Target:
        """What it predicts."""
        assert self.preprocessing.outcome is not None  # checked when the model was made
        return self.preprocessing.outcome

    @property
    def task(self) -> str:
        """Which sort of prediction: ``"regression"``, ``"binary"``, ``"multiclass"`` or ``"multilabel"``."""
        return self.architecture.task

    @property
    def classes(self) -> tuple[str, ...]:
        """Of binary and multi-class targets, in the order of `predict_proba`; empty otherwise."""
        return self.target.classes

    @property
    def network(self) -> Network:
        """The network without its parameters."""
        return Network(self.architecture)

    # Predictions ---------------------------------------------------------------------------------------------------

    def outputs(self, table: Any) -> Iterator[Array]:
        """Values or probabilities, block by block, as `Network.predict` gives them: memory stays flat.

        Parameters
        ----------
        table : whatever `open_table` takes
            Columns may stand in any order; the target may be left out.

        Yields
        ------
        array of shape (n,) or (n, outputs)

        Raises
        ------
        DataError
            If a column is missing or a cell does not fit, naming row, column and value.
        """
        dtype = self.params["W1"].dtype
        for batch in read_batches(table, self.schema, with_targets=False):
            yield self.network.predict(self.params, self.preprocessing.transform_batch(batch, dtype))

    def predict(self, table: Any) -> Array:
        """Predicted numbers or labels.

        Parameters
        ----------
        table : whatever `open_table` takes

        Returns
        -------
        array
            Regression: numbers of shape (n,), or (n, k) for k targets. Two or more classes: labels of shape (n,), as
            text, or as integers where all classes are whole numbers. Several labels: zeros and ones of shape (n, k).

        Raises
        ------
        DataError
            If a column is missing or a cell does not fit, naming row, column and value.
        """
        return self.decide(self._gathered(table))

    def predict_proba(self, table: Any) -> Array:
        """Probabilities of the classes or labels.

        Parameters
        ----------
        table : whatever `open_table` takes

        Returns
        -------
        array of shape (n, k)
            One column for each of `classes`, with rows that add up to 1; for several labels, the probability of each.

        Raises
        ------
        DataError
            If a column is missing or a cell does not fit, naming row, column and value.
        ConfigError
            If the model predicts numbers.
        """
        return self.probabilities(self._gathered(table))

    def probabilities(self, outputs: Array) -> Array:
        """What `predict_proba` gives, from what `outputs` yields.

        Parameters
        ----------
        outputs : array of shape (n,) or (n, k)

        Returns
        -------
        array of shape (n, k)

        Raises
        ------
        ConfigError
            If the model predicts numbers.
        """
        if self.task == "regression":
            raise ConfigError(
                f"the model predicts numbers ({', '.join(self.target.names)}), which have no probabilities",
                fix="call predict instead of predict_proba",
            )
        return np.stack([1 - outputs, outputs], axis=1) if self.task == "binary" else outputs

    def decide(self, outputs: Array) -> Array:
        """What `predict` gives, from what `outputs` yields; of two equal probabilities, the first class's counts.

        Parameters
        ----------
        outputs : array of shape (n,) or (n, k)

        Returns
        -------
        array of shape (n,) or (n, k)
        """
        if self.task == "regression":
            return outputs
        if self.task == "multilabel":
            return (outputs > 0.5).astype(np.int64)
        return self.target.decode(outputs > 0.5 if self.task == "binary" else outputs.argmax(axis=1))

    def _gathered(self, table: Any) -> Array:
        blocks = list(self.outputs(table))
        if blocks:
            return np.concatenate(blocks)
        shape = (0,) if self.architecture.has_flat_output else (0, self.architecture.outputs)
        return np.empty(shape, self.params["W1"].dtype)

    # Files ---------------------------------------------------------------------------------------------------------

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model to one file, as a whole or not at all.

        Parameters
        ----------
        path : str or path
            By custom ending in ``.safetensors``. A file that is there already is replaced.

        Raises
        ------
        StorageError
            If the file cannot be written; the one that was there is as it was.
        MissingPackageError
            Without safetensors.
        """
        write_atomically(path, self.to_bytes())

    def to_bytes(self) -> bytes:
        """What `save` writes.

        Returns
        -------
        bytes

        Raises
        ------
        StorageError
            If a part of it cannot be kept.
        MissingPackageError
            Without safetensors.
        """
        header = {
            "schema": self.schema.to_json(),
            "preprocessing": self.preprocessing.to_json(),
            "architecture": self.architecture.to_json(),
            "record": self.record,
        }
        return pack(_KIND, header, self.params)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> TableModel:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or path

        Returns
        -------
        TableModel

        Raises
        ------
        StorageError
            If the file cannot be read, is damaged, is no model, or was made by a newer version of chainrule.
        MissingPackageError
            Without safetensors.
        """
        contents = read_container(path, _KIND)
        try:
            return _from_header(contents.header, contents.arrays)
        except (ChainRuleError, KeyError, TypeError, ValueError, AttributeError) as error:
            why = error.what if isinstance(error, ChainRuleError) else repr(error)
            made_by = contents.made_by[:40]
            raise StorageError(
                f"{os.fspath(path)} holds no model that fits together: {why} (made by chainrule {made_by})",
                fix="give a file that TableModel.save wrote",
            ) from error


def _from_header(header: Mapping[str, Any], arrays: dict[str, Array]) -> TableModel:
    preprocessing = Preprocessing.from_json(header["preprocessing"], Schema.from_json(header["schema"]))
    record = header["record"]
    if not isinstance(record, dict):
        raise StructureError(f"the record is of type {type(record).__name__}", fix="give a dict")
    return TableModel(preprocessing, Architecture.from_json(header["architecture"]), arrays, record)


def parameter_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the parameters with which a network predicts, without making any array.

    Parameters
    ----------
    architecture : Architecture

    Returns
    -------
    dict of str to tuple of int

    Examples
    --------
    >>> parameter_shapes(Architecture("binary", inputs=2, hidden=(3,)))
    {'W1': (2, 3), 'b1': (3,), 'W2': (3,), 'b2': ()}
    """
    shapes: dict[str, tuple[int, ...]] = {}
    widths = architecture.widths
    for i in range(1, len(widths)):
        is_last = i == len(widths) - 1
        units = () if is_last and architecture.has_flat_output else (widths[i],)
        shapes[f"W{i}"] = (widths[i - 1], *units)
        if architecture.batch_norm and not is_last:
            shapes |= {f"{name}{i}": units for name in ("gamma", "beta", "mean", "var")}
        elif architecture.fit_intercept:
            shapes[f"b{i}"] = units
    return shapes


def _check_target(preprocessing: Preprocessing, architecture: Architecture) -> None:
    outcome, columns = preprocessing.outcome, len(preprocessing.feature_names)
    if outcome is None:
        raise StructureError("the preprocessing has no target", fix="name the column to be predicted: target='…'")
    if (outcome.task, outcome.outputs, columns) != (architecture.task, architecture.outputs, architecture.inputs):
        raise StructureError(
            f"the preprocessing gives {columns} features for a {outcome.task} target with {outcome.outputs} outputs, "
            f"but the network takes {architecture.inputs} for a {architecture.task} target with {architecture.outputs}",
            fix="make the architecture from the preprocessing: inputs=len(preprocessing.feature_names), …",
        )


def _check_params(params: Mapping[str, Array], architecture: Architecture) -> None:
    expected = parameter_shapes(architecture)
    found = {name: value.shape for name, value in params.items()}
    for name in sorted(expected.keys() | found.keys()):
        given, wanted = found.get(name), expected.get(name)
        if given != wanted:
            raise StructureError(
                f"the parameter {name} should have the shape {wanted}, but has {given}"
                if given is not None and wanted is not None
                else f"the parameter {name} is {'missing' if given is None else 'none of this network'}",
                fix="give the parameters that were trained for this architecture, after network.finish(params, X)",
            )
    dtypes = sorted({str(value.dtype) for value in params.values()})
    if dtypes not in (["float32"], ["float64"]):
        raise StructureError(
            f"the parameters are of dtype {', '.join(dtypes)}", fix="give all as float32 or as float64"
        )
    for name, value in params.items():
        if not np.isfinite(value).all():
            raise StructureError(
                f"the parameter {name} has values that are not finite, so each prediction would be NaN",
                fix="keep the best parameters of a training run, which are finite",
            )
