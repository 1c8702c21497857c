"""The lesson: a forward and backward pass told step by step."""
