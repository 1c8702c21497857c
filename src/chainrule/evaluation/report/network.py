"""The report of a trained network: scores, baselines and the lesson, from parameters and data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.evaluation.baselines import baselines
from chainrule.evaluation.checks import Array
from chainrule.evaluation.comparison import compare
from chainrule.evaluation.metrics import score
from chainrule.evaluation.report.facts import column_facts, model_facts, named_history, training_facts
from chainrule.evaluation.report.lesson import instructive_row
from chainrule.evaluation.report.page import Report
from chainrule.evaluation.scores import Task
from chainrule.explain.explaining import explain
from chainrule.explain.lesson import Lesson
from chainrule.learn.models.network import Network
from chainrule.learn.models.objectives import TASKS, squared_error
from chainrule.learn.training import Training
from chainrule.tables.schema import Schema

__all__ = ["network_report", "row_losses"]

#: Probabilities of exactly 0 have a finite loss here: rows are only put in order by it.
_SMALLEST = 1e-300


def network_report(
    title: str,
    network: Network,
    params: Mapping[str, Any],
    parts: Mapping[str, tuple[Any, Any]],
    *,
    classes: Sequence[Any] | None = None,
    training: Training | None = None,
    optimizer: Any = None,
    schema: Schema | None = None,
    data: Mapping[str, object] | None = None,
    predict: Callable[[Any], Any] | None = None,
    encode: Callable[[Any], Any] | None = None,
    row: Callable[[int], Mapping[str, object]] | None = None,
    with_lesson: bool = True,
    **more: Any,
) -> Report:
    """Score a network, fit the baselines, and explain one row.

    Parameters
    ----------
    title : str
    network : Network
    params : mapping of str to array
        Finished, where there is batch normalisation.
    parts : mapping of str to (X, y)
        The first one is what the network, and the baselines, learnt from; the last one is what the report is about. `y`
        holds numbers, class numbers, or zeros and ones, as `Preprocessing` gives them.
    classes : sequence, optional
        Names of classes, labels or targets.
    training : Training, optional
    optimizer : Optimizer, optional
    schema : Schema, optional
    data : mapping of str to object, optional
        Facts about the data.
    predict, encode : callable, optional
        ``predict(X)`` and ``encode(y)`` where the network was not trained on y itself, but on standardised targets;
        default those of the network.
    row : callable, optional
        ``row(i)`` is row i of the last part as it stands in the table.
    with_lesson : bool, default True
    **more
        Further parts of the `Report`, such as ``again=`` and ``cross_validation=``.

    Returns
    -------
    Report

    Examples
    --------
    >>> from chainrule.learn.models.architecture import Architecture
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0.0, 0.0, 1.0, 1.0])
    >>> params = {"W1": np.array([4.0]), "b1": np.array(-6.0)}
    >>> report = network_report("Steps", Network(Architecture("binary", inputs=1)), params, {"all": (X, y)})
    >>> report.scores["all"].text("accuracy"), report.lesson.title
    ('100.0 %', 'loss')
    """
    task: Task = network.architecture.task  # type: ignore[assignment]
    params = dict(params)
    predicted = {name: _predicted(network, params, X, predict) for name, (X, _) in parts.items()}
    scores = {name: score(task, y, predicted[name], classes=classes) for name, (_, y) in parts.items()}
    (X_train, y_train), *_, (X, y) = [next(iter(parts.values())), *parts.values()]
    last = list(parts)[-1]
    simple = baselines(task, X_train, y_train, X, y, classes=classes)
    number = instructive_row(row_losses(task, y, predicted[last], network.architecture.loss))
    lesson = _lesson(network, params, X[[number]], (encode or network.encode)(y[[number]])) if with_lesson else None
    facts: dict[str, object] = dict(data or {})
    facts |= {f"{name.capitalize()} rows": len(part[1]) for name, part in parts.items()}
    return Report(
        title,
        scores,
        simple,
        compare(task, y, predicted[last], simple[-1].predicted),
        data=facts,
        columns=[] if schema is None else column_facts(schema),
        model=model_facts(network.architecture, network.trainable(params)),
        training={} if training is None else training_facts(training, optimizer),
        history={} if training is None else named_history(training),
        best_epoch=None if training is None else training.best_epoch or None,
        lesson=lesson,
        lesson_row=row(number) if row is not None and with_lesson else {},
        **more,
    )


def row_losses(task: Task, y: Any, predicted: Any, loss: str | None = None) -> Array:
    """How wrong each prediction is, by the loss that the network was trained with.

    Parameters
    ----------
    task : str
    y : array-like of shape (n,) or (n, outputs)
        Numbers, class numbers or one-hot rows, zeros and ones.
    predicted : array-like of shape (n,) or (n, outputs)
        Values or probabilities.
    loss : str, optional
        As `Architecture` has it; without it, the squared error, or −log of the probability of what is true.

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> row_losses("multiclass", [0, 1], [[0.5, 0.5], [0.0, 1.0]]).round(3).tolist()
    [0.693, -0.0]
    >>> row_losses("regression", [1.0, 5.0], [2.0, 2.0], "absolute_error").tolist()
    [1.0, 3.0]
    """
    truth, p = np.asarray(y), np.asarray(predicted, np.float64)
    if task == "regression":
        losses = TASKS[task].losses[loss or "squared_error"].of_outputs(p, truth)
    elif task == "multiclass":
        one_hot = truth if truth.ndim == 2 else np.eye(p.shape[1])[truth.astype(int)]
        if loss == "squared_error":
            losses = np.sum((p - one_hot) ** 2, axis=1) / 2
        else:
            losses = -np.log(np.maximum(p[np.arange(len(p)), one_hot.argmax(axis=1)], _SMALLEST))
    elif loss == "squared_error":
        losses = squared_error(p, truth)
    else:
        losses = -np.log(np.maximum(np.where(truth == 1, p, 1 - p), _SMALLEST))
    return np.asarray(losses if losses.ndim == 1 else losses.mean(axis=1))


def _predicted(network: Network, params: dict[str, Any], X: Any, predict: Callable[[Any], Any] | None) -> Any:
    return network.predict(params, X) if predict is None else predict(X)


def _lesson(network: Network, params: dict[str, Any], X: Any, y: Any) -> Lesson:
    return explain(network.loss, params, X, y, wrt=tuple(network.trainable(params)))
