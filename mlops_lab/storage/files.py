"""Writing files so that a failure leaves the file as it was before."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from mlops_lab.storage.errors import unwritable

__all__ = ["extending", "replacing"]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Lend a temporary path beside a file; once the block has ended well, what was written there takes its place.

    Parameters
    ----------
    path : pathlib.Path
        The file to create or to replace. A symbolic link is followed.

    Yields
    ------
    pathlib.Path
        Where to write; on the same file system, since only there a rename is atomic.

    Raises
    ------
    StorageError
        Where the directory is missing or not writable, or the disk is full. The old file, if any, is unchanged.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with replacing(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> [file.name for file in folder.iterdir()]
    ['a.txt']
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{uuid4().hex[:12]}.tmp")
    try:
        yield temporary
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except OSError as error:
        raise unwritable(Path(path), error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def extending(path: Path) -> Iterator[BinaryIO]:
    """Open a file to add to its end; where the block fails, even by Ctrl-C, the file is cut back to what it was.

    Parameters
    ----------
    path : pathlib.Path
        An existing file.

    Yields
    ------
    binary file
        Opened for reading and writing, positioned at its end.

    Raises
    ------
    StorageError
        Where the file cannot be written or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.txt"
    >>> _ = path.write_text("one line")
    >>> with extending(path) as file:
    ...     _ = file.write(b", and half of ano")
    ...     raise RuntimeError("the power of this example fails")
    Traceback (most recent call last):
    RuntimeError: the power of this example fails
    >>> path.read_text()
    'one line'
    """
    try:
        size = path.stat().st_size
        try:
            with path.open("r+b") as file:
                file.seek(size)
                yield file
        except BaseException:
            os.truncate(path, size)
            raise
    except OSError as error:
        raise unwritable(path, error) from error
