"""Between pandas and Arrow, without losing whole numbers or booleans that have gaps."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from mlops_lab.storage.formats.records import other_clock

__all__ = ["from_arrow", "plain", "to_arrow"]

_WITH_GAPS: dict[pa.DataType, pd.api.extensions.ExtensionDtype] = {
    pa.bool_(): pd.BooleanDtype(),
    **{getattr(pa, f"int{bits}")(): getattr(pd, f"Int{bits}Dtype")() for bits in (8, 16, 32, 64)},
    **{getattr(pa, f"uint{bits}")(): getattr(pd, f"UInt{bits}Dtype")() for bits in (8, 16, 32, 64)},
}


def to_arrow(df: pd.DataFrame, schema: pa.Schema | None = None) -> pa.Table:
    """Turn a frame into an Arrow table without its row labels; refuse what does not fit the schema, if one is given."""
    for field in schema or ():
        zone = getattr(df[field.name].dtype, "tz", None)
        if pa.types.is_timestamp(field.type) and (field.type.tz is None) != (zone is None):
            raise other_clock(field.name)  # Arrow would take the one for the other
    return pa.Table.from_pandas(df, schema=schema, preserve_index=False)


def plain(table: pa.Table) -> pa.Table:
    """Replace categories by their values, for formats that know none."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(field.type.value_type))
    return table


def from_arrow(table: pa.Table) -> pd.DataFrame:
    """Turn an Arrow table into a frame.

    Arrow's own conversion turns whole numbers with gaps into floats, which cannot hold those beyond 2**53, and booleans
    with gaps into objects; here they become pandas' nullable types.
    """
    frame: pd.DataFrame = table.to_pandas()
    for name in table.column_names:
        column = table.column(name)
        if column.null_count and column.type in _WITH_GAPS:
            frame[name] = column.to_pandas(types_mapper=_WITH_GAPS.get)
    return frame
