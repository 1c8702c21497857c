"""The same training in each library: `fit.py` calls these in its own process, and starts this file in fresh ones.

``python fit_contenders.py CONTENDER TABLE.npz EPOCHS`` imports, fits, predicts and prints the held-out accuracy as
JSON. Each contender imports its library inside, so that a fresh process imports one library alone. All train a
perceptron with one hidden layer of 100 rectified units on the mean cross-entropy, without penalties, by Adam with the
same settings, in batches of 200 rows in a new order in each epoch, in float64, from their own initial weights.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

HIDDEN = 100
BATCH = 200
RATE, BETAS, EPS = 1e-3, (0.9, 0.999), 1e-8
SEED = 0


@dataclass(frozen=True)
class Table:
    """Standardised features and integer labels, to train on and to test with."""

    X: np.ndarray[Any, Any]
    y: np.ndarray[Any, Any]
    X_test: np.ndarray[Any, Any]
    y_test: np.ndarray[Any, Any]

    @property
    def classes(self) -> int:
        return int(self.y.max()) + 1

    def save(self, path: str) -> None:
        np.savez(path, X=self.X, y=self.y, X_test=self.X_test, y_test=self.y_test)

    @classmethod
    def load(cls, path: str) -> Table:
        with np.load(path) as file:
            return cls(**file)

    def accuracy(self, labels: Any) -> float:
        return float(np.mean(labels == self.y_test))


#: Fits on a table for so many epochs, and gives back what predicts labels.
Fit = Callable[[Table, int], Callable[[Any], Any]]


def chainrule_fit(table: Table, epochs: int) -> Callable[[Any], Any]:
    """`chainrule.learn`: a network, and `fit`."""
    from chainrule.learn.models import Architecture, Network
    from chainrule.learn.optimizers import Adam
    from chainrule.learn.training import fit

    task, outputs = ("binary", 1) if table.classes == 2 else ("multiclass", table.classes)
    network = Network(Architecture(task, inputs=table.X.shape[1], outputs=outputs, hidden=(HIDDEN,)))
    params = network.init(np.random.default_rng(SEED), table.X)
    training = fit(
        network.loss,
        params,
        (table.X, network.encode(table.y)),
        optimizer=Adam(lr=RATE, beta1=BETAS[0], beta2=BETAS[1], eps=EPS),
        epochs=epochs,
        batch_size=BATCH,
        seed=SEED,
    )

    def predict(X: Any) -> Any:
        probabilities = network.predict(training.params, X)
        return (probabilities > 0.5).astype(int) if table.classes == 2 else probabilities.argmax(axis=1)

    return predict


def _perceptron(estimator: Callable[..., Any], epochs: int, **settings: Any) -> Any:
    """An estimator that takes scikit-learn's names, and trains for all of the epochs."""
    return estimator(
        hidden_layer_sizes=(HIDDEN,),
        alpha=0.0,
        batch_size=BATCH,
        learning_rate_init=RATE,
        beta_1=BETAS[0],
        beta_2=BETAS[1],
        epsilon=EPS,
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=epochs + 1,
        random_state=SEED,
        **settings,
    )


def estimator_fit(table: Table, epochs: int) -> Callable[[Any], Any]:
    """`chainrule.estimators.MLPClassifier`."""
    from chainrule.estimators import MLPClassifier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that all epochs were needed
        return _perceptron(MLPClassifier, epochs, standardize=False).fit(table.X, table.y).predict


def scikit_learn_fit(table: Table, epochs: int) -> Callable[[Any], Any]:
    """scikit-learn's `MLPClassifier`."""
    from sklearn.neural_network import MLPClassifier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _perceptron(MLPClassifier, epochs).fit(table.X, table.y).predict


def pytorch_fit(table: Table, epochs: int) -> Callable[[Any], Any]:
    """A loop in PyTorch, as its tutorials write it, with rows picked by one index per batch."""
    import torch

    torch.manual_seed(SEED)
    is_binary = table.classes == 2
    model = torch.nn.Sequential(
        torch.nn.Linear(table.X.shape[1], HIDDEN),
        torch.nn.ReLU(),
        torch.nn.Linear(HIDDEN, 1 if is_binary else table.classes),
    ).to(torch.float64)
    X = torch.from_numpy(table.X)
    y = torch.from_numpy(table.y.astype(np.float64)[:, None] if is_binary else table.y.astype(np.int64))
    loss_of = torch.nn.BCEWithLogitsLoss() if is_binary else torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, betas=BETAS, eps=EPS)
    history = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(X)).split(BATCH):
            optimizer.zero_grad()
            loss = loss_of(model(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        history.append(total / len(X))

    def predict(X: Any) -> Any:
        with torch.no_grad():
            z = model(torch.from_numpy(X)).numpy()
        return (z[:, 0] > 0).astype(int) if is_binary else z.argmax(axis=1)

    return predict


CONTENDERS: dict[str, Fit] = {
    "chainrule": chainrule_fit,
    "chainrule estimator": estimator_fit,
    "scikit-learn": scikit_learn_fit,
    "PyTorch": pytorch_fit,
}


def main(contender: str, path: str, epochs: str) -> None:
    table = Table.load(path)
    predict = CONTENDERS[contender](table, int(epochs))
    print(json.dumps({"accuracy": table.accuracy(predict(table.X_test))}))


if __name__ == "__main__":
    main(*sys.argv[1:])
