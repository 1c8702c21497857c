"""Every face of lessons that `explain` makes: what holds for all of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.faces.layout import WIDTH
from chainrule.explain.lesson import Lesson


def product(x: Any, y: Any, z: Any) -> Any:
    q = x + y
    return q * z


def perceptron(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    z1 = W1 @ x + b1
    a1 = np.tanh(z1)
    z2 = W2 @ a1 + b2
    y_hat = cr.sigmoid(z2)
    return -np.sum(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


def softmax_regression(W: Any, b: Any, X: Any, Y: Any) -> Any:
    logits = X @ W + b
    p = np.exp(logits) / np.sum(np.exp(logits), axis=1, keepdims=True)
    return -np.mean(np.sum(Y * np.log(p), axis=1))


def recurrent(w: Any, u: Any, x: Any) -> Any:
    h: Any = 0.0
    for i in range(12):
        z = w * h + u * x[i]
        h = np.tanh(z)
    return h**2


def residual(w: Any, x: Any) -> Any:
    a = np.tanh(w * x)
    out = x + a
    return np.sum(out**2)


def failing(x: Any) -> Any:
    z = x - x
    return np.log(z)


def normal(*shapes: tuple[int, ...]) -> list[Any]:
    random = np.random.default_rng(1)
    return [random.normal(size=shape) for shape in shapes]


LESSONS: dict[str, Any] = {
    "product": lambda level: cr.explain(product, 5.0, -2.0, -4.0, level=level),
    "perceptron": lambda level: cr.explain(
        perceptron, *normal((4, 3), (4, 1), (1, 4), (1, 1), (3, 1)), np.ones((1, 1)), level=level
    ),
    "softmax": lambda level: cr.explain(
        softmax_regression, *normal((3, 2), (2,), (5, 3)), np.eye(2)[[0, 1, 1, 0, 1]], level=level
    ),
    "recurrent": lambda level: cr.explain(recurrent, 0.5, 0.3, np.linspace(0, 1, 12), level=level),
    "residual": lambda level: cr.explain(residual, 0.5, np.array([1.0, -2.0]), level=level),
    "failing": lambda level: cr.explain(failing, 2.0, level=level),
}


@pytest.fixture(scope="module", params=[(name, level) for name in LESSONS for level in ("statement", "operation")])
def lesson(request: pytest.FixtureRequest) -> Lesson:
    name, level = request.param
    with np.errstate(all="ignore"):
        return LESSONS[name](level)


@pytest.mark.parametrize("folded", [True, False])
def test_text_fits_on_the_page(lesson: Lesson, folded: bool) -> None:
    lines = lesson.to_text(folded=folded).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert not [line for line in lines if line != line.rstrip()]
    assert "1. Forward pass: every node computes its value" in lines


def test_text_tells_every_step(lesson: Lesson) -> None:
    lines = lesson.to_text(folded=False).splitlines()
    for step in lesson.backward:
        assert any(line.split()[:1] == [f"{step.number}."] for line in lines)
    assert (lesson.fault is None) == (not any("✗ The lesson stops here" in line for line in lines))


def test_dollar_signs_and_table_rows_of_markdown_match(lesson: Lesson) -> None:
    text = lesson.to_markdown()
    outside = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    assert outside.count("$") % 2 == 0
    assert "grad{" not in text
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({row.count("|") for row in table.splitlines()}) == 1


def test_latex_is_ascii_with_balanced_braces(lesson: Lesson) -> None:
    document = lesson.to_latex()
    assert document.isascii()
    bare = re.sub(r"\\[\\{}]", "", document)
    assert bare.count("{") == bare.count("}")


def test_data_follow_the_schema(lesson: Lesson) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="the extra `test` installs it")
    path = Path(__file__).parents[3] / "docs" / "lesson.schema.json"
    jsonschema.validate(json.loads(lesson.to_json()), json.loads(path.read_text(encoding="utf-8")))
