"""What CSV and JSON lines share: lines of text, which new lines may follow."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from mlops_lab.storage.errors import StorageError
from mlops_lab.storage.files import extending
from mlops_lab.storage.formats.base import Format
from mlops_lab.storage.formats.records import ColumnType, column_types
from mlops_lab.storage.formats.streams import STREAM_COMPRESSIONS, compression_of, packed

__all__ = ["TextFormat", "ends_with_newline", "text_types"]


class TextFormat(Format):
    """A format of lines."""

    binary = False
    human_readable = True
    layout = "row"
    compressions = STREAM_COMPRESSIONS

    def _write(self, df: pd.DataFrame, target: Path) -> None:
        with target.open("wb") as file, packed(file, self.compression) as stream:
            self._put(df, stream, first=True)

    def _append(self, path: Path, rows: pd.DataFrame) -> None:
        compression = compression_of(path)
        unfinished = compression == "none" and not ends_with_newline(path)
        with extending(path) as file, packed(file, compression) as stream:
            if unfinished:
                stream.write(b"\n")
            self._put(rows, stream, first=False)

    def _put(self, df: pd.DataFrame, stream: BinaryIO, first: bool) -> None:
        raise NotImplementedError


def text_types(df: pd.DataFrame) -> dict[str, ColumnType]:
    """Tell what the columns hold, and refuse what text cannot carry, such as lists and bytes."""
    found = column_types(df)
    for name, column in found.items():
        if column.kind == "bytes":
            raise StorageError(f"Column {name!r} holds bytes, which text cannot carry; use a binary format.")
    return found


def ends_with_newline(path: Path) -> bool:
    """Tell whether the last line of a file is ended; that of an empty file is."""
    with path.open("rb") as file:
        end = file.seek(0, io.SEEK_END)
        file.seek(max(end - 1, 0))
        return file.read() in (b"\n", b"")
