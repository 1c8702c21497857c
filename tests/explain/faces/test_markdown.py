"""A lesson in Markdown."""

from __future__ import annotations

import re

import pytest

from chainrule.explain.drawing.diagram import Diagram, Vertex
from chainrule.explain.drawing.mermaid import diagram_mermaid
from chainrule.explain.faces.markdown import lesson_markdown
from chainrule.explain.lesson import Lesson
from chainrule.notation.tree import Symbol, call

NEURON = r"""# loss: backpropagation step by step

At $w$ = $0$, $x$ = $50$, $b$ = $0$, $y$ = $1$

## 1. Forward pass: every node computes its value

| step | node | formula, with numbers put in | value |
| --- | --- | --- | --- |
| 1 | $z$ | $w x + b$ = $0 \cdot 50 + 0$ | $0$ |
| 2 | $\hat{y}$ | $\sigma(z)$ = $\sigma(0)$ | $0.5$ |
| 3 | $L$ | $-y \log(\hat{y}) - (1 - y) \log(1 - \hat{y})$ | $0.6931$ |

## 2. Graph: values go forward, gradients come back

```mermaid
flowchart LR
    n0["<b>w</b><br/>value 0<br/>∂L/∂w = −25"]:::leaf
    n1["<b>x</b><br/>value 50"]:::leaf
    n2["<b>b</b><br/>value 0<br/>∂L/∂b = −0.5"]:::leaf
    n3["<b>y</b><br/>value 1"]:::leaf
    n4["<b>z</b> = wx + b<br/>value 0<br/>∂L/∂z = −0.5"]:::inner
    n5["<b>ŷ</b> = σ(z)<br/>value 0.5<br/>∂L/∂ŷ = −2"]:::inner
    n6["<b>L</b> = −y log(ŷ) − (1 − y) log(1 − ŷ)<br/>value 0.6931<br/>∂L/∂L = 1"]:::output
    n0 --> n4
    n1 --> n4
    n2 --> n4
    n4 --> n5
    n5 --> n6
    n3 --> n6
    classDef leaf fill:#E8F1F8,stroke:#0065A8,color:#1B2430
    classDef inner fill:#FBFAF7,stroke:#6B7683,color:#1B2430
    classDef output fill:#FBEDE3,stroke:#C24A00,color:#1B2430
    classDef folded fill:#FBFAF7,stroke:#6B7683,color:#1B2430,stroke-dasharray:4 3
    classDef bad fill:#FFFFFF,stroke:#B00020,color:#B00020,stroke-width:3px
```

| node | computed from | value | gradient | backward step |
| --- | --- | --- | --- | --- |
| $w$ |  | $0$ | $-25$ | 5 |
| $x$ |  | $50$ |  |  |
| $b$ |  | $0$ | $-0.5$ | 4 |
| $y$ |  | $1$ |  |  |
| $z$ | $w$, $x$, $b$ | $0$ | $-0.5$ | 3 |
| $\hat{y}$ | $z$ | $0.5$ | $-2$ | 2 |
| $L$ | $y$, $\hat{y}$ | $0.6931$ | $1$ | 1 |

## 3. Local gradients: what each node knows by itself

$$
\begin{aligned}
\frac{\partial L}{\partial \hat{y}} &= -\frac{y}{\hat{y}} + \frac{1 - y}{1 - \hat{y}} \cr
\frac{\partial \hat{y}}{\partial z} &= \hat{y} (1 - \hat{y}) \cr
\frac{\partial z}{\partial b} &= 1 \cr
\frac{\partial z}{\partial w} &= x
\end{aligned}
$$

## 4. Backward pass: local gradient times upstream gradient, from the output to the inputs

**1.** $\frac{\partial L}{\partial L}$: the backward pass begins

$$
\begin{aligned}
\frac{\partial L}{\partial L} &= 1
\end{aligned}
$$

**2.** $\frac{\partial L}{\partial \hat{y}}$: local gradient of the loss

$$
\begin{aligned}
\frac{\partial L}{\partial \hat{y}} &= -\frac{y}{\hat{y}} + \frac{1 - y}{1 - \hat{y}} \cr
 &= -2
\end{aligned}
$$

**3.** $\frac{\partial L}{\partial z}$: σ: local gradient times upstream gradient

$$
\begin{aligned}
\frac{\partial L}{\partial z} &= \underbrace{\frac{\partial \hat{y}}{\partial z}}_{\text{local}} \cdot \underbrace{\frac{\partial L}{\partial \hat{y}}}_{\text{upstream}} \cr
 &= \underbrace{\hat{y} (1 - \hat{y})}_{\text{local}} \cdot \underbrace{\frac{\partial L}{\partial \hat{y}}}_{\text{upstream}} \cr
 &= \hat{y} - y && \text{closed form: log of a sigmoid, sigmoid of }{-}\text{z} \cr
 &= 0.5 - 1 = -0.5
\end{aligned}
$$

**4.** $\frac{\partial L}{\partial b}$: add passes the gradient on

$$
\begin{aligned}
\frac{\partial L}{\partial b} &= \underbrace{\frac{\partial z}{\partial b}}_{\text{local}} \cdot \underbrace{\frac{\partial L}{\partial z}}_{\text{upstream}} \cr
 &= \underbrace{\frac{\partial L}{\partial z}}_{\text{upstream}} \cr
 &= \hat{y} - y && \text{closed form} \cr
 &= -0.5
\end{aligned}
$$

**5.** $\frac{\partial L}{\partial w}$: multiply swaps: times the other factor

$$
\begin{aligned}
\frac{\partial L}{\partial w} &= \underbrace{\frac{\partial z}{\partial w}}_{\text{local}} \cdot \underbrace{\frac{\partial L}{\partial z}}_{\text{upstream}} \cr
 &= \underbrace{x}_{\text{local}} \cdot \underbrace{\frac{\partial L}{\partial z}}_{\text{upstream}} \cr
 &= x (\hat{y} - y) && \text{closed form} \cr
 &= 50 \cdot (-0.5) = -25
\end{aligned}
$$

## 5. Result

| symbol | value | gradient | closed form | check |
| --- | --- | --- | --- | --- |
| $w$ | $0$ | $\frac{\partial L}{\partial w}$ = $-25$ | $x (\hat{y} - y)$ | ✓ finite differences agree |
| $b$ | $0$ | $\frac{\partial L}{\partial b}$ = $-0.5$ | $\hat{y} - y$ | ✓ finite differences agree |

Gradient descent with learning rate $lr$:

- $w \leftarrow w - \mathrm{lr} \cdot \frac{\partial L}{\partial w}$
- $b \leftarrow b - \mathrm{lr} \cdot \frac{\partial L}{\partial b}$
"""  # noqa: E501

LESSONS = ["neuron", "layer", "loop", "stopped"]


@pytest.fixture(params=LESSONS)
def markdown(request: pytest.FixtureRequest) -> str:
    return lesson_markdown(request.getfixturevalue(request.param))


def formulas(text: str) -> list[str]:
    """What stands between dollar signs."""
    outside = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    return re.findall(r"\$\$(.*?)\$\$", outside, flags=re.DOTALL) + re.findall(r"(?<!\$)\$([^$]+)\$(?!\$)", outside)


def test_the_lesson_of_a_neuron(neuron: Lesson) -> None:
    assert lesson_markdown(neuron) == NEURON


def test_formulas_need_no_macros_and_keep_their_backslashes(markdown: str) -> None:
    found = formulas(markdown)
    assert found
    for formula in found:
        assert "grad{" not in formula
        assert not re.search(r"\\[\\{},;:!|]|[|<>]", formula), formula
        assert formula.count("{") == formula.count("}")


def test_dollar_signs_come_in_pairs(markdown: str) -> None:
    outside = re.sub(r"```.*?```|`[^`]*`", "", markdown, flags=re.DOTALL)
    assert outside.count("$") % 2 == 0


def test_tables_have_as_many_cells_in_every_row(markdown: str) -> None:
    tables = [block for block in markdown.split("\n\n") if block.startswith("|")]
    assert tables
    for table in tables:
        assert len({row.count("|") for row in table.splitlines()}) == 1, table


def test_arrays_are_code_in_tables_and_words_in_formulas(layer: Lesson) -> None:
    text = lesson_markdown(layer)
    assert "| `[[2], [4]] (2, 1)` |" in text
    assert r"&= \text{[[4], [8]] (2, 1)}" in text
    assert "With $X$ = `[[1], [−2], [0.5]] (3, 1)`, from outside of the function" in text


def test_shapes_stand_below_the_factors(layer: Lesson) -> None:
    assert r"\underset{(1, 3)}{\underbrace{X^{\top}}_{\text{local}}}" in lesson_markdown(layer)


def test_repeated_steps_are_one_line(loop: Lesson) -> None:
    text = lesson_markdown(loop)
    assert text.count("| … the same 4 more times: $h^{(2)}$ … $h^{(5)}$ |") == 2
    assert "\n… the same 3 more times: $h^{(3)}$ … $h^{(1)}$\n" in text
    assert r"&\text{… the same 3 more times: }{h^{(3)}}\text{ … }{h^{(5)}}" in text


def test_a_fault_is_told_where_it_happens(stopped: Lesson) -> None:
    text = lesson_markdown(stopped)
    assert "**✗ The lesson stops here: the value of $L$ is not finite, log of 0.**" in text
    assert "`model.py, line 3: L = np.log(z)`" in text
    assert text.index("stops here") < text.index("## 2. Graph")
    assert "Result" not in text


def test_the_picture_is_text_that_stands_alone(neuron: Lesson) -> None:
    lines = diagram_mermaid(neuron.diagram).splitlines()
    assert lines[0] == "flowchart LR"
    assert '    n4["<b>z</b> = wx + b<br/>value 0<br/>∂L/∂z = −0.5"]:::inner' in lines
    assert sum("-->" in line for line in lines) == len(neuron.diagram.edges)


def test_the_picture_counts_uses_and_marks_the_bad_node(layer: Lesson, stopped: Lesson) -> None:
    assert 'n2 -->|"2 ×"| n3' in diagram_mermaid(layer.diagram)
    assert "value −∞" in diagram_mermaid(stopped.diagram)
    assert ":::bad" in diagram_mermaid(stopped.diagram)


def test_signs_of_the_picture_s_language_are_escaped() -> None:
    x = Symbol("x")
    vertex = Vertex(x, "inner", call('f<&">', x), None, None)
    text = diagram_mermaid(Diagram("t", "d", x, (vertex,), (), False))
    assert "f#60;#38;#34;#62;(x)" in text


def test_a_graph_of_many_nodes_has_no_picture() -> None:
    symbols = [Symbol(f"x{number}") for number in range(61)]
    vertices = tuple(Vertex(symbol, "leaf", None, "1", None) for symbol in symbols)
    assert diagram_mermaid(Diagram("t", "d", symbols[0], vertices, (), False)) == ""
