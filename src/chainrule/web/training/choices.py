"""What the page offers to choose from, and what a request has chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.learn.models.layers import ACTIVATIONS
from chainrule.learn.models.objectives import TASKS
from chainrule.tables.bundled import BUNDLED, bundled_table
from chainrule.tables.generated import FEWEST_ROWS, GENERATED, generated_table
from chainrule.tables.sources import open_table
from chainrule.web.fields import Fields, Refused
from chainrule.web.limits import Limits
from chainrule.web.training.readings import AS_FOUND, NAMES, Reading
from chainrule.web.training.uploads import Upload
from chainrule.workflow.program import BundledData, GeneratedData, UserData
from chainrule.workflow.settings import TrainingSettings

__all__ = ["MODELS", "OPTIMIZERS", "Choice", "choice_of", "choices", "warm_up"]

MODELS = ("logistic", "perceptron")

#: Optimisers that go step by step, each with a learning rate that suits a small network.
OPTIMIZERS = {
    "adam": ("Adam", 0.01),
    "adamw": ("AdamW", 0.01),
    "sgd": ("Gradient descent", 0.1),
    "momentum": ("Momentum", 0.05),
    "nesterov": ("Nesterov momentum", 0.05),
    "adagrad": ("AdaGrad", 0.05),
    "rmsprop": ("RMSProp", 0.01),
}

_LARGEST_SEED = 2**32 - 1
_LARGEST_NUMBER = 1e6


@dataclass(frozen=True)
class Choice:
    """A table, what to predict from it, and how to learn it.

    Attributes
    ----------
    source : object
        Whatever `open_table` takes.
    target : str
    settings : TrainingSettings
    title : str
        As reports call the table.
    data : GeneratedData, BundledData or UserData
        The table as `program_of` takes it.
    numbers : int
        Of the design matrix of an upload; the other tables are small.
    """

    source: Any
    target: str
    settings: TrainingSettings
    title: str
    data: GeneratedData | BundledData | UserData
    numbers: int = 0


def choices(limits: Limits) -> dict[str, Any]:
    """Tables, activations, losses and optimisers, for JSON."""
    generated = [
        {
            "id": record.name,
            "title": record.title,
            "kind": "generated",
            "task": record.task,
            "rows": None,
            "features": 2,
            "classes": len(record.classes),
            "has_noise": True,
            "note": record.shows,
        }
        for record in GENERATED.values()
    ]
    bundled = [
        {
            "id": record.name,
            "title": record.title,
            "kind": "bundled",
            "task": record.task,
            "rows": record.rows,
            "features": record.features,
            "classes": record.classes,
            "has_noise": False,
            "note": record.shows,
        }
        for record in BUNDLED.values()
    ]
    return {
        "datasets": generated + bundled,
        "models": list(MODELS),
        "activations": list(ACTIVATIONS),
        "losses": {
            task: [{"id": name, "title": loss.title} for name, loss in TASKS[task].losses.items()]
            for task in ("regression", "binary", "multiclass")
        },
        "optimizers": [{"id": name, "title": title, "lr": lr} for name, (title, lr) in OPTIMIZERS.items()],
        "limits": limits.training(),
        "defaults": {
            "source": {"kind": "generated", "name": "moons", "rows": 300, "noise": 0.1, "seed": 0},
            "settings": {
                "model": "perceptron",
                "hidden": [8, 8],
                "activation": "tanh",
                "loss": "auto",
                "optimizer": "adam",
                "lr": OPTIMIZERS["adam"][1],
                "l2": 0.0,
                "batch_size": 32,
                "validation_split": 0.2,
                "seed": 0,
            },
        },
    }


def warm_up() -> None:
    """Import what the first run would wait for."""
    import sklearn.datasets
    import sklearn.model_selection  # noqa: F401


def choice_of(fields: Fields, upload: Upload | None, limits: Limits) -> Choice:
    """What a request has chosen.

    Parameters
    ----------
    fields : Fields
        With ``source`` and ``settings``.
    upload : Upload or None
        The table of the tab.
    limits : Limits

    Returns
    -------
    Choice

    Raises
    ------
    Refused
        If a choice is unknown, too large, or does not fit the table.
    DataError
        If the table does not fit, naming row and column.
    """
    fields.only("source", "settings")
    source = fields.inside("source")
    kind = source.one_of("kind", ("generated", "bundled", "upload"))
    if kind == "upload":
        return _of_upload(source, fields, upload, limits)
    if kind == "bundled":
        record = BUNDLED[source.only("kind", "name").one_of("name", tuple(BUNDLED))]
        columns, target = bundled_table(record.name)
        data: GeneratedData | BundledData = BundledData(record.name)
        task, title = record.task, record.title
    else:
        source.only("kind", "name", "rows", "noise", "seed")
        made = GENERATED[source.one_of("name", tuple(GENERATED))]
        rows = source.whole("rows", 200, least=FEWEST_ROWS, most=limits.generated_rows)
        noise = source.number("noise", 0.1, least=0.0, most=limits.noise)
        seed = source.whole("seed", 0, least=0, most=_LARGEST_SEED)
        columns, target = generated_table(made.name, rows=rows, noise=noise, seed=seed), made.target
        data = GeneratedData(made.name, rows, noise, seed)
        task, title = made.task, made.title
    return Choice(open_table(columns, name=title), target, _settings(fields, task, AS_FOUND, limits), title, data)


def _of_upload(source: Fields, fields: Fields, upload: Upload | None, limits: Limits) -> Choice:
    source.only("kind", "target", *NAMES)
    if upload is None:
        raise Refused(409, "this tab has no table of its own", "drop a file on the page first", "source")
    target = source.text("target", most=1000)
    upload.decide(target, Reading.of(source, limits))
    upload.require_size(limits)
    settings = _settings(fields, upload.outcome.task, upload.reading, limits)
    data = UserData(upload.name, upload.reading.encoding)
    return Choice(upload.table, target, settings, upload.name, data, upload.numbers)


def _settings(fields: Fields, task: str, reading: Reading, limits: Limits) -> TrainingSettings:
    given = fields.inside("settings", Fields({}))
    given.only(
        "model", "hidden", "activation", "loss", "optimizer", "lr", "l2", "batch_size", "validation_split", "seed"
    )
    is_deep = given.one_of("model", MODELS, "perceptron") == "perceptron"
    hidden = given.wholes("hidden", [8], least=1, most=limits.hidden_units, longest=limits.hidden_layers)
    activation = given.one_of("activation", tuple(ACTIVATIONS), "tanh")
    optimizer = given.one_of("optimizer", tuple(OPTIMIZERS), "adam")
    return TrainingSettings(
        model="mlp" if is_deep else "linear" if task == "regression" else "logistic",
        hidden=tuple(hidden) if is_deep else None,
        activation=activation if is_deep else "relu",
        loss=given.one_of("loss", ("auto", *TASKS[task].losses), "auto"),
        optimizer=optimizer,
        lr=given.number("lr", OPTIMIZERS[optimizer][1], least=1e-9, most=_LARGEST_NUMBER),
        l2=given.number("l2", 0.0, least=0.0, most=_LARGEST_NUMBER),
        batch_size=given.whole("batch_size", 32, least=1, most=limits.batch_size),
        epochs=limits.epochs,
        early_stopping=False,  # whoever looks at the run decides when it ends
        validation_split=given.number("validation_split", 0.2, least=0.0, most=0.9),
        test_split=0.0,
        types=dict(reading.types),
        decimal=reading.decimal,
        seed=given.whole("seed", 0, least=0, most=_LARGEST_SEED),
        stream=False,
    )
