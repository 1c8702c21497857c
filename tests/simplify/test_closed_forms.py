"""Closed forms: the gradients of the lecture come out as the lecture writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.backward import backpropagate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import constant, input_node
from chainrule.graph.verify import verify
from chainrule.ops.arithmetic import add, multiply, negative, square, subtract
from chainrule.ops.exponential import exp, sigmoid
from chainrule.ops.trigonometric import tanh
from chainrule.simplify.closed_forms import close_forms
from chainrule.simplify.pipeline import simplify
from chainrule.simplify.rewrite import Rewrite
from chainrule.simplify.stabilise import stable

N = 4
Z = np.linspace(-2, 2, N)
Y = np.array([1.0, 0.0, 0.0, 1.0])


def written_sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "mean": lambda z, y: -np.mean(y * np.log(written_sigmoid(z)) + (1 - y) * np.log(1 - written_sigmoid(z))),
    "minus signs inside": lambda z, y: np.mean(
        -y * np.log(written_sigmoid(z)) - (1 - y) * np.log(1 - written_sigmoid(z))
    ),
    "sum over n": lambda z, y: -np.sum(y * np.log(written_sigmoid(z)) + (1 - y) * np.log(1 - written_sigmoid(z))) / N,
    "1/n times sum": lambda z, y: (
        -1 / N * np.sum(y * np.log(written_sigmoid(z)) + (1 - y) * np.log(1 - written_sigmoid(z)))
    ),
    "two means": lambda z, y: (
        -(np.mean(y * np.log(written_sigmoid(z))) + np.mean((1 - y) * np.log(1 - written_sigmoid(z))))
    ),
    "scalar products": lambda z, y: -(y @ np.log(written_sigmoid(z)) + (1 - y) @ np.log(1 - written_sigmoid(z))) / N,
    "cr.bce": lambda z, y: cr.bce(cr.sigmoid(z), y),
    "cr.bce_with_logits": lambda z, y: cr.bce_with_logits(z, y),
}


def value_and_gradients(loss: Callable[..., Any], *args: Any, wrt: Sequence[int] = (0,)) -> tuple[Graph, list[Node]]:
    """The graph of a function, and its stable output and gradients after simplification."""
    graph = cr.trace(loss, *args)
    output = stable(graph.outputs[0])
    targets = [graph.inputs[i] for i in wrt]
    found = backpropagate([output], [constant(np.ones((), output.dtype))], targets)
    nodes = simplify([output, *[found[node] for node in targets]], graph.inputs)
    verify(Graph(graph.inputs, nodes))
    return graph, nodes


def text(node: Node) -> str:
    """A formula, with numbers to four digits."""
    if node.op.name == "input":
        return str(node.name)
    if node.op.name == "literal":
        return f"{node._value:.4g}"
    return f"{node.op.name}({', '.join(map(text, node.inputs))})"


@pytest.mark.parametrize("dtype", [float, np.float32, int])
@pytest.mark.parametrize("name", BINARY)
def test_binary_cross_entropy_behind_a_sigmoid_has_the_gradient_prediction_minus_label(name: str, dtype: Any) -> None:
    z = Z.astype(np.float32) if dtype is np.float32 else Z
    _, (_, gradient) = value_and_gradients(BINARY[name], z, Y.astype(dtype))
    assert text(gradient) in (
        "multiply(0.25, subtract(sigmoid(z), y))",
        "multiply(subtract(sigmoid(z), y), 0.25)",
    )


@pytest.mark.parametrize("name", [name for name in BINARY if name not in ("two means", "scalar products")])
def test_the_loss_itself_needs_one_exponential(name: str) -> None:
    _, (loss, _) = value_and_gradients(BINARY[name], Z, Y)
    names = [node.op.name for node in ancestors([loss])]
    assert names.count("exp") == names.count("log1p") == 1
    assert "softplus" not in names


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_the_loss_of_a_label_keeps_its_relative_accuracy(label: float, dtype: Any) -> None:
    sizes = np.concatenate([[0.0], np.logspace(-10, 1.9, 500)])
    z = np.concatenate([sizes, -sizes]).astype(dtype)
    graph = cr.trace(
        lambda z, y: -(y * np.log(written_sigmoid(z)) + (1 - y) * np.log(1 - written_sigmoid(z))),
        z,
        np.full(z.shape, label, dtype),
    )
    (loss,) = simplify([stable(graph.outputs[0])], graph.inputs)
    assert "softplus" not in {node.op.name for node in ancestors([loss])}
    exact = np.log1p(np.exp((-z if label else z).astype(np.longdouble)))
    assert (np.abs(loss.value - exact) <= 4 * np.finfo(dtype).eps * exact).all()


def test_a_weight_in_front_changes_nothing_about_prediction_minus_label() -> None:
    def loss(z: Any, y: Any, w: Any) -> Any:
        return w * np.sum(y * cr.softplus(-z) + (1 - y) * cr.softplus(z))

    _, (_, gradient) = value_and_gradients(loss, Z, Y, 3.0)
    assert [node.op.name for node in ancestors([gradient]) if node.inputs] == ["sigmoid", "subtract", "multiply"]
    np.testing.assert_allclose(gradient.value, 3.0 * (written_sigmoid(Z) - Y))


def test_the_gradient_with_respect_to_labels_is_the_logit() -> None:
    _, (_, gradient) = value_and_gradients(BINARY["mean"], Z, Y, wrt=[1])
    assert text(gradient) == "multiply(-0.25, z)"


def test_the_gradient_of_tanh_is_one_minus_its_square() -> None:
    _, (_, gradient) = value_and_gradients(lambda z: np.sum(np.tanh(z)), Z)
    assert text(gradient) in ("subtract(1, multiply(tanh(z), tanh(z)))", "subtract(1, square(tanh(z)))")


def test_the_gradient_of_a_squared_error_is_not_multiplied_out() -> None:
    _, (loss, gradient) = value_and_gradients(lambda z, y: np.mean((z - y) ** 2), Z, Y)
    assert text(loss) == "multiply(sum(square(subtract(z, y))), 0.25)"
    assert text(gradient) == "multiply(subtract(z, y), 0.5)"


def cross_entropy(z: Any, y: Any) -> Any:
    p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
    return -np.mean(np.sum(y * np.log(p), axis=1))


def test_categorical_cross_entropy_with_fixed_one_hot_rows_has_the_gradient_prediction_minus_label() -> None:
    z, one_hot = np.linspace(-1, 1, 12).reshape(4, 3), np.eye(3)[[0, 2, 1, 1]]
    _, (_, gradient) = value_and_gradients(lambda z: cross_entropy(z, one_hot), z)
    names = [node.op.name for node in ancestors([gradient]) if node.inputs]
    assert names in (
        ["log_softmax", "exp", "multiply", "subtract"],
        ["softmax", "multiply", "subtract"],
        ["log_softmax", "exp", "multiply", "add"],
    )
    np.testing.assert_allclose(gradient.value, (cr.softmax(z) - one_hot) / 4, atol=1e-16)


def test_categorical_cross_entropy_with_integer_labels_needs_no_row_sums() -> None:
    z, labels = np.linspace(-1, 1, 12).reshape(4, 3), np.array([0, 2, 1, 1])
    _, (_, gradient) = value_and_gradients(lambda z: cr.cross_entropy(cr.softmax(z), labels), z)
    assert "sum" not in {node.op.name for node in ancestors([gradient])}
    np.testing.assert_allclose(gradient.value, (cr.softmax(z) - np.eye(3)[labels]) / 4, atol=1e-16)


def test_categorical_cross_entropy_with_given_rows_keeps_their_sums() -> None:
    z, y = np.linspace(-1, 1, 12).reshape(4, 3), np.full((4, 3), 0.5)
    _, (_, gradient) = value_and_gradients(cross_entropy, z, y)
    assert "sum" in {node.op.name for node in ancestors([gradient])}
    np.testing.assert_allclose(gradient.value, (cr.softmax(z) * 1.5 - y) / 4, atol=1e-16)


# The pass itself ------------------------------------------------------------------------------------------------------


def closed(output: Node, *inputs: Node) -> tuple[Node, list[Rewrite]]:
    log: list[Rewrite] = []
    (result,) = close_forms([output], inputs, log)
    verify(Graph(inputs, [result]))
    return result, log


def vectors(*names: str) -> list[Node]:
    rng = np.random.default_rng(1)
    return [input_node(rng.normal(size=3), name) for name in names]


def test_like_terms_come_together() -> None:
    x, y = vectors("x", "y")
    result, log = closed(add(multiply(x, 2.0), subtract(multiply(x, 3.0), y)), x, y)
    assert text(result) == "subtract(multiply(5, x), y)"
    assert [rewrite.rule for rewrite in log] == ["closed form"]
    assert log[0].after is result


def test_what_an_expression_no_longer_depends_on_might_have_been_nan() -> None:
    x, y = vectors("x", "y")
    for output in (subtract(add(x, y), y), multiply(subtract(x, x), y), subtract(multiply(x, y), multiply(y, x))):
        assert closed(output, x, y)[0] is output


def test_a_quotient_is_not_cancelled_where_it_might_be_zero_over_zero() -> None:
    x, y = vectors("x", "y")
    output = add(multiply(x, y / x), multiply(x, 2.0))
    assert closed(output, x, y)[0] is output


def test_exponentials_are_positive_and_may_be_cancelled() -> None:
    x, y = vectors("x", "y")
    e = exp(x)
    output = add(multiply(multiply(x, e), y) / e, multiply(x, y))
    assert text(closed(output, x, y)[0]) == "multiply(2, multiply(x, y))"


def test_differences_of_two_variables_stay_together() -> None:
    x, y = vectors("x", "y")
    output = subtract(multiply(x, subtract(x, y)), multiply(y, subtract(x, y)))
    result, _ = closed(output, x, y)
    x.value[:] = y.value * (1 + 1e-9)
    np.testing.assert_allclose(result.value, (x.value - y.value) ** 2, rtol=1e-6)


def test_values_that_are_needed_anyway_are_used_again() -> None:
    z, y = vectors("z", "y")
    a = sigmoid(z)
    error = subtract(a, y)
    other = subtract(multiply(1 - y, a), multiply(y, sigmoid(negative(z))))
    first, second = close_forms([error, other], [z, y])
    assert first is second


def test_small_integers_are_not_multiplied_out() -> None:
    x, labels = vectors("x")[0], input_node(np.array([200, 1, 0], np.uint8), "k")
    output = add(multiply(x, labels), multiply(x, 1 - labels))
    assert closed(output, x, labels)[0] is output


def test_two_integers_are_not_multiplied_with_each_other() -> None:
    x, k, m = vectors("x")[0], input_node(np.array([2**40] * 3), "k"), input_node(np.array([2**40] * 3), "m")
    output = add(multiply(multiply(x, k), m), multiply(multiply(x, k), multiply(m, 2.0)))
    np.testing.assert_allclose(closed(output, x, k, m)[0].value, x.value * 3.0 * 2.0**80)


def test_numbers_whose_product_leaves_the_range_of_the_dtype_stay_apart() -> None:
    x = input_node(np.full(3, 1e-30, np.float32), "x")
    output = add(multiply(multiply(x, 1e30), 1e30), multiply(x, 2.0))
    assert closed(output, x)[0] is output


def test_complex_numbers_are_left_alone() -> None:
    z = input_node(np.array([1 + 2j, 3j]), "z")
    output = add(multiply(z, 2.0), z)
    assert closed(output, z)[0] is output


def test_dtypes_that_differ_are_not_mixed() -> None:
    x, y = input_node(np.ones(3, np.float32), "x"), input_node(np.ones(3), "y")
    output = add(multiply(x, 2.0), subtract(y, multiply(x, 0.5)))
    assert closed(output, x, y)[0].dtype == np.float64


def test_an_expression_with_more_terms_than_it_pays_to_follow_is_left_alone() -> None:
    inputs = vectors(*"abcdefghijkl")
    total = inputs[0]
    for node in inputs[1:]:
        total = add(total, node)
    assert closed(total, *inputs)[0] is total


def test_outputs_and_names_are_kept() -> None:
    z, y = vectors("z", "y")
    inner = add(multiply(z, 2.0), z)
    inner.name = "three"
    (result,) = close_forms([tanh(inner)], [z, y])
    assert result.inputs[0].name == "three"
    assert text(result.inputs[0]) == "multiply(3, z)"


def test_a_leaf_is_never_looked_into() -> None:
    (z,) = vectors("z")
    leaf = multiply(z, 2.0)
    output = add(leaf, z)
    assert close_forms([output], [leaf, z])[0] is output
    assert text(close_forms([output], [z])[0]) == "multiply(3, z)"


def test_squares_are_products() -> None:
    (x,) = vectors("x")
    result, _ = closed(add(square(x), multiply(multiply(x, x), 2.0)), x)
    assert text(result) == "multiply(3, multiply(x, x))"
