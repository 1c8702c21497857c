"""Formulas as MathML, which browsers show by themselves: no script, no font, nothing loaded from elsewhere."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert

#: A minus sign after = ≈ · , ( is a sign, and stands close to what it belongs to.
SIGN = re.compile(r"(<mo[^>]*>&#x(?:0003D|02248|000B7|0002C|00028);</mo>)<mo>&#x02212;</mo>")
#: A function's name before an argument without parentheses needs a thin space.
NAME = re.compile(r"(<m[io]>(?:log|exp|tanh|sin|cos)</m[io]>)(?!<mo stretchy=\"false\">&#x00028;)")


def mathml(latex: str, display: str) -> str:
    """A formula as MathML, with the spacing that TeX would give it."""
    text = SIGN.sub(r'\1<mo form="prefix" lspace="0" rspace="0">&#x02212;</mo>', convert(latex, display=display))
    return NAME.sub(r'<mspace width="0.17em"/>\1<mspace width="0.17em"/>', text)


def visit_inline(self: Any, node: nodes.math) -> None:
    self.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_display(self: Any, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math-display"))
    self.body.append(mathml(node.astext(), "block"))
    self.body.append("</div>")
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True}
