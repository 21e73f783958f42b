"""Results as plain data that JSON can hold, and back, without losing a bit.

JSON knows neither ``nan``, nor tuples, nor the types of columns; what it does not know is written as a mapping with
one key that begins with ``$``. Whoever reads trusts nothing: types come from a
list, and nothing in the file is ever called.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["decode", "decode_frame", "encode", "encode_frame"]

NUMBERS = re.compile(r"u?int(8|16|32|64)|float(16|32|64)|bool")
NULLABLE = re.compile(r"U?Int(8|16|32|64)|Float(32|64)|boolean")
TEXT = ("str", "string", "object")
MOMENTS = re.compile(r"datetime64\[(s|ms|us|ns)(?:, (.+))?\]")
SPANS = re.compile(r"timedelta64\[(s|ms|us|ns)\]")


def encode(value: Any) -> Any:
    """Turn a value into what JSON can hold.

    Parameters
    ----------
    value : object
        Numbers, texts, tables, and lists, tuples and mappings of them; anything else becomes its text.

    Returns
    -------
    object
        Plain data.

    Examples
    --------
    >>> encode((1.5, float("nan"), np.int64(3)))
    {'$tuple': [1.5, {'$float': 'nan'}, 3]}
    """
    if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64)):
        value = value.item()
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, (tuple, list)):
        items = [encode(item) for item in value]
        return items if isinstance(value, list) else {"$tuple": items}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: encode(item) for key, item in value.items()}
        return {"$mapping": [[encode(key), encode(item)] for key, item in value.items()]}
    return encode_table(value)


def encode_table(value: Any) -> Any:
    """Encode what has a type of its own; the text of anything unknown."""
    if isinstance(value, pd.DataFrame):
        return {"$frame": encode_frame(value)}
    if isinstance(value, pd.Series):
        return {"$series": encode_frame(value.to_frame())}
    if isinstance(value, np.ndarray) and (NUMBERS.fullmatch(str(value.dtype)) or value.dtype.kind == "O"):
        return {"$array": {"shape": list(value.shape), "cells": encode_column(pd.Series(value.ravel()))}}
    if value is pd.NA or value is pd.NaT:
        return {"$missing": "NaT" if value is pd.NaT else "NA"}
    if isinstance(value, (pd.Timestamp, datetime, date)):
        return {"$time": [type(value).__name__, value.isoformat()]}
    return str(value)


def encode_frame(frame: pd.DataFrame) -> dict[str, Any]:
    """Turn a table into what JSON can hold.

    Parameters
    ----------
    frame : DataFrame
        Of numbers, texts, booleans, categories and times; anything else becomes its text.

    Returns
    -------
    dict
        Names, index and cells, with their types.

    Examples
    --------
    >>> table = pd.DataFrame({"group": ["a", "b"], "gap": [0.1, float("nan")]})
    >>> decode_frame(encode_frame(table)).equals(table)
    True
    """
    levels = range(frame.index.nlevels)
    index = frame.index
    several = isinstance(index, pd.MultiIndex)
    return {
        "names": encode_index(frame.columns.to_flat_index()),
        "index": [encode_index(index.get_level_values(level)) for level in levels] if several else encode_index(index),
        "columns": [encode_column(frame.iloc[:, place]) for place in range(frame.shape[1])],
    }


def encode_index(index: pd.Index) -> dict[str, Any]:
    """Encode names or labels."""
    name = {"name": encode(index.name)}
    if isinstance(index, pd.RangeIndex):
        return name | {"type": "range", "cells": [index.start, index.stop, index.step]}
    return name | encode_column(index.to_series())


def encode_column(column: pd.Series) -> dict[str, Any]:
    """Encode the cells of a column by its type."""
    kind = str(column.dtype)
    if isinstance(column.dtype, pd.CategoricalDtype):
        labels = encode_column(column.cat.categories.to_series())
        return {
            "type": "category",
            "ordered": bool(column.cat.ordered),
            "labels": labels,
            "cells": column.cat.codes.tolist(),
        }
    if NUMBERS.fullmatch(kind):
        return {"type": kind, "cells": [encode(cell) for cell in column.tolist()]}
    if NULLABLE.fullmatch(kind):
        return {"type": kind, "cells": [None if cell is pd.NA else encode(cell) for cell in column.tolist()]}
    if moment := MOMENTS.fullmatch(kind):
        bare = column.dt.tz_convert("UTC").dt.tz_localize(None) if moment[2] else column
        return {"type": kind, "cells": bare.to_numpy().astype(str).tolist()}
    if SPANS.fullmatch(kind):
        return {
            "type": kind,
            "cells": [None if np.isnat(cell) else int(cell.astype("int64")) for cell in column.to_numpy()],
        }
    if isinstance(column.dtype, pd.StringDtype):
        kind = "string" if column.dtype.na_value is pd.NA else "str"
        return {
            "type": kind,
            "cells": [None if gap else str(cell) for cell, gap in zip(column, column.isna(), strict=True)],
        }
    return {"type": "object", "cells": [encode(cell) for cell in column.tolist()]}


def decode(data: Any) -> Any:
    """Turn plain data back into what it was.

    Parameters
    ----------
    data : object
        From `encode`.

    Returns
    -------
    object
        The value.

    Raises
    ------
    ValueError, TypeError, KeyError
        Where the data does not come from `encode`.

    Examples
    --------
    >>> decode({"$tuple": [1.5, {"$float": "inf"}]})
    (1.5, inf)
    """
    if isinstance(data, list):
        return [decode(item) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        ((tag, content),) = data.items()
        if tag in DECODERS:
            return DECODERS[tag](content)
    if any(key.startswith("$") for key in data):
        raise ValueError(f"the mark {next(iter(data))!r} is unknown")
    return {key: decode(item) for key, item in data.items()}


def decode_frame(data: Any) -> pd.DataFrame:
    """Turn plain data back into a table.

    Parameters
    ----------
    data : dict
        From `encode_frame`.

    Returns
    -------
    DataFrame
        The table.

    Raises
    ------
    ValueError, TypeError, KeyError
        Where the data does not come from `encode_frame`.
    """
    index = data["index"]
    if isinstance(index, list):
        levels = [decode_index(level) for level in index]
        rows: pd.Index = pd.MultiIndex.from_arrays(levels, names=[level.name for level in levels])
    else:
        rows = decode_index(index)
    columns = [decode_column(column) for column in data["columns"]]
    if any(len(column) != len(rows) for column in columns):
        raise ValueError("a column is not as long as the table")
    frame = pd.DataFrame(dict(enumerate(columns)))
    frame.index = rows if columns or len(rows) else pd.RangeIndex(0)
    names = decode_index(data["names"])
    if len(names) != len(columns):
        raise ValueError("the table has not as many names as columns")
    frame.columns = names
    return frame


def decode_index(data: Any) -> pd.Index:
    """Turn plain data back into names or labels."""
    name = decode(data.get("name"))
    hash(name)
    if data["type"] == "range":
        start, stop, step = (whole(cell) for cell in data["cells"])
        if abs(stop - start) > 10_000_000:
            raise ValueError("the table has more rows than a report holds")
        return pd.RangeIndex(start, stop, step, name=name)
    column = decode_column(data)
    return pd.Index(column, name=name, dtype=column.dtype)


def decode_column(data: Any) -> pd.Series:
    """Turn plain data back into a column; only the types listed above are known."""
    kind, cells = data["type"], data["cells"]
    if not isinstance(kind, str) or not isinstance(cells, list):
        raise TypeError("a column has a type and a list of cells")
    if kind == "category":
        labels = pd.Index(decode_column(data["labels"]))
        codes = np.array([whole(cell) for cell in cells], dtype="int64")
        return pd.Series(pd.Categorical.from_codes(codes, labels, ordered=bool(data["ordered"])))
    if moment := MOMENTS.fullmatch(kind):
        bare = pd.Series(np.array([str(cell) for cell in cells], dtype=f"datetime64[{moment[1]}]"))
        return bare.dt.tz_localize("UTC").dt.tz_convert(moment[2]) if moment[2] else bare
    if span := SPANS.fullmatch(kind):
        gaps = [np.iinfo("int64").min if cell is None else whole(cell) for cell in cells]
        return pd.Series(np.array(gaps, dtype="int64").view(f"timedelta64[{span[1]}]"))
    if kind in TEXT and kind != "object":
        if not all(cell is None or isinstance(cell, str) for cell in cells):
            raise TypeError("a column of texts holds something else")
        return pd.Series(cells, dtype=kind)
    if NULLABLE.fullmatch(kind):
        return pd.Series([pd.NA if cell is None else decode(cell) for cell in cells], dtype=kind)
    if NUMBERS.fullmatch(kind):
        return pd.Series(np.array([decode(cell) for cell in cells], dtype=kind))
    if kind != "object":
        raise ValueError(f"the column type {kind!r} is unknown")
    column = pd.Series(index=range(len(cells)), dtype="object")
    for place, cell in enumerate(cells):
        column.iat[place] = decode(cell)
    return column


def whole(value: Any) -> int:
    """Refuse what is no whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no whole number")
    return value


def decode_array(data: Any) -> np.ndarray:
    """Turn plain data back into an array."""
    return decode_column(data["cells"]).to_numpy().reshape([whole(size) for size in data["shape"]])


def decode_time(data: Any) -> Any:
    """Turn plain data back into a point in time."""
    kind, text = data
    return {"Timestamp": pd.Timestamp, "datetime": datetime.fromisoformat, "date": date.fromisoformat}[kind](text)


DECODERS: dict[str, Callable[[Any], Any]] = {
    "$float": lambda text: {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[text],
    "$tuple": lambda items: tuple(decode(list(items))),
    "$mapping": lambda pairs: {decode(key): decode(item) for key, item in pairs},
    "$frame": decode_frame,
    "$series": lambda data: decode_frame(data).iloc[:, 0],
    "$array": decode_array,
    "$missing": lambda text: {"NA": pd.NA, "NaT": pd.NaT}[text],
    "$time": decode_time,
}
