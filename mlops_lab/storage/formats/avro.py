"""Avro: records one after another in compressed blocks, behind a schema in JSON."""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from mlops_lab.errors import require
from mlops_lab.i18n import gettext as _
from mlops_lab.storage.files import extending
from mlops_lab.storage.formats.base import Format
from mlops_lab.storage.formats.records import ColumnType, column_types, refuse_other_types, rows_of

__all__ = ["Avro"]

_CODECS = {"deflate": "deflate", "none": "null", "bzip2": "bzip2", "xz": "xz"}
_LOGICAL_UNITS = {"millis": "ms", "micros": "us"}
_EPOCH = datetime(1970, 1, 1)


class Avro(Format):
    """Records in blocks of about 16 kB; the schema, in JSON, stands once at the beginning of the file."""

    name = "avro"
    extension = ".avro"
    binary = True
    human_readable = False
    layout = "row"
    used_by = _("streams and their archives: Kafka, Hadoop, BigQuery's loads")
    schema_evolution = _(
        "The writer's schema is in the file and the reader brings its own: fields with a default may be added or left "
        "out, aliases follow a renaming, and numbers may be widened; anything else is refused."
    )
    append_cost = _("New blocks only; they are added to the end.")
    row_cost = _("All blocks before it are read and unpacked, but only its own is decoded.")
    losses: ClassVar = {
        "fastavro": {
            "narrow integer": _("int32, or int64 for uint32"),
            "unsigned integer": _("signed, so those beyond 2**63 are refused"),
            "timestamp": _("in milliseconds or microseconds; what is finer is refused"),
            "timestamp with timezone": _("in UTC"),
            "category": _("text"),
        }
    }
    compressions = tuple(_CODECS)
    engines = ("fastavro",)
    _damaged = (
        *Format._damaged,
        lzma.LZMAError,
        struct.error,
        zlib.error,
        OverflowError,
        LookupError,
        TypeError,
        AttributeError,
    )

    def _write(self, df: pd.DataFrame, target: Path) -> None:
        schema = _schema(column_types(df))
        with target.open("wb") as file:
            _fastavro().writer(file, schema, _records(df, schema), codec=_CODECS[self.compression])

    def _read(self, path: Path) -> pd.DataFrame:
        with path.open("rb") as file:
            reader = _fastavro().reader(file)
            return _frame(reader, reader.writer_schema)

    def _read_columns(self, path: Path, columns: list[str]) -> pd.DataFrame:
        stored = _stored_schema(path)
        fields = {_column_of(field): field for field in stored["fields"]}
        self._known(columns, list(fields))
        wanted = {**stored, "fields": [fields[column] for column in columns]}
        with path.open("rb") as file:
            return _frame(_fastavro().reader(file, wanted), wanted)

    def _read_row(self, path: Path, i: int) -> pd.DataFrame:
        with path.open("rb") as file:
            blocks = _fastavro().block_reader(file)
            for block in blocks:
                if i < block.num_records:
                    return _frame(list(block)[i : i + 1], blocks.writer_schema)
                i -= block.num_records
            return _frame([], blocks.writer_schema)

    def _columns(self, path: Path) -> list[str]:
        return [_column_of(field) for field in _stored_schema(path)["fields"]]

    def _append(self, path: Path, rows: pd.DataFrame) -> None:
        schema = _stored_schema(path)
        refuse_other_types(column_types(rows), {_column_of(field): _column_type(field) for field in schema["fields"]})
        with extending(path) as file:
            _fastavro().writer(file, schema, _records(rows, schema))  # takes schema and codec from the file's header


def _fastavro() -> Any:
    return require("fastavro", extra="lab")


def _schema(columns: dict[str, ColumnType]) -> dict[str, Any]:
    """Write down a schema. Avro's names are letters, digits and underscores; the column's own name stands beside."""
    fields = []
    for place, (name, column) in enumerate(columns.items()):
        kind = _avro_type(column)
        plain_name = name if name.isascii() and name.isidentifier() else f"column_{place}"
        fields.append({"name": plain_name, "column": name, "type": ["null", kind] if column.gaps else kind})
    return {"type": "record", "name": "Row", "fields": fields}


def _avro_type(column: ColumnType) -> Any:
    if column.kind == "timestamp":
        precision = "millis" if column.unit in ("s", "ms") else "micros"
        return {"type": "long", "logicalType": f"{'' if column.zoned else 'local-'}timestamp-{precision}"}
    if column.kind == "integer":
        return "int" if column.bits == 32 and column.signed else "long"
    if column.kind == "float":
        return "double" if column.bits == 64 else "float"
    return {"boolean": "boolean", "text": "string", "bytes": "bytes"}[column.kind]


def _column_type(field: dict[str, Any]) -> ColumnType:
    kind, gaps = field["type"], False
    if isinstance(kind, list):
        gaps = "null" in kind
        kind = next(option for option in kind if option != "null")
    if isinstance(kind, dict) and "timestamp" in kind.get("logicalType", ""):
        where, _, precision = kind["logicalType"].rpartition("timestamp-")
        return ColumnType("timestamp", gaps=gaps, unit=_LOGICAL_UNITS[precision], zoned=not where)
    names: dict[str, ColumnType] = {
        "int": ColumnType("integer", 32, gaps=gaps),
        "long": ColumnType("integer", gaps=gaps),
        "float": ColumnType("float", 32, gaps=gaps),
        "double": ColumnType("float", gaps=gaps),
        "boolean": ColumnType("boolean", gaps=gaps),
        "bytes": ColumnType("bytes", gaps=gaps),
    }
    return names.get(kind["type"] if isinstance(kind, dict) else kind, ColumnType("text", gaps=gaps))


def _column_of(field: dict[str, Any]) -> str:
    return str(field.get("column", field["name"]))


def _stored_schema(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        schema: dict[str, Any] = _fastavro().reader(file).writer_schema
    return schema


def _records(df: pd.DataFrame, schema: dict[str, Any]) -> Iterable[dict[str, Any]]:
    names = [field["name"] for field in schema["fields"]]
    units = {_column_of(field): _column_type(field).unit for field in schema["fields"]}
    return (dict(zip(names, row, strict=True)) for row in rows_of(df, units))


def _frame(records: Iterable[Any], schema: dict[str, Any]) -> pd.DataFrame:
    listed = list(records)
    columns = {}
    for field in schema["fields"]:
        column = _column_type(field)
        values = [record[field["name"]] for record in listed]
        if column.kind == "timestamp":
            values = [value if value is None else _ticks(value, column.unit) for value in values]
        columns[_column_of(field)] = column.series(values)
    return pd.DataFrame(columns)


def _ticks(moment: datetime, unit: str) -> int:
    span = moment.astimezone(UTC).replace(tzinfo=None) - _EPOCH if moment.tzinfo else moment - _EPOCH
    ticks = (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
    return ticks if unit == "us" else ticks // 1000
