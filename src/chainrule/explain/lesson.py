"""The lesson: a forward and a backward pass told step by step, and the faces that it has."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from chainrule.explain.drawing.diagram import Diagram
from chainrule.explain.model import (
    BackwardStep,
    Fault,
    ForwardStep,
    InputGradient,
    Level,
    LocalGradient,
    Operand,
)
from chainrule.graph.graph import Graph
from chainrule.notation.tree import Symbol

if TYPE_CHECKING:
    from chainrule.explain.faces.widget import LessonWidget

__all__ = ["Lesson"]


@dataclass(frozen=True)
class Lesson:
    """Forward pass, graph, local gradients, backward pass and result of one function at one point.

    Attributes
    ----------
    title : str
        The function's name.
    level : {"statement", "operation"}
    graph : Graph
        As the user wrote it.
    output : Symbol
        The result: the L of ∂L/∂w.
    operands : tuple of Operand
        Where the forward pass begins.
    forward : tuple of ForwardStep
        Up to the first value that is not finite, if there is one.
    local : tuple of LocalGradient
    backward : tuple of BackwardStep
        Empty if the forward pass did not come to its end.
    result : tuple of InputGradient
    fault : Fault or None
        Where numbers stopped being finite.
    diagram : Diagram
        What the picture of the graph shows.

    Examples
    --------
    >>> import chainrule as cr
    >>> lesson = cr.explain(lambda x, y: x * y, 3.0, 2.0)
    >>> [(step.symbol.name, float(step.value)) for step in lesson.forward]
    [('f', 6.0)]
    >>> [(part.symbol.name, float(part.slope)) for part in lesson.result]
    [('x', 2.0), ('y', 3.0)]
    """

    title: str
    level: Level
    graph: Graph
    output: Symbol
    operands: tuple[Operand, ...]
    forward: tuple[ForwardStep, ...]
    local: tuple[LocalGradient, ...]
    backward: tuple[BackwardStep, ...]
    result: tuple[InputGradient, ...]
    fault: Fault | None
    diagram: Diagram

    def __str__(self) -> str:
        from chainrule.explain.faces.text import lesson_text

        return lesson_text(self)

    def show(self, *, folded: bool = True) -> None:
        """Show the lesson in the terminal, with colours, a page at a time.

        Parameters
        ----------
        folded : bool, default True
            Show one of several repeated steps, such as the iterations of a loop, and say how many there are.
        """
        from chainrule.explain.faces.terminal import show_lesson

        show_lesson(self, folded=folded)

    def to_text(self, *, folded: bool = True) -> str:
        """The lesson as plain text: what ``print`` shows."""
        from chainrule.explain.faces.text import lesson_text

        return lesson_text(self, folded=folded)

    def to_svg(self) -> str:
        """The picture of the graph: values above the edges, gradients below, numbers of steps."""
        from chainrule.explain.drawing.svg import diagram_svg

        return diagram_svg(self.diagram)

    def to_png(self, *, scale: float = 2.0) -> bytes:
        """The same picture in pixels; needs matplotlib."""
        from chainrule.explain.drawing.png import diagram_png

        return diagram_png(self.diagram, scale=scale)

    def to_latex(self) -> str:
        """A LaTeX document, with the picture in TikZ, that compiles as it is."""
        from chainrule.explain.faces.latex import lesson_latex

        return lesson_latex(self)

    def to_html(self, *, folded: bool = True) -> str:
        """One page that needs no network, to be stepped through with ← and →.

        Parameters
        ----------
        folded : bool, default True
            Fold repeated steps. Where more than 60 of a pass are folded, each of them is one line of text; without
            folds, each has its formulas and its derivation, and 300 iterations of a loop make a page of several MB.
        """
        from chainrule.explain.faces.html import lesson_html

        return lesson_html(self, folded=folded)

    def to_widget(self) -> LessonWidget:
        """The lesson as a widget of a notebook, with the steps of the page; needs the extra `notebook`.

        Returns
        -------
        LessonWidget
            Its ``step`` is the reader's, and can be set. ``widget.show(lesson)`` shows another lesson in its place.

        Raises
        ------
        MissingPackageError
            Without anywidget.
        """
        from chainrule.explain.faces.widget import LessonWidget

        return LessonWidget(self)

    def to_markdown(self) -> str:
        """The lesson in Markdown, with formulas in LaTeX."""
        from chainrule.explain.faces.markdown import lesson_markdown

        return lesson_markdown(self)

    def to_json(self) -> str:
        """The lesson as data; `docs/lesson_schema.md` describes them."""
        from chainrule.explain.faces.json import lesson_json

        return lesson_json(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the lesson to a file; its ending says as what: .html, .svg, .tex, .md, .json, .txt or .png.

        Raises
        ------
        StructureError
            If the ending is none of these.
        """
        from chainrule.explain.faces.saving import save_lesson

        save_lesson(self, path)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """What a notebook shows."""
        from chainrule.explain.faces.notebook import mimebundle

        return mimebundle(self)
