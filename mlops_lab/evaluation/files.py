"""Files that are there whole or not at all, and one sentence where they cannot be."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mlops_lab.evaluation.errors import EvaluationError

__all__ = ["read_text", "write_text"]


def write_text(path: str | Path, text: str) -> Path:
    """Write a file at once: a reader sees the old one or the new one, never half of it.

    Parameters
    ----------
    path : path
        Where to; its folder must exist.
    text : str
        What to write, as UTF-8.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    EvaluationError
        Where the file cannot be written.
    """
    path = Path(path).expanduser()
    scratch = None
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n", errors="replace") as file:
            file.write(text)
        os.chmod(scratch, permissions(path))
        os.replace(scratch, path)
    except (OSError, ValueError) as error:
        raise EvaluationError(
            f"The file {str(path)!r} cannot be written ({reason(error)}); choose another place."
        ) from error
    finally:
        if scratch is not None and os.path.exists(scratch):
            os.unlink(scratch)
    return path


def read_text(path: str | Path) -> str:
    """Read a text file.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    str
        What it holds.

    Raises
    ------
    EvaluationError
        Where it is not there, cannot be read, or is no text.
    """
    path = Path(path).expanduser()
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise EvaluationError(f"The file {str(path)!r} is no UTF-8 text; pass the file that was written.") from error
    except (OSError, ValueError) as error:
        raise EvaluationError(
            f"The file {str(path)!r} cannot be read ({reason(error)}); check its name and place."
        ) from error


def permissions(path: Path) -> int:
    """Return the permissions that the file has, or that a new one would get."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def reason(error: Exception) -> str:
    """Return the system's words for what went wrong, without the path."""
    return (getattr(error, "strerror", None) or str(error)).lower()
