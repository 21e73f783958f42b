"""What every change of the inputs has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import Schema, column_kind
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.profile import Needs, Profile, profile_frame, to_float

__all__ = ["CHANGES", "Change", "Random", "rebuild", "rows_hit"]

CHANGES: dict[str, type[Change]] = {}


class Random(Protocol):
    """Where a change takes its random numbers from: ``numpy.random.Generator`` or `RowRandom`."""

    def random(self, size: Any = None) -> Any:
        """Draw uniform numbers from [0, 1)."""

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Draw normal numbers."""

    def integers(self, low: int, high: int, size: Any = None) -> Any:
        """Draw whole numbers from low to high − 1."""


@dataclass(frozen=True)
class Change(ABC):
    """A realistic change of the inputs, such as noise on one column.

    Subclasses say which columns they change and what they must know of them; `apply` gives the changed frame.
    """

    kind: ClassVar[str]
    strength: ClassVar[str | None] = None  # the field that a sweep varies

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "kind" in cls.__dict__:
            CHANGES[cls.kind] = cls

    @property
    @abstractmethod
    def targets(self) -> tuple[str, ...]:
        """Columns that are changed."""

    @abstractmethod
    def needs(self, schema: Schema) -> Needs:
        """Say what must be known of the columns, or refuse columns that this change does not fit.

        Parameters
        ----------
        schema : Schema
            The columns.

        Returns
        -------
        Needs
            What `columns` will look up in the profile.

        Raises
        ------
        EvaluationError
            Where a column is not there or of the wrong kind.
        """

    @abstractmethod
    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Return the changed columns.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            Unchanged rows.
        rng : Generator or RowRandom
            Source of random numbers.
        profile : Profile
            What is known of the columns of the whole data.

        Returns
        -------
        mapping of str to Series
            New columns, of the same length.
        """

    @property
    def idle(self) -> bool:
        """Whether it leaves every frame as it is, as a strength of 0 does: where a sweep may begin, and no check."""
        return self.strength is not None and getattr(self, self.strength) == 0

    def apply(self, frame: pd.DataFrame, rng: Random) -> pd.DataFrame:
        """Return a changed copy of a frame.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            Unchanged rows; spreads, ranges and levels are taken from them.
        rng : Generator or RowRandom
            Source of random numbers.

        Returns
        -------
        DataFrame of shape (rows, columns)
            With the same columns, index and, where the change allows it, types.

        Raises
        ------
        EvaluationError
            Where a column is not there or of the wrong kind.
        """
        profile = profile_frame(frame, self.needs(Schema(frame.iloc[:0])))
        changed = frame.copy()
        for name, column in self.columns(frame, rng, profile).items():
            changed[name] = column
        return changed

    def at(self, strength: float) -> Change:
        """Return the same change with another strength, for a sweep.

        Parameters
        ----------
        strength : float
            New value of the field that `strength` names.

        Returns
        -------
        Change
            With that strength.

        Raises
        ------
        EvaluationError
            Where the change has no strength.
        """
        if self.strength is None:
            raise EvaluationError(
                f"The change {self.kind!r} has no strength that a sweep could vary; leave sweep= out."
            )
        return replace(self, **{self.strength: strength})

    def __str__(self) -> str:
        given = [name_value(f.name, getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) != f.default]
        return f"{self.kind}({', '.join(given)})"


def name_value(name: str, value: Any) -> str:
    """Write one parameter as it would be given; a column needs no name."""
    if name in ("column", "columns", "names"):
        return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"


def rebuild(original: pd.Series, values: np.ndarray, rows: np.ndarray) -> pd.Series:
    """Put new numbers into some rows of a column and keep its type; integers are rounded.

    Parameters
    ----------
    original : Series of shape (rows,)
        The column as it was.
    values : ndarray of float, shape (rows,)
        New numbers; NaN makes a gap, for which a column of plain integers or booleans turns into floats.
    rows : ndarray of bool, shape (rows,)
        Where they are to be put.

    Returns
    -------
    Series of shape (rows,)
        The changed column.

    Examples
    --------
    >>> rebuild(pd.Series([20, 30]), np.array([20.4, 31.7]), np.array([True, True])).tolist()
    [20, 32]
    """
    kind = column_kind(original.dtype)
    if kind == "integer":
        values = np.rint(values)
    new_gaps = rows & np.isnan(values)
    if isinstance(original.dtype, np.dtype):
        column = original.to_numpy()
        if new_gaps.any() and column.dtype.kind in "iub":
            column = column.astype(float)
        if column.dtype.kind in "iu":
            values = within(values, column.dtype)
        column = column.copy()
        column[rows] = values[rows].astype(column.dtype)
        return pd.Series(column, index=original.index, name=original.name)
    column = original.array.copy()
    if kind == "integer":
        values = within(values, original.dtype.numpy_dtype)
    filled = pd.array(values[rows], dtype="Float64")
    filled[np.isnan(values[rows])] = pd.NA
    column[rows] = filled.astype("Int64") if kind == "integer" else filled
    return pd.Series(column, index=original.index, name=original.name)


def within(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Clip numbers to what an integer type can hold."""
    limits = np.iinfo(dtype)
    high = float(limits.max)
    return np.clip(values, float(limits.min), high if high <= limits.max else np.nextafter(high, 0))


def rows_hit(frame: pd.DataFrame, rate: float, rng: Random) -> np.ndarray:
    """Choose rows at random.

    Parameters
    ----------
    frame : DataFrame of shape (rows, columns)
        Whose rows.
    rate : float
        Share of the rows.
    rng : Generator or RowRandom
        Source of random numbers. The same rows stay chosen when the rate grows.

    Returns
    -------
    ndarray of bool, shape (rows,)
        True where a row is chosen.
    """
    return np.asarray(rng.random(len(frame))) < rate


def numbers(frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return a numeric column as floats, gaps as NaN."""
    return to_float(frame[column])
