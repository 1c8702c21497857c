"""From a recorded function to its lesson: blocks, order, local gradients, closed forms, words."""
