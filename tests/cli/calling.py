"""The command, called in this process or as one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from chainrule.cli.main import main

__all__ = ["call", "command", "environment", "process"]


def call(*arguments: Any, stdin: bytes | str | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "utf-8"}


def command(*arguments: Any) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "chainrule.cli.main", *map(str, arguments)]


def process(*arguments: Any, cwd: Path | None = None, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=120,
        check=False,
        cwd=cwd,
        input=stdin,
    )
