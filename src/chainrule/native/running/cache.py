"""Machine code that is kept: in memory as long as a program uses it, and on disk for the next process.

An entry on disk is named by a hash of the assembly, the machine and the versions, and begins with a hash of its own
content. An entry that is damaged in any way is not used, but made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
import weakref
from collections import deque
from pathlib import Path

from chainrule.config import config
from chainrule.native.running.engine import Loaded, assemble, code_model, to_object
from chainrule.native.target import Target, load_llvm

__all__ = ["compiled"]

_MAGIC = b"chainrule machine code 1\n"
_HASH_BYTES = 32

#: Code that nobody uses any more stays in memory until so much other code was needed: the next `minimize` of the same
#: loss finds it there.
_MOST_UNUSED = 32

_loaded: weakref.WeakValueDictionary[str, Loaded] = weakref.WeakValueDictionary()
_recent: deque[Loaded] = deque(maxlen=_MOST_UNUSED)
_lock = threading.Lock()


def compiled(text: str, target: Target) -> tuple[Loaded, str]:
    """Machine code for LLVM assembly.

    Parameters
    ----------
    text : str
    target : Target

    Returns
    -------
    loaded : Loaded
    origin : str
        ``"compiled"``, ``"disk"`` or ``"memory"``.
    """
    key = _key(text, target)
    known = _loaded.get(key)
    if known is not None:
        return _keep(key, known), "memory"
    code = _read(key) if config.cache else None
    origin = "disk"
    if code is None:
        origin = "compiled"
        code = to_object(assemble(text), target)
        if config.cache:
            _write(key, code)
    return _keep(key, Loaded(code)), origin


def _keep(key: str, loaded: Loaded) -> Loaded:
    with _lock:
        _loaded[key] = loaded
        if loaded not in _recent:
            _recent.append(loaded)
    return loaded


def _key(text: str, target: Target) -> str:
    versions = (load_llvm().llvm_version_info, _MAGIC, code_model(target))
    whole = "\n".join([text, target.triple, target.cpu, target.features, repr(versions)])
    return hashlib.sha256(whole.encode()).hexdigest()


def _path(key: str) -> Path:
    return config.cache_dir / key[:2] / f"{key[2:]}.o"


def _read(key: str) -> bytes | None:
    """The code of an entry, if it is whole."""
    try:
        entry = _path(key).read_bytes()
    except OSError:
        return None
    start = len(_MAGIC) + _HASH_BYTES
    code = entry[start:]
    if entry[:start] != _MAGIC + _digest(key, code):
        return None
    return code


def _digest(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + code).digest()


def _write(key: str, code: bytes) -> None:
    """Keep an entry. It appears under its name only once it is whole; a disk that is full or read-only is no error."""
    path = _path(key)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + _digest(key, code) + code)
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
