"""Shapes of a formula's names, found from how the formula uses them."""

from chainrule.explain.formulas.shapes.inferring import infer_shapes

__all__ = ["infer_shapes"]
