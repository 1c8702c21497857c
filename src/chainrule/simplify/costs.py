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
#: Powers that are computed as products.
_SMALL_EXPONENTS = (2, 3, 4)
#: What a call costs, however small its arrays are, counted in elements.
_CALL = 16


def cost(node: Node) -> int:
    """Estimated time to compute a node from its inputs."""
    weight = _WEIGHTS.get(node.op.name, 10)
    if node.op.name == "power" and number_of(node.inputs[1]) in _SMALL_EXPONENTS:
        weight = _WEIGHTS["square"]
    return weight * (node.size + _CALL)
