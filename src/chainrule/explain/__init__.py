"""The lesson: a forward and backward pass told step by step."""

from chainrule.explain.showing import picture_of_graph

__all__ = ["picture_of_graph"]
