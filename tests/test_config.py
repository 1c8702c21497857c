"""Settings: where they come from, and what they refuse."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule.config import Config, _container_quota, available_cpus, user_cache_folder
from chainrule.errors import ConfigError


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHAINRULE_THREADS", "CHAINRULE_CACHE"):
        monkeypatch.delenv(name, raising=False)


def test_threads_are_the_cpus_of_the_process_by_default() -> None:
    assert Config().threads == available_cpus()
    assert 1 <= available_cpus() <= (os.cpu_count() or 1)


def test_threads_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_THREADS", " 7 ")
    settings = Config()
    assert settings.threads == 7
    settings.threads = 3
    assert settings.threads == 3
    settings.threads = None
    assert settings.threads == 7


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²"])
def test_a_wrong_number_in_the_environment_is_told_when_it_is_read(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CHAINRULE_THREADS", text)
    with pytest.raises(ConfigError, match="CHAINRULE_THREADS") as caught:
        _ = Config().threads
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("value", [0, -2, 1.5, "4", True, [1]])
def test_threads_are_a_whole_number_from_one(value: Any) -> None:
    settings = Config()
    before = settings.threads
    with pytest.raises(ConfigError, match="whole number"):
        settings.threads = value
    assert settings.threads == before


def test_the_environment_names_the_cache_folder_or_turns_it_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "kept"))
    assert (Config().cache, Config().cache_dir) == (True, tmp_path / "kept")
    assert not (tmp_path / "kept").exists(), "a folder is made when something is written"
    monkeypatch.setenv("CHAINRULE_CACHE", "off")
    assert (Config().cache, Config().cache_dir) == (False, user_cache_folder())
    monkeypatch.setenv("CHAINRULE_CACHE", "")
    assert (Config().cache, Config().cache_dir) == (True, user_cache_folder())


def test_the_cache_can_be_turned_off_and_moved(tmp_path: Path) -> None:
    settings = Config()
    settings.cache = False
    settings.cache_dir = str(tmp_path)
    assert (settings.cache, settings.cache_dir) == (False, tmp_path)
    settings.cache_dir = "~/somewhere"
    assert settings.cache_dir == Path.home() / "somewhere"
    settings.cache_dir = None
    assert settings.cache_dir == user_cache_folder()


@pytest.mark.parametrize(("name", "value"), [("cache", "off"), ("cache", 1), ("cache_dir", 3), ("cache_dir", "")])
def test_values_that_a_setting_cannot_have(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=name):
        setattr(Config(), name, value)


def test_a_misspelt_setting_is_no_new_attribute() -> None:
    with pytest.raises(ConfigError, match="'thread'"):
        Config().thread = 2  # type: ignore[attr-defined]


def test_cache_folders_of_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path.home()
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert user_cache_folder("linux") == home / ".cache" / "chainrule"
    assert user_cache_folder("darwin") == home / "Library" / "Caches" / "chainrule"
    assert user_cache_folder("win32") == home / "AppData" / "Local" / "chainrule" / "Cache"
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert user_cache_folder("linux") == Path("/elsewhere/chainrule")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, by the XDG base directory specification
    assert user_cache_folder("linux") == home / ".cache" / "chainrule"


@pytest.mark.parametrize(
    ("text", "cpus"),
    [("max 100000", None), ("200000 100000", 2), ("150000 100000", 2), ("nonsense", None), ("1 0", None)],
)
def test_the_quota_of_a_container(tmp_path: Path, text: str, cpus: int | None) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert _container_quota(str(tmp_path / "cpu.max")) == cpus
    assert _container_quota(str(tmp_path / "missing")) is None


def test_the_settings_are_one_object_whatever_is_imported_first() -> None:
    code = "import chainrule.config, chainrule; print(type(chainrule.config).__name__, chainrule.config.threads)"
    environment = {**os.environ, "CHAINRULE_THREADS": "3", "PYTHONPATH": str(Path(cr.__file__).parent.parent)}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert result.stdout.split() == ["Config", "3"]


def test_the_settings_show_themselves() -> None:
    settings = Config()
    settings.threads = 5
    assert repr(settings).startswith("Config(threads=5, cache=True, cache_dir=")
