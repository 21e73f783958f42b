"""A fingerprint of what a table says, whatever it is stored in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["checksum"]


def checksum(frame: pd.DataFrame) -> str:
    """Return the SHA-256 of a frame's content: names, types, values and their order, but not its index.

    The same table gives the same checksum whether it came from Parquet or from CSV, was compressed or not, and is held
    by pandas 2 or 3: text is text whether stored as objects, as strings or as categories, and a missing value is a
    missing value.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns of numbers, booleans, texts and times, of any number of rows.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"city": ["Arden", "Brück"], "riders": [3, 5]})
    >>> checksum(frame) == checksum(frame.astype({"city": "category"}))
    True
    >>> checksum(frame) == checksum(frame.iloc[::-1])
    False
    """
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False)
    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = plain(column.combine_chunks())
        digest.update(f"{name}\0{values.type}\0{len(values)}\0".encode())
        for part in parts(values):
            digest.update(part)
    return digest.hexdigest()


def plain(values: pa.Array) -> pa.Array:
    """Give values that mean the same the same type."""
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_null(values.type) or pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
        return values.cast(pa.string())
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.timestamp("us", values.type.tz))  # pandas 2 counts in ns, pandas 3 in µs
    return values


def parts(values: pa.Array) -> list[bytes]:
    """Split values into bytes that do not depend on how Arrow laid them out."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    there = np.asarray(values.is_valid()).tobytes()
    if pa.types.is_string(values.type):
        texts = pc.fill_null(values, "")
        lengths = np.asarray(pc.binary_length(texts)).astype("<i8")
        return [there, lengths.tobytes(), "".join(texts.to_pylist()).encode()]
    if pa.types.is_temporal(values.type):
        values = values.cast(pa.int64())
    filled = np.asarray(pc.fill_null(values, False if pa.types.is_boolean(values.type) else 0))
    return [there, filled.astype(filled.dtype.newbyteorder("<")).tobytes()]
