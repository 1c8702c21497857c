"""Control flow that is part of the graph: a branch, a loop of known length, a loop that ends when a condition fails."""
