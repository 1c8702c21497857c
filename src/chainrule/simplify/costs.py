"""What an operation costs, to tell which of two forms of a formula is the cheaper one."""

from __future__ import annotations

from chainrule.graph.node import Node

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
#: What a call costs, however small its arrays are, counted in elements.
_CALL = 16


def cost(node: Node) -> int:
    """Estimated time to compute a node from its inputs."""
    return _WEIGHTS.get(node.op.name, 10) * (node.size + _CALL)
