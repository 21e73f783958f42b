"""What each format says when the schema changed between the writer and the reader.

Three flights are written with one version of a schema and read with the other, for real, by the library that people
use. The outcome is classified from what came back, never typed: the columns that the reader got are compared with those
that the writer meant.
"""

from __future__ import annotations

import csv
import json
import pickle
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from mlops_lab.errors import InputError, require
from mlops_lab.storage.errors import unknown

__all__ = ["CHANGES", "OUTCOMES", "WAYS", "Change", "Field", "Way", "grid", "measure"]

Row = dict[str, Any]
Columns = dict[str, list[Any]]

OUTCOMES = (
    "reads on",
    "reads on, other type silently",
    "reads on, column lost silently",
    "wrong values silently",
    "refuses",
)
ARROW_TYPES = {"int32": "int32", "int64": "int64", "float64": "float64", "text": "string"}
AVRO_TYPES = {"int32": "int", "int64": "long", "float64": "double", "text": "string"}
PANDAS_TYPES = {"int32": "int32", "int64": "int64", "float64": "float64", "text": "str"}
PYTHON_TYPES: dict[str, type] = {"int32": int, "int64": int, "float64": float, "text": str}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a schema.

    Parameters
    ----------
    name : str
        Its name, by which most formats find it.
    number : int
        Its number, by which Protobuf finds it. It says that two fields are the same one, whatever their names.
    kind : {"int32", "int64", "float64", "text"}
        Its type.
    optional : bool, default False
        Whether it may be missing. A careful author makes a new field optional; Avro asks for it.
    was : str, optional
        Its former name, which an Avro reader may give as an alias.
    """

    name: str
    number: int
    kind: str
    optional: bool = False
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A new version of the schema, with rows that use what is new in it.

    Parameters
    ----------
    fields : tuple of Field
        The new schema.
    rows : tuple of dict
        Three flights as the new writer knows them.
    """

    fields: tuple[Field, ...]
    rows: tuple[Row, ...]


FLIGHT = Field("flight", 1, "int32")
AIR_TIME = Field("air_time", 2, "int32")
CARRIER = Field("carrier", 3, "text")
OLD = Change(
    fields=(FLIGHT, AIR_TIME, CARRIER),
    rows=(
        {"flight": 1545, "air_time": 227, "carrier": "UA"},
        {"flight": 1714, "air_time": 142, "carrier": "AA"},
        {"flight": 1141, "air_time": 160, "carrier": "B6"},
    ),
)


def _rows(**columns: Sequence[Any]) -> tuple[Row, ...]:
    """Return the old rows with some columns added or replaced, and those given as ``None`` left out."""
    return tuple({**row, **{name: values[i] for name, values in columns.items()}} for i, row in enumerate(OLD.rows))


CHANGES: dict[str, Change] = {
    # In the middle, where a person would put it: a reader that counts columns is then off by one.
    "add a column": Change(
        fields=(FLIGHT, Field("distance", 4, "int32", optional=True), AIR_TIME, CARRIER),
        rows=_rows(distance=(1400, 1416, 1089)),
    ),
    "rename a field": Change(
        fields=(FLIGHT, AIR_TIME, replace(CARRIER, name="airline", was="carrier")),
        rows=tuple({"flight": r["flight"], "air_time": r["air_time"], "airline": r["carrier"]} for r in OLD.rows),
    ),
    "change a type": Change(
        fields=(FLIGHT, replace(AIR_TIME, kind="float64"), CARRIER),
        rows=_rows(air_time=(227.5, 142.25, 160.75)),
    ),
    # The old type holds whole numbers up to 2 ** 31 - 1; a company that counts its flights in one series gets there.
    "outgrow a type": Change(
        fields=(replace(FLIGHT, kind="int64"), AIR_TIME, CARRIER),
        rows=_rows(flight=(3_000_000_001, 3_000_000_002, 3_000_000_003)),
    ),
}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to write a file with a schema and to read it with another.

    Parameters
    ----------
    format : str
        The format's name.
    reads : str
        How the reader tells what it expects, in a few words.
    write : callable
        ``write(change, path)``.
    read : callable
        ``read(path, fields)``, which returns the values of each field.
    """

    format: str
    reads: str
    write: Callable[[Change, Path], None]
    read: Callable[[Path, tuple[Field, ...]], Columns]


def _names(fields: Iterable[Field]) -> list[str]:
    return [field.name for field in fields]


def _frame(change: Change) -> pd.DataFrame:
    types = {field.name: PANDAS_TYPES[field.kind] for field in change.fields}
    return pd.DataFrame(list(change.rows), columns=_names(change.fields)).astype(types)


def _columns(frame: pd.DataFrame) -> Columns:
    plain = frame.astype(object).where(frame.notna(), None)
    return {str(name): [getattr(value, "item", lambda value=value: value)() for value in plain[name]] for name in plain}


def _write_csv(change: Change, path: Path) -> None:
    _frame(change).to_csv(path, index=False)


def _read_csv_by_name(path: Path, fields: tuple[Field, ...]) -> Columns:
    types = {field.name: PANDAS_TYPES[field.kind] for field in fields}
    return _columns(pd.read_csv(path, usecols=list(types), dtype=types))


def _read_csv_by_position(path: Path, fields: tuple[Field, ...]) -> Columns:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return {field.name: [PYTHON_TYPES[field.kind](row[i]) for row in rows] for i, field in enumerate(fields)}


def _write_json(change: Change, path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in change.rows), encoding="utf-8")


def _read_json(path: Path, fields: tuple[Field, ...]) -> Columns:
    types = {field.name: PANDAS_TYPES[field.kind] for field in fields}
    return _columns(pd.read_json(path, lines=True, dtype=types)[list(types)])


def _write_pickle(change: Change, path: Path) -> None:
    path.write_bytes(pickle.dumps(_frame(change)))


def _read_pickle(path: Path, fields: tuple[Field, ...]) -> Columns:
    return _columns(pickle.loads(path.read_bytes())[_names(fields)])  # our own file, written a moment ago


def _arrow_schema(fields: tuple[Field, ...]) -> Any:
    import pyarrow as pa

    return pa.schema([(field.name, ARROW_TYPES[field.kind]) for field in fields])


def _arrow_table(change: Change) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist(list(change.rows), schema=_arrow_schema(change.fields))


def _write_parquet(change: Change, path: Path) -> None:
    import pyarrow.parquet as parquet

    parquet.write_table(_arrow_table(change), path)


def _read_parquet_by_schema(path: Path, fields: tuple[Field, ...]) -> Columns:
    import pyarrow.parquet as parquet

    return parquet.read_table(path, schema=_arrow_schema(fields)).to_pydict()


def _read_parquet_by_name(path: Path, fields: tuple[Field, ...]) -> Columns:
    import pyarrow.parquet as parquet

    return parquet.read_table(path, columns=_names(fields)).to_pydict()


def _write_feather(change: Change, path: Path) -> None:
    from pyarrow import feather

    feather.write_feather(_arrow_table(change), str(path))


def _read_feather(path: Path, fields: tuple[Field, ...]) -> Columns:
    from pyarrow import feather

    return feather.read_table(str(path), columns=_names(fields)).to_pydict()


def _write_orc(change: Change, path: Path) -> None:
    from pyarrow import orc

    orc.write_table(_arrow_table(change), str(path))


def _read_orc(path: Path, fields: tuple[Field, ...]) -> Columns:
    from pyarrow import orc

    return orc.read_table(str(path), columns=_names(fields)).to_pydict()


def _avro_schema(fields: tuple[Field, ...]) -> Any:
    def declare(field: Field) -> dict[str, Any]:
        kind = AVRO_TYPES[field.kind]
        declared: dict[str, Any] = {"name": field.name, "type": kind}
        if field.optional:
            declared |= {"type": ["null", kind], "default": None}
        if field.was:
            declared |= {"aliases": [field.was]}
        return declared

    record = {"type": "record", "name": "Flight", "fields": [declare(field) for field in fields]}
    return require("fastavro", extra="lab").parse_schema(record)


def _write_avro(change: Change, path: Path) -> None:
    schema = _avro_schema(change.fields)
    with path.open("wb") as file:
        require("fastavro", extra="lab").writer(file, schema, change.rows)


def _read_avro(path: Path, fields: tuple[Field, ...]) -> Columns:
    schema = _avro_schema(fields)
    from fastavro.read import SchemaResolutionError, reader

    try:
        with path.open("rb") as file:
            rows: list[Any] = list(reader(file, reader_schema=schema))
    except SchemaResolutionError as error:
        raise ValueError(str(error)) from error
    return {name: [row[name] for row in rows] for name in _names(fields)}


def _protobuf_message(fields: tuple[Field, ...]) -> Any:
    """Build the message's class at run time, so that no generated code has to be kept beside it."""
    require("google.protobuf", extra="lab")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    types = {
        "int32": kinds.TYPE_INT32,
        "int64": kinds.TYPE_INT64,
        "float64": kinds.TYPE_DOUBLE,
        "text": kinds.TYPE_STRING,
    }
    file = descriptor_pb2.FileDescriptorProto(name="flight.proto", package="mlops_lab", syntax="proto3")
    message = file.message_type.add(name="Flight")
    for index, field in enumerate(fields):
        # Declared optional, so that "not there" can be told from 0: proto3 asks for a oneof of its own for each.
        declared = message.field.add(name=field.name, number=field.number, type=types[field.kind])
        declared.label, declared.proto3_optional, declared.oneof_index = kinds.LABEL_OPTIONAL, True, index
        message.oneof_decl.add(name=f"_{field.name}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("mlops_lab.Flight"))


def _write_protobuf(change: Change, path: Path) -> None:
    message = _protobuf_message(change.fields)
    from google.protobuf.proto import serialize_length_prefixed

    with path.open("wb") as file:
        for row in change.rows:
            serialize_length_prefixed(message(**row), file)


def _read_protobuf(path: Path, fields: tuple[Field, ...]) -> Columns:
    message = _protobuf_message(fields)
    from google.protobuf.proto import parse_length_prefixed

    with path.open("rb") as file:
        rows = list(iter(lambda: parse_length_prefixed(message, file), None))
    return {name: [getattr(row, name) if row.HasField(name) else None for row in rows] for name in _names(fields)}


WAYS = (
    Way("csv", "by position", _write_csv, _read_csv_by_position),
    Way("csv", "by name and type", _write_csv, _read_csv_by_name),
    Way("json", "by name and type", _write_json, _read_json),
    Way("pickle", "by name", _write_pickle, _read_pickle),
    Way("parquet", "by name", _write_parquet, _read_parquet_by_name),
    Way("parquet", "by name and type", _write_parquet, _read_parquet_by_schema),
    Way("feather", "by name", _write_feather, _read_feather),
    Way("orc", "by name", _write_orc, _read_orc),
    Way("avro", "by the reader's schema", _write_avro, _read_avro),
    Way("protobuf", "by field number", _write_protobuf, _read_protobuf),
)


def _outcome(got: Columns, fields: tuple[Field, ...], written: Change) -> str:
    """Compare what the reader got with what the writer meant; the worst column decides."""
    meant = {field.number: [row[field.name] for row in written.rows] for field in written.fields}
    worst = 0
    for field in fields:
        values = got[field.name]
        expected = meant.get(field.number, [None] * len(written.rows))
        if values == expected:
            typed = all(value is None or type(value) is PYTHON_TYPES[field.kind] for value in values)
            worst = max(worst, 0 if typed else 1)
        else:
            worst = max(worst, 2 if all(value is None for value in values) else 3)
    return OUTCOMES[worst]


def _words(error: Exception, limit: int = 90) -> str:
    said = (
        str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    )  # a KeyError quotes its text
    lines = said.strip().splitlines() or [type(error).__name__]
    text = " ".join(lines[0].split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _try(way: Way, written: Change, fields: tuple[Field, ...], path: Path) -> tuple[str, str]:
    way.write(written, path)
    try:
        got = way.read(path, fields)
    except (ValueError, KeyError, IndexError, TypeError, OSError) as error:  # Arrow's errors are among these
        return "refuses", _words(error)
    outcome = _outcome(got, fields, written)
    first = ", ".join(f"{name}={values[0]!r}" for name, values in got.items())
    return outcome, first


def measure(reader: str = "old", formats: Iterable[str] | None = None) -> pd.DataFrame:
    """Write with one version of a schema, read with the other, and say what happened.

    Parameters
    ----------
    reader : {"old", "new"}, default "old"
        Who reads: ``"old"`` means that code which knows only the old schema meets a file of the new one, the case that
        surprises people in production; ``"new"`` means that new code opens the archive.
    formats : iterable of str, optional
        Which formats to try; all of them by default.

    Returns
    -------
    pandas.DataFrame
        One row for each way of reading and each change: ``format``, ``reads`` (how the reader says what it expects),
        ``change``, ``outcome`` (one of `OUTCOMES`) and ``words``: the library's own message where it refuses, else the
        first row as it was read.

    Raises
    ------
    InputError
        Where the reader or a format is not known.
    MissingExtraError
        Where the library of a format is not installed.

    Examples
    --------
    >>> table = measure(formats=["parquet"])
    >>> table.query("change == 'rename a field'")[["reads", "outcome"]].values.tolist()
    [['by name', 'refuses'], ['by name and type', 'reads on, column lost silently']]
    """
    if reader not in ("old", "new"):
        raise InputError(f"The reader {reader!r} is not known; write 'old' or 'new'.")
    found = []
    with TemporaryDirectory(prefix="mlops-lab-") as folder:
        for way in _ways(formats):
            for name, change in CHANGES.items():
                written, fields = (change, OLD.fields) if reader == "old" else (OLD, change.fields)
                outcome, words = _try(way, written, fields, Path(folder) / f"flights.{way.format}")
                found.append((way.format, way.reads, name, outcome, words))
    return pd.DataFrame(found, columns=["format", "reads", "change", "outcome", "words"])


def grid(table: pd.DataFrame) -> pd.DataFrame:
    """Arrange what was measured for reading: one row for each way of reading, one column for each change.

    Parameters
    ----------
    table : pandas.DataFrame
        As `measure` returns it.

    Returns
    -------
    pandas.DataFrame
        The outcomes, each with a sign before it: ``✓`` all is well, ``✗`` the reader refuses, ``!`` something is wrong
        and nobody is told.

    Examples
    --------
    >>> grid(measure(formats=["avro"]))["add a column"].tolist()
    ['✓ reads on']
    """
    signs = {outcome: f"! {outcome}" for outcome in OUTCOMES} | {"reads on": "✓ reads on", "refuses": "✗ refuses"}
    signed = table.assign(outcome=table["outcome"].map(signs))
    ways = table[["format", "reads"]].drop_duplicates()
    wide = signed.pivot(index=["format", "reads"], columns="change", values="outcome").rename_axis(columns=None)
    return wide.loc[[tuple(way) for way in ways.to_numpy()], list(CHANGES)].reset_index()


def _ways(formats: Iterable[str] | None) -> list[Way]:
    known = list(dict.fromkeys(way.format for way in WAYS))
    wanted = known if formats is None else list(formats)
    for name in wanted:
        if name not in known:
            raise unknown("format", name, known)
    return [way for way in WAYS if way.format in wanted]
