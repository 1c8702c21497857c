"""Models and training states in files: written as a whole or not at all, and read without trust."""
