"""The functions that users call: gradients, Jacobians, Hessians, graphs."""
