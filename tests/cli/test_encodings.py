"""Tables in other encodings on the command line."""

from __future__ import annotations

from pathlib import Path

from tests.cli.calling import call

OTHER = ("--encoding", "windows-1252")


def test_commands_take_an_encoding_and_say_so_where_it_is_missing(tmp_path: Path) -> None:
    path, model = tmp_path / "wine.csv", tmp_path / "wine.safetensors"
    rows = "".join(f"{k % 7},5;{'ja' if k % 3 else 'nö'}\n" for k in range(60))
    path.write_bytes(f"Säure;gut\n{rows}".encode("cp1252"))
    train = ("train", path, "--target", "gut", "--hidden", "2", "--epochs", "2", "--out", model)
    for target in ("gut", "Säure"):
        refused = call("train", path, "--target", target)
        assert refused.exit_code == 1
        assert "header: byte 0xe4 is no UTF-8; the name of column 1, read as windows-1252, is 'Säure'" in refused.stderr
        assert "fix if that is right, --encoding windows-1252; otherwise" in refused.stderr
        assert "--type" not in refused.stderr
    trained = call(*train, *OTHER)
    assert trained.exit_code == 0, trained.output
    assert "(cells separated by semicolons, windows-1252)" in " ".join(trained.stdout.split())
    assert call("predict", model, path).exit_code == 1
    predicted = call("predict", model, path, *OTHER)
    assert len(predicted.stdout.splitlines()) == 61
    for command in (("evaluate", model, path), ("explain", model, "--data", path), ("cv", path, "--target", "gut")):
        fast = ("--folds", "2", "--epochs", "1") if command[0] == "cv" else ()
        done = call(*command, *fast, *OTHER)
        assert done.exit_code == 0, done.output
