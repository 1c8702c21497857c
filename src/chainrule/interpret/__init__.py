"""Graph to numbers, node by node, with NumPy.

A function that is differentiated again and again is traced each time, as its control flow may depend on the numbers;
but as long as it records the same graph (`signature`), the same `Program` runs.
"""

from chainrule.interpret.evaluate import compute_once, evaluate
from chainrule.interpret.finite import first_bad_node, non_finite_message, run_checked
from chainrule.interpret.program import Program
from chainrule.interpret.signature import ProgramCache, signature

__all__ = [
    "Program",
    "ProgramCache",
    "compute_once",
    "evaluate",
    "first_bad_node",
    "non_finite_message",
    "run_checked",
    "signature",
]
