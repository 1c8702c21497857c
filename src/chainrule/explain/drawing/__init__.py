"""The picture of a graph: what is drawn, where, and as which file."""
