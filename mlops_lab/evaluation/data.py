"""The door: whatever a user passes as data becomes a `Schema`, and batches of rows whose position is known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from mlops_lab.errors import nearest, shorten
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.numbers import of_columns, of_rows

__all__ = ["Batch", "Column", "ColumnKind", "FrameSource", "Schema", "Source", "as_source"]

ColumnKind = Literal["integer", "real", "boolean", "category", "text", "datetime", "other"]

if TYPE_CHECKING:
    Column = str | Any  # the columns of files have texts as names, and so are typed
else:
    Column = str | int  # a frame that was made of an array numbers them


@dataclass(frozen=True)
class Schema:
    """Names and types of the columns, as the model will be given them.

    Parameters
    ----------
    empty : DataFrame of shape (0, columns)
        No rows, all columns, with their types.

    Examples
    --------
    >>> schema = Schema(pd.DataFrame({"age": [31], "job": ["cook"]}).iloc[:0])
    >>> schema.kind("age"), schema.kind("job")
    ('integer', 'text')
    """

    empty: pd.DataFrame

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self.empty.columns)

    @cached_property
    def kinds(self) -> dict[str, ColumnKind]:
        """Kind of each column."""
        return {name: column_kind(dtype) for name, dtype in zip(self.names, self.empty.dtypes, strict=True)}

    def kind(self, name: str) -> ColumnKind:
        """Return the kind of one column.

        Parameters
        ----------
        name : str
            Column.

        Returns
        -------
        str
            ``"integer"``, ``"real"``, ``"boolean"``, ``"category"``, ``"text"``, ``"datetime"`` or ``"other"``.

        Raises
        ------
        EvaluationError
            Where there is no such column.
        """
        if name not in self.kinds:
            close = nearest(str(name), map(str, self.names), count=1)
            hint = f"The nearest is {close[0]!r}; the" if close else "The"
            raise EvaluationError(
                f"Column {name!r} is not in the data. {hint} columns are {shorten(map(str, self.names))}."
            )
        return self.kinds[name]

    def require(self, name: str, kinds: Sequence[ColumnKind], purpose: str) -> None:
        """Refuse a column whose kind does not fit what is to be done with it.

        Parameters
        ----------
        name : str
            Column.
        kinds : sequence of str
            Kinds that fit.
        purpose : str
            What is to be done, for the sentence, such as ``"noise"``.

        Raises
        ------
        EvaluationError
            Where the column is missing or of another kind.
        """
        kind = self.kind(name)
        if kind not in kinds:
            dtype = self.empty[name].dtype
            fitting = " or ".join(part for part in (", ".join(kinds[:-1]), kinds[-1]) if part)
            raise EvaluationError(
                f"Column {name!r} holds {kind} values ({dtype}); {purpose} needs {fitting} values{way_out(dtype)}."
            )

    def require_numeric(self, name: str, purpose: str) -> None:
        """Refuse a column that is not numeric.

        Parameters
        ----------
        name : str
            Column.
        purpose : str
            What is to be done, for the sentence.

        Raises
        ------
        EvaluationError
            Where the column is missing or not numeric.
        """
        self.require(name, ("integer", "real"), purpose)


def way_out(dtype: Any) -> str:
    """Say how a column is turned into a kind that checks can use, where there is a usual way."""
    if isinstance(dtype, pd.SparseDtype):
        return ": make it dense with .sparse.to_dense()"
    if isinstance(dtype, pd.ArrowDtype) and str(dtype).startswith("dictionary"):
        return ": turn it into a category with .astype('category')"
    if column_kind(dtype) == "datetime":
        return ": make a column of what matters in it, such as the month"
    return ": if these are numbers, turn them into some with pd.to_numeric" if dtype.kind == "O" else ""


def column_kind(dtype: Any) -> ColumnKind:
    """Classify the type of a column by what can be done with its values.

    Parameters
    ----------
    dtype : numpy or pandas dtype
        Type of a column.

    Returns
    -------
    str
        See `ColumnKind`.

    Examples
    --------
    >>> column_kind(pd.Series([1.5]).dtype), column_kind(pd.CategoricalDtype(["a"]))
    ('real', 'category')
    """
    types = pd.api.types
    if isinstance(dtype, pd.SparseDtype):
        return "other"
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_integer_dtype(dtype):
        return "integer"
    if types.is_float_dtype(dtype) or (isinstance(dtype, pd.ArrowDtype) and dtype.kind == "f"):
        return "real"
    if types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype) or types.is_timedelta64_dtype(dtype):
        return "datetime"
    if types.is_string_dtype(dtype) or types.is_object_dtype(dtype):
        return "text"
    return "other"


@dataclass(frozen=True)
class Batch:
    """Some consecutive rows.

    Parameters
    ----------
    frame : DataFrame of shape (rows, columns)
        The rows, exactly as the user gave them.
    target : ndarray of shape (rows,)
        Class codes (positions in the model's ``classes_``) or values.
    start : int
        Position of the first row in the whole data, which the randomness of each row is tied to.
    """

    frame: pd.DataFrame
    target: np.ndarray
    start: int

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.frame)

    @property
    def positions(self) -> np.ndarray:
        """Positions of the rows in the whole data, shape (rows,)."""
        return np.arange(self.start, self.start + self.rows)


class Source(ABC):
    """Rows with their target, wherever they are kept; of data on a Dask cluster with the client that leads there."""

    rows: int
    client: Any = None

    @property
    @abstractmethod
    def schema(self) -> Schema:
        """Names and types of the columns."""

    @property
    @abstractmethod
    def labels(self) -> np.ndarray:
        """What occurs in the target; of a frame the whole target."""

    @property
    @abstractmethod
    def row_bytes(self) -> float:
        """Memory of one row, from the first thousand."""

    @abstractmethod
    def head(self, rows: int) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the first rows with their target."""

    @abstractmethod
    def batches(
        self, rows: int, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[pd.DataFrame, np.ndarray, int]]:
        """Yield consecutive parts of the data.

        Parameters
        ----------
        rows : int
            Rows of a part, at most.
        columns : sequence of str, optional
            Only these; by default all.

        Yields
        ------
        tuple of (DataFrame, ndarray, int)
            Rows, raw target and the position of the first row.
        """


def bytes_of_row(frame: pd.DataFrame) -> float:
    """Return the memory of one row, from the first thousand; only columns of texts and the like have to be looked at.

    Parameters
    ----------
    frame : DataFrame of shape (rows, columns)
        At least one row.

    Returns
    -------
    float
        Bytes, without the index.

    Examples
    --------
    >>> bytes_of_row(pd.DataFrame({"age": [31.0, 44.0], "late": [True, False]}))
    9.0
    """
    total, head = 0.0, min(1000, len(frame))
    for place, dtype in enumerate(frame.dtypes):
        if isinstance(dtype, np.dtype) and dtype.kind in "biufcmM":
            total += dtype.itemsize
        elif isinstance(dtype, pd.CategoricalDtype):
            total += np.min_scalar_type(-max(1, len(dtype.categories))).itemsize
        else:
            total += frame.iloc[:head, place].memory_usage(index=False, deep=True) / head
    return total


class FrameSource(Source):
    """A frame in memory with its target.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    target : array-like of shape (rows,) or str
        What should have been predicted, or the name of the column that holds it, which is then taken out of the frame.
    start : int, default 0
        Position of the first row, where the frame is a part of larger data.

    Raises
    ------
    EvaluationError
        Where frame and target cannot be used; the sentence says why.

    Examples
    --------
    >>> source = FrameSource(pd.DataFrame({"age": [31, 44], "late": [0, 1]}), "late")
    >>> source.rows, source.schema.names
    (2, ['age'])
    """

    def __init__(self, frame: pd.DataFrame, target: Any, start: int = 0) -> None:
        check_columns(frame)
        self.frame, raw = split_target(frame, target)
        check_frame(self.frame)
        self.target = clean_target(raw, len(self.frame), start)
        check_order(self.frame.index, raw)
        self.rows, self.start = len(self.frame), start

    @property
    def schema(self) -> Schema:
        """Names and types of the columns."""
        return Schema(self.frame.iloc[:0])

    @property
    def labels(self) -> np.ndarray:
        """The whole target."""
        return self.target

    def head(self, rows: int) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the first rows with their target."""
        return self.frame.head(rows), self.target[:rows]

    @cached_property
    def row_bytes(self) -> float:
        """Memory of one row, from the first thousand."""
        return bytes_of_row(self.frame)

    def batches(
        self, rows: int, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[pd.DataFrame, np.ndarray, int]]:
        """Yield consecutive parts of the data."""
        names = list(self.frame.columns if columns is None else columns)
        frame = self.frame if names == list(self.frame.columns) else self.frame[names]
        for start in range(0, self.rows, rows):
            whole = rows >= self.rows
            part = frame if whole else frame.iloc[start : start + rows]
            yield part, self.target[start : start + rows], self.start + start


def as_source(data: Any, target: Any, client: Any = None) -> Source:
    """Turn what the user passed as data into a source of batches.

    Parameters
    ----------
    data : DataFrame, str, Path or Source
        Rows to evaluate on: a frame, Parquet files as a path, a folder or a pattern, a Dask DataFrame; or a source,
        which stays what it is.
    target : array-like or str
        What should have been predicted, or the name of the column that holds it.
    client : distributed.Client, optional
        Leads to the cluster that a Dask DataFrame is computed on.

    Returns
    -------
    Source
        Rows and target, checked.

    Raises
    ------
    EvaluationError
        Where the data cannot be used; the sentence says why.

    Examples
    --------
    >>> as_source(pd.DataFrame({"age": [31]}), [0]).rows
    1
    >>> as_source([[31]], [0])
    Traceback (most recent call last):
    mlops_lab.evaluation.errors.EvaluationError: The data is a list; pass a pandas DataFrame, so that columns have
    names.
    """
    if isinstance(data, Source):
        return data
    if isinstance(data, (str, Path)):
        from mlops_lab.evaluation.parquet import ParquetSource

        return ParquetSource(data, target)
    if isinstance(data, pd.DataFrame):
        return FrameSource(data, target)
    if type(data).__module__.split(".")[0] == "dask":
        from mlops_lab.evaluation.dask_source import DaskSource

        return DaskSource(data, target, client)
    if hasattr(data, "to_pandas") or type(data).__name__ == "LazyFrame":
        way = "data.to_pandas()" if hasattr(data, "to_pandas") else "data.collect().to_pandas()"
        raise EvaluationError(f"The data is a {type(data).__module__.split('.')[0]} {type(data).__name__}; pass {way}.")
    raise EvaluationError(f"The data is a {type(data).__name__}; pass a pandas DataFrame, so that columns have names.")


def check_frame(data: Any, which: str = "") -> None:
    """Refuse what is no frame, or an empty one; ``which`` says in a few words what the frame must be."""
    if not isinstance(data, pd.DataFrame):
        kind = f"{type(data).__module__.partition('.')[0]} {type(data).__name__}".removeprefix("builtins ")
        raise EvaluationError(f"The data is a {kind}; pass a pandas DataFrame{which}.")
    if data.empty:
        raise EvaluationError(
            f"The data has {of_rows(len(data))} and {of_columns(data.shape[1])}; pass at least one of each."
        )


def check_columns(frame: pd.DataFrame) -> None:
    """Refuse column names that cannot be told apart."""
    if isinstance(frame.columns, pd.MultiIndex):
        raise EvaluationError("The columns have several levels; flatten them to one name a column.")
    duplicated = frame.columns[frame.columns.duplicated()]
    if len(duplicated):
        raise EvaluationError(f"Column {duplicated[0]!r} occurs more than once; rename or drop one of them.")


def columns_near(name: str, columns: Iterable[Any]) -> str:
    """Name the column that comes nearest to what was written, or those that there are."""
    names = list(map(str, columns))
    close = nearest(name, names, count=1)
    return f"the nearest is {close[0]!r}" if close else f"the columns are {shorten(map(repr, names))}"


def split_target(frame: pd.DataFrame, target: Any) -> tuple[pd.DataFrame, Any]:
    """Separate the target from the columns that the model is given."""
    if isinstance(target, str):
        if target not in frame.columns:
            raise EvaluationError(f"The target {target!r} is not a column of the data; {columns_near(target, frame)}.")
        return frame.drop(columns=target), frame[target]
    if target is None:
        raise EvaluationError("The target is missing; pass y, or the name of the column that holds it.")
    return frame, target


def check_order(index: pd.Index, target: Any) -> None:
    """Refuse a target whose index names the rows of the data in another order."""
    own = getattr(target, "index", None)
    if not isinstance(own, pd.Index) or own.equals(index) or own.has_duplicates or index.has_duplicates:
        return
    place = index.get_indexer(own)
    if (place >= 0).all():
        row = int(np.flatnonzero(place != np.arange(len(place)))[0])
        mine, yours = own[[row]].tolist()[0], index[[row]].tolist()[0]
        raise EvaluationError(
            f"The target's index holds the rows of the data in another order, first in row {row} ({mine!r} for "
            f"{yours!r}); pass y.loc[X.index], or y.to_numpy() where its order is right."
        )


def clean_target(raw: Any, rows: int, start: int = 0) -> np.ndarray:
    """Check the target and return it as a one-dimensional array of its own labels or values."""
    array = np.asarray(raw.to_numpy() if hasattr(raw, "to_numpy") else raw)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise EvaluationError(
            f"The target has shape {array.shape}; pass one label or value a row (several outputs are not supported)."
        )
    if len(array) != rows:
        values = f"{len(array)} value{'' if len(array) == 1 else 's'}"
        raise EvaluationError(f"The target has {values} and the data {of_rows(rows)}; they must be as many.")
    missing = np.flatnonzero(pd.isna(array))
    if len(missing):
        raise EvaluationError(
            f"The target is missing in {of_rows(len(missing))}, first in row {start + missing[0]}; "
            "drop or fill these rows."
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise EvaluationError(
            f"The target is infinite in row {start + np.flatnonzero(~np.isfinite(array))[0]}; drop or mend that row."
        )
    return array
