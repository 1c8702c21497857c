"""The command line."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command ``chainrule``, which exists after an install without extras too."""
    try:
        from chainrule.cli.main import main as commands
    except ModuleNotFoundError as error:
        sys.exit(f"chainrule's commands need {error.name}, which comes with: pip install 'chainrule[train]'")
    commands()
