"""``chainrule completion``, and what it completes."""

from __future__ import annotations

import pytest
from click.shell_completion import ShellComplete
from tests.cli.calling import call

from chainrule.cli.main import main


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(shell: str) -> None:
    result = call("completion", shell)
    assert result.exit_code == 0, result.output
    assert "_CHAINRULE_COMPLETE" in result.stdout


def test_another_shell_is_refused() -> None:
    assert call("completion", "cmd").exit_code == 2


def test_commands_options_and_choices_are_completed() -> None:
    complete = ShellComplete(main, {}, "chainrule", "_CHAINRULE_COMPLETE")

    def values(words: list[str], begun: str) -> list[str]:
        return [item.value for item in complete.get_completions(words, begun)]

    assert values([], "le") == ["learning-curve"]
    assert "--checkpoint-every" in values(["train"], "--check")
    assert values(["train", "--optimizer"], "ad") == ["adam", "adamw", "adagrad"]
