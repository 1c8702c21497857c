"""What an operation costs, to tell which of two forms of a formula is the cheaper one."""

from __future__ import annotations

from chainrule.graph.node import Node
from chainrule.simplify.patterns import number_of

__all__ = ["cost"]

#: Time for one element, in units of an addition; measured with NumPy to the nearest step.
_WEIGHTS = {
    **dict.fromkeys(("add", "subtract", "multiply", "negative", "square", "absolute", "maximum", "minimum"), 1),
    **dict.fromkeys(("divide", "reciprocal", "sqrt"), 3),
    **dict.fromkeys(("exp", "expm1", "log", "log1p", "sin", "cos"), 12),
    **dict.fromkeys(("sigmoid", "tanh", "silu", "power"), 20),
    **dict.fromkeys(("softplus", "logaddexp", "xlogy", "xlog1py"), 40),
    **dict.fromkeys(("reshape", "transpose", "broadcast_to", "input", "literal", "constant"), 0),
}
_DEFAULT = 10
#: Powers that are computed as products.
_SMALL_EXPONENTS: dict[float | None, int] = {2: 1, 3: 2, 4: 2}
#: Operations that read each element of their argument once.
_REDUCTIONS = frozenset({"sum", "sum_to", "max", "min", "mean"})
#: What a call costs, however small its arrays are, counted in elements.
_CALL = 16


def cost(node: Node) -> int:
    """Estimated time to compute a node from its inputs."""
    name = node.op.name
    if name in _REDUCTIONS:
        division = _WEIGHTS["divide"] * (node.size + _CALL) if name == "mean" else 0
        return node.inputs[0].size + _CALL + division
    if name == "matmul":
        return node.size * node.inputs[0].shape[-1] + _CALL
    weight = _WEIGHTS.get(name, _DEFAULT)
    if name == "power":
        weight = _SMALL_EXPONENTS.get(number_of(node.inputs[1]), weight)
    return weight * (node.size + _CALL)
