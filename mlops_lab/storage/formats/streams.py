"""Compressed byte streams for formats that have no compression of their own, through the codecs that pyarrow brings."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

__all__ = ["STREAM_COMPRESSIONS", "compression_of", "opened", "packed"]

STREAM_COMPRESSIONS = ("none", "gzip", "zstd")
_FIRST_BYTES = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}  # neither can begin a file in UTF-8


def compression_of(path: Path) -> str:
    """Tell by its first bytes how a file is compressed: ``"none"``, ``"gzip"`` or ``"zstd"``."""
    with path.open("rb") as file:
        start = file.read(4)
    return next((name for magic, name in _FIRST_BYTES.items() if start.startswith(magic)), "none")


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a file for reading its uncompressed bytes."""
    compression = compression_of(path)
    if compression == "none":
        with path.open("rb") as file:
            yield file
    else:
        with pa.OSFile(str(path)) as raw, pa.CompressedInputStream(raw, compression) as stream:
            yield io.BufferedReader(stream)  # pyarrow's stream yields no lines


@contextmanager
def packed(file: BinaryIO, compression: str) -> Iterator[Any]:
    """Wrap an open file so that what is written to it is compressed; a second such stream may follow the first."""
    if compression == "none":
        yield file
    else:
        with pa.CompressedOutputStream(pa.PythonFile(file, "w"), compression) as stream:
            yield stream
