"""Gradient descent: optimisers, the training loop, and the lecture's models."""
