"""The text of a lesson, as a reader sees it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from chainrule.explain.faces.layout import WIDTH
from chainrule.explain.faces.text import lesson_text
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import Operand
from chainrule.notation.tree import Number, Sum, Symbol

NEURON = """\
loss at w = 0, x = 50, b = 0, y = 1

1. Forward pass: every node computes its value
   z = wx + b = 0 · 50 + 0 = 0
   ŷ = σ(z) = σ(0) = 0.5
   L = −y log(ŷ) − (1 − y) log(1 − ŷ) = 0.6931

2. Graph: values go forward, gradients come back
   forward   node   from        value    gradient   backward
             w                  0        −25               5
             x                  50
             b                  0        −0.5              4
             y                  1
         1   z      ← w, x, b   0        −0.5              3
         2   ŷ      ← z         0.5      −2                2
         3   L      ← y, ŷ      0.6931   1                 1

3. Local gradients: what each node knows by itself
   ∂L/∂ŷ = −y/ŷ + (1 − y)/(1 − ŷ)
   ∂ŷ/∂z = ŷ(1 − ŷ)
   ∂z/∂b = 1
   ∂z/∂w = x

4. Backward pass: local gradient times upstream gradient, from the output to the inputs
   1. ∂L/∂L = 1
      the backward pass begins

   2. ∂L/∂ŷ = −y/ŷ + (1 − y)/(1 − ŷ)
            = −2
      local gradient of the loss

   3. ∂L/∂z = ∂ŷ/∂z · ∂L/∂ŷ
            = ŷ(1 − ŷ) · ∂L/∂ŷ
            = ŷ − y   closed form: log of a sigmoid, sigmoid of −z
            = 0.5 − 1 = −0.5
      σ: local gradient times upstream gradient

   4. ∂L/∂b = ∂z/∂b · ∂L/∂z
            = ∂L/∂z
            = ŷ − y   closed form
            = −0.5
      add passes the gradient on

   5. ∂L/∂w = ∂z/∂w · ∂L/∂z
            = x · ∂L/∂z
            = x(ŷ − y)   closed form
            = 50 · (−0.5) = −25
      multiply swaps: times the other factor

5. Result
   symbol   value   gradient       closed form   check
   w        0       ∂L/∂w = −25    x(ŷ − y)      ✓ finite differences agree
   b        0       ∂L/∂b = −0.5   ŷ − y         ✓ finite differences agree

   Gradient descent with learning rate lr:
   w ← w − lr · ∂L/∂w
   b ← b − lr · ∂L/∂b"""

LAYER = """\
loss at W = [[1, 0, 2], [0, −1, 4]] (2, 3)
and X = [[1], [−2], [0.5]] (3, 1)

1. Forward pass: every node computes its value
   a = W X = [[2], [4]] (2, 1)
   L = sum(a ⊙ a) = 20

2. Graph: values go forward, gradients come back
   forward   node   from     value                       gradient            backward
             W               array (2, 3)                array (2, 3)               3
             X               [[1], [−2], [0.5]] (3, 1)
         1   a      ← W, X   [[2], [4]] (2, 1)           [[4], [8]] (2, 1)          2
         2   L      ← a      20                          1                          1

3. Local gradients: what each node knows by itself
   ∂L/∂a = 2a

4. Backward pass: local gradient times upstream gradient, from the output to the inputs
   1. ∂L/∂L = 1
      the backward pass begins

   2. ∂L/∂a = 2a
            = [[4], [8]] (2, 1)
      used twice: the sum over both uses

   3. ∂L/∂W = ∂a/∂W ⊙ ∂L/∂a
            =  ∂L/∂a ·  Xᵀ
              (2, 1)  (1, 3)
            = 2a Xᵀ   closed form: matrix product; holds because a is not empty
            = [[4, −8, 2], [8, −16, 4]] (2, 3)
      matrix product: transpose of the other factor

5. Result
   symbol   value          gradient               closed form   check
   W        array (2, 3)   ∂L/∂W = array (2, 3)   2a Xᵀ         ✓ finite differences agree

   Gradient descent with learning rate lr:
   W ← W − lr · ∂L/∂W"""

LOOP = """\
power at w = 2

1. Forward pass: every node computes its value
   h⁽¹⁾ = 1w = 1 · 2 = 2
   … the same 4 more times: h⁽²⁾ … h⁽⁵⁾

2. Graph: values go forward, gradients come back
   forward   node   from   value   gradient   backward
             w             2
         1   h⁽¹⁾   ← w    2       16                5
   … the same 4 more times: h⁽²⁾ … h⁽⁵⁾

3. Local gradients: what each node knows by itself
   ∂h⁽²⁾/∂h⁽¹⁾ = w
   … the same 3 more times: h⁽³⁾ … h⁽⁵⁾

4. Backward pass: local gradient times upstream gradient, from the output to the inputs
   1. ∂h⁽⁵⁾/∂h⁽⁵⁾ = 1
      the backward pass begins

   2. ∂h⁽⁵⁾/∂h⁽⁴⁾ = ∂h⁽⁵⁾/∂h⁽⁴⁾ · ∂h⁽⁵⁾/∂h⁽⁵⁾
                  = w · ∂h⁽⁵⁾/∂h⁽⁵⁾
                  = 2
      multiply swaps: times the other factor

   … the same 3 more times: h⁽³⁾ … h⁽¹⁾"""

STOPPED = """\
loss at p1 = 1

1. Forward pass: every node computes its value
   z = p1 − 1 = 1 − 1 = 0
   L = log(z) = log(0) = −∞

   ✗ The lesson stops here: the value of L is not finite, log of 0
     at  model.py, line 3: L = np.log(z)
     fix add a small constant: np.log(z + 1e-12)

2. Graph: values go forward, gradients come back
   forward   node   from   value
             p1            1
         1   z      ← p1   0
         2   L      ← z    −∞"""


def test_numbers_are_put_in_and_closed_forms_are_named(neuron: Lesson) -> None:
    assert lesson_text(neuron) == NEURON


def test_arrays_are_previewed_and_shapes_stand_below_the_factors(layer: Lesson) -> None:
    assert lesson_text(layer) == LAYER


def test_repeated_steps_are_one_line(loop: Lesson) -> None:
    assert lesson_text(loop) == LOOP


def test_a_lesson_says_where_it_stops_and_what_to_write(stopped: Lesson) -> None:
    assert lesson_text(stopped) == STOPPED


def test_a_fault_of_the_backward_pass_stands_there(neuron: Lesson, stopped: Lesson) -> None:
    assert stopped.fault is not None
    fault = dataclasses.replace(stopped.fault, in_backward=True)
    text = lesson_text(dataclasses.replace(neuron, backward=neuron.backward[:2], result=(), fault=fault))
    backward = text[text.index("4. Backward pass") :]
    assert "✗ The lesson stops here: the gradient of L is not finite, log of 0" in backward
    assert "5. Result" not in text


def test_printing_a_lesson_shows_its_text(neuron: Lesson) -> None:
    assert str(neuron) == neuron.to_text() == NEURON


def test_nothing_is_folded_when_all_steps_are_asked_for(loop: Lesson) -> None:
    text = lesson_text(loop, folded=False)
    assert "more times" not in text
    for number in range(1, 6):
        assert f"   {number}. ∂h⁽⁵⁾" in text
    assert "h⁽⁵⁾ = h⁽⁴⁾ w = 16 · 2 = 32" in text


def test_a_line_that_repeats_another_is_left_out(neuron: Lesson) -> None:
    step = neuron.backward[3]
    assert step.closed is not None
    same = dataclasses.replace(step, closed=dataclasses.replace(step.closed, formula=step.formula))
    text = lesson_text(dataclasses.replace(neuron, backward=(same,)))
    assert text.count("= ∂L/∂z\n") == 1


def test_a_gradient_that_finite_differences_contradict_is_marked(neuron: Lesson) -> None:
    wrong = dataclasses.replace(neuron.result[0], agrees=False)
    bad = dataclasses.replace(neuron.result[1], slope=np.nan)
    text = lesson_text(dataclasses.replace(neuron, result=(wrong, bad)))
    assert "✗ finite differences give something else" in text
    assert "✗ not finite at this point" in text


def test_rows_are_no_longer_than_the_page(neuron: Lesson) -> None:
    long = dataclasses.replace(neuron.backward[2], substituted=sum_of_numbers(40))
    operands = tuple(Operand(Symbol(f"x_{number}"), np.arange(12.0) / 7, True) for number in range(5))
    text = lesson_text(dataclasses.replace(neuron, operands=operands, backward=(*neuron.backward, long)))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "            + 20 + 21" in text, "a sum goes on before a sign, below what it belongs to"


@pytest.mark.parametrize("closed", [True, False])
def test_closed_forms_that_do_not_fit_into_the_table_stand_below_it(neuron: Lesson, closed: bool) -> None:
    part = neuron.result[0]
    assert part.closed is not None
    long = dataclasses.replace(part.closed, formula=sum_of_numbers(25)) if closed else None
    text = lesson_text(dataclasses.replace(neuron, result=(dataclasses.replace(part, closed=long),)))
    result = text[text.index("5. Result") :]
    assert ("∂L/∂w = 1 + 2 + 3" in result) == closed
    assert "closed form" not in result


def sum_of_numbers(count: int) -> Sum:
    return Sum(tuple(Number(number) for number in range(1, count + 1)))
