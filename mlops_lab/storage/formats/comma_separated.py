"""CSV: one line a row, values apart by commas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import pandas as pd
import pyarrow.csv as arrow_csv

from mlops_lab.i18n import gettext as _
from mlops_lab.storage.errors import StorageError
from mlops_lab.storage.formats.arrow import from_arrow, plain, to_arrow
from mlops_lab.storage.formats.streams import compression_of, opened
from mlops_lab.storage.formats.text import TextFormat, ends_with_newline, text_types

__all__ = ["Csv"]

_PANDAS_2 = pd.__version__.startswith("2.")


class Csv(TextFormat):
    """Comma-separated values, lines ended as RFC 4180 says, in UTF-8; a missing value is an empty field."""

    name = "csv"
    extension = ".csv"
    engines = ("pandas", "pyarrow")
    used_by = _("everybody: spreadsheets, exports of databases, public data")
    schema_evolution = _(
        "No schema in the file: an added column shifts nothing for readers by name and everything for readers by "
        "position; a renamed column is a missing one; a changed type is guessed anew, in silence."
    )
    append_cost = _("The new lines only; they are added to the end.")
    row_cost = _("All lines before it must be scanned, since no line says where the next but one begins.")
    losses: ClassVar = {
        "pandas": {
            "narrow integer": _("int64"),
            "unsigned integer": _("int64, where it has room"),
            "integer with gaps": _("float64, exact up to 2**53"),
            "narrow float": _("float64"),
            "boolean with gaps": _("objects"),
            "text": _("numbers where all of a column looks like numbers, so that '007' becomes 7"),
            "empty text": _("missing"),
            "timestamp": _("text"),
            "timestamp with timezone": _("text"),
            "category": _("text"),
            "column of gaps": _("float64"),
            "empty frame": _("columns of objects"),
        },
        "pyarrow": {
            "narrow integer": _("int64"),
            "unsigned integer": _("int64"),
            "integer with gaps": _("Int64 where there is a gap, else int64"),
            "float": _("int64 where all of a column is whole"),
            "narrow float": _("float64"),
            "boolean with gaps": _("boolean where there is a gap, else bool"),
            "text": _("numbers or timestamps where all of a column looks like them"),
            "timestamp": _("in nanoseconds or in seconds"),
            "timestamp with timezone": _("in nanoseconds and in UTC"),
            "category": _("text"),
            "column of gaps": _("objects"),
            "empty frame": _("columns of objects"),
        },
    }

    def _put(self, df: pd.DataFrame, stream: BinaryIO, first: bool) -> None:
        text_types(df)
        if self.engine == "pyarrow":
            arrow_csv.write_csv(plain(to_arrow(df)), stream, arrow_csv.WriteOptions(include_header=first))
        else:
            df.to_csv(stream, index=False, header=first, lineterminator="\r\n", encoding="utf-8")

    def _read(self, path: Path) -> pd.DataFrame:
        frame = from_arrow(self._arrow(path)) if self.engine == "pyarrow" else self._pandas(path)
        _refuse_half_a_line(path, len(frame.columns))
        return frame

    def _read_columns(self, path: Path, columns: list[str]) -> pd.DataFrame:
        self._known(columns, self._columns(path))
        if self.engine == "pyarrow":
            return from_arrow(self._arrow(path, include_columns=columns))
        return self._pandas(path, usecols=columns)[columns]

    def _read_row(self, path: Path, i: int) -> pd.DataFrame:
        if self.engine == "pyarrow":
            return self._read(path).iloc[i : i + 1]
        return self._pandas(path, skiprows=range(1, i + 1), nrows=1)

    def _columns(self, path: Path) -> list[str]:
        return list(self._pandas(path, nrows=0).columns)

    def _pandas(self, path: Path, **options: Any) -> pd.DataFrame:
        if _PANDAS_2:
            options["float_precision"] = "round_trip"  # later versions are exact without
        with _source(path) as source:
            return pd.read_csv(
                source,
                na_values=[""],
                keep_default_na=False,  # or the text "NA" would be missing
                skip_blank_lines=False,  # or a missing value alone in its line would vanish
                low_memory=False,  # or a column's dtype could differ from chunk to chunk
                **options,
            )

    def _arrow(self, path: Path, **options: Any) -> Any:
        with _source(path) as source:
            return arrow_csv.read_csv(
                source,
                parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                convert_options=arrow_csv.ConvertOptions(
                    strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""], **options
                ),
            )


@contextmanager
def _source(path: Path) -> Iterator[Any]:
    """Give the path where a library can open it itself (which may be faster), else a stream of its bytes."""
    if compression_of(path) == "none":
        yield str(path)
    else:
        with opened(path) as stream:
            yield stream


def _refuse_half_a_line(path: Path, fields: int) -> None:
    """Refuse a file whose last line ends early: pandas would fill it up with missing values in silence."""
    if compression_of(path) != "none" or ends_with_newline(path):
        return
    with path.open("rb") as file:
        end = file.seek(0, io.SEEK_END)
        file.seek(max(end - (1 << 16), 0))
        last = file.read().rsplit(b"\n", 1)[-1].decode("utf-8", errors="replace")
    if last.count('"') % 2 == 0 and len(next(csv.reader([last]), [])) < fields:
        raise StorageError(
            f"{str(path)!r} is cut off: its last line has fewer than {fields} fields. Write it again from its source."
        )
