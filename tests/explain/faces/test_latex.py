"""A lesson as a LaTeX document."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.faces.latex import lesson_latex
from chainrule.explain.faces.latex_ascii import without_unicode
from chainrule.explain.faces.latex_parts import formula_latex, sum_in_rows, without_macros
from chainrule.explain.faces.lines import Line
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import Closed, Factor
from chainrule.notation.tree import Marked, Negative, Number, Sum, Symbol

LESSONS = ["neuron", "layer", "loop", "stopped"]

#: The third step of the neuron's backward pass.
STEP = r"""\step{3}{$\sigma$: local gradient times upstream gradient}
\begin{align*}
\frac{\partial L}{\partial z} &= \lgrad{\frac{\partial \hat{y}}{\partial z}} \cdot \ugrad{\frac{\partial L}{\partial \hat{y}}} \\
 &= \lgrad{\hat{y} (1 - \hat{y})} \cdot \ugrad{\frac{\partial L}{\partial \hat{y}}} \\
 &= \hat{y} - y \qquad \note{closed form: log of a sigmoid, sigmoid of $-$z} \\
 &= 0.5 - 1 = \backward{-0.5}
\end{align*}
"""  # noqa: E501


@pytest.fixture(params=LESSONS)
def document(request: pytest.FixtureRequest) -> str:
    return lesson_latex(request.getfixturevalue(request.param))


def test_a_step_has_chain_closed_form_numbers_and_value(neuron: Lesson) -> None:
    assert without_unicode(STEP) in lesson_latex(neuron)


def test_the_document_is_ascii_and_its_environments_are_closed(document: str) -> None:
    assert document.isascii()
    assert document.startswith(r"\documentclass")
    opened = re.findall(r"\\begin\{([a-z*]+)\}", document)
    assert sorted(opened) == sorted(re.findall(r"\\end\{([a-z*]+)\}", document))
    assert "tikzpicture" in opened


def test_braces_are_balanced(document: str) -> None:
    bare = re.sub(r"\\[\\{}]", "", document)
    assert bare.count("{") == bare.count("}")


def test_parts_are_in_order(neuron: Lesson) -> None:
    titles = re.findall(r"\\section\{([A-Z][a-z]+)", lesson_latex(neuron))
    assert titles == ["Forward", "Graph", "Local", "Backward", "Result"]


def test_shapes_stand_below_the_factors(layer: Lesson) -> None:
    assert r"\underset{(2, 1)}{\ugrad{\frac{\partial L}{\partial a}}}" in lesson_latex(layer)
    a = Symbol("a")
    line = Line("formula", Sum((a, Symbol("c"))), factors=(Factor(a, ()), Factor(Symbol("not there"), (2,))))
    assert formula_latex(line) == r"\underset{\text{scalar}}{a} + c"


def test_a_factor_is_not_looked_for_in_words() -> None:
    g, rag = Symbol("g"), Symbol("rag")
    line = Line("formula", rag * Marked(g, "local"), factors=(Factor(g, (2,)),))
    assert formula_latex(line) == r"\mathrm{rag} \, \underset{(2,)}{\lgrad{g}}"


def test_a_fault_is_told_where_it_happens(stopped: Lesson) -> None:
    text = lesson_latex(stopped)
    assert "The lesson stops here: the value of $L$ is not finite, log of 0." in text
    assert r"What to write instead: add a small constant: np.log(z + 1e-12)" in text
    assert r"\section{Backward" not in text


def test_repeated_steps_are_one_line(loop: Lesson) -> None:
    assert lesson_latex(loop).count("the same 4 more times") == 1
    assert lesson_latex(loop).count("the same 3 more times") == 2


def test_the_table_has_no_column_for_closed_forms_when_there_are_none(neuron: Lesson) -> None:
    bare = tuple(dataclasses.replace(part, closed=None) for part in neuron.result)
    text = lesson_latex(dataclasses.replace(neuron, result=bare))
    assert "symbol & value & gradient & check" in text
    assert "symbol & value & gradient & closed form & check" in lesson_latex(neuron)


def test_a_long_sum_goes_on_below() -> None:
    terms = tuple(Number(number) for number in range(1, 8))
    assert sum_in_rows(Sum(terms), 12) == ["1 + 2 + 3", "{} + 4 + 5 + 6", "{} + 7"]
    assert sum_in_rows(Sum((Symbol("a"), Negative(Symbol("b")))), 3) == ["a", "-b"]
    assert sum_in_rows(Symbol("a"), 1) == ["a"]


def test_macros_can_be_replaced() -> None:
    formula = formula_latex(Line("formula", Marked(Symbol("y_hat"), "local") * Marked(Symbol("b"), "upstream")))
    assert without_macros(formula, lambda inside, role: f"<{role}:{inside}>") == r"<local:\hat{y}> <upstream:b>"
    assert without_macros(r"\lgrad{a \} {b}} c", lambda inside, role: f"[{inside}]") == r"[a \} {b}] c"


@pytest.mark.parametrize(
    ("character", "latex"),
    [
        ("σ", r"\ensuremath{\sigma}"),
        ("ŷ", r"\ensuremath{\hat{y}}"),
        ("x̂", r"\ensuremath{\hat{x}}"),
        ("σ̂", r"\ensuremath{\hat{\sigma}}"),
        ("⁽", r"\ensuremath{^{(}}"),
        ("₂", r"\ensuremath{_{2}}"),
        ("✓", r"\ensuremath{\checkmark}"),
        ("−", r"\ensuremath{-}"),
        ("…", r"\ldots{}"),
        ("ﬁ", "fi"),
        ("重", r"\text{\ttfamily U+91CD}"),
        ("plain", "plain"),
    ],
)
def test_characters_that_tex_does_not_know_are_written_in_ascii(character: str, latex: str) -> None:
    assert without_unicode(character) == latex
    assert without_unicode(unicodedata.normalize("NFD", character)) == latex


def compiled(document: str, folder: Path) -> str:
    """The log of pdflatex."""
    (folder / "lesson.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "lesson.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="latin-1", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (folder / "lesson.pdf").read_bytes().startswith(b"%PDF")
    return done.stdout


def perceptron(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    z1 = W1 @ x + b1
    a1 = np.tanh(z1)
    z2 = W2 @ a1 + b2
    y_hat = cr.sigmoid(z2)
    return -np.sum(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


def recurrent(w: Any, u: Any, x: Any) -> Any:
    h: Any = 0.0
    for value in x:
        h = np.tanh(w * h + u * value)
    return h**2


def unusual(größe: Any, 重み: Any, batch_size: Any) -> Any:
    eps_1 = np.where(größe > 0, 重み / größe, np.abs(重み))
    return np.sqrt(np.abs(eps_1)) * batch_size


@pytest.mark.tex
class TestCompiling:
    """Documents given to a real TeX engine."""

    @pytest.fixture(autouse=True)
    def engine(self) -> None:
        assert shutil.which("pdflatex"), "install TeX: see the marker `tex` in CONTRIBUTING.md"

    def test_lessons_made_by_hand(self, document: str, tmp_path: Path) -> None:
        assert "Overfull" not in compiled(document, tmp_path)

    @pytest.mark.parametrize("level", ["statement", "operation"])
    def test_a_perceptron(self, level: Any, tmp_path: Path) -> None:
        random = np.random.default_rng(0)
        shapes = ((4, 3), (4, 1), (1, 4), (1, 1), (3, 1))
        lesson = cr.explain(perceptron, *[random.normal(size=shape) for shape in shapes], np.ones((1, 1)), level=level)
        assert "Overfull" not in compiled(lesson.to_latex(), tmp_path)

    def test_a_loop(self, tmp_path: Path) -> None:
        compiled(cr.explain(recurrent, 0.5, 0.3, np.arange(6.0)).to_latex(), tmp_path)

    def test_names_in_other_scripts(self, tmp_path: Path) -> None:
        compiled(cr.explain(unusual, 2.0, 3.0, 4.0).to_latex(), tmp_path)

    def test_a_closed_form_that_is_wider_than_the_page(self, neuron: Lesson, tmp_path: Path) -> None:
        product: Any = Symbol("x")
        for number in range(40):
            product = product * Symbol(f"weight_{number}")
        wide = dataclasses.replace(neuron.backward[2], closed=Closed(product, ("a rule",)))
        assert "Overfull" not in compiled(lesson_latex(dataclasses.replace(neuron, backward=(wide,))), tmp_path)
