"""How good a model is: metrics, curves, baselines, cross-validation, and a report of one page."""
