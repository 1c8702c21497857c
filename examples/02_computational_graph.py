"""The computational graph of f = (x + y) z at x = 5, y = -2, z = -4: forward values, then gradients backwards."""

from __future__ import annotations

import chainrule as cr


def f(x: float, y: float, z: float) -> float:
    q = x + y
    return q * z


def main() -> None:
    graph = cr.trace(f, 5.0, -2.0, -4.0)
    print(graph)
    print("\nforward:")
    for node in graph.nodes:
        print(f"  {node.name or 'f'} = {float(node.value):g}")
    print("\nbackward:")
    names = ["q", "z", "y", "x"]
    for name, gradient in zip(names, cr.backward(graph, wrt=names).outputs, strict=True):
        print(f"  df/d{name} = {float(gradient.value):g}")
    print("\nexplained:")
    print(cr.explain(f, 5.0, -2.0, -4.0))


if __name__ == "__main__":
    main()
