"""What every storage format can do, said once: checks, atomic writing and clear errors around each one's own part."""

from __future__ import annotations

import dataclasses
import operator
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Self

import pandas as pd

from mlops_lab.storage.errors import StorageError, unknown, unreadable
from mlops_lab.storage.files import replacing

__all__ = ["Format"]

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Format(ABC):
    """A way to store a table in one file.

    Take one from `FORMATS`; a variant with another compression or library comes from `using`.

    Parameters
    ----------
    compression : str, optional
        One of `compressions`; by default the first of them.
    engine : str, optional
        The library that reads and writes, one of `engines`; by default the first of them.

    Attributes
    ----------
    name, extension : str
        What people call it, and how its files end.
    binary, human_readable : bool
        Whether the file holds other things than text, and whether an editor shows its values.
    layout : {"row", "column"}
        Which values lie beside each other: those of one row, or those of one column.
    used_by : str
        Who uses it, in plain words.
    schema_evolution : str
        What happens when columns are added, renamed or change their type, in plain words.
    append_cost, row_cost : str
        What `append` and `read_row` really have to do.
    losses : mapping of str to mapping
        `loses` for each engine. What is not named there comes back equal, with its dtype.
    compressions, engines : tuple of str
        What may be chosen; the first is the default.

    Examples
    --------
    >>> import tempfile
    >>> from mlops_lab.storage import FORMATS
    >>> path = Path(tempfile.mkdtemp()) / "cities.parquet"
    >>> cities = pd.DataFrame({"city": ["Lima", "Oslo"], "people": [10_092_000, 717_710]})
    >>> FORMATS["parquet"].write(cities, path)
    >>> FORMATS["parquet"].read_columns(path, ["people"])["people"].tolist()
    [10092000, 717710]
    >>> FORMATS["parquet"].using(compression="gzip").label
    'parquet (gzip)'
    """

    compression: str = ""
    engine: str = ""

    name: ClassVar[str]
    extension: ClassVar[str]
    binary: ClassVar[bool]
    human_readable: ClassVar[bool]
    layout: ClassVar[Literal["row", "column"]]
    used_by: ClassVar[str]
    schema_evolution: ClassVar[str]
    append_cost: ClassVar[str]
    row_cost: ClassVar[str]
    losses: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    compressions: ClassVar[tuple[str, ...]]
    engines: ClassVar[tuple[str, ...]]

    # What the library underneath raises when a file is damaged, and when it cannot store a value.
    _damaged: ClassVar[tuple[type[Exception], ...]] = (OSError, ValueError, EOFError)
    _refused: ClassVar[tuple[type[Exception], ...]] = (ValueError, TypeError, OverflowError, NotImplementedError)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compression", self._chosen("compression", self.compression, self.compressions))
        object.__setattr__(self, "engine", self._chosen("engine", self.engine, self.engines))

    @property
    def loses(self) -> Mapping[str, str]:
        """What does not come back as it was written, with this engine: the kind of value, and what it comes back as."""
        return self.losses.get(self.engine, {})

    @property
    def label(self) -> str:
        """The name, followed by what differs from the default: ``"csv"``, ``"csv (pyarrow, gzip)"``."""
        chosen = [(self.engine, self.engines[0]), (self.compression, self.compressions[0])]
        special = ", ".join(value for value, default in chosen if value != default)
        return f"{self.name} ({special})" if special else self.name

    def using(self, *, compression: str | None = None, engine: str | None = None) -> Self:
        """Return this format with another compression or library.

        Parameters
        ----------
        compression, engine : str, optional
            One of `compressions`, one of `engines`; what is left out stays.

        Returns
        -------
        Format
            The variant; this one is unchanged.

        Raises
        ------
        StorageError
            Where the format does not know the compression or the engine.
        """
        return dataclasses.replace(self, compression=compression or self.compression, engine=engine or self.engine)

    def write(self, df: pd.DataFrame, path: PathLike, *, compression: str | None = None) -> None:
        """Write a table to a file, replacing the file if there is one.

        The row labels are not stored: rows are numbered from 0 when they are read.

        Parameters
        ----------
        df : pandas.DataFrame
            The table; its columns must have unique, non-empty text as names.
        path : path-like
            The file. It is whole or absent at every moment: the table is written beside it and then renamed.
        compression : str, optional
            One of `compressions`; by default the one of this object.

        Raises
        ------
        StorageError
            Where the table cannot be stored in this format, the directory is missing or not writable, or the disk full.
        """
        self._storable(df)
        chosen = self.using(compression=compression)
        with replacing(Path(path)) as temporary, self._storing():
            chosen._write(df, temporary)

    def read(self, path: PathLike) -> pd.DataFrame:
        """Read a whole table.

        Parameters
        ----------
        path : path-like
            A file of this format, in any of its compressions.

        Returns
        -------
        pandas.DataFrame
            The table, its rows numbered from 0.

        Raises
        ------
        StorageError
            Where the file is missing, cut off, damaged or of another format.
        """
        with self._reading(path) as file:
            return self._read(file)

    def read_columns(self, path: PathLike, columns: Sequence[str]) -> pd.DataFrame:
        """Read some columns, and as little of the others as the format allows.

        Parameters
        ----------
        path : path-like
            A file of this format.
        columns : sequence of str
            Names of the columns wanted, in the order wanted.

        Returns
        -------
        pandas.DataFrame
            These columns.

        Raises
        ------
        StorageError
            Where a column does not exist (with the nearest names) or the file cannot be read.
        """
        if isinstance(columns, str) or not len(columns):
            raise StorageError(f"Columns must be a list of at least one name, but {columns!r} was given.")
        with self._reading(path) as file:
            return self._read_columns(file, list(dict.fromkeys(columns)))

    def read_row(self, path: PathLike, i: int) -> pd.DataFrame:
        """Read one row, and as little of the others as the format allows (`row_cost`).

        Parameters
        ----------
        path : path-like
            A file of this format.
        i : int
            Number of the row, from 0.

        Returns
        -------
        pandas.DataFrame
            A table of this one row, so that each value keeps its column's dtype.

        Raises
        ------
        StorageError
            Where the file has no such row or cannot be read.
        """
        wanted = operator.index(i)
        with self._reading(path) as file:
            row = self._read_row(file, wanted) if wanted >= 0 else None
            if row is None or row.empty:
                rows = len(self._read(file))
                raise StorageError(f"{str(file)!r} has no row {wanted}: its {rows} rows are numbered from 0.")
            return row.reset_index(drop=True)

    def append(self, path: PathLike, rows: pd.DataFrame) -> None:
        """Add rows to the end of a file, at the price that `append_cost` names.

        Parameters
        ----------
        path : path-like
            A file of this format.
        rows : pandas.DataFrame
            Rows with the same columns as the file, in any order.

        Raises
        ------
        StorageError
            Where the columns differ, a value does not fit the file's schema, or the disk is full. The file is then as
            before.
        """
        self._storable(rows)
        with self._reading(path) as file:
            stored = self._columns(file)
        if set(stored) != set(rows.columns):
            odd = sorted(set(stored) ^ set(rows.columns))
            raise StorageError(
                f"The rows do not have the columns of {str(path)!r}: only one side has {', '.join(odd)}."
            )
        with self._storing():
            self._append(Path(path), rows[stored])

    @abstractmethod
    def _write(self, df: pd.DataFrame, target: Path) -> None: ...

    @abstractmethod
    def _read(self, path: Path) -> pd.DataFrame: ...

    @abstractmethod
    def _columns(self, path: Path) -> list[str]: ...

    @abstractmethod
    def _append(self, path: Path, rows: pd.DataFrame) -> None: ...

    def _read_columns(self, path: Path, columns: list[str]) -> pd.DataFrame:
        frame = self._read(path)
        self._known(columns, list(frame.columns))
        return frame[columns]

    def _read_row(self, path: Path, i: int) -> pd.DataFrame:
        return self._read(path).iloc[i : i + 1]

    def _rewrite(self, path: Path, rows: pd.DataFrame) -> None:
        """Append for formats that cannot: read everything, write everything."""
        with self._reading(path):
            stored = self._read(path)
        with replacing(path) as temporary:
            self._write(pd.concat([stored, rows], ignore_index=True), temporary)

    def _known(self, columns: list[str], stored: list[str]) -> None:
        for column in columns:
            if column not in stored:
                raise unknown("column", column, stored)

    def _chosen(self, what: str, value: str, options: tuple[str, ...]) -> str:
        if value and value not in options:
            raise unknown(f"{what} for {self.name}", value, list(options))
        return value or options[0]

    def _storable(self, df: pd.DataFrame) -> None:
        names = list(df.columns)
        odd = [name for name in names if not (isinstance(name, str) and name)]
        if odd or not names:
            what = f"the column name {odd[0]!r} is not text" if odd else "it has no columns"
            raise StorageError(f"The table cannot be stored as {self.name}: {what}; name its columns.")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise StorageError(f"The table has more than one column {twice!r}; rename one of them.")
        if df.index.nlevels > 1 or df.index.name is not None or not pd.api.types.is_integer_dtype(df.index):
            raise StorageError("The table's row labels would be lost; make them a column with reset_index().")

    @contextmanager
    def _storing(self) -> Iterator[None]:
        try:
            yield
        except StorageError:
            raise
        except self._refused as error:
            reason = " ".join(str(error).split())[:200]
            raise StorageError(f"The table cannot be stored as {self.name}: {reason}.") from error

    @contextmanager
    def _reading(self, path: PathLike) -> Iterator[Path]:
        file = Path(path)
        try:
            yield file
        except StorageError:
            raise
        except self._damaged as error:
            raise unreadable(file, self.name, error) from error
