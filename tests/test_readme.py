"""The README's two commands are what CI runs, so their form is fixed here."""

from __future__ import annotations

import re
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def command(name: str) -> str:
    """The one line between the markers that .ci/run looks for."""
    (found,) = re.findall(rf"<!-- command: {name} -->\n```bash\n(.*)\n```\n", README)
    return found


def test_both_commands_set_everything_up_by_themselves() -> None:
    for name in ("train", "test"):
        assert command(name).startswith("python3 -m venv .venv && .venv/bin/pip install -c constraints.txt ")


def test_the_first_command_trains_and_the_second_tests() -> None:
    assert command("train").endswith("&& .venv/bin/chainrule train")
    assert ".venv/bin/python -m pytest" in command("test")


def test_the_commands_name_no_address() -> None:
    assert not re.search(r"https?://|git\+|--index-url", command("train") + command("test"))


def test_the_pins_name_no_address() -> None:
    for line in (Path(__file__).parent.parent / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"(#.*|[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+)?", line), line
