"""The contenders of ``train.py``, one library a file.

Each makes, from a problem, a function ``run(steps)`` that starts at the first parameters and returns the last ones and
the loss of every step. All do the same work: value, gradient, update, history.
"""
