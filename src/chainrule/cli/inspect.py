"""``chainrule inspect``: what is in a model file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from chainrule.storage.model import TableModel

__all__ = ["inspect"]


@click.command()
@click.argument("model", type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print everything but the parameters as JSON.")
def inspect(model: str, as_json: bool) -> None:
    """Show what MODEL is: its columns, network, classes, and how it came about."""
    from rich.table import Table
    from rich.text import Text

    from chainrule.cli.telling import console, tell_json
    from chainrule.storage.model import TableModel

    loaded = TableModel.load(model)
    if as_json:
        tell_json(
            {
                "schema": loaded.schema.to_json(),
                "preprocessing": loaded.preprocessing.to_json(),
                "architecture": loaded.architecture.to_json(),
                "parameters": {name: list(value.shape) for name, value in loaded.params.items()},
                "record": loaded.record,
            }
        )
        return
    screen = console()
    screen.print(loaded.schema)
    screen.print()
    facts = Table(box=None, pad_edge=False, show_header=False)
    for name, value in _facts(loaded).items():
        facts.add_row(Text(name), Text(value))
    screen.print(facts)


def _facts(model: TableModel) -> dict[str, str]:
    from chainrule.evaluation.metrics import MAIN_METRIC
    from chainrule.evaluation.report.facts import model_facts
    from chainrule.evaluation.report.parts import cell
    from chainrule.evaluation.scores import METRICS

    shown: dict[str, Any] = {
        "task": model.task,
        "target": ", ".join(model.target.names),
        "classes": ", ".join(model.classes),
        "features": f"{len(model.preprocessing.feature_names):,}",
    }
    shown |= {name.lower(): value for name, value in model_facts(model.architecture, model.params).items()}
    record = model.record
    for name in ("optimizer", "lr", "epochs", "stopped", "created"):
        shown[name] = record.get(name)
    key = MAIN_METRIC[model.task]  # type: ignore[index]
    for part, values in _mapping(record.get("scores")).items():
        value = _mapping(values).get(key)
        if isinstance(value, float):
            shown[f"{METRICS[key].label.lower()}, {part}"] = METRICS[key].text(value)
    return {name: cell(value) for name, value in shown.items() if value not in (None, "")}


def _mapping(value: Any) -> dict[str, Any]:
    """A record may say anything: only what is a mapping is shown."""
    return value if isinstance(value, dict) else {}
