"""``chainrule completion``: what makes a shell complete commands and options."""

from __future__ import annotations

import click

__all__ = ["completion"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    Such as: chainrule completion bash >> ~/.bashrc
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None  # it is one of the choices
    click.echo(made(context.find_root().command, {}, "chainrule", "_CHAINRULE_COMPLETE").source())
