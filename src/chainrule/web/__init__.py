"""The page: formulas and training in the browser, by the public functions that everybody calls."""
