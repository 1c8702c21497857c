"""Simplification: named rewrites, graph to graph."""
