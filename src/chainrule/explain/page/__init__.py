"""The lesson in HTML: what the page and the notebook are both made of."""
