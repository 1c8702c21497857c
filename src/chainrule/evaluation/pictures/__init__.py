"""Figures of a report: drawn by matplotlib, as SVG that is a part of the page."""
