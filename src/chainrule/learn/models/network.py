"""Networks of any depth: linear, ridge, logistic and softmax regression, and multilayer perceptrons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, ShapeMismatchError
from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.initialisation import initial_weights
from chainrule.learn.models.layers import ACTIVATIONS, EPSILON, batch_moments, dense, dropout_mask, normalise
from chainrule.learn.models.moments import Moments
from chainrule.learn.models.objectives import TASKS, penalty, weighted_mean
from chainrule.learn.models.targets import encode_targets
from chainrule.trace.naming import named

__all__ = ["Network"]

Params = dict[str, Any]

#: Numbers in the values of a layer that `predict` computes at once, so that they stay in the cache.
_CHUNK = 1 << 15


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
        settings = self.architecture
        dtype = X.dtype if X.dtype.kind == "f" else np.dtype(np.float64)
        params: Params = {}
        for i, (inputs, outputs) in enumerate(zip(settings.widths, settings.widths[1:], strict=False), 1):
            is_last = i == self._depth
            weights = initial_weights(
                rng,
                inputs,
                outputs,
                init=settings.init,
                activation="identity" if is_last else settings.activation,
                hidden=len(settings.hidden),
            )
            is_flat = is_last and settings.has_flat_output
            params[f"W{i}"] = (weights[:, 0] if is_flat else weights).astype(dtype)
            if settings.batch_norm and not is_last:
                params[f"gamma{i}"] = np.ones(outputs, dtype)
                params[f"beta{i}"] = np.zeros(outputs, dtype)
            elif settings.fit_intercept:
                params[f"b{i}"] = np.zeros(() if is_flat else outputs, dtype)
        return params

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
        return self._outputs(params, X, noise)

    def _outputs(self, params: Params, x: Any, noise: tuple[Any, ...] = ()) -> Any:
        """The same for rows, or for one row that is a vector."""
        settings = self.architecture
        if len(noise) not in (0, len(settings.hidden) if settings.dropout else 0):
            raise ConfigError(
                f"noise holds {len(noise)} arrays, but there are {len(settings.hidden)} hidden layers with "
                f"dropout={settings.dropout:g}",
                fix="give what network.noise(rng, rows) returned, or nothing",
            )
        activate = ACTIVATIONS[settings.activation]
        a = x
        for i in range(1, self._depth):
            z = named(self._preactivation(params, i, a), f"z{i}")
            a = named(activate(z), f"a{i}")
            if noise:
                a = named(a * noise[i - 1], f"d{i}")
        return self._preactivation(params, self._depth, a)

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
        losses = self._losses(self.outputs(params, X, noise), y)
        mean = weighted_mean(losses, None if weight is None else _like(weight, losses))
        return self._with_penalty(mean, params)

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
            self._check_statistics(params, 1)
        loss = self._losses(self._outputs(params, x), y)
        return self._with_penalty(loss, params)

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
        batches = X if callable(X) else lambda: self._chunks(X)
        for i in range(1, self._depth):
            moments = Moments()
            for chunk in batches():
                *_, a = self._through([self._affine(finished, layer) for layer in range(1, i)], chunk)
                moments.add(dense(a, finished[f"W{i}"]))
            dtype = finished[f"W{i}"].dtype
            finished[f"mean{i}"], finished[f"var{i}"] = moments.mean.astype(dtype), moments.variance.astype(dtype)
        return finished

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
        return [self._affine(params, i) for i in range(1, self._depth + 1)]

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
        layers = self.affine_layers(params)
        head = TASKS[self.architecture.task].prediction
        parts = []
        for chunk in self._chunks(X):
            *_, a = self._through(layers[:-1], chunk)
            parts.append(head(dense(a, *layers[-1])))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

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
        return list(self._through(self.affine_layers(params)[:-1], X))[1:]

    # Parts ---------------------------------------------------------------------------------------------------------

    @property
    def _depth(self) -> int:
        """The number of layers with weights."""
        return len(self.architecture.hidden) + 1

    def _losses(self, z: Any, y: Any) -> Any:
        """The loss of each row, from raw outputs."""
        settings = self.architecture
        task = TASKS[settings.task]
        named(z, "y_hat" if settings.task == "regression" else f"z{self._depth}")
        self._check_targets(z, y)
        is_label = settings.task == "multiclass" and np.ndim(y) < z.ndim
        loss, targets = task.losses[settings.loss], y if is_label else _like(y, z)
        if settings.has_flat_output or not task.averages_outputs:
            return loss.of_outputs(z, targets)
        parts = loss.of_outputs(z, targets)
        return np.mean(parts, axis=-1)

    def _with_penalty(self, loss: Any, params: Params) -> Any:
        settings = self.architecture
        if not (settings.l1 or settings.l2):
            return loss
        weights = [params[f"W{i}"] for i in range(1, self._depth + 1)]
        return loss + named(penalty(weights, settings.l1, settings.l2), "penalty")

    def _preactivation(self, params: Params, i: int, a: Any) -> Any:
        """z of layer i from the activations before it, normalised where a hidden layer is."""
        z = dense(a, _part(params, f"W{i}"), _part(params, f"b{i}") if f"b{i}" in params else None)
        if not self.architecture.batch_norm or i == self._depth:
            return z
        is_finished = f"mean{i}" in params
        moments = (_part(params, f"mean{i}"), _part(params, f"var{i}")) if is_finished else batch_moments(z)
        return normalise(z, *moments, gamma=_part(params, f"gamma{i}"), beta=_part(params, f"beta{i}"))

    def _through(self, layers: list[tuple[Any, Any]], X: Any) -> Iterator[Any]:
        """X, and the activations behind one hidden layer after the other."""
        activate = ACTIVATIONS[self.architecture.activation]
        a = X
        yield a
        for W, b in layers:
            a = activate(dense(a, W, b))
            yield a

    def _affine(self, params: Params, i: int) -> tuple[Any, Any]:
        W = params[f"W{i}"]
        if not self.architecture.batch_norm or i == self._depth:
            return W, params.get(f"b{i}", np.zeros(W.shape[1:], W.dtype))
        self._check_statistics(params, i)
        scale = params[f"gamma{i}"] / np.sqrt(params[f"var{i}"] + EPSILON)
        return W * scale, params[f"beta{i}"] - params[f"mean{i}"] * scale

    def _chunks(self, X: Any) -> Iterator[Any]:
        rows = max(256, _CHUNK // max(self.architecture.widths))
        return (X[start : start + rows] for start in range(0, max(len(X), 1), rows))

    def _check_statistics(self, params: Params, i: int) -> None:
        if f"mean{i}" not in params:
            raise ConfigError(
                f"the parameters hold no mean{i} and var{i}, by which batch normalisation predicts",
                fix="params = network.finish(params, X) after training, with the training data X",
            )

    def _check_columns(self, X: Any) -> None:
        shape = np.shape(X)
        if len(shape) != 2 or shape[1] != self.architecture.inputs:
            raise ShapeMismatchError(
                f"X has the shape {shape}, but this network takes rows of {self.architecture.inputs} features, "
                f"(n, {self.architecture.inputs})",
                fix="give one row for each sample; x[None, :] makes a row of a single sample",
            )

    def _check_targets(self, z: Any, y: Any) -> None:
        """Refuse (n, 1) with (n,), which NumPy would broadcast to (n, n)."""
        is_label = self.architecture.task == "multiclass" and z.ndim == 2 and np.ndim(y) == 1
        expected = z.shape[:1] if is_label else z.shape
        if np.shape(y) != expected:
            raise ShapeMismatchError(
                f"y has the shape {np.shape(y)}, but the predictions have the shape {z.shape}",
                fix="y = network.encode(y) brings targets into shape",
            )


def _part(params: Params, name: str) -> Any:
    """A parameter; lessons call it by its key, whatever the layers call it."""
    return named(params[name], name)


def _like(y: Any, z: Any) -> Any:
    """Targets or weights in the dtype of the outputs, so that float32 stays float32."""
    y = y if hasattr(y, "dtype") else np.asarray(y)
    return y if y.dtype == z.dtype else y.astype(z.dtype)
