"""Formulas to begin with: what lectures show first, each with values and a learning rate that lets its loss fall."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PRESETS", "Preset"]


@dataclass(frozen=True)
class Preset:
    """A formula with values.

    Attributes
    ----------
    id : str
        Its name in an address.
    title, note : str
        What it is, in a few words and in a sentence.
    statements : str
        One a line.
    values : dict of str to str
        By name, as they are typed.
    wrt : list of str
        What is learnt.
    lr : float
        A learning rate with which gradient descent visibly lowers the loss.
    """

    id: str
    title: str
    note: str
    statements: str
    values: dict[str, str]
    wrt: list[str]
    lr: float


PRESETS = (
    Preset(
        "logistic",
        "Logistic regression",
        "One neuron, one sample: the gradient of the loss with respect to z is ŷ − y.",
        "z = w*x + b\ny_hat = sigmoid(z)\nL = -(y*log(y_hat) + (1 - y)*log(1 - y_hat))",
        {"w": "0", "x": "50", "b": "0", "y": "1"},
        ["w", "b"],
        0.0005,
    ),
    Preset(
        "product",
        "(x + y) z",
        "The smallest graph with an inner node: a sum hands its gradient on, a product swaps.",
        "q = x + y\nf = q*z",
        {"x": "5", "y": "-2", "z": "-4"},
        ["x", "y", "z"],
        0.01,
    ),
    Preset(
        "perceptron",
        "Two-layer perceptron",
        "One sample x as a column, a hidden layer of three tanh units, one sigmoid unit.",
        "z1 = W1 @ x + b1\na1 = tanh(z1)\nz2 = W2 @ a1 + b2\ny_hat = sigmoid(z2)\n"
        "L = sum(-(y*log(y_hat) + (1 - y)*log(1 - y_hat)))",
        {
            "W1": "[[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]]",
            "x": "[1, 2]",
            "b1": "[0, 0, 0]",
            "W2": "[[0.5, -0.5, 0.25]]",
            "b2": "[0]",
            "y": "[1]",
        },
        ["W1", "b1", "W2", "b2"],
        0.1,
    ),
    Preset(
        "batch",
        "A batch of samples",
        "The four rows of XOR go through two layers at once; the loss is their mean.",
        "Z1 = X @ W1 + b1\nA1 = tanh(Z1)\nz2 = A1 @ W2 + b2\ny_hat = sigmoid(z2)\n"
        "L = -mean(y*log(y_hat) + (1 - y)*log(1 - y_hat))",
        {
            "X": "[[0, 0], [0, 1], [1, 0], [1, 1]]",
            "W1": "[[0.5, -1, 0.25], [-0.5, 0.5, 1]]",
            "b1": "[0, 0, 0]",
            "W2": "[[1], [-0.5], [0.5]]",
            "b2": "[0]",
            "y": "[[0], [1], [1], [0]]",
        },
        ["W1", "b1", "W2", "b2"],
        1.0,
    ),
    Preset(
        "softmax",
        "Softmax classification",
        "Four samples, three classes; the rows of Y are one-hot, and the gradient with respect to Z is (P − Y)/n.",
        "Z = X @ W + b\nP = softmax(Z)\nL = cross_entropy(P, Y)",
        {
            "X": "[[1, 2], [0, -1], [-2, 1], [1, 0]]",
            "W": "[[0.5, -0.5, 0], [1, 0, -1]]",
            "b": "[0, 0, 0]",
            "Y": "[[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]]",
        },
        ["W", "b"],
        0.5,
    ),
    Preset(
        "reused",
        "A node that is used twice",
        "Two ways lead from q to L, and the gradients of both are added.",
        "q = w*x\na = q**2\nc = sin(q)\nL = a + c",
        {"w": "1", "x": "2"},
        ["w"],
        0.02,
    ),
    Preset(
        "lstm",
        "LSTM cell",
        "One step of a cell with two states: forget, input and output gate, and what may be remembered.",
        "f = sigmoid(W_f @ x + U_f @ h)\ni = sigmoid(W_i @ x + U_i @ h)\no = sigmoid(W_o @ x + U_o @ h)\n"
        "g = tanh(W_g @ x + U_g @ h)\nc_new = f*c + i*g\nh_new = o*tanh(c_new)\nL = sum((h_new - y)**2)/2",
        {
            "W_f": "[[1, 0], [0, -1]]",
            "x": "[1, -1]",
            "U_f": "[[0.5, 0], [0, 0.5]]",
            "h": "[0.5, 0]",
            "W_i": "[[0.5, 0.5], [1, 0]]",
            "U_i": "[[0, 1], [-0.5, 0]]",
            "W_o": "[[0, 0.5], [0, 0]]",
            "U_o": "[[1, 0], [0.5, -1]]",
            "W_g": "[[-1, 0], [0, 1]]",
            "U_g": "[[0, 0.5], [1, 0]]",
            "c": "[1, -0.5]",
            "y": "[0, 1]",
        },
        ["W_f", "U_f", "W_i", "U_i", "W_o", "U_o", "W_g", "U_g"],
        0.5,
    ),
)
