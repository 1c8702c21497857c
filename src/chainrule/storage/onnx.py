"""Models in the format ONNX, for programs that know nothing of chainrule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np

from chainrule.errors import StorageError
from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.network import Network
from chainrule.storage.atomic import write_atomically
from chainrule.storage.model import TableModel
from chainrule.storage.onnx_columns import design_matrix, input_names
from chainrule.storage.onnx_graph import OnnxGraph

__all__ = ["export_onnx", "network_to_onnx", "table_model_to_onnx"]

#: Bytes that a message of Protocol Buffers can have.
_MOST = 2**31 - 1


def export_onnx(model: TableModel, path: str | PathLike[str]) -> None:
    """Write a model of tables as an ONNX file, with its preprocessing.

    Parameters
    ----------
    model : TableModel
    path : str or path

    Raises
    ------
    StorageError
        If the model cannot be said in ONNX, or the file cannot be written.
    MissingPackageError
        Without the package onnx.

    See Also
    --------
    table_model_to_onnx : The inputs and outputs.
    """
    made = table_model_to_onnx(model)
    size = made.ByteSize()
    if size > _MOST:
        raise StorageError(f"the model has {size:,} bytes, and ONNX allows {_MOST:,}", fix="train a smaller network")
    write_atomically(path, made.SerializeToString(deterministic=True))


def table_model_to_onnx(model: TableModel) -> Any:
    r"""A model of tables as an ONNX model: one input of shape (rows, 1) for each column.

    Inputs are numbers and booleans as float64 (NaN is missing), categories as texts (empty is missing), and dates as
    int64 (microseconds since 1970; NumPy's NaT is missing). Outputs are ``prediction`` for a regression; else
    ``probabilities``, as `TableModel.predict_proba` gives them, and ``label``. An output whose name a column has gets
    an underscore.

    Parameters
    ----------
    model : TableModel

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    StorageError
        If the model cannot be said in ONNX.
    MissingPackageError
        Without the package onnx.

    Examples
    --------
    >>> import io
    >>> from chainrule.tables import Preprocessing, infer_schema, open_table
    >>> table = open_table(io.StringIO("size,price\n1,3\n2,5.5\n4,9\n"))
    >>> preprocessing = Preprocessing.fit(table, infer_schema(table, "price"), task="regression")
    >>> params = {"W1": np.array([2.5]), "b1": np.array(5.0)}
    >>> made = table_model_to_onnx(TableModel(preprocessing, Architecture("regression", inputs=1), params))
    >>> [value.name for value in (*made.graph.input, *made.graph.output)]
    ['size', 'prediction']
    """
    columns = input_names(model.preprocessing)
    names = _output_names(model.task, columns)
    graph = OnnxGraph("chainrule", [*columns, *names])
    dtype = model.params["W1"].dtype
    z = _network(graph, model.architecture, model.params, design_matrix(graph, model.preprocessing, dtype))
    prediction = _prediction(graph, model.architecture, z, dtype, names[0])
    if model.task != "regression":
        _label(graph, model, prediction, names[1])
    return graph.model()


def network_to_onnx(architecture: Architecture, params: Mapping[str, Any]) -> Any:
    """A network alone as an ONNX model, from ``X`` of shape (rows, inputs) to ``prediction`` or ``probabilities``.

    Parameters
    ----------
    architecture : Architecture
    params : dict of str to array
        With batch normalisation, what `Network.finish` returned.

    Returns
    -------
    onnx.ModelProto
        It computes what `Network.predict` does, but probabilities of two classes stand in two columns.

    Raises
    ------
    ConfigError
        If batch normalisation has no statistics yet.
    MissingPackageError
        Without the package onnx.

    Examples
    --------
    >>> made = network_to_onnx(Architecture("regression", inputs=2), {"W1": np.ones(2), "b1": np.array(0.0)})
    >>> [value.name for value in (*made.graph.input, *made.graph.output)]
    ['X', 'prediction']
    """
    dtype = np.asarray(params["W1"]).dtype
    names = _output_names(architecture.task, ["X"])
    graph = OnnxGraph("chainrule", ["X", *names])
    graph.input("X", dtype, (None, architecture.inputs))
    _prediction(graph, architecture, _network(graph, architecture, dict(params), "X"), dtype, names[0])
    return graph.model()


def _output_names(task: str, taken: Sequence[str]) -> list[str]:
    names = []
    for name in ["prediction"] if task == "regression" else ["probabilities", "label"]:
        while name in taken:
            name += "_"
        names.append(name)
    return names


# The network ----------------------------------------------------------------------------------------------------------


def _network(graph: OnnxGraph, architecture: Architecture, params: dict[str, Any], X: str) -> str:
    """The last layer's raw numbers, of shape (rows, outputs)."""
    layers = Network(architecture).affine_layers(params)  # batch normalisation is part of them
    a = X
    for i, (W, b) in enumerate(layers, 1):
        weights = W[:, None] if np.ndim(W) == 1 else W
        a = graph.apply("Add", graph.apply("MatMul", a, np.asarray(weights)), np.atleast_1d(b))
        if i < len(layers):
            a = _activation(graph, architecture.activation, a, np.asarray(W).dtype)
    return a


def _activation(graph: OnnxGraph, name: str, z: str, dtype: Any) -> str:
    operators = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}
    if name == "identity":
        return z
    if name == "leaky_relu":
        return graph.apply("Max", z, graph.apply("Mul", z, np.asarray(0.01, dtype)))
    if name == "silu":
        return graph.apply("Mul", z, graph.apply("Sigmoid", z))
    if name == "gelu":
        return _gelu(graph, z, dtype)
    return graph.apply(operators[name], z)


def _gelu(graph: OnnxGraph, z: str, dtype: Any) -> str:
    """z (1 + erf(z/√2)) / 2, with erf in float32: runtimes have no other."""
    scaled = graph.apply("Mul", z, np.asarray(np.sqrt(0.5), dtype))
    erf = graph.apply("Erf", graph.apply("Cast", scaled, to=graph.element_type(np.float32)))
    erf = graph.apply("Cast", erf, to=graph.element_type(dtype))
    half = graph.apply("Mul", z, np.asarray(0.5, dtype))
    return graph.apply("Mul", half, graph.apply("Add", erf, np.asarray(1.0, dtype)))


# What it says ---------------------------------------------------------------------------------------------------------


def _prediction(graph: OnnxGraph, architecture: Architecture, z: str, dtype: Any, name: str) -> str:
    """Values or probabilities, declared as the first output."""
    count = architecture.outputs
    if architecture.task == "regression":
        shape: tuple[int | None, ...] = (None,) if architecture.has_flat_output else (None, count)
        value = graph.apply("Reshape", z, np.array([-1])) if architecture.has_flat_output else z
    elif architecture.task == "binary":
        shape, p = (None, 2), graph.apply("Sigmoid", z)
        value = graph.apply("Concat", graph.apply("Sub", np.asarray(1.0, dtype), p), p, axis=1)
    else:
        shape = (None, count)
        value = graph.apply("Softmax", z, axis=1) if architecture.task == "multiclass" else graph.apply("Sigmoid", z)
    graph.output(name, value, dtype, shape)
    return value


def _label(graph: OnnxGraph, model: TableModel, probabilities: str, name: str) -> None:
    """The label with the highest probability; of several labels, ones where it is above a half."""
    if model.task == "multilabel":
        half = np.asarray(0.5, model.params["W1"].dtype)
        above = graph.apply("Cast", graph.apply("Greater", probabilities, half), to=graph.element_type(np.int64))
        graph.output(name, above, np.int64, (None, model.architecture.outputs))
        return
    labels = model.target.labels
    chosen = graph.apply("ArgMax", probabilities, axis=1, keepdims=0)
    graph.output(name, graph.apply("Gather", labels, chosen, axis=0), labels.dtype, (None,))
