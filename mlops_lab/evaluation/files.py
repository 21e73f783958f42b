"""Files that are there whole or not at all, and one sentence where they cannot be."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mlops_lab.evaluation.errors import EvaluationError

__all__ = ["read_text", "reason", "require_writable", "write_bytes", "write_text"]


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
    return write_bytes(path, text.encode("utf-8", errors="replace"))


def write_bytes(path: str | Path, content: bytes, *, private: bool = False) -> Path:
    """Write a file at once, whatever it holds.

    Parameters
    ----------
    path : path
        Where to; its folder must exist.
    content : bytes
        What to write.
    private : bool, default False
        Whether only its owner may read it.

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
        if is_device(path):
            with path.open("ab") as device:
                device.write(content)
            return path
        handle, scratch = scratch_beside(path)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(scratch, 0o600 if private else permissions(path))
        os.replace(scratch, path)
    except (OSError, ValueError) as error:
        raise EvaluationError(
            f"The file {str(path)!r} cannot be written ({reason(error)}); choose another place."
        ) from error
    finally:
        if scratch is not None and os.path.exists(scratch):
            os.unlink(scratch)
    return path


def require_writable(path: str | Path) -> Path:
    """Find out whether a file can be written, leaving what is there as it is.

    Parameters
    ----------
    path : path
        Where something is to be written later.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    EvaluationError
        Where it cannot.

    Examples
    --------
    >>> require_writable("/no/such/folder/report.html")
    Traceback (most recent call last):
    mlops_lab.evaluation.errors.EvaluationError: The file '/no/such/folder/report.html' cannot be written (no such file
    or directory); choose another place.
    """
    path = Path(path).expanduser()
    try:
        if is_device(path):
            if not os.access(path, os.W_OK):
                raise PermissionError(13, "permission denied")
            return path
        handle, scratch = scratch_beside(path)
        os.close(handle)
        os.unlink(scratch)
    except (OSError, ValueError) as error:
        raise EvaluationError(
            f"The file {str(path)!r} cannot be written ({reason(error)}); choose another place."
        ) from error
    return path


def is_device(path: Path) -> bool:
    """Whether it is a device or a pipe, such as /dev/stdout, which is written to and never replaced."""
    return path.parent in (Path("/dev"), Path("/dev/fd")) or (
        path.exists() and not path.is_file() and not path.is_dir()
    )


def scratch_beside(path: Path) -> tuple[int, str]:
    """Open a new file in the same folder, which becomes the file when it is whole."""
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder")
    return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")


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
