"""The coverage table, made from the operation records: what NumPy's protocols reach is what the table lists."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from chainrule import functions, trace
from chainrule.backward import local_gradient
from chainrule.errors import ChainRuleError
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL, Op, Zero, input_node
from chainrule.graph.text import step
from chainrule.native.planning.nodes import is_compiled
from chainrule.native.planning.prepare import decompose
from chainrule.notation.program import to_program
from chainrule.notation.tree import Expression, Number, Symbol, Verbatim
from chainrule.ops.examples import differentiated, examples_of
from chainrule.ops.load import load_all
from chainrule.ops.record import FUNCTIONS, SERVED, Example, Function
from chainrule.trace.call import call_with

#: Methods of SciPy's distributions that can have a derivative.
DISTRIBUTION_METHODS = "pdf logpdf cdf logcdf sf logsf ppf isf pmf logpmf entropy mean std var".split()
OPERANDS = "x y z w".split()
#: Nodes that are no work: a name for another node, and checks of positions, which NumPy makes before.
ALIASES = {"input", "checked_positions"}


def served(namespace: str) -> Iterator[tuple[str, Op | Function]]:
    """Public names of a NumPy or SciPy module that a record serves; names of one function are joined."""
    if namespace == "chainrule":
        yield from ((name, FUNCTIONS[name]) for name in sorted(functions.__all__))
        return
    names: dict[int, list[str]] = {}
    records: dict[int, Op | Function] = {}
    members = list(public_members(namespace))  # kept, as numbers of objects that are gone are given to others
    for name, member in members:
        record = lookup(member)
        if record is not None:
            names.setdefault(id(member), []).append(name)
            records[id(member)] = record
    for key in sorted(names, key=lambda key: names[key][0].lower()):
        yield ", ".join(names[key]), records[key]


def public_members(namespace: str) -> Iterator[tuple[str, Any]]:
    module = importlib.import_module(namespace)
    for name in sorted(getattr(module, "__all__", dir(module))):
        member = getattr(module, name, None)
        if namespace == "scipy.stats" and hasattr(member, "rvs"):
            for method in DISTRIBUTION_METHODS:
                if hasattr(member, method):
                    yield f"{name}.{method}", getattr(member, method)
        elif callable(member):
            yield name, member


def lookup(member: Any) -> Op | Function | None:
    try:
        return SERVED.get(member)
    except TypeError:  # not hashable, so not a key
        return None


def is_differentiable(record: Op | Function) -> bool:
    if isinstance(record, Function):
        return record.differentiable
    rules = record.partials if record.partials is not None else record.vjp
    if isinstance(rules, tuple):
        return any(rule is not None and not isinstance(rule, Zero) for rule in rules)
    return rules is not None


def is_compiled_whole(record: Op | Function) -> bool:
    """Whether compiled code computes all that the record's examples record, without going back to NumPy."""
    has_work = is_differentiable(record)
    for one in examples_of(record, np.float64):
        graph = recorded(record, one)
        if graph is None:
            return False
        nodes = ancestors(decompose(graph.outputs, graph.inputs))
        if any(0 in node.shape for node in nodes if not node.is_tuple):
            continue  # there is nothing to compute
        work = [node for node in nodes if node.inputs and node.op.name not in ALIASES]
        if not all(is_compiled(node) for node in work):
            return False
        has_work = has_work or bool(work)
    return has_work


def recorded(record: Op | Function, one: Example) -> Graph | None:
    """The graph of an example; None where the call looks at numbers, or records nothing."""
    positions = differentiated(one) or [i for i, arg in enumerate(one.args) if isinstance(arg, np.ndarray)]

    def call(*moving: Any) -> Any:
        args = list(one.args)
        for position, value in zip(positions, moving, strict=True):
            args[position] = value
        return call_with(record, *(args if one.prepare is None else one.prepare(*args)), **one.kwargs)

    try:
        return trace(call, *[one.args[position] for position in positions])
    except ChainRuleError:
        return None


def derivative(record: Op | Function) -> str:
    """The local gradients of an elementwise operation as formulas, else one line on how it is differentiated."""
    if isinstance(record, Function):
        line = (record.body.__doc__ or "").strip().splitlines()[:1]
        return line[0].strip().replace("|", "\\|") if line else "composed of other operations"
    if not is_differentiable(record):
        return "integers, booleans or steps: no gradient passes"
    if not record.broadcasts:
        return "a rule for the whole array"
    return ", ".join(f"{left} = `{as_text(right)}`" for left, right in local_gradients(record))


def local_gradients(record: Op) -> Iterator[tuple[str, Any]]:
    """Run the rules of an elementwise operation on nodes called x, y, ..., f for the result, g for upstream."""
    rules = record.partials if record.partials is not None else record.vjp
    assert isinstance(rules, tuple)
    inputs = tuple(
        [
            input_node(1.0 if rule is not None else np.ones((), np.intp), name)
            for name, rule in zip(OPERANDS, rules, strict=False)
        ]
    )
    node = record.apply(inputs)
    node.name = "f"
    for position, rule in enumerate(rules):
        if rule is None:
            continue
        left = f"∂f/∂{OPERANDS[position]}"
        if isinstance(rule, Zero):
            yield left, 0
        elif record.partials is not None:
            yield left, local_gradient(node, position)
        elif callable(rule):
            yield f"g · {left}", rule(input_node(1.0, "g"), node, *inputs)


def as_text(value: Any) -> str:
    return to_program(expression(value) if isinstance(value, Node) else Number(value))


def expression(node: Node) -> Expression:
    """A node as an expression of the inputs."""
    if node.op is LITERAL:
        return Number(node._value)
    if node.name or not node.inputs:
        return Symbol(node.name) if node.name else Verbatim(str(node._value))
    return step(node, [expression(source) for source in node.inputs])


class OperationTable(SphinxDirective):
    """``{operation-table} numpy``: every public function of a module that chainrule records."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        load_all()
        rows = list(served(self.arguments[0]))
        lines = [
            f"{len(rows)} functions of `{self.arguments[0]}`, "
            f"{sum(is_differentiable(record) for _, record in rows)} of them with a derivative.",
            "",
            "| function | reverse | forward | complex | compiled | local gradient, or what it is made of |",
            "|---|:-:|:-:|:-:|:-:|---|",
        ]
        for name, record in rows:
            mark = "✓" if is_differentiable(record) else "0"
            holomorphic = "✓" if record.holomorphic else ""
            compiled = "✓" if is_compiled_whole(record) else ""
            lines.append(f"| `{name}` | {mark} | {mark} | {holomorphic} | {compiled} | {derivative(record)} |")
        found = self.parse_text_to_nodes("\n".join(lines))
        for table in (table for node in found for table in node.findall(nodes.table)):
            table["classes"].append("operations")
        return found


def setup(app: Any) -> dict[str, Any]:
    app.add_directive("operation-table", OperationTable)
    return {"parallel_read_safe": True}
