"""Eight ways to store a table in a file, behind one interface."""

from __future__ import annotations

from mlops_lab.storage.errors import unknown
from mlops_lab.storage.formats.avro import Avro
from mlops_lab.storage.formats.base import Format
from mlops_lab.storage.formats.columnar import Feather, Orc, Parquet
from mlops_lab.storage.formats.comma_separated import Csv
from mlops_lab.storage.formats.json_lines import Json
from mlops_lab.storage.formats.pickled import Pickle
from mlops_lab.storage.formats.protobuf import Protobuf

__all__ = ["FORMATS", "Format"]


class _Formats(dict[str, Format]):
    def __missing__(self, name: str) -> Format:
        raise unknown("format", name, list(self))


FORMATS: dict[str, Format] = _Formats(
    {one.name: one for one in (Json(), Csv(), Parquet(), Avro(), Protobuf(), Pickle(), Feather(), Orc())}
)
"""The formats by name; an unknown name is answered with the nearest ones."""
