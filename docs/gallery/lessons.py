"""The functions of the gallery, each with an example.

``chainrule explain docs/gallery/lessons.py:attention --wrt Q,K,V`` explains one of them. Pages and pictures of the
documentation are made from this file. The numbers are few and round, so that a step can be checked with pencil and
paper.
"""

# ruff: noqa: RET504 (a lesson calls a value by the name that it is assigned to)

from __future__ import annotations

import numpy as np

import chainrule as cr


def product_of_sum(x, y, z):
    """(x + y) z, with a name for the sum.

    chainrule-example:
        x = 5
        y = -2
        z = -4
    """
    q = x + y
    f = q * z
    return f


def logistic_regression(w, b, x, y):
    """One neuron, one sample, and the cross-entropy as the textbook writes it.

    chainrule-example:
        w = 0
        b = 0
        x = 50
        y = 1
    """
    z = w * x + b
    y_hat = cr.sigmoid(z)
    L = -y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat)
    return L


def two_layer_perceptron(W1, b1, W2, b2, X, y):
    """Two layers with tanh and σ; rows are samples, here those of XOR.

    chainrule-example:
        W1 = [[0.5, -1, 0.25], [-0.5, 0.5, 1]]
        b1 = [0, 0, 0]
        W2 = [[1], [-0.5], [0.5]]
        b2 = [0]
        X = [[0, 0], [0, 1], [1, 0], [1, 1]]
        y = [[0], [1], [1], [0]]
    """
    z1 = X @ W1 + b1
    a1 = np.tanh(z1)
    z2 = a1 @ W2 + b2
    y_hat = cr.sigmoid(z2)
    L = -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
    return L


def softmax_regression(W, b, X, Y):
    """Three classes; the rows of Y are one-hot.

    chainrule-example:
        W = [[0.5, -0.5, 0], [1, 0, -1]]
        b = [0, 0, 0]
        X = [[1, 2], [0, -1], [-2, 1], [1, 0]]
        Y = [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]]
    """
    Z = X @ W + b
    P = cr.softmax(Z)
    L = cr.cross_entropy(P, Y)
    return L


def ridge_regression(w, X, y, lam):
    """Squared error with an L2 penalty.

    chainrule-example:
        w = [0.5, -1]
        X = [[1, 0], [1, 1], [1, 2], [1, 3]]
        y = [1, 0, 2, 3]
        lam = 0.1
    """
    y_hat = X @ w
    fit = np.mean((y_hat - y) ** 2)
    penalty = lam * np.sum(w**2)
    L = fit + penalty
    return L


def residual_connection(W, x, y):
    """A layer whose input is added to its output.

    chainrule-example:
        W = [[0.5, -1], [1, 0.5]]
        x = [1, -0.5]
        y = [1, 1]
    """
    a = np.tanh(W @ x)
    h = x + a
    L = np.sum((h - y) ** 2) / 2
    return L


def lstm_cell(x, h, c, W_f, W_i, W_o, W_g, y):
    """One step of an LSTM; biases are left out.

    chainrule-example:
        x = [1, -1]
        h = [0.5, 0]
        c = [1, -0.5]
        W_f = [[0.5, 0, 1, 0], [0, 0.5, 0, -1]]
        W_i = [[0, 1, 0.5, 0.5], [-0.5, 0, 1, 0]]
        W_o = [[1, 0, 0, 0.5], [0.5, -1, 0, 0]]
        W_g = [[0, 0.5, -1, 0], [1, 0, 0, 1]]
        y = [0, 1]
    """
    v = np.concatenate([h, x])
    f = cr.sigmoid(W_f @ v)
    i = cr.sigmoid(W_i @ v)
    o = cr.sigmoid(W_o @ v)
    g = np.tanh(W_g @ v)
    c_new = f * c + i * g
    h_new = o * np.tanh(c_new)
    L = np.sum((h_new - y) ** 2) / 2
    return L


def convolution(k, x, y):
    """A filter of three weights over a signal, then ReLU.

    chainrule-example:
        k = [1, 0.5, -1]
        x = [0, 1, 2, 1, 0, -1]
        y = [1, 1, 0, 0]
    """
    z = np.correlate(x, k, mode="valid")
    a = np.maximum(z, 0)
    L = np.mean((a - y) ** 2)
    return L


def batch_normalisation(X, gamma, beta, T):
    """Every feature gets mean 0 and variance 1 over the batch, then a scale and a shift that are learnt.

    chainrule-example:
        X = [[1, 2], [0, -1], [-2, 1], [3, 0]]
        gamma = [1, 2]
        beta = [0, 1]
        T = [[1, 0], [0, 0], [0, 1], [1, 1]]
    """
    mu = np.mean(X, axis=0)
    C = X - mu
    v = np.mean(C**2, axis=0)
    X_hat = C / np.sqrt(v + 1e-5)
    Y = gamma * X_hat + beta
    L = np.mean((Y - T) ** 2)
    return L


def attention(Q, K, V, T, d):
    """Scaled dot-product attention of three queries to three keys.

    chainrule-example:
        Q = [[1, 0], [0, 1], [1, -1]]
        K = [[0.5, 1], [-1, 0.5], [1, 0]]
        V = [[1, 0], [0, 1], [-1, 2]]
        T = [[1, 0], [0, 1], [0, 0]]
        d = 2                       # components of a key
    """
    S = Q @ K.T / np.sqrt(d)
    A = cr.softmax(S)
    Z = A @ V
    L = np.mean((Z - T) ** 2)
    return L


#: The functions in the order of the gallery, and the inputs whose gradients are wanted.
LESSONS = {
    product_of_sum: ["x", "y", "z"],
    logistic_regression: ["w", "b"],
    two_layer_perceptron: ["W1", "b1", "W2", "b2"],
    softmax_regression: ["W", "b"],
    ridge_regression: ["w"],
    residual_connection: ["W", "x"],
    lstm_cell: ["W_f", "W_i", "W_o", "W_g"],
    convolution: ["k"],
    batch_normalisation: ["X", "gamma", "beta"],
    attention: ["Q", "K", "V"],
}
