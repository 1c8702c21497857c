"""Networks of any depth: linear, ridge, logistic and softmax regression, and multilayer perceptrons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ShapeMismatchError
from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.forward_pass import like, losses_of_rows, raw_outputs, with_penalty
from chainrule.learn.models.initialisation import initial_parameters
from chainrule.learn.models.layers import dropout_mask
from chainrule.learn.models.objectives import weighted_mean
from chainrule.learn.models.predicting import (
    affine_layers,
    hidden_activations,
    in_chunks,
    predictions,
    require_statistics,
    with_statistics,
)
from chainrule.learn.models.targets import encode_targets

__all__ = ["Network"]

Params = dict[str, Any]


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron, or without hidden layers a linear model.

    Layer i computes zᵢ = aᵢ₋₁ Wᵢ + bᵢ and aᵢ = f(zᵢ) from a₀ = X; ŷ is made from the last z.

    Parameters
    ----------
    architecture : Architecture

    Notes
    -----
    Parameters are a dictionary of arrays: W1, b1, W2, ... Wᵢ is (inputs, outputs) and bᵢ is (outputs,); for a
    prediction of one number for each row the last weights are (inputs,), and their bias is a number. With batch
    normalisation, hidden layers have gamma1 and beta1 in place of b1, and `finish` adds the statistics mean1 and var1.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> X, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0, 1.0, 0.0])
    >>> network = Network(Architecture("binary", inputs=2, hidden=(8,), activation="tanh"))
    >>> params = network.init(np.random.default_rng(0), X)
    >>> found = cr.minimize(network.loss, params, (X, y), optimizer=cr.Adam(lr=0.05), steps=300).params
    >>> (network.predict(found, X) > 0.5).astype(int)
    array([0, 1, 1, 0])
    """

    architecture: Architecture

    # Before training -----------------------------------------------------------------------------------------------

    def init(self, rng: np.random.Generator, X: Any) -> Params:
        """Parameters to begin with, in the floating-point dtype of X; float64 where it has integers.

        Parameters
        ----------
        rng : numpy.random.Generator
        X : array of shape (n, inputs)
            Only its dtype and its number of columns count.

        Returns
        -------
        dict of str to array

        Examples
        --------
        >>> network = Network(Architecture("multiclass", inputs=2, outputs=3, hidden=(4,)))
        >>> params = network.init(np.random.default_rng(0), np.zeros((1, 2), np.float32))
        >>> {name: value.shape for name, value in params.items()}
        {'W1': (2, 4), 'b1': (4,), 'W2': (4, 3), 'b2': (3,)}
        """
        self._check_columns(X)
        return initial_parameters(rng, self.architecture, X.dtype if X.dtype.kind == "f" else np.dtype(np.float64))

    def encode(self, y: Any, dtype: Any = np.float64) -> Any:
        """Targets as the array that `loss` takes: one-hot rows for integer labels of classes, else numbers.

        Parameters
        ----------
        y : array-like of shape (n,) or (n, outputs)
        dtype : dtype, default float64
            That of the features.

        Returns
        -------
        array of shape (n,) or (n, outputs)

        Raises
        ------
        ConfigError
            If these are no targets of this task.

        Examples
        --------
        >>> Network(Architecture("multiclass", inputs=2, outputs=3)).encode([2, 0]).tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
        """
        return encode_targets(y, self.architecture, dtype)

    def noise(self, rng: np.random.Generator, rows: int, dtype: Any = np.float64) -> tuple[Any, ...]:
        """Dropout for one epoch: a mask for each hidden layer, to be handed to `loss` with the rows.

        Parameters
        ----------
        rng : numpy.random.Generator
        rows : int
        dtype : dtype, default float64
            That of the features.

        Returns
        -------
        tuple of array of shape (rows, units)
            Empty without dropout.

        Examples
        --------
        >>> network = Network(Architecture("binary", inputs=2, hidden=(8, 4), dropout=0.5))
        >>> [mask.shape for mask in network.noise(np.random.default_rng(0), 10)]
        [(10, 8), (10, 4)]
        """
        p = self.architecture.dropout
        if not p:
            return ()
        return tuple([dropout_mask(rng, (rows, units), p, dtype) for units in self.architecture.hidden])

    # Training ------------------------------------------------------------------------------------------------------

    def outputs(self, params: Params, X: Any, noise: tuple[Any, ...] = ()) -> Any:
        """The last layer's raw numbers z: predicted values, or the logits of probabilities.

        Parameters
        ----------
        params : dict of str to array
            With the statistics that `finish` adds, layers are normalised by them, else by those of the rows at hand.
        X : array of shape (n, inputs)
        noise : tuple of array, default ()
            Of `noise`, with the same rows.

        Returns
        -------
        array of shape (n,) or (n, outputs)

        Examples
        --------
        >>> network = Network(Architecture("regression", inputs=2))
        >>> network.outputs({"W1": np.array([1.0, 2.0]), "b1": np.array(0.5)}, np.array([[3.0, 4.0]])).tolist()
        [11.5]
        """
        self._check_columns(X)
        return raw_outputs(self.architecture, params, X, noise)

    def loss(self, params: Params, X: Any, y: Any, weight: Any = None, *noise: Any) -> Any:
        """What training minimises: the weighted mean of the rows' losses, and the penalties.

        The loss of a row is half the squared error, or the cross-entropy, unless the architecture says otherwise; see
        `chainrule.learn.models.objectives`.

        Parameters
        ----------
        params : dict of str to array
        X : array of shape (n, inputs)
        y : array of shape (n,) or (n, outputs)
            What `encode` returns.
        weight : array of shape (n,), optional
            Of the rows: the mean is Σ w l / Σ w.
        *noise : array of shape (n, units)
            What `noise` returns; without it, no unit is dropped. May follow `y` at once.

        Returns
        -------
        array of shape ()

        Raises
        ------
        ShapeMismatchError
            If `y` has not the shape of the predictions.

        Examples
        --------
        >>> network = Network(Architecture("regression", inputs=1))
        >>> params = {"W1": np.array([1.0]), "b1": np.array(0.0)}
        >>> X, y = np.array([[1.0], [2.0]]), np.array([1.0, 4.0])
        >>> float(network.loss(params, X, y)), float(network.loss(params, X, y, np.array([1.0, 3.0])))
        (1.0, 1.5)
        """
        if weight is not None and np.ndim(weight) == 2:  # no weights, so that the first mask stands in their place
            weight, noise = None, (weight, *noise)
        losses = losses_of_rows(self.architecture, self.outputs(params, X, noise), y)
        mean = weighted_mean(losses, None if weight is None else like(weight, losses))
        return with_penalty(self.architecture, mean, params)

    def loss_of_row(self, params: Params, x: Any, y: Any) -> Any:
        """The loss of one row as the lecture writes it: x is a vector, and there is no mean over rows.

        Its lesson has the numbers of that of `loss` for a table of this one row.

        Parameters
        ----------
        params : dict of str to array
            Finished, where there is batch normalisation.
        x : array of shape (inputs,)
        y : array of shape () or (outputs,)
            A row of what `encode` returns.

        Returns
        -------
        array of shape ()

        Raises
        ------
        ShapeMismatchError
            If `x` or `y` has another shape.
        ConfigError
            If batch normalisation has no statistics yet.

        Examples
        --------
        >>> network = Network(Architecture("regression", inputs=2))
        >>> params = {"W1": np.array([1.0, 2.0]), "b1": np.array(0.5)}
        >>> float(network.loss_of_row(params, np.array([3.0, 4.0]), np.array(10.5)))
        0.5
        """
        if np.shape(x) != (self.architecture.inputs,):
            raise ShapeMismatchError(
                f"x has the shape {np.shape(x)}, but a row of this network has the shape ({self.architecture.inputs},)",
                fix="give X[i], or network.loss for several rows",
            )
        if self.architecture.batch_norm:
            require_statistics(params, 1)
        loss = losses_of_rows(self.architecture, raw_outputs(self.architecture, params, x), y)
        return with_penalty(self.architecture, loss, params)

    # After training ------------------------------------------------------------------------------------------------

    def finish(self, params: Params, X: Any) -> Params:
        """Add the statistics that batch normalisation predicts with: moments of each hidden layer over all rows.

        Parameters
        ----------
        params : dict of str to array
            Trained.
        X : array of shape (n, inputs), or callable
            The training data; or a function that returns an iterator over batches of them, anew in each call.

        Returns
        -------
        dict of str to array
            The trained parameters, and mean1, var1, ... Without batch normalisation nothing is added.

        Examples
        --------
        >>> network = Network(Architecture("binary", inputs=2, hidden=(4,), batch_norm=True))
        >>> X = np.random.default_rng(0).normal(size=(100, 2))
        >>> sorted(set(network.finish(network.init(np.random.default_rng(0), X), X)) & {"mean1", "var1"})
        ['mean1', 'var1']
        """
        finished = self.trainable(params)
        if not self.architecture.batch_norm:
            return finished
        return with_statistics(
            self.architecture, finished, X if callable(X) else lambda: in_chunks(self.architecture, X)
        )

    def trainable(self, params: Params) -> Params:
        """The parameters without the statistics that `finish` added: to go on with training.

        Parameters
        ----------
        params : dict of str to array

        Returns
        -------
        dict of str to array

        Examples
        --------
        >>> network = Network(Architecture("binary", inputs=2, hidden=(4,), batch_norm=True))
        >>> X = np.zeros((3, 2))
        >>> sorted(network.trainable(network.finish(network.init(np.random.default_rng(0), X), X)))
        ['W1', 'W2', 'b2', 'beta1', 'gamma1']
        """
        return {name: value for name, value in params.items() if not name.startswith(("mean", "var"))}

    def affine_layers(self, params: Params) -> list[tuple[Any, Any]]:
        """Weights and biases of each layer as a prediction uses them: batch normalisation is part of them.

        Parameters
        ----------
        params : dict of str to array
            Finished, where there is batch normalisation.

        Returns
        -------
        list of (W, b)
            Between them stand the activations. A layer without a bias has zeros.

        Raises
        ------
        ConfigError
            If statistics are missing.

        Examples
        --------
        >>> network = Network(Architecture("regression", inputs=2, fit_intercept=False))
        >>> network.affine_layers({"W1": np.array([1.0, 2.0])})
        [(array([1., 2.]), array(0.))]
        """
        return affine_layers(self.architecture, params)

    def predict(self, params: Params, X: Any) -> Any:
        """Predicted values, or probabilities.

        Parameters
        ----------
        params : dict of str to array
            Finished, where there is batch normalisation.
        X : array of shape (n, inputs)

        Returns
        -------
        array of shape (n,) or (n, outputs)
            One number for each row, if a regression has one output, or in a binary task: the probability of class 1.

        Raises
        ------
        ConfigError
            If batch normalisation has no statistics yet.

        Examples
        --------
        >>> network = Network(Architecture("binary", inputs=1))
        >>> network.predict({"W1": np.array([1.0]), "b1": np.array(0.0)}, np.array([[-800.0], [0.0]])).tolist()
        [0.0, 0.5]
        """
        self._check_columns(X)
        return predictions(self.architecture, params, X)

    def activations(self, params: Params, X: Any) -> list[Any]:
        """What the units of each hidden layer say of some rows.

        Parameters
        ----------
        params : dict of str to array
            Finished, where there is batch normalisation.
        X : array of shape (n, inputs)

        Returns
        -------
        list of array of shape (n, units)
            One for each hidden layer; dropout leaves no unit out.

        Raises
        ------
        ConfigError
            If batch normalisation has no statistics yet.

        Examples
        --------
        >>> network = Network(Architecture("binary", inputs=1, hidden=(2,), activation="relu"))
        >>> params = {"W1": np.array([[1.0, -1.0]]), "b1": np.zeros(2), "W2": np.ones(2), "b2": np.array(0.0)}
        >>> [a.tolist() for a in network.activations(params, np.array([[3.0], [-4.0]]))]
        [[[3.0, 0.0], [0.0, 4.0]]]
        """
        self._check_columns(X)
        return hidden_activations(self.architecture, params, X)

    def _check_columns(self, X: Any) -> None:
        shape = np.shape(X)
        if len(shape) != 2 or shape[1] != self.architecture.inputs:
            raise ShapeMismatchError(
                f"X has the shape {shape}, but this network takes rows of {self.architecture.inputs} features, "
                f"(n, {self.architecture.inputs})",
                fix="give one row for each sample; x[None, :] makes a row of a single sample",
            )
