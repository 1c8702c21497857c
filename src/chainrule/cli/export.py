"""``chainrule export``: a model for other programs."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["export"]


@click.command()
@click.argument("model", type=click.Path(dir_okay=False))
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
def export(model: str, output: Path) -> None:
    """Write MODEL with its preprocessing as ONNX, to OUTPUT such as model.onnx."""
    from chainrule.cli.telling import tell_written
    from chainrule.storage.model import TableModel
    from chainrule.storage.onnx import export_onnx

    if output.suffix.lower() != ".onnx":
        raise click.UsageError(f"{output}: models are exported as .onnx")
    export_onnx(TableModel.load(model), output)
    tell_written(output)
