"""Settings of the whole library: how many threads, and where compiled code is kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from chainrule.errors import ConfigError

__all__ = ["Config", "config"]

#: What CHAINRULE_CACHE says where nothing is to be kept.
_OFF = "off"


class Config:
    """The settings, as attributes of ``chainrule.config``; environment variables give them their first value.

    Attributes
    ----------
    threads : int
        How many threads compiled code may use. From ``CHAINRULE_THREADS``, else the number of CPUs that this process
        may use. Results are the same, to the last bit, as long as the number is. Assign None to go back to that.
    cache : bool
        Whether compiled code is kept on disk for the next process. False where ``CHAINRULE_CACHE`` is ``off``.
    cache_dir : pathlib.Path
        The folder for it. From ``CHAINRULE_CACHE``, else ``chainrule`` in the user's folder for caches. It is made
        when something is written to it. Assign None to go back to that.

    Raises
    ------
    ConfigError
        For a value that a setting cannot have; for one in an environment variable when the setting is first read.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.config.threads = 2
    >>> cr.config.threads
    2
    >>> cr.config.threads = None
    """

    __slots__ = ("_cache", "_cache_dir", "_threads")

    def __init__(self) -> None:
        self._threads: int | None = None
        self._cache: bool | None = None
        self._cache_dir: Path | None = None

    @property
    def threads(self) -> int:
        """How many threads compiled code may use."""
        if self._threads is None:
            self._threads = _threads_of_environment() or available_cpus()
        return self._threads

    @threads.setter
    def threads(self, value: int | None) -> None:
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise ConfigError(
                f"threads is a whole number from 1, not {value!r}",
                fix="give the number of threads, such as chainrule.config.threads = 2, or None for the number of CPUs",
            )
        self._threads = value

    @property
    def cache(self) -> bool:
        """Whether compiled code is kept on disk."""
        return os.environ.get("CHAINRULE_CACHE", "").lower() != _OFF if self._cache is None else self._cache

    @cache.setter
    def cache(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise ConfigError(
                f"cache is True or False, not {value!r}",
                fix="turn it on or off with chainrule.config.cache; the folder is chainrule.config.cache_dir",
            )
        self._cache = value

    @property
    def cache_dir(self) -> Path:
        """The folder in which compiled code is kept."""
        if self._cache_dir is None:
            given = os.environ.get("CHAINRULE_CACHE", "")
            self._cache_dir = Path(given).expanduser() if given and given.lower() != _OFF else user_cache_folder()
        return self._cache_dir

    @cache_dir.setter
    def cache_dir(self, value: str | os.PathLike[str] | None) -> None:
        if value is not None and (not isinstance(value, (str, os.PathLike)) or not os.fspath(value)):
            raise ConfigError(
                f"cache_dir is the path of a folder, not {value!r}",
                fix="give a path, or None for the user's folder for caches; config.cache = False keeps nothing",
            )
        self._cache_dir = None if value is None else Path(value).expanduser()

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("threads", "cache", "cache_dir", *self.__slots__):
            raise ConfigError(
                f"there is no setting {name!r}", fix="the settings are threads, cache and cache_dir of chainrule.config"
            )
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"Config(threads={self.threads}, cache={self.cache}, cache_dir={str(self.cache_dir)!r})"


def _threads_of_environment() -> int | None:
    text = os.environ.get("CHAINRULE_THREADS", "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ConfigError(
            f"the environment variable CHAINRULE_THREADS is {text!r}, but a whole number from 1 is needed",
            fix="set it to the number of threads (CHAINRULE_THREADS=2), or leave it unset for the number of CPUs",
        )
    return int(text)


def available_cpus() -> int:
    """How many CPUs this process may keep busy: those it may run on, within the quota of its container."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _container_quota()
    return count if quota is None else max(1, min(count, quota))


def _container_quota(path: str = "/sys/fs/cgroup/cpu.max") -> int | None:
    """CPUs that a Linux container is limited to, rounded up: the file holds microseconds, used and of each period."""
    try:
        used, period = Path(path).read_text(encoding="ascii").split()
        return None if used == "max" else -(-int(used) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None  # no container, or one that is set up in another way


def user_cache_folder(platform: str = sys.platform) -> Path:
    """The folder in which programs of this user keep what they can compute again, by the platform's convention."""
    if platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "chainrule" / "Cache"
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "chainrule"
    given = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if os.path.isabs(given) else Path.home() / ".cache") / "chainrule"


#: The one object that everything reads.
config = Config()
