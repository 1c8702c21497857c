"""What the nodes of a lesson are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from chainrule.explain.building.blocks import Block
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.notation.tree import Symbol

__all__ = ["name_nodes"]

#: Functions with such a name return what every lecture calls L.
_LOSSES = frozenset({"loss", "cost", "objective", "loss_function", "cost_function"})


def name_nodes(graph: Graph, blocks: Sequence[Block]) -> dict[Node, Symbol]:
    """A symbol for each leaf and each block, the leaves first.

    The code's variables give the names; ``params['W']`` is W if no other leaf ends like that. A variable that is
    assigned several times, as in a loop, has occurrences h⁽¹⁾, h⁽²⁾, ..., and so have the weights of a list of layers,
    ``params['layers'][0]['W']``.
    """
    leaves = list(graph.inputs)
    leaves += [source for block in blocks for source in block.sources if not source.inputs]
    ordered = [*dict.fromkeys(leaves), *(block.node for block in blocks if block.node not in set(leaves))]
    plain = _plain_names(ordered, graph)
    counts = Counter(plain)
    given = Counter(name for node, name in zip(ordered, plain, strict=True) if not node.inputs)
    assigned: Counter[str] = Counter()
    symbols: dict[Node, Symbol] = {}
    for node, name in zip(ordered, plain, strict=True):
        is_given = not node.inputs and given[name] == 1  # an input h that is assigned again stays plain
        if not is_given:
            assigned[name] += 1
        occurrence = assigned[name] if counts[name] > 1 and not is_given else None
        symbols[node] = Symbol(name, occurrence, is_array=node.size > 1)
    return symbols


def _plain_names(ordered: Iterable[Node], graph: Graph) -> list[str]:
    nodes = list(ordered)
    short = {node: _last_key(node.name) for node in nodes if node.name is not None}
    uses = _families(nodes, short)
    full = Counter(node.name for node in nodes if node.name is not None)
    taken = set(short.values()) | set(full)
    names = []
    counter = 0
    for node in nodes:
        if node.name is not None:
            is_part = short[node] != node.name
            names.append(short[node] if is_part and len(uses[short[node]]) == 1 else node.name)
        elif node is graph.outputs[0]:
            names.append(_output_name(graph.name, taken))
        else:
            counter += 1
            names.append(_free(f"t{counter}", taken))
    return names


def _families(nodes: Iterable[Node], short: Mapping[Node, str]) -> dict[str, set[str]]:
    """For each short name the paths that end like it, up to the position in a list of layers."""
    paths: dict[str, set[str]] = {}
    for node in nodes:
        if node.name is not None:
            family = re.sub(r"\[\d+\]", "[]", node.name)
            paths.setdefault(short[node], set()).add(family)
    return paths


def _last_key(path: str) -> str:
    """The W of ``params['W']`` and of ``model.W``, if it is a name."""
    found = re.search(r"(?:\.|\[')([^\W\d]\w*)(?:'\])?$", path)
    return found.group(1) if found else path


def _output_name(function: str, taken: set[str]) -> str:
    name = "L" if function in _LOSSES else function
    return name if name.isidentifier() and name not in taken else _free("f", taken)


def _free(name: str, taken: Iterable[str]) -> str:
    known = set(taken)
    while name in known:
        name += "_"
    return name
