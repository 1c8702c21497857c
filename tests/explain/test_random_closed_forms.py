"""Random formulas: every printed closed form, and every printed step, read back and computed, is the gradient."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.explain.reading import Reader, is_gradient

import chainrule as cr
from chainrule.explain.formulas import parse
from chainrule.explain.lesson import Lesson
from chainrule.notation.text import to_text

Shape = tuple[int, ...]

#: The variables of each shape. All sizes differ, so that what fits in shape fits in meaning.
VARIABLES: dict[Shape, list[str]] = {
    (): ["a", "b", "c"],
    (2,): ["u", "v"],
    (3,): ["x", "y"],
    (2, 3): ["W"],
    (3, 2): ["B"],
    (4, 3): ["X"],
    (4, 2): ["Z"],
}
SHAPE_OF = {name: shape for shape, names in VARIABLES.items() for name in names}

#: Functions that are smooth and tame for every argument.
SAFE = [
    "sin({0})", "cos({0})", "tanh({0})", "arctan({0})", "σ({0})", "softplus({0})", "silu({0})", "-({0})", "({0}) ** 2",
    "({0}) ** 3", "exp(-({0}) ** 2)", "exp(tanh({0}))", "log(1 + ({0}) ** 2)", "sqrt(1 + ({0}) ** 2)",
    "1 / (1 + ({0}) ** 2)",
    "relu({0})", "abs({0})", "2 * ({0})", "1 - ({0})", "({0}) / 4", "where({0} > 0, {0}, 0.5)", "cosh(sin({0}))",
]  # fmt: skip
#: Functions of variables, which are positive.
OF_POSITIVE = ["log({0})", "sqrt({0})", "1 / {0}", "{0} ** 0.5", "{0} ** -2", "exp({0})", "{0} ** {1}", "log(1 + {0})"]
TOTAL = st.sampled_from(["sum", "mean"])
TWO = ["{0} + {1}", "({0}) - ({1})", "({0}) * ({1})", "({0}) / (2 + sin({1}))", "({0}) / {2}", "maximum({0}, {1})"]


@dataclass(frozen=True)
class Drawing:
    """Draws formulas of given shapes.

    Attributes
    ----------
    draw : callable
    rows : bool
        Whether vectors are rows, and not columns.
    weighted : bool
        Whether sums have weights. The gradient of a plain sum, and of a sum over rows, is the same in many places.
    """

    draw: st.DrawFn
    rows: bool
    weighted: bool

    def variable(self, shape: Shape) -> str:
        return self.draw(st.sampled_from(VARIABLES[shape]))

    def expression(self, shape: Shape, depth: int) -> str:
        if depth == 0:
            return self.variable(shape)
        kind = self.draw(st.sampled_from(["safe", "safe", "positive", "two", "two", "structure", "structure"]))
        if kind == "safe":
            return self.draw(st.sampled_from(SAFE)).format(self.expression(shape, depth - 1))
        if kind == "positive":
            name = self.variable(shape)
            return self.draw(st.sampled_from(OF_POSITIVE)).format(
                name, self.variable(self.draw(st.sampled_from([shape, ()])))
            )
        if kind == "two":
            others = [shape, shape, ()] + ([shape[1:]] if len(shape) == 2 else [])
            other = self.expression(self.draw(st.sampled_from(others)), depth - 1)
            text = self.draw(st.sampled_from(TWO))
            return text.format(self.expression(shape, depth - 1), other, self.variable(shape))
        return self.structure(shape, depth - 1)

    def structure(self, shape: Shape, depth: int) -> str:
        """Products of matrices, sums and transposes."""
        expression = functools.partial(self.expression, depth=depth)
        if shape == ():
            inner = self.draw(st.sampled_from([shape for shape in VARIABLES if shape]))
            if len(inner) == 1 and self.draw(st.booleans()):
                return f"({expression(inner)}) @ ({expression(inner)})"
            total = self.draw(TOTAL)
            weight = f" * {self.variable(inner)}" if self.weighted else ""
            return f"{total}(({expression(inner)}){weight})"
        if len(shape) == 1:
            other = (5 - shape[0],)
            if not self.weighted and self.draw(st.booleans()):
                return f"{self.draw(TOTAL)}({expression((4, *shape))}, axis=0)"
            if self.rows:
                return f"({expression(other)}) @ {self.variable((*other, *shape))}"
            return f"{self.variable((*shape, *other))} @ ({expression(other)})"
        rows, columns = shape
        if rows == 4:
            return f"({expression((4, 5 - columns))}) @ {self.variable((5 - columns, columns))}"
        return f"({expression((columns, rows))}).T"


@st.composite
def formulas(draw: st.DrawFn, rows: bool, weighted: bool) -> str:
    """One to three statements whose last one is a number."""
    drawing = Drawing(draw, rows, weighted)
    shape = draw(st.sampled_from(list(VARIABLES)))
    inner = drawing.expression(shape, draw(st.integers(1, 2)))
    outer = drawing.expression(shape, 1)
    weight = f" * {drawing.variable(shape)}" if weighted else ""
    ends = [f"sum(({{0}}){weight})", f"mean(({{0}}){weight})", "sum(({0}) ** 2)"]
    end = "{0}" if shape == () else draw(st.sampled_from(ends))
    return draw(
        st.sampled_from(
            [
                "L = " + end.format(inner),
                f"z = {inner}; " + end.format(f"z * ({outer})"),
                f"z = {inner}; p = tanh(z) + {outer}; L = " + end.format("p * z"),
            ]
        )
    )


def lesson_of(text: str, level: Any, point: int) -> Lesson:
    formula = parse(text)
    random = np.random.default_rng(point)
    values = [random.uniform(0.4, 1.6, SHAPE_OF[name]) for name in formula.names]
    return cr.explain(formula, *[value if value.ndim else float(value) for value in values], level=level)


def values_of(lesson: Lesson) -> dict[str, Any]:
    """What the printed names stand for: inputs, the numbers of elements of means, steps and gradients."""
    values = {to_text(operand.symbol): operand.value for operand in lesson.operands}
    values |= {to_text(step.symbol): step.value for step in lesson.forward}
    values |= {to_text(step.gradient): step.value for step in lesson.backward}
    return values


def has_rows(lesson: Lesson) -> bool:
    """Whether vectors are multiplied with matrices from the left, which makes them rows."""
    return any(
        [source.ndim for source in node.inputs] == [1, 2] for node in lesson.graph.nodes if node.op.name == "matmul"
    )


def assert_printed_forms_give_gradients(text: str, level: Any, point: int) -> None:
    lesson = lesson_of(text, level, point)
    rows = has_rows(lesson)
    reader = Reader(values_of(lesson), rows)
    for step in lesson.backward:
        for form in (step.formula, *([step.closed.formula] if step.closed else [])):
            printed = to_text(form)
            found = reader.read(printed)
            assert is_gradient(found, step.value, rows=rows), (text, to_text(step.gradient), printed, found, step.value)


FORMS = [("statement", False), ("statement", True), ("operation", False), ("operation", True)]


@pytest.mark.parametrize(("level", "rows"), FORMS)
def test_what_is_printed_is_the_gradient(level: str, rows: bool) -> None:
    @given(text=formulas(rows, weighted=True), point=st.integers(0, 1000))
    @settings(max_examples=250, deadline=None)
    def check(text: str, point: int) -> None:
        assert_printed_forms_give_gradients(text, level, point)

    check()


@pytest.mark.parametrize(("level", "rows"), FORMS)
def test_what_is_printed_is_the_gradient_where_it_is_the_same_in_many_places(level: str, rows: bool) -> None:
    @given(text=formulas(rows, weighted=False), point=st.integers(0, 1000))
    @settings(max_examples=100, deadline=None, phases=[Phase.generate])
    def check(text: str, point: int) -> None:
        assert_printed_forms_give_gradients(text, level, point)

    check()


@pytest.mark.parametrize(
    "text", ["L = sum(W * x * W / W)", "L = mean(2 * W * x / W * W)", "L = sum(W * x * W / W + W)"]
)
def test_a_sum_of_rows_is_repeated_where_the_gradient_has_more_of_them(text: str) -> None:
    assert_printed_forms_give_gradients(text, "statement", 0)


def test_the_gradient_of_one_of_two_equal_parts_is_its_own() -> None:
    assert_printed_forms_give_gradients("z = sqrt(1 + a ** 2); z * sqrt(1 + a ** 2) * a", "operation", 0)


@pytest.mark.parametrize("level", ["statement", "operation"])
@pytest.mark.parametrize(
    "text", ["z = sum(Z + v, axis=0); mean(z * where(u > 0, u, 0.5))", "z = sum(W + x, axis=0); sum(z * (x + y ** 2))"]
)
def test_the_gradient_of_a_row_that_is_repeated_and_summed_again_is_a_vector(text: str, level: str) -> None:
    assert_printed_forms_give_gradients(text, level, 149)


@pytest.mark.parametrize("level", ["statement", "operation"])
def test_what_cancels_no_longer_makes_a_row_a_matrix(level: str) -> None:
    assert_printed_forms_give_gradients("sum((B / (2 + sin(v))) / B)", level, 437)
