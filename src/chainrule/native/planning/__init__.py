"""What code is to be made: rows, stages, and a place in memory for every value."""
