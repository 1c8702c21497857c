"""Errors as a user of the command line reads them, and exit codes."""

from __future__ import annotations

import re

import click

from chainrule.errors import ChainRuleError, ConfigError, FormulaError

__all__ = ["Group"]

#: What Python calls a setting, where the option is called otherwise.
_OPTION_OF = {"types": "type", "resume": "resume", "every": "checkpoint-every", "path": "checkpoint"}


class Group(click.Group):
    """Shows chainrule's own errors without a traceback. Exit codes: 1 failed, 2 wrong usage, 130 for Ctrl-C."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (FormulaError, ConfigError) as error:
            raise _Failure(error, 2) from None
        except ChainRuleError as error:
            raise _Failure(error, 1) from None
        except KeyboardInterrupt as interrupt:
            click.echo(f"\n{interrupt or 'interrupted'}", err=True)
            ctx.exit(130)


class _Failure(click.ClickException):
    """An error with an exit code of its own."""

    def __init__(self, error: ChainRuleError, exit_code: int) -> None:
        # Without the line of code: it is ours, as the user wrote none.
        fix = _as_options(error.fix) if error.fix and isinstance(error, ConfigError) else error.fix
        super().__init__(f"{error.what}\n  fix {fix}" if fix else error.what)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class


def _as_options(fix: str) -> str:
    """``write model="mlp"`` as ``write --model mlp``."""

    def option(match: re.Match[str]) -> str:
        name = _OPTION_OF.get(match["name"], match["name"].replace("_", "-"))
        value = match["text"] or match["value"].strip("()").replace(" ", "").rstrip(",")
        return f"--{name} {value}" if value != "True" else f"--{name}"

    return re.sub(r'\b(?P<name>[a-z][a-z_0-9]*)=(?:"(?P<text>[^"]*)"|(?P<value>\([^)]*\)|[\w.−-]+))', option, fix)
