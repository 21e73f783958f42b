"""Protobuf: messages one after another, each behind its length."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from mlops_lab.errors import require
from mlops_lab.i18n import gettext as _
from mlops_lab.storage.files import extending
from mlops_lab.storage.formats.base import Format
from mlops_lab.storage.formats.records import ColumnType, column_types, refuse_other_types, rows_of
from mlops_lab.storage.formats.streams import STREAM_COMPRESSIONS, compression_of, opened, packed

__all__ = ["Protobuf"]

_TIMESTAMP = ".google.protobuf.Timestamp"
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Protobuf(Format):
    """Length-prefixed messages, the first of which describes the others.

    Protobuf itself leaves the schema to a ``.proto`` file that reader and writer both hold. So that one file is enough
    here, it begins with that description (a ``FileDescriptorProto``); the messages' classes are built from it at run
    time, no compiler is needed.
    """

    name = "protobuf"
    extension = ".pb"
    binary = True
    human_readable = False
    layout = "row"
    used_by = _("services that call each other (gRPC), Google, TensorFlow's records")
    schema_evolution = _(
        "Fields are known by number, not by name: a renamed field is still read, an added one is skipped by old "
        "readers and empty for new ones; a number must never be used again for another type."
    )
    append_cost = _("The new messages only; they are added to the end.")
    row_cost = "All messages before it are skipped by their lengths; only the wanted one is decoded."
    losses: ClassVar = {
        "protobuf": {
            "narrow integer": _("int32 or uint32"),
            "timestamp": _("in nanoseconds and in UTC, since its type is a moment in the world"),
            "timestamp with timezone": _("in nanoseconds and in UTC"),
            "category": _("text"),
        }
    }
    compressions = STREAM_COMPRESSIONS
    engines = ("protobuf",)
    _damaged = (*Format._damaged, TypeError, LookupError)

    def _write(self, df: pd.DataFrame, target: Path) -> None:
        description = _describe(column_types(df))
        with target.open("wb") as file, packed(file, self.compression) as stream:
            _put(description, stream)
            _put_rows(df, description, stream)

    def _read(self, path: Path) -> pd.DataFrame:
        with opened(path) as file:
            description = _description(file)
            return _frame(list(_messages(file, description)), description)

    def _read_columns(self, path: Path, columns: list[str]) -> pd.DataFrame:
        with opened(path) as file:
            description = _description(file)
            self._known(columns, list(_column_types(description)))
            return _frame(list(_messages(file, description)), description, set(columns))[columns]

    def _read_row(self, path: Path, i: int) -> pd.DataFrame:
        with opened(path) as file:
            description = _description(file)
            for _ in range(i):
                length = _length(file)
                if length is None or len(file.read(length)) < length:
                    return _frame([], description)
            return _frame(list(itertools.islice(_messages(file, description), 1)), description)

    def _columns(self, path: Path) -> list[str]:
        with opened(path) as file:
            return list(_column_types(_description(file)))

    def _append(self, path: Path, rows: pd.DataFrame) -> None:
        with opened(path) as old:
            description = _description(old)
        refuse_other_types(column_types(rows), _column_types(description), clocks=False)
        with extending(path) as file, packed(file, compression_of(path)) as stream:
            _put_rows(rows, description, stream)


def _describe(columns: dict[str, ColumnType]) -> Any:
    """Describe one message with a field for each column; the column's own name is the field's name in JSON."""
    descriptor = require("google.protobuf.descriptor_pb2", extra="lab")
    file = descriptor.FileDescriptorProto(name="row.proto", package="mlops_lab", syntax="proto3")
    file.dependency.append("google/protobuf/timestamp.proto")
    message = file.message_type.add(name="Row")
    optional = []
    for number, (name, column) in enumerate(columns.items(), start=1):
        field = message.field.add(name=f"column_{number}", json_name=name, number=number, label=1)
        if name.isascii() and name.isidentifier():
            field.name = name
        field.type = _field_type(column)
        if column.kind == "timestamp":
            field.type_name = _TIMESTAMP
        elif column.gaps:
            optional.append(field)
    for place, field in enumerate(optional):  # proto3 tells "missing" from 0 by a group of one
        field.proto3_optional = True
        field.oneof_index = place
        message.oneof_decl.add(name=f"_{field.name}")
    return file


def _field_type(column: ColumnType) -> int:
    field = require("google.protobuf.descriptor_pb2", extra="lab").FieldDescriptorProto
    if column.kind == "integer":
        return int(getattr(field, f"TYPE_{'' if column.signed else 'U'}INT{column.bits}"))
    if column.kind == "float":
        return int(field.TYPE_DOUBLE if column.bits == 64 else field.TYPE_FLOAT)
    names = {"boolean": "TYPE_BOOL", "text": "TYPE_STRING", "bytes": "TYPE_BYTES", "timestamp": "TYPE_MESSAGE"}
    return int(getattr(field, names[column.kind]))


def _column_types(description: Any) -> dict[str, ColumnType]:
    return {field.json_name: _column_type(field) for field in description.message_type[0].field}


def _column_type(field: Any) -> ColumnType:
    gaps = bool(field.proto3_optional)
    kinds = {
        field.TYPE_INT32: ColumnType("integer", 32, True, gaps),
        field.TYPE_INT64: ColumnType("integer", 64, True, gaps),
        field.TYPE_UINT32: ColumnType("integer", 32, False, gaps),
        field.TYPE_UINT64: ColumnType("integer", 64, False, gaps),
        field.TYPE_DOUBLE: ColumnType("float", 64, gaps=gaps),
        field.TYPE_FLOAT: ColumnType("float", 32, gaps=gaps),
        field.TYPE_BOOL: ColumnType("boolean", gaps=gaps),
        field.TYPE_STRING: ColumnType("text", gaps=gaps),
        field.TYPE_BYTES: ColumnType("bytes", gaps=gaps),
        field.TYPE_MESSAGE: ColumnType("timestamp", gaps=True, unit="ns", zoned=True),
    }
    return kinds[field.type]


@functools.lru_cache(maxsize=16)
def _message_class(description: bytes) -> Any:
    pools = require("google.protobuf.descriptor_pool", extra="lab")
    timestamp = require("google.protobuf.timestamp_pb2", extra="lab")
    factory = require("google.protobuf.message_factory", extra="lab")
    pool = pools.DescriptorPool()
    pool.AddSerializedFile(timestamp.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(description)
    return factory.GetMessageClass(pool.FindMessageTypeByName("mlops_lab.Row"))


def _class_of(description: Any) -> Any:
    return _message_class(description.SerializeToString(deterministic=True))


def _put(message: Any, stream: Any) -> None:
    content = message.SerializeToString()
    stream.write(_varint(len(content)) + content)


def _put_rows(df: pd.DataFrame, description: Any, stream: Any) -> None:
    row_class = _class_of(description)
    names = [field.name for field in description.message_type[0].field]
    stamps = {
        name: kind.unit for name, kind in zip(names, column_types(df).values(), strict=True) if kind.kind == "timestamp"
    }
    for row in rows_of(df):
        values = dict(zip(names, row, strict=True))
        for name, unit in stamps.items():
            if values[name] is not None:
                seconds, rest = divmod(values[name], _TICKS[unit])
                values[name] = {"seconds": seconds, "nanos": rest * (10**9 // _TICKS[unit])}
        _put(row_class(**values), stream)


def _description(file: Any) -> Any:
    descriptor = require("google.protobuf.descriptor_pb2", extra="lab")
    content = _next(file)
    found = descriptor.FileDescriptorProto.FromString(content or b"")
    if not found.message_type:
        raise ValueError("it does not begin with the description of its messages")
    return found


def _messages(file: Any, description: Any) -> Iterator[Any]:
    parse = _class_of(description).FromString
    while (content := _next(file)) is not None:
        yield parse(content)


def _frame(messages: list[Any], description: Any, wanted: set[str] | None = None) -> pd.DataFrame:
    columns = {}
    for field in description.message_type[0].field:
        if wanted is None or field.json_name in wanted:
            column = _column_type(field)
            columns[field.json_name] = column.series(_values(messages, field.name, column))
    return pd.DataFrame(columns)


def _values(messages: list[Any], name: str, column: ColumnType) -> list[Any]:
    if column.kind == "timestamp":
        found = [getattr(message, name) if message.HasField(name) else None for message in messages]
        return [None if stamp is None else stamp.seconds * 10**9 + stamp.nanos for stamp in found]
    if column.gaps:
        return [getattr(message, name) if message.HasField(name) else None for message in messages]
    return [getattr(message, name) for message in messages]


def _next(file: Any) -> bytes | None:
    """Read one message's bytes; None at the end of the file."""
    length = _length(file)
    if length is None:
        return None
    content: bytes = file.read(length)
    if len(content) < length:
        raise EOFError("the last message is not whole")
    return content


def _varint(number: int) -> bytes:
    """Write a whole number as protobuf does: seven bits a byte, the eighth says that more follow."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _length(file: Any) -> int | None:
    """Read such a number; None at the end of the file."""
    number = shift = 0
    while byte := file.read(1):
        number |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return number
        shift += 7
        if shift > 63:
            raise ValueError("a length has more than 64 bits")
    if shift:
        raise EOFError("the last length is not whole")
    return None
