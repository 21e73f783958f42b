"""What can go wrong with a file, in one sentence that names it and says what to do."""

from __future__ import annotations

import errno
from pathlib import Path

from mlops_lab.errors import InputError, nearest, shorten

__all__ = ["StorageError", "unknown", "unreadable", "unwritable"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class StorageError(InputError):
    """A file cannot be read or written as asked."""


def unknown(what: str, name: object, options: list[str]) -> StorageError:
    """Build the error for a name that is not among the possible ones, with the nearest of them."""
    close = nearest(str(name), options)
    guess = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return StorageError(f"There is no {what} {name!r}.{guess} Possible are: {shorten(options, limit=20)}.")


def unwritable(path: Path, error: OSError) -> StorageError:
    """Build the error for a file that could not be written; whoever raises it has left nothing half-written."""
    if error.errno in _FULL:
        problem, cure = "there is no room left", "free some space or write elsewhere"
    elif error.errno in _FORBIDDEN:
        problem, cure = "writing there is not permitted", "choose a directory of your own"
    elif not path.parent.is_dir():
        problem, cure = f"there is no directory {str(path.parent)!r}", "create it first"
    else:
        problem, cure = error.strerror or str(error), "write elsewhere"
    return StorageError(f"{str(path)!r} was not written, since {problem}: {cure}. Nothing half-written is left behind.")


def unreadable(path: Path, format_name: str, error: BaseException) -> StorageError:
    """Build the error for a file that is missing, cut off, or of another format."""
    if isinstance(error, FileNotFoundError):
        siblings = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        close = nearest(path.name, siblings)
        guess = f"; the nearest there is {close[0]!r}" if close else ""
        return StorageError(f"There is no file {str(path)!r}{guess}.")
    if isinstance(error, PermissionError | IsADirectoryError):
        return StorageError(f"{str(path)!r} cannot be opened: {error.strerror}.")
    reason = " ".join(str(error).split())[:160] or type(error).__name__
    return StorageError(
        f"{str(path)!r} cannot be read as {format_name}: it is cut off, damaged or of another format ({reason}). "
        "Write it again from its source."
    )
