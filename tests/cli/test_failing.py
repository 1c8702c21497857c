"""What is to be done, in the words of the command line."""

from __future__ import annotations

from chainrule.cli.failing import _with_options

OPTIONS = {"model": "--model", "hidden": "--hidden", "class_weight": "--class-weight", "batch_norm": "--batch-norm"}


def test_settings_become_options() -> None:
    assert (
        _with_options('write model="mlp", or leave hidden out', OPTIONS) == "write --model mlp, or leave --hidden out"
    )
    assert _with_options("leave class_weight out", OPTIONS) == "leave --class-weight out"
    assert _with_options("give hidden=(64, 32)", OPTIONS) == "give --hidden 64,32"
    assert _with_options("give hidden=(64,)", OPTIONS) == "give --hidden 64"
    assert _with_options("write batch_norm=True", OPTIONS) == "write --batch-norm"


def test_other_words_stay() -> None:
    for fix in ("leave the column out", "leave it out", 'write kind="category"', "choose 2 to 5 folds", ""):
        assert _with_options(fix, OPTIONS) == fix
    assert _with_options(None, OPTIONS) == ""
