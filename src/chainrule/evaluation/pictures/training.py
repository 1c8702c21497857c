"""Figures of a training run: loss, gradient norms and learning rate over epochs, the range test, more data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.evaluation.gradient_flow import REMEDIES, LayerGradient
from chainrule.evaluation.learning_curve import LearningCurve
from chainrule.evaluation.learning_rate import LearningRateTest
from chainrule.evaluation.pictures.axes import is_wide, logarithmic, whole_epochs
from chainrule.evaluation.pictures.picture import Picture, thinned
from chainrule.evaluation.pictures.svg import COLOURS, DASHES, FAINT, draw
from chainrule.evaluation.scores import METRICS
from chainrule.notation.numbers import number_text

__all__ = ["gradient_picture", "learning_curve_picture", "loss_picture", "range_test_picture", "schedule_picture"]

#: Layers whose names fit into the picture, beside the lines.
_FEW_LAYERS = 4
#: Lines that can be told apart.
_MOST_LAYERS = 12


def loss_picture(history: Mapping[str, Sequence[float]], best_epoch: int | None = None) -> Picture:
    """The loss of each epoch, on the training rows and on the validation rows.

    Parameters
    ----------
    history : mapping of str to sequence of float
        ``"loss"``, and ``"validation_loss"`` where there is one.
    best_epoch : int, optional
        Counted from 1.

    Returns
    -------
    Picture
    """
    names = {"loss": "training", "validation_loss": "validation"}
    series = {names[key]: np.asarray(history[key], np.float64) for key in names if len(history.get(key, ()))}
    losses = series["training"]

    def paint(axes: Any) -> None:
        for i, (name, values) in enumerate(series.items()):
            epochs = np.arange(1, len(values) + 1)
            axes.plot(epochs, values, color=COLOURS[i], linestyle=DASHES[i], label=name, zorder=3 - i)
        if best_epoch is not None:
            axes.axvline(best_epoch, color=FAINT, linewidth=0.9, linestyle=(0, (2, 2)), label="best epoch")
        if is_wide(series.values()):
            logarithmic(axes.yaxis)
        whole_epochs(axes, len(losses))
        axes.set(xlabel="epoch", ylabel="loss")
        if len(series) > 1 or best_epoch is not None:
            axes.legend()

    ends = "; ".join(f"{name} loss from {_n(values[0])} to {_n(values[-1])}" for name, values in series.items())
    alt = f"Line chart over {len(losses)} epochs: {ends}."
    header = ("Epoch", *(f"{name.capitalize()} loss" for name in series))
    rows = [  # a run that diverges ends before the last validation loss
        (i + 1, *(values[i] if i < len(values) else None for values in series.values())) for i in thinned(len(losses))
    ]
    caption = "Where the validation loss rises while the training loss still falls, the network overfits."
    if len(series) == 1:
        caption = "Of the training rows, averaged over the steps of each epoch."
    return Picture("Loss over epochs", caption, draw("loss", paint, alt), header, rows)


def gradient_picture(layers: Sequence[LayerGradient]) -> Picture:
    """The gradient norm of each layer over epochs, with what vanishes or explodes drawn boldly.

    Parameters
    ----------
    layers : sequence of LayerGradient

    Returns
    -------
    Picture
    """
    drawn = [layers[i] for i in thinned(len(layers), _MOST_LAYERS)]
    norms = [np.asarray(layer.norms, np.float64) for layer in drawn]
    shown = [np.where(np.isfinite(part) & (part > 0), part, np.nan) for part in norms]  # no zero on a logarithmic axis
    are_few = len(drawn) <= _FEW_LAYERS

    def paint(axes: Any) -> None:
        for i, (layer, values) in enumerate(zip(drawn, shown, strict=True)):
            label = f"{layer.name}: {layer.mark}" if layer.mark and are_few else layer.name
            axes.plot(
                np.arange(1, len(values) + 1),
                values,
                color=COLOURS[i % len(COLOURS)],
                linestyle=DASHES[(i + i // len(COLOURS)) % len(DASHES)],
                linewidth=2.6 if layer.mark and are_few else 1.5,
                label=label,
            )
        if is_wide(shown):
            logarithmic(axes.yaxis)
        whole_epochs(axes, len(layers[0].norms))
        axes.set(xlabel="epoch", ylabel="‖∂L/∂θ‖")
        if are_few:
            axes.legend()
        else:
            axes.figure.legend(loc="outside upper left", ncol=4, columnspacing=0.8, handlelength=1.6)

    said = [f"{layer.name} from {_n(layer.norms[0])} to {_n(layer.norms[-1])}" for layer in layers if layer.norms]
    alt = f"Line chart of gradient norms: {'; '.join(said)}."
    note = " ".join(_note(mark, [layer for layer in layers if layer.mark == mark]) for mark in REMEDIES).strip()
    header = ("Epoch", *(f"{layer.name.capitalize()} ({', '.join(layer.parameters)})" for layer in layers))
    rows = [(i + 1, *(layer.norms[i] for layer in layers)) for i in thinned(len(layers[0].norms))]
    caption = (
        "How strongly each layer is pulled. All of them fall as the loss reaches its minimum; one that lies far below "
        "the others learns slowly."
    )
    return Picture("Gradient norms", caption, draw("gradients", paint, alt), header, rows, note)


def _note(mark: str, layers: Sequence[LayerGradient]) -> str:
    """What is wrong with some layers, and what helps."""
    if not layers:
        return ""
    first, *others = [layer.name for layer in layers]
    names = ", ".join([first, *(name.removeprefix("layer ") for name in others)])
    if others and first.startswith("layer "):
        names = names.replace("layer", "layers", 1)
    where = f"in {first} " if others else ""
    return f"{names[0].upper()}{names[1:]}: {mark} gradient, {where}{layers[0].reason}; {REMEDIES[mark]}."


def schedule_picture(lrs: Sequence[float]) -> Picture:
    """The learning rate of each epoch."""
    values = np.asarray(lrs, np.float64)

    def paint(axes: Any) -> None:
        axes.plot(np.arange(1, len(values) + 1), values, color=COLOURS[0], drawstyle="steps-post")
        if is_wide([values]):
            logarithmic(axes.yaxis)
        whole_epochs(axes, len(values))
        axes.set(xlabel="epoch", ylabel="learning rate")

    alt = f"Line chart of the learning rate, from {_n(values[0])} to {_n(values[-1])} over {len(values)} epochs."
    rows = [(i + 1, values[i]) for i in thinned(len(values))]
    return Picture(
        "Learning rate", "As the schedule has it.", draw("schedule", paint, alt), ("Epoch", "Learning rate"), rows
    )


def range_test_picture(test: LearningRateTest) -> Picture:
    """The loss over the growing learning rate, and the one that was chosen."""

    def paint(axes: Any) -> None:
        axes.plot(test.lrs, test.losses, color=FAINT, linewidth=0.9, label="each step")
        axes.plot(test.lrs, test.smoothed, color=COLOURS[0], label="averaged")
        axes.axvline(test.lr, color=COLOURS[1], linestyle=DASHES[1], label=f"chosen: {_n(test.lr)}")
        logarithmic(axes.xaxis)
        axes.set(xlabel="learning rate", ylabel="loss")
        axes.legend()

    alt = f"Line chart of the loss while the learning rate grows; {_n(test.lr)} was chosen: {test.reason}."
    rows = [(test.lrs[i], test.losses[i], test.smoothed[i]) for i in thinned(len(test.lrs))]
    header = ("Learning rate", "Loss", "Averaged")
    caption = f"Range test: {_n(test.lr)} was chosen, {test.reason}."
    return Picture("Choosing the learning rate", caption, draw("range", paint, alt), header, rows)


def learning_curve_picture(curve: LearningCurve) -> Picture:
    """A metric over the number of training rows, with a band of one standard deviation over folds."""
    metric = METRICS[curve.metric]

    def paint(axes: Any) -> None:
        for i, (name, means, sds) in enumerate(
            [("training rows", curve.train, curve.train_sd), ("held-out rows", curve.test, curve.test_sd)]
        ):
            mean, sd = np.array(means, np.float64), np.array(sds, np.float64)
            axes.plot(curve.rows, mean, color=COLOURS[i], linestyle=DASHES[i], marker="os"[i], markersize=4, label=name)
            axes.fill_between(curve.rows, mean - sd, mean + sd, color=COLOURS[i], alpha=0.16, linewidth=0)
        axes.set(xlabel="training rows", ylabel=metric.label)
        if metric.unit == "percent":
            axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
        axes.legend()

    last = metric.text(curve.test[-1])
    alt = f"Line chart: {metric.label} on held-out rows is {last} with {curve.rows[-1]:,} training rows."
    header = ("Training rows", "On them", "± sd", "On held-out rows", "± sd")
    columns = (curve.train, curve.train_sd, curve.test, curve.test_sd)
    rows = [(size, *(metric.text(column[i]) for column in columns)) for i, size in enumerate(curve.rows)]
    caption = "A gap that still closes at the right says that more rows would help."
    return Picture("Learning curve", caption, draw("rows", paint, alt), header, rows, "; ".join(curve.reasons))


def _n(value: float) -> str:
    return number_text(float(value))
