"""The formula view: from typed statements and values to a lesson, a descent, a file."""
