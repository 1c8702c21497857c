"""The command line.

Results go to standard output, errors and progress to standard error. Exit codes: 0, 1 for a failed run, 2 for wrong
usage, 130 for Ctrl-C. Each command imports what it needs when it runs, so that ``chainrule --help`` is quick.
"""

from __future__ import annotations

import click

from chainrule.cli.completion import completion
from chainrule.cli.cv import cv
from chainrule.cli.evaluate import evaluate
from chainrule.cli.explain import explain
from chainrule.cli.export import export
from chainrule.cli.failing import Group
from chainrule.cli.inspect import inspect
from chainrule.cli.learning_curve import learning_curve
from chainrule.cli.predict import predict
from chainrule.cli.serve import serve
from chainrule.cli.train import train

__all__ = ["main"]


@click.group(cls=Group)
@click.version_option(package_name="chainrule")
def main() -> None:
    """Backpropagation for plain NumPy code."""


for command in (train, evaluate, predict, cv, learning_curve, explain, serve, inspect, export, completion):
    main.add_command(command)


if __name__ == "__main__":
    main()
