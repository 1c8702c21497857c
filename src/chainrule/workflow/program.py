"""The Python program that trains the same network: for those who have played with it, and now want to go on."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from chainrule.errors import ConfigError
from chainrule.workflow.checkpointing import ENDLESS
from chainrule.workflow.settings import TrainingSettings

__all__ = ["BundledData", "GeneratedData", "UserData", "program_of"]

#: What a call may fill of a line.
_LINE = 100


@dataclass(frozen=True)
class GeneratedData:
    """A call of `generated_table`.

    Attributes
    ----------
    name : str
    rows : int
    noise : float
    seed : int
    """

    name: str
    rows: int = 200
    noise: float = 0.1
    seed: int = 0


@dataclass(frozen=True)
class BundledData:
    """A call of `bundled_table`.

    Attributes
    ----------
    name : str
    """

    name: str


@dataclass(frozen=True)
class UserData:
    """A file of the user.

    Attributes
    ----------
    path : str
    encoding : str
        Of text.
    """

    path: str
    encoding: str = "utf-8"


def program_of(
    data: GeneratedData | BundledData | UserData | str,
    target: str | tuple[str, ...],
    settings: TrainingSettings,
    epochs: int,
) -> str:
    """Write the program that ends with the parameters of a `LiveTraining` after so many epochs, bit for bit.

    Parameters
    ----------
    data : GeneratedData, BundledData, UserData or str
        A text is the path of a file.
    target : str or tuple of str
    settings : TrainingSettings
        Those of the `LiveTraining`; defaults are left out.
    epochs : int
        How many are finished, at least 1.

    Returns
    -------
    str

    Raises
    ------
    ConfigError
        If there was no epoch yet, or the learning rate followed a schedule that has not come to its end: a shorter run
        would have another one.

    Examples
    --------
    >>> print(program_of(GeneratedData("moons", rows=300), "label", TrainingSettings(hidden=(8,), lr=0.01), 120))
    from chainrule.tables import generated_table
    from chainrule.workflow import TrainingSettings, train_table
    <BLANKLINE>
    table = generated_table("moons", rows=300, noise=0.1, seed=0)
    settings = TrainingSettings(hidden=(8,), lr=0.01, epochs=120, early_stopping=False)
    trained = train_table(table, "label", settings)
    <BLANKLINE>
    for part, scores in trained.scores.items():
        print(part, scores.values)
    trained.model.save("moons.safetensors")
    <BLANKLINE>
    """
    if epochs < 1:
        raise ConfigError("no epoch is finished, so there is nothing yet that a program could do again", fix="train on")
    if settings.schedule not in ENDLESS and epochs != settings.epochs:
        raise ConfigError(
            f'with schedule="{settings.schedule}" learning rates depend on when the run ends, and it has not ended',
            fix="give epochs in the settings, and train to there",
        )
    needed, table, name = _table(data)
    lines = [f"from chainrule.tables import {needed}"] if needed else []
    lines += ["from chainrule.workflow import TrainingSettings, train_table", ""]
    lines += [table] if needed else []
    source = "table" if needed else table
    lines += [
        _call("settings = TrainingSettings", _chosen(settings, epochs)),
        f"trained = train_table({source}, {_text(target)}, settings)",
        "",
        "for part, scores in trained.scores.items():",
        "    print(part, scores.values)",
        f"trained.model.save({_text(name + '.safetensors')})",
    ]
    return "\n".join(lines) + "\n"


def _table(data: GeneratedData | BundledData | UserData | str) -> tuple[str, str, str]:
    """The function that is needed, the line that makes the table, and a name for the model."""
    if isinstance(data, str):
        data = UserData(data)
    if isinstance(data, UserData):
        name = re.sub(r"[^\w.-]+", "_", data.path.rpartition("/")[2].partition(".")[0]) or "model"
        path, encoding = _text(data.path), _text(data.encoding)
        is_usual = data.encoding == UserData.encoding
        return (
            ("", path, name) if is_usual else ("open_table", f"table = open_table({path}, encoding={encoding})", name)
        )
    if isinstance(data, BundledData):
        return "bundled_table", f"table, _ = bundled_table({_text(data.name)})", data.name
    given = ", ".join(f"{part}={_text(value)}" for part, value in dataclasses.asdict(data).items() if part != "name")
    return "generated_table", f"table = generated_table({_text(data.name)}, {given})", data.name


def _chosen(settings: TrainingSettings, epochs: int) -> dict[str, str]:
    """The settings that are not what they are by default, as they are written."""
    used, usual = dataclasses.replace(settings, epochs=epochs, early_stopping=False), TrainingSettings()
    names = [part.name for part in dataclasses.fields(used)]
    chosen = {name: getattr(used, name) for name in names if getattr(used, name) != getattr(usual, name)}
    if chosen.get("model") == "mlp" and used.hidden:
        del chosen["model"]  # hidden layers say so
    if not used.stream:
        chosen.pop("stream", None)  # tables that are looked at are in memory by themselves
    return {name: _text(value) for name, value in chosen.items()}


def _call(name: str, arguments: dict[str, str]) -> str:
    """A call on one line, or with one argument on each."""
    parts = [f"{argument}={value}" for argument, value in arguments.items()]
    line = f"{name}({', '.join(parts)})"
    if len(line) <= _LINE:
        return line
    return "\n".join([f"{name}(", *(f"    {part}," for part in parts), ")"])


def _text(value: Any) -> str:
    """A value as Python code, with text in double quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)}: {_text(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, tuple):
        entries = ", ".join(map(_text, value))
        return f"({entries},)" if len(value) == 1 else f"({entries})"
    written = repr(value)
    if isinstance(value, str) and written[0] == "'" and '"' not in written:
        return f'"{written[1:-1]}"'
    return written
