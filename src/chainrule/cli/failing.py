"""Errors as a user of the command line reads them, and exit codes."""

from __future__ import annotations

import re
from collections.abc import Mapping

import click

from chainrule.advice import advice_for
from chainrule.errors import ChainRuleError, ConfigError, FormulaError

__all__ = ["Group"]


class Group(click.Group):
    """Shows chainrule's own errors without a traceback. Exit codes: 1 failed, 2 wrong usage, 130 for Ctrl-C."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise _Failure(error.what, _with_options(error.fix, self._options()), 2) from None
        except FormulaError as error:
            raise _Failure(error.what, advice_for("command", error.fix), 2) from None
        except ChainRuleError as error:
            raise _Failure(error.what, advice_for("command", error.fix), 1) from None
        except KeyboardInterrupt as interrupt:
            click.echo(f"\n{interrupt or 'interrupted'}", err=True)
            ctx.exit(130)

    def _options(self) -> dict[str, str]:
        """The options of all commands, by the names that their values have in Python."""
        parameters = [parameter for command in self.commands.values() for parameter in command.params]
        found = {part.name: max(part.opts, key=len) for part in parameters if isinstance(part, click.Option)}
        return {name: option for name, option in found.items() if name}


class _Failure(click.ClickException):
    """An error with an exit code of its own. The line of code is left out: it is ours, as the user wrote none."""

    def __init__(self, what: str, fix: str | None, exit_code: int) -> None:
        super().__init__(f"{what}\n  fix {fix}" if fix else what)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class


def _with_options(fix: str | None, options: Mapping[str, str]) -> str:
    """Settings as options: ``write model="mlp"`` as ``write --model mlp``, ``leave lr out`` as ``leave --lr out``."""

    def assigned(match: re.Match[str]) -> str:
        name = options.get(match["name"])
        if name is None:
            return match[0]
        value = match["text"] or match["value"].strip("()").replace(" ", "").rstrip(",")
        return name if value == "True" else f"{name} {value}"

    def left_out(match: re.Match[str]) -> str:
        return f"leave {options.get(match[1], match[1])} out"

    fix = re.sub(r'\b(?P<name>[a-z][a-z_0-9]*)=(?:"(?P<text>[^"]*)"|(?P<value>\([^)]*\)|[\w.-]+))', assigned, fix or "")
    return re.sub(r"\bleave (\w+) out\b", left_out, fix)
