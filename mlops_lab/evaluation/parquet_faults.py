"""What is wrong with Parquet files, found once reading them went wrong: which file, which part, which column."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["differences", "first_broken_part"]


def differences(first: pa.Schema, other: pa.Schema) -> list[str]:
    """Say in what the columns of a file differ from those of the first one.

    Parameters
    ----------
    first, other : pyarrow.Schema
        Columns with their types.

    Returns
    -------
    list of str
        One phrase a column that is missing, added or of another type; empty where only the order differs.

    Examples
    --------
    >>> differences(pa.schema({"age": pa.int64(), "job": pa.string()}), pa.schema({"age": pa.string()}))
    ["'age' is string there and int64 here", "'job' is missing"]
    """
    here, there = ({field.name: field.type for field in schema} for schema in (first, other))
    found = []
    for name, kind in here.items():
        if name not in there:
            found.append(f"{name!r} is missing")
        elif there[name] != kind:
            found.append(f"{name!r} is {there[name]} there and {kind} here")
    return found + [f"{name!r} is new" for name in there if name not in here]


def first_broken_part(files: Sequence[str], columns: Sequence[str]) -> str:
    """Read the parts of files one by one until one cannot be read, and name it.

    Parameters
    ----------
    files : sequence of str
        Parquet files.
    columns : sequence of str
        Columns that were asked for.

    Returns
    -------
    str
        For a sentence, such as ``"'people.parquet', row group 3 of 7"``; empty where every part can be read now.
    """
    for file in files:
        try:
            with pq.ParquetFile(file) as opened:
                groups = opened.num_row_groups
                for group in range(groups):
                    try:
                        opened.read_row_group(group, columns=list(columns))
                    except (pa.ArrowException, OSError):
                        return f"{file!r}, row group {group + 1} of {groups}"
        except (pa.ArrowException, OSError):
            return f"{file!r}"
    return ""
