"""Mathematical expressions: one tree, and its printers."""
