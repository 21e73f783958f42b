"""JSON lines: one line a row, each value beside its name."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np
import pandas as pd
import pyarrow.json as arrow_json
from pandas.api.types import infer_dtype

from mlops_lab.i18n import gettext as _
from mlops_lab.storage.formats.arrow import from_arrow
from mlops_lab.storage.formats.records import rows_of
from mlops_lab.storage.formats.streams import opened
from mlops_lab.storage.formats.text import TextFormat, text_types

__all__ = ["Json"]

_LONGEST_LINE = 1 << 26  # bytes; pyarrow refuses a line longer than its block
_WITH_GAPS = {"integer": "Int64", "boolean": "boolean"}


class Json(TextFormat):
    """JSON lines: one object a row, each with the names of its fields; a missing value is null."""

    name = "json"
    extension = ".jsonl"
    engines = ("python", "pyarrow")  # pyarrow reads only
    used_by = _("web services, logs, document stores, configuration")
    schema_evolution = _(
        "No schema in the file: each row names its own fields, so old and new rows can stand together; whether a field "
        "is missing, renamed or of a new type, each reader must find out and decide for itself."
    )
    append_cost = _("The new lines only; they are added to the end.")
    row_cost = _("All lines before it must be scanned for their ends, but only the wanted one is parsed.")
    losses: ClassVar = {
        "python": {
            "narrow integer": _("int64"),
            "unsigned integer": _("int64, where it has room"),
            "integer with gaps": _("Int64 where there is a gap, else int64"),
            "narrow float": _("float64"),
            "infinity": _("missing, since JSON has no word for it"),
            "boolean with gaps": _("boolean where there is a gap, else bool"),
            "timestamp": _("text"),
            "timestamp with timezone": _("text in UTC"),
            "category": _("text"),
            "column of gaps": _("objects"),
            "empty frame": _("no columns, since only rows name them"),
        },
        "pyarrow": {
            "narrow integer": _("int64"),
            "unsigned integer": _("int64"),
            "integer with gaps": _("Int64 where there is a gap, else int64"),
            "narrow float": _("float64"),
            "infinity": _("missing, since JSON has no word for it"),
            "boolean with gaps": _("boolean where there is a gap, else bool"),
            "text": _("timestamps where all of a column looks like them"),
            "timestamp": _("text, or in seconds where all of a column is whole seconds"),
            "timestamp with timezone": _("text, or in seconds where all of a column is whole seconds"),
            "category": _("text"),
            "column of gaps": _("objects"),
            "empty frame": _("no columns, since only rows name them"),
        },
    }

    # The standard library writes floats exactly; pandas' writer keeps 15 places after the point: of 1e-14, one digit.
    def _put(self, df: pd.DataFrame, stream: BinaryIO, first: bool) -> None:
        encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
        for row in rows_of(_in_json_values(df)):
            stream.write(encode(dict(zip(df.columns, row, strict=True))).encode() + b"\n")

    def _read(self, path: Path) -> pd.DataFrame:
        with opened(path) as file:
            if self.engine == "python":
                return _frame(file)
            content = file.read()
        if not content:
            return pd.DataFrame()
        return from_arrow(arrow_json.read_json(io.BytesIO(content), arrow_json.ReadOptions(block_size=_LONGEST_LINE)))

    def _read_row(self, path: Path, i: int) -> pd.DataFrame:
        with opened(path) as file:
            return _frame(itertools.islice(file, i, i + 1))

    def _columns(self, path: Path) -> list[str]:
        return list(self._read_row(path, 0).columns)


def _in_json_values(df: pd.DataFrame) -> pd.DataFrame:
    """Write timestamps as ISO 8601 says, in UTC where they have a timezone, and leave out what JSON has no word for."""
    changed = {}
    for name, column in text_types(df).items():
        if column.kind == "timestamp":
            moments = df[name].astype(f"datetime64[{column.unit}{', UTC' if column.zoned else ''}]")
            naive = moments.dt.tz_localize(None) if column.zoned else moments
            written = pd.Series(np.datetime_as_string(naive.to_numpy()), index=df.index, dtype=object)
            changed[name] = (written + "Z" if column.zoned else written).where(naive.notna(), None)
        elif column.kind == "float":
            changed[name] = df[name].where(np.isfinite(df[name].astype(float)))
    return df.assign(**changed)


def _frame(lines: Iterable[bytes]) -> pd.DataFrame:
    """Parse lines; a name that a line lacks is a missing value."""
    records = [json.loads(line) for line in lines if line.strip()]
    for number, record in enumerate(records, start=1):
        if not isinstance(record, dict):
            raise ValueError(f"line {number} holds no object with names")
    names = dict.fromkeys(name for record in records for name in record)
    return pd.DataFrame({name: _column([record.get(name) for record in records]) for name in names})


def _column(values: list[Any]) -> pd.Series:
    if None in values:
        kind = infer_dtype(values, skipna=True)
        if kind in _WITH_GAPS:
            return pd.Series(values, dtype=_WITH_GAPS[kind])
    return pd.Series(values)
