"""The faces of a lesson: text, terminal, Markdown, LaTeX, JSON, the page, the notebook, files."""
