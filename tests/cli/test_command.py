"""The command as a process of its own: help, version, what it imports, exit codes."""

from __future__ import annotations

import subprocess
import sys

from tests.cli.calling import environment, process

import chainrule as cr

HEAVY = ("rich", "sklearn", "scipy.stats", "matplotlib", "pyarrow", "safetensors")


def test_help_names_the_commands_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom chainrule.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    code = end.code\n"
        f"print(code, [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=120,
        env=environment(),
    )
    for name in ("train", "evaluate", "predict", "cv", "learning-curve", "explain", "inspect", "export", "completion"):
        assert f"  {name} " in done.stdout
    assert done.stdout.splitlines()[-1] == "0 []"


def test_a_lesson_comes_out_of_the_process() -> None:
    done = process("explain", "(x + y) * z", "x=5", "y=-2", "z=-4")
    assert done.returncode == 0, done.stderr
    assert "∂f/∂x = −4" in done.stdout
    assert done.stderr == ""


def test_training_comes_out_of_the_process_without_a_progress_bar() -> None:
    done = process("train", "--epochs", "3")
    assert done.returncode == 0, done.stderr
    assert "confusion matrix" in done.stdout
    assert done.stderr == ""


def test_wrong_usage_goes_to_standard_error() -> None:
    done = process("explain", "2x", "x=1")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "write 2*x" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_that_of_the_package() -> None:
    done = process("--version")
    assert done.returncode == 0
    assert cr.__version__ in done.stdout
