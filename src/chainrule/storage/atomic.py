"""Files that are written as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from os import PathLike
from pathlib import Path

from chainrule.errors import StorageError

__all__ = ["refused", "remove_leftovers", "write_atomically"]

#: Reasons of the operating system, and what to do about them.
_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space on it, or give a path on another disk"),
    errno.EDQUOT: ("the disk quota is used up", "free some space, or give a path on another disk"),
    errno.EFBIG: ("the file would be larger than allowed there", "give a path on another disk"),
    errno.EACCES: ("there is no permission to do that", "give a path where you may write, or change the permissions"),
    errno.EPERM: ("there is no permission to do that", "give a path where you may write, or change the permissions"),
    errno.EROFS: ("the disk is read-only", "give a path where you may write"),
    errno.ENOENT: ("there is no such file or folder", "check the path; folders are made by pathlib.Path.mkdir"),
    errno.ENOTDIR: ("part of the path is a file, not a folder", "check the path"),
    errno.EISDIR: ("it is a folder", "give the path of a file"),
    errno.ENAMETOOLONG: ("the name is too long", "give a shorter name"),
    errno.EIO: ("the disk reported an error", "check the disk, and give a path on another one"),
}

#: Seconds after which a temporary file belongs to no writing that still goes on.
_LEFT_BEHIND = 3600.0


def write_atomically(path: str | PathLike[str], content: bytes, *, keep: str | PathLike[str] | None = None) -> None:
    """Replace a file by another content so that, at every moment, there is the old file or the new one.

    The content goes to a temporary file in the same folder, is forced onto the disk, and takes the place of the old
    file in one step; then the folder is forced onto the disk, too. Permissions of a file that is replaced are kept, and
    a symbolic link stays one.

    Parameters
    ----------
    path : str or path
    content : bytes
    keep : str or path, optional
        Where the file that is replaced goes, on the same disk. Between two steps there may be a file of this name only.

    Raises
    ------
    StorageError
        If anything fails: full disk, missing folder, no permission. The old file is there as it was, the temporary one
        is gone.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "state")
    ...     write_atomically(path, b"first")
    ...     write_atomically(path, b"second", keep=path.with_name("state.before"))
    ...     print(path.read_bytes(), path.with_name("state.before").read_bytes(), len(list(path.parent.iterdir())))
    b'second' b'first' 2
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
    done = "the file that was there is as it was" if os.path.isfile(target) else "nothing was written"
    try:
        try:
            _refuse_what_is_no_file(target)
            _write_through(temporary, target, content)
            if keep is not None and target.exists():
                _swap(target, temporary, Path(keep))
            else:
                os.replace(temporary, target)
            done = "the new file is there, but may be gone after a power failure"
            _sync_folder(target.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise refused(f"cannot write {os.fspath(path)}", error, done) from error


def _refuse_what_is_no_file(target: Path) -> None:
    """A device or a pipe must not be replaced by a file, as a privileged user could."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is no regular file")


def _write_through(temporary: Path, target: Path, content: bytes) -> None:
    """Write the temporary file and wait until it is on the disk."""
    with temporary.open("xb") as file:
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _swap(target: Path, temporary: Path, keep: Path) -> None:
    """Put the old file aside, the new one in its place; or leave all as it was."""
    os.replace(target, keep)
    try:
        os.replace(temporary, target)
    except OSError:
        os.replace(keep, target)
        raise


def _sync_folder(folder: Path) -> None:
    """Force the names in a folder onto the disk, where the system can do that."""
    if os.name == "nt":  # Windows opens no folders, and its file systems keep a journal of names
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # network file systems that know no such thing
            raise
    finally:
        os.close(descriptor)


def remove_leftovers(path: str | PathLike[str]) -> None:
    """Remove temporary files for this path that processes left behind which were killed an hour ago or earlier.

    Parameters
    ----------
    path : str or path
        What was being written. Younger files are left alone: another process may be at work on them.

    Examples
    --------
    >>> import os, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     left = pathlib.Path(folder, ".state.0123456789ab.part")
    ...     _ = left.write_bytes(b"half of it")
    ...     os.utime(left, (0, 0))
    ...     remove_leftovers(pathlib.Path(folder, "state"))
    ...     print(left.exists())
    False
    """
    target = Path(os.path.realpath(path))
    start, end = f".{target.name}.", ".part"
    with contextlib.suppress(OSError):  # tidying up must not stop anybody from working
        for other in target.parent.iterdir():
            middle = other.name[len(start) : -len(end)]
            ours = other.name.startswith(start) and other.name.endswith(end) and len(middle) == 12
            if ours and time.time() - other.stat().st_mtime > _LEFT_BEHIND:
                other.unlink(missing_ok=True)


def refused(what: str, error: OSError, remark: str = "") -> StorageError:
    """The error of the operating system in words.

    Parameters
    ----------
    what : str
        What was tried: ``"cannot read model.safetensors"``.
    error : OSError
    remark : str, optional
        What became of the files.

    Returns
    -------
    StorageError
        With the same `errno`.

    Examples
    --------
    >>> import errno
    >>> print(refused("cannot read a.bin", OSError(errno.ENOENT, "No such file or directory")))
    cannot read a.bin: there is no such file or folder
      fix check the path; folders are made by pathlib.Path.mkdir
    """
    reason, fix = _REASONS.get(error.errno or 0, (error.strerror or str(error), "give another path"))
    told = StorageError(f"{what}: {reason}" + (f"; {remark}" if remark else ""), fix=fix)
    told.errno = error.errno
    return told
