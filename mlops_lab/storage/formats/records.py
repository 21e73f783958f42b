"""Between a frame and rows of plain Python values, for formats that store one record after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api import types

from mlops_lab.storage.errors import StorageError

__all__ = ["ColumnType", "column_types", "other_clock", "refuse_other_types", "rows_of"]


@dataclass(frozen=True)
class ColumnType:
    """What a column holds, in the terms that the record formats share.

    Parameters
    ----------
    kind : {"integer", "float", "boolean", "text", "bytes", "timestamp"}
        The kind of its values.
    bits : int
        Room for a number: 32 or 64.
    signed : bool
        Whether a whole number may be negative.
    gaps : bool
        Whether values may be missing.
    unit : str
        Finest part of a timestamp: ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``.
    zoned : bool
        Whether a timestamp is a moment in the world, not the time on a clock somewhere.
    """

    kind: Literal["integer", "float", "boolean", "text", "bytes", "timestamp"]
    bits: int = 64
    signed: bool = True
    gaps: bool = False
    unit: str = "us"
    zoned: bool = False

    def series(self, values: Sequence[Any]) -> pd.Series:
        """Build a column of this type from Python values, None where one is missing.

        Timestamps are given as whole numbers of `unit` since 1970, in UTC where they are zoned.

        Examples
        --------
        >>> ColumnType("integer", bits=32, gaps=True).series([1, None]).dtype
        Int32Dtype()
        """
        if self.kind == "timestamp":
            missing = np.datetime64("NaT").astype("int64")
            numbers = np.array([missing if value is None else value for value in values], dtype="int64")
            stamps = pd.Series(numbers.view(f"datetime64[{self.unit}]"))
            return stamps.dt.tz_localize("UTC") if self.zoned else stamps
        if self.kind == "integer":
            name = f"{'Int' if self.signed else 'UInt'}{self.bits}"
            return pd.Series(pd.array(values, dtype=name)) if self.gaps else pd.Series(values, dtype=name.lower())
        if self.kind == "float":
            return pd.Series(values, dtype=f"float{self.bits}")
        if self.kind == "boolean":
            return pd.Series(values, dtype="boolean" if self.gaps else "bool")
        if self.kind == "bytes":
            return pd.Series(values, dtype=object)
        return pd.Series(values, dtype=pd.Series(["text"]).dtype)  # pandas 2 and 3 differ in the dtype of text


def column_types(df: pd.DataFrame) -> dict[str, ColumnType]:
    """Tell what each column of a frame holds.

    Parameters
    ----------
    df : pandas.DataFrame
        The table.

    Returns
    -------
    dict of str to ColumnType
        One for each column, in order; that of a category column is the type of its categories.

    Raises
    ------
    StorageError
        Where a column holds anything else, such as lists, time spans or values of several kinds.

    Examples
    --------
    >>> column_types(pd.DataFrame({"a": [True, False]}))["a"].kind
    'boolean'
    """
    return {name: _column_type(name, column) for name, column in df.items()}


def rows_of(df: pd.DataFrame, units: Mapping[str, str] | None = None) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a frame as tuples of plain Python values, None where one is missing, timestamps as numbers.

    NaN is given as None too: in pandas it stands for a missing value, other readers of the file take it for a number.

    Parameters
    ----------
    df : pandas.DataFrame
        The table.
    units : mapping of str to str, optional
        Units of the numbers that stand for timestamps, by column; by default the column's own.

    Yields
    ------
    tuple
        The values of one row.

    Raises
    ------
    StorageError
        Where a timestamp would have to be rounded.

    Examples
    --------
    >>> list(rows_of(pd.DataFrame({"a": [1.5, float("nan")], "b": ["x", None]})))
    [(1.5, 'x'), (None, None)]
    """
    wanted = units or {}
    return zip(*(_plain_values(column, wanted.get(str(name))) for name, column in df.items()), strict=True)


def refuse_other_types(given: Mapping[str, ColumnType], kept: Mapping[str, ColumnType], clocks: bool = True) -> None:
    """Refuse rows whose columns do not fit those of the file that they shall be added to.

    Parameters
    ----------
    given, kept : mapping of str to ColumnType
        The columns of the rows and of the file.
    clocks : bool, default True
        Whether the format tells timestamps with a timezone from those without.

    Raises
    ------
    StorageError
        Where a kind differs (whole numbers among floats excepted) or a value is missing that may not be.

    Examples
    --------
    >>> refuse_other_types({"a": ColumnType("text")}, {"a": ColumnType("float")})
    Traceback (most recent call last):
    mlops_lab.storage.errors.StorageError: Column 'a' of the file holds float values, the rows hold text values.
    """
    for name, old in kept.items():
        new = given[name]
        if new.gaps and not old.gaps:
            raise StorageError(f"Column {name!r} of the file may have no gaps, and the rows have some.")
        if new.kind != old.kind and (new.kind, old.kind) != ("integer", "float"):
            raise StorageError(f"Column {name!r} of the file holds {old.kind} values, the rows hold {new.kind} values.")
        if clocks and new.zoned != old.zoned:
            raise other_clock(name)


def other_clock(name: str) -> StorageError:
    """Build the error for timestamps that would be taken for moments of another timezone."""
    return StorageError(
        f"Column {name!r} has a timezone either in the file or in the rows, but not in both; "
        "give the rows one with dt.tz_localize(), or take it away with dt.tz_localize(None)."
    )


def _column_type(name: str, column: pd.Series) -> ColumnType:
    gaps = bool(column.isna().any())
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return replace(_column_type(name, column.cat.categories.to_series()), gaps=gaps)
    if types.is_bool_dtype(dtype):
        return ColumnType("boolean", gaps=gaps or not isinstance(dtype, np.dtype))
    if types.is_integer_dtype(dtype):
        bits = 64 if dtype.itemsize == 8 else 32
        return ColumnType(
            "integer", bits, types.is_signed_integer_dtype(dtype), gaps or not isinstance(dtype, np.dtype)
        )
    if types.is_float_dtype(dtype):
        return ColumnType("float", 64 if dtype.itemsize == 8 else 32, gaps=gaps)
    if types.is_datetime64_any_dtype(dtype):
        unit = column.dt.unit
        return ColumnType("timestamp", gaps=gaps, unit=unit, zoned=getattr(dtype, "tz", None) is not None)
    if isinstance(dtype, pd.StringDtype):
        return ColumnType("text", gaps=gaps)
    if types.is_object_dtype(dtype):
        return ColumnType(_kind_of_objects(name, column), gaps=gaps)
    raise StorageError(
        f"Column {name!r} is of type {dtype}, which this format cannot store; turn it into text or numbers."
    )


_KINDS_OF_OBJECTS: dict[str, Literal["text", "bytes", "boolean"]] = {
    "string": "text", "empty": "text", "bytes": "bytes", "boolean": "boolean",
}  # fmt: skip


def _kind_of_objects(name: str, column: pd.Series) -> Literal["text", "bytes", "boolean"]:
    found = types.infer_dtype(column, skipna=True)
    if found not in _KINDS_OF_OBJECTS:
        raise StorageError(
            f"Column {name!r} holds {found} values, which this format cannot store; turn them into text or numbers."
        )
    return _KINDS_OF_OBJECTS[found]


def _plain_values(column: pd.Series, unit: str | None) -> list[Any]:
    gaps = column.isna()
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object).infer_objects() if not gaps.all() else column.astype(object)
    if types.is_datetime64_any_dtype(column.dtype):
        if getattr(column.dt, "tz", None) is not None:
            column = column.dt.tz_convert("UTC").dt.tz_localize(None)
        column = _in_unit(column, unit or column.dt.unit).astype("int64")
    if gaps.any():
        return column.astype(object).where(~gaps, None).tolist()
    return column.tolist()


def _in_unit(stamps: pd.Series, unit: str) -> pd.Series:
    """Count timestamps in another unit, and refuse to round them."""
    counted = stamps.dt.as_unit(unit)
    if (counted.dt.as_unit(stamps.dt.unit) != stamps)[stamps.notna()].any():
        raise StorageError(
            f"Column {stamps.name!r} holds timestamps finer than the file's unit ({unit}); round them with dt.round()."
        )
    return counted
