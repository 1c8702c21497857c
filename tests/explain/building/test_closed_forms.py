"""Closed forms: shown only where evaluating them gives the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.explain.telling import closed

import chainrule as cr
from chainrule.explain.building import closed_forms
from chainrule.explain.building.closed_forms import ClosedForms
from chainrule.explain.building.order import visiting_order
from chainrule.explain.building.setting import setting_of
from chainrule.graph.node import Node
from chainrule.simplify.pipeline import simplify


def logistic(w: Any, b: Any, x: Any, y: Any) -> Any:
    z = w * x + b
    y_hat = cr.sigmoid(z)
    L = -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
    return L  # noqa: RET504


POINT = (0.5, -0.25, 2.0, 1.0)


def test_the_rules_that_led_there_are_named_once() -> None:
    steps = {step.symbol.name: step for step in cr.explain(logistic, *POINT, wrt=["w", "b"]).backward}
    assert steps["z"].closed is not None
    assert steps["b"].closed is not None
    assert "sigmoid of −z" in steps["z"].closed.rules
    assert steps["b"].closed.rules == ()


@pytest.mark.parametrize("mistake", [lambda node: node * 1.001, lambda node: -node, lambda node: node + 0.01])
def test_a_form_that_does_not_give_the_gradient_is_not_shown(monkeypatch: Any, mistake: Any) -> None:
    """A wrong rewrite is planted where closed forms are simplified."""
    assert {"∂L/∂z", "∂L/∂b", "∂L/∂w"} <= set(closed(cr.explain(logistic, *POINT, wrt=["w", "b"])))

    def wrong(outputs: Any, *args: Any, **kwargs: Any) -> list[Node]:
        return [mistake(node) if "log" in kwargs else node for node in simplify(outputs, *args, **kwargs)]

    monkeypatch.setattr(closed_forms, "simplify", wrong)
    lesson = cr.explain(logistic, *POINT, wrt=["w", "b"])
    assert closed(lesson) == {}
    assert [float(part.slope) for part in lesson.result] == pytest.approx([2 * (p := 1 / (1 + np.exp(-0.75)) - 1), p])
    assert all(part.agrees for part in lesson.result)


def test_a_form_that_holds_elsewhere_only_is_not_shown() -> None:
    """[x > 0] is the gradient of max(x, 0) at every place but 0."""
    assert closed(cr.explain(lambda x: np.maximum(x, 0), 1.0)) == {"∂f/∂x": "[x > 0]"}
    assert closed(cr.explain(lambda x: np.maximum(x, 0), 0.0)) == {}


def test_a_form_of_a_page_is_not_shown_nor_are_longer_ones() -> None:
    def f(x: Any) -> Any:
        for _ in range(12):
            x = np.sin(x) * np.exp(x)
        return x

    lesson = cr.explain(f, 0.5)
    assert lesson.backward[-1].closed is None
    assert max(len(form) for form in closed(lesson).values()) <= 72
    assert lesson.result[0].agrees


def test_a_condition_on_the_data_is_said() -> None:
    def f(z: Any, y: Any) -> Any:
        p = cr.softmax(z)
        L = -np.sum(y * np.log(p))
        return L  # noqa: RET504

    z = np.array([0.5, -1.0, 2.0])
    (_, _, of_z) = cr.explain(f, z, np.array([0.0, 1.0, 0.0]), wrt=["z"]).backward
    assert of_z.closed is not None
    assert of_z.closed.condition == "Σ y = 1"


def test_in_graphs_of_thousands_of_nodes_none_are_sought() -> None:
    def f(x: Any) -> Any:
        for _ in range(1001):
            x = x * 1.0001 + 0.0
        return x

    graph = cr.trace(f, 1.0)
    setting = setting_of(graph, "statement")
    order = visiting_order(graph.outputs[0], setting.blocks, graph.inputs)
    forms = ClosedForms(setting, order)
    assert forms.find(order[1], [order[0]], np.asarray(1.0001)) is None


def test_tidying_up_is_no_rule_to_name() -> None:
    lesson = cr.explain(lambda x: x * x * x + x, 3.0)
    (closed,) = [part.closed for part in lesson.result if part.closed]
    assert closed.rules == ()


def test_sums_of_integer_data() -> None:
    lesson = cr.explain(lambda a, k, y: np.sum(a * k * y), 2.0, np.array([1, 2]), np.array([0, 1]))
    assert lesson.result[0].closed is not None
    assert float(lesson.result[0].slope) == 2
