"""Writing an ONNX graph: names that nothing else has, constants that are kept once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule.errors import MissingPackageError
from chainrule.version import __version__

__all__ = ["OnnxGraph", "onnx_package"]

#: Operator sets: old enough for every runtime of the last years, new enough for all that is written here.
_OPSET, _ML_OPSET, _IR_VERSION = 17, 3, 8

_ML = "ai.onnx.ml"


def onnx_package() -> Any:
    """The package ``onnx``.

    Raises
    ------
    MissingPackageError
        Where it is not installed.
    """
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    except ImportError as error:
        raise MissingPackageError("ONNX files are written by the package onnx", fix="pip install onnx") from error
    return onnx


class OnnxGraph:
    """A graph in the making.

    Parameters
    ----------
    name : str
    taken : iterable of str
        Names of inputs and outputs; names inside of the graph avoid them.

    Examples
    --------
    >>> graph = OnnxGraph("double", ["x", "y"])
    >>> graph.input("x", np.float64, (None, 1))
    >>> graph.output("y", graph.apply("Mul", "x", np.array(2.0)), np.float64, (None, 1))
    >>> [node.op_type for node in graph.model().graph.node]
    ['Mul', 'Identity']
    """

    def __init__(self, name: str, taken: Iterable[str]) -> None:
        self._onnx = onnx_package()
        self._name = name
        self._taken = set(taken)
        self._count = 0
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._nodes: list[Any] = []
        self._constants: dict[Any, tuple[str, Any]] = {}

    def input(self, name: str, dtype: Any, shape: tuple[int | None, ...]) -> None:
        """Declare an input; None in its shape is any number of rows."""
        self._inputs.append(self._declared(name, dtype, shape))

    def output(self, name: str, value: str, dtype: Any, shape: tuple[int | None, ...]) -> None:
        """Declare that a value is an output of this name."""
        self._nodes.append(self._onnx.helper.make_node("Identity", [value], [name]))
        self._outputs.append(self._declared(name, dtype, shape))

    def _declared(self, name: str, dtype: Any, shape: tuple[int | None, ...]) -> Any:
        sizes = ["rows" if size is None else size for size in shape]
        return self._onnx.helper.make_tensor_value_info(name, self.element_type(dtype), sizes)

    def element_type(self, dtype: Any) -> int:
        """ONNX's number for a dtype."""
        if np.dtype(dtype).kind in "OU":
            return int(self._onnx.TensorProto.STRING)
        return int(self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def apply(self, operator: str, *operands: str | np.ndarray[Any, Any], **attributes: Any) -> str:
        """The name of what an operator computes from values and constants."""
        names = [operand if isinstance(operand, str) else self._constant(operand) for operand in operands]
        result = self._fresh(operator)
        domain = _ML if operator == "LabelEncoder" else ""
        self._nodes.append(self._onnx.helper.make_node(operator, names, [result], domain=domain, **attributes))
        return result

    def _constant(self, array: np.ndarray[Any, Any]) -> str:
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        key = (array.dtype.str, array.shape, tuple(array.ravel()) if array.dtype.kind == "U" else array.tobytes())
        if key not in self._constants:
            name = self._fresh("constant")
            content = array.astype(object) if array.dtype.kind == "U" else array
            self._constants[key] = (name, self._onnx.numpy_helper.from_array(content, name))
        return self._constants[key][0]

    def _fresh(self, what: str) -> str:
        while True:
            self._count += 1
            name = f"{what.lower()}_{self._count}"
            if name not in self._taken:
                return name

    def model(self) -> Any:
        """The finished ModelProto, checked against ONNX's rules."""
        helper = self._onnx.helper
        constants = [tensor for _, tensor in self._constants.values()]
        graph = helper.make_graph(self._nodes, self._name, self._inputs, self._outputs, constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_ML, _ML_OPSET)],
            ir_version=_IR_VERSION,
            producer_name="chainrule",
            producer_version=__version__,
        )
        self._onnx.checker.check_model(model)
        return model
