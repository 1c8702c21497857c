"""Settings of the documentation: ``sphinx-build -W docs docs/_build/html``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import chainrule

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "chainrule"
author = "The chainrule developers"
copyright = author
release = version = chainrule.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "limits",
    "mathml",
    "gallery",
    "operations",
    "rules",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc sections give the types in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
default_role = "code"

html_theme = "furo"
html_title = f"chainrule {version}"
html_static_path = ["_static"]
html_css_files = ["chainrule.css"]
html_theme_options = {"sidebar_hide_name": False, "top_of_page_buttons": []}
html_show_sphinx = False


def _without_foreign_labels(app, what, name, obj, options, lines):  # type: ignore[no-untyped-def]
    """Methods that are inherited from scikit-learn refer to places in its own user guide."""
    if getattr(obj, "__module__", "").startswith("sklearn"):
        lines[:] = [re.sub(r":ref:`([^`<]+?)\s*<[^`>]*>`", r"\1", line) for line in lines]


def setup(app):  # type: ignore[no-untyped-def]
    app.connect("autodoc-process-docstring", _without_foreign_labels)
