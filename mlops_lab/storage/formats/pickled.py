"""Pickle: Python's own objects, as they are."""

from __future__ import annotations

import pickle
from pathlib import Path

import pandas as pd

from mlops_lab.i18n import gettext as _
from mlops_lab.storage.errors import StorageError
from mlops_lab.storage.formats.base import Format
from mlops_lab.storage.formats.streams import STREAM_COMPRESSIONS, opened, packed

__all__ = ["Pickle"]


class Pickle(Format):
    """The Python object itself, as bytes; reading such a file runs whatever code its author put into it."""

    name = "pickle"
    extension = ".pkl"
    binary = True
    human_readable = False
    layout = "column"  # a frame keeps its columns as arrays, and they are written as they lie in memory
    used_by = _("Python alone: caches, processes that talk to each other, model files of the same team")
    schema_evolution = _(
        "No schema, but classes: the file loads where the same classes can be imported, so a renamed class or another "
        "version of pandas can make it unreadable; an added or renamed column is simply part of the object."
    )
    append_cost = _("The whole object is read and written again.")
    row_cost = _("The whole object is loaded.")
    compressions = STREAM_COMPRESSIONS
    engines = ("pandas",)

    _damaged = (Exception,)  # a pickle runs code, so anything can come out of it
    _refused = (pickle.PicklingError, AttributeError, TypeError)

    def _write(self, df: pd.DataFrame, target: Path) -> None:
        with target.open("wb") as file, packed(file, self.compression) as stream:
            pickle.dump(df.reset_index(drop=True), stream, protocol=pickle.HIGHEST_PROTOCOL)

    def _read(self, path: Path) -> pd.DataFrame:
        with opened(path) as file:
            frame = pickle.load(file)
        if not isinstance(frame, pd.DataFrame):
            raise StorageError(f"{str(path)!r} holds an object of type {type(frame).__name__}, not a table.")
        return frame

    def _columns(self, path: Path) -> list[str]:
        return list(self._read(path).columns)

    def _append(self, path: Path, rows: pd.DataFrame) -> None:
        self._rewrite(path, rows)
