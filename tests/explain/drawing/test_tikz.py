"""The picture as TikZ code; that it compiles is tested with the LaTeX document of a lesson."""

from __future__ import annotations

import re
from dataclasses import replace

from chainrule.explain.drawing.diagram import Diagram
from chainrule.explain.drawing.palette import LIGHT
from chainrule.explain.drawing.tikz import diagram_tikz


def test_one_environment_with_its_own_colours(logistic: Diagram) -> None:
    code = diagram_tikz(logistic)
    assert code.startswith(r"\begin{tikzpicture}")
    assert code.endswith(r"\end{tikzpicture}")
    defined = set(re.findall(r"\\definecolor\{(cr\w+)\}", code))
    assert defined == {f"cr{name}" for name in LIGHT}
    assert set(re.findall(r"(?:text|draw|fill)=(cr\w+)|\\(?:draw|fill)\[(cr\w+)", code)) <= {
        pair for name in defined for pair in ((name, ""), ("", name))
    }
    assert code.count("{") == code.count("}")


def test_formulas_are_set_as_mathematics_and_numbers_as_text(logistic: Diagram) -> None:
    code = diagram_tikz(logistic)
    assert r"$\hat{y}$" in code
    assert r"$\sigma(z)$" in code
    assert r"\sffamily\bfseries $-$25}" in code
    assert not any(sign in code for sign in "−…ŷσ∂×"), "signs that pdfTeX does not know"


def test_texts_are_escaped(logistic: Diagram) -> None:
    strange = replace(logistic, vertices=(replace(logistic.vertices[0], value="50 % & #1_a"), *logistic.vertices[1:]))
    assert r"50 \% \& \#1\_a" in diagram_tikz(strange)


def test_a_node_that_is_not_finite_is_dashed_and_crossed(logistic: Diagram) -> None:
    bad = replace(logistic, vertices=(*logistic.vertices[:-1], replace(logistic.vertices[-1], is_bad=True)))
    assert "dash pattern" in diagram_tikz(bad)
    assert "crbad] " in diagram_tikz(bad)
    assert "dash pattern" not in diagram_tikz(logistic)
