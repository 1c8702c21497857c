"""The computational graph: nodes, the records of operations, shape rules, and how graphs are printed."""
