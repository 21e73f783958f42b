"""Parquet, Feather and ORC: the values of one column lie together."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc as orc
import pyarrow.parquet as pq

from mlops_lab.i18n import gettext as _
from mlops_lab.storage.files import replacing
from mlops_lab.storage.formats.arrow import from_arrow, plain, to_arrow
from mlops_lab.storage.formats.base import Format

__all__ = ["Feather", "Orc", "Parquet"]

_ORC_TYPES = {  # ORC knows neither unsigned numbers nor a column without a type
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.int64(),
    pa.null(): pa.string(),
}
_GROUP = 1 << 16  # rows that one row needs to have read with it; smaller groups compress worse


class _Columnar(Format):
    binary = True
    human_readable = False
    layout = "column"
    engines = ("pyarrow",)
    _damaged = (OSError, ValueError, EOFError, NotImplementedError, KeyError)

    def _write(self, df: pd.DataFrame, target: Path) -> None:
        self._put(to_arrow(df), target)

    def _read(self, path: Path) -> pd.DataFrame:
        return from_arrow(self._table(path))

    def _append(self, path: Path, rows: pd.DataFrame) -> None:
        with self._reading(path):
            stored = self._table(path)
        table = pa.concat_tables([stored, to_arrow(rows, stored.schema)]).unify_dictionaries()
        with replacing(path) as temporary:
            self._put(table, temporary)

    def _put(self, table: pa.Table, target: Path) -> None:
        raise NotImplementedError

    def _table(self, path: Path) -> pa.Table:
        raise NotImplementedError


class Parquet(_Columnar):
    """Columns in groups of rows, each with its own statistics, and a footer that says where everything lies."""

    name = "parquet"
    extension = ".parquet"
    losses: ClassVar = {
        "pyarrow": {"empty frame": _("the same but for its categories, which are stored with the rows")}
    }
    used_by = _("data lakes and warehouses: Spark, DuckDB, BigQuery, Athena, pandas")
    schema_evolution = _(
        "The schema is in the file: an added column is not asked for by old readers, and missing in old files for new "
        "ones; a renamed column is another column; a changed type is known at once, and it depends on the reader "
        "whether it is widened."
    )
    append_cost = _("The whole file is copied with one more group of rows, since the footer at its end must change.")
    row_cost = _("The group of up to 65,536 rows that holds it.")
    compressions = ("zstd", "none", "snappy", "gzip", "lz4", "brotli")

    def _put(self, table: pa.Table, target: Path) -> None:
        pq.write_table(table, target, compression=self.compression, row_group_size=_GROUP)

    def _table(self, path: Path) -> pa.Table:
        with pq.ParquetFile(path) as file:
            return file.read()

    def _read_columns(self, path: Path, columns: list[str]) -> pd.DataFrame:
        with pq.ParquetFile(path) as file:
            self._known(columns, file.schema_arrow.names)
            return from_arrow(file.read(columns=columns))[columns]

    def _read_row(self, path: Path, i: int) -> pd.DataFrame:
        with pq.ParquetFile(path) as file:
            first = 0
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if i < first + rows:
                    return from_arrow(file.read_row_group(group).slice(i - first, 1))
                first += rows
            return from_arrow(file.schema_arrow.empty_table())

    def _columns(self, path: Path) -> list[str]:
        return list(pq.read_schema(path).names)

    def _append(self, path: Path, rows: pd.DataFrame) -> None:
        with replacing(path) as temporary, pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            used = file.metadata.row_group(0).column(0).compression if file.num_row_groups else self.compression
            codec = "none" if used == "UNCOMPRESSED" else used
            with pq.ParquetWriter(temporary, schema, compression=codec) as writer:
                for group in range(file.num_row_groups):
                    writer.write_table(file.read_row_group(group))
                writer.write_table(to_arrow(rows, schema))


class Feather(_Columnar):
    """Arrow's own layout in memory, written to a file."""

    name = "feather"
    extension = ".feather"
    losses: ClassVar = {
        "pyarrow": {"empty frame": _("the same but for its categories, which are stored with the rows")}
    }
    used_by = _("programs that hand each other tables quickly: Arrow, pandas, R, Polars")
    schema_evolution = _(
        "The schema is in the file, and a reader gets exactly that: an added, renamed or retyped column is seen, not "
        "mended."
    )
    append_cost = _("The whole file is read and written again.")
    row_cost = _("All batches of 65,536 rows up to the one that holds it.")
    compressions = ("zstd", "none", "lz4")

    def _put(self, table: pa.Table, target: Path) -> None:
        codec = "uncompressed" if self.compression == "none" else self.compression
        pa.feather.write_feather(table, str(target), compression=codec, chunksize=_GROUP)

    def _table(self, path: Path) -> pa.Table:
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()

    def _read_columns(self, path: Path, columns: list[str]) -> pd.DataFrame:
        self._known(columns, self._columns(path))
        return from_arrow(pa.feather.read_table(str(path), columns=columns))[columns]

    def _read_row(self, path: Path, i: int) -> pd.DataFrame:
        with pa.memory_map(str(path)) as source:
            file = pa.ipc.open_file(source)
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
            return _row_of(batches, i, file.schema)

    def _columns(self, path: Path) -> list[str]:
        with pa.memory_map(str(path)) as source:
            return list(pa.ipc.open_file(source).schema.names)


class Orc(_Columnar):
    """Columns in stripes of rows with light statistics; Hive's answer to the same question as Parquet."""

    name = "orc"
    extension = ".orc"
    used_by = _("Hive, Trino and other systems of the Hadoop family")
    schema_evolution = _(
        "The schema is in the file: readers add missing columns as gaps and may widen types; a renamed column is "
        "another column."
    )
    append_cost = _("The whole file is read and written again, since its footer is at the end.")
    row_cost = _("All stripes up to the one that holds it.")
    losses: ClassVar = {
        "pyarrow": {
            "unsigned integer": _("signed, so those beyond 2**63 are refused"),
            "integer with gaps": _("Int64 where there is a gap, else int64"),
            "boolean with gaps": _("boolean where there is a gap, else bool"),
            "empty frame": _("the same but for what could have gaps or categories"),
            "timestamp": _("in nanoseconds"),
            "timestamp with timezone": _("in UTC"),
            "category": _("text"),
        }
    }
    compressions = ("zstd", "none", "snappy", "gzip")  # lz4 is accepted, and compresses nothing

    def _put(self, table: pa.Table, target: Path) -> None:
        codecs = {"none": "uncompressed", "gzip": "zlib"}  # the same under their other names
        memory = pa.BufferOutputStream()  # on a full disk pyarrow's ORC writer would abort the whole process
        orc.write_table(_in_orc_types(plain(table)), memory, compression=codecs.get(self.compression, self.compression))
        target.write_bytes(memory.getvalue())

    def _table(self, path: Path) -> pa.Table:
        return orc.ORCFile(str(path)).read()

    def _read_columns(self, path: Path, columns: list[str]) -> pd.DataFrame:
        file = orc.ORCFile(str(path))
        self._known(columns, file.schema.names)
        return from_arrow(file.read(columns=columns))[columns]

    def _read_row(self, path: Path, i: int) -> pd.DataFrame:
        file = orc.ORCFile(str(path))
        return _row_of((file.read_stripe(number) for number in range(file.nstripes)), i, file.schema)

    def _columns(self, path: Path) -> list[str]:
        return list(orc.ORCFile(str(path)).schema.names)


def _in_orc_types(table: pa.Table) -> pa.Table:
    fields = [pa.field(field.name, _ORC_TYPES.get(field.type, field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def _row_of(batches: Any, i: int, schema: pa.Schema) -> pd.DataFrame:
    """Take one row out of batches that are read one after another, as far as needed."""
    for batch in batches:
        if i < batch.num_rows:
            return from_arrow(pa.Table.from_batches([batch.slice(i, 1)]))
        i -= batch.num_rows
    return from_arrow(schema.empty_table())
