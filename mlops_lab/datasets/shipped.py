"""The real tables that come with the package, one function each.

Where they come from, what their columns mean and in which units: ``data/README.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlops_lab.errors import InputError, MissingDataError, nearest, shorten

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["adult", "airlines", "airports", "flights", "path", "planes", "weather"]

TABLES = ("flights", "weather", "planes", "airports", "airlines", "adult")
PACKAGE = Path(__file__).parents[1]
FOLDERS = (PACKAGE / "data", PACKAGE.parent / "data")  # an installed wheel has the first, a clone the second


def flights(*, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read the 336,776 flights that left New York City in 2013.

    Parameters
    ----------
    columns : iterable of str, optional
        Columns to read, in this order. Default: all 19. Reading four of them takes a fifth of the time.

    Returns
    -------
    pandas.DataFrame
        One row a flight, in the order of departure. Delays in minutes, `distance` in miles, times of the day as
        hours and minutes in one number (517 is 5:17), `time_hour` in UTC. A cancelled flight has no `dep_time`.

    Raises
    ------
    InputError
        Where a column does not exist.
    MissingDataError
        Where the file is not there.

    Examples
    --------
    >>> flights(columns=["carrier", "dest", "arr_delay"]).head(3)
      carrier dest  arr_delay
    0      UA  IAH         11
    1      UA  IAH         20
    2      AA  MIA         33
    """
    return read("flights", columns)


def weather(*, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read the hourly weather at New York City's three airports in 2013.

    Parameters
    ----------
    columns : iterable of str, optional
        Columns to read, in this order. Default: all 15.

    Returns
    -------
    pandas.DataFrame
        26,115 rows, one an airport and hour. Temperatures in °F, wind in mph, rain in inches, pressure in millibar,
        visibility in miles. Joins with `flights` on `origin` and `time_hour`.

    Raises
    ------
    InputError
        Where a column does not exist.
    MissingDataError
        Where the file is not there.

    Examples
    --------
    >>> weather(columns=["origin", "temp"]).shape
    (26115, 2)
    """
    return read("weather", columns)


def planes(*, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read the planes that flew, as far as the registry knows them.

    Parameters
    ----------
    columns : iterable of str, optional
        Columns to read, in this order. Default: all 9.

    Returns
    -------
    pandas.DataFrame
        3,322 rows, one a plane. Joins with `flights` on `tailnum`.

    Raises
    ------
    InputError
        Where a column does not exist.
    MissingDataError
        Where the file is not there.

    Examples
    --------
    >>> planes(columns=["tailnum", "seats"]).head(1)
      tailnum  seats
    0  N10156     55
    """
    return read("planes", columns)


def airports(*, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read names and places of airports.

    Parameters
    ----------
    columns : iterable of str, optional
        Columns to read, in this order. Default: all 8.

    Returns
    -------
    pandas.DataFrame
        1,458 rows, one an airport. Joins with `flights` on `faa` = `origin` or `dest`.

    Raises
    ------
    InputError
        Where a column does not exist.
    MissingDataError
        Where the file is not there.

    Examples
    --------
    >>> airports(columns=["faa", "tz"]).head(1)
       faa  tz
    0  04G  -5
    """
    return read("airports", columns)


def airlines(*, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read the names of the airlines.

    Parameters
    ----------
    columns : iterable of str, optional
        Columns to read, in this order. Default: both.

    Returns
    -------
    pandas.DataFrame
        16 rows, one an airline. Joins with `flights` on `carrier`.

    Raises
    ------
    InputError
        Where a column does not exist.
    MissingDataError
        Where the file is not there.

    Examples
    --------
    >>> airlines().head(1)
      carrier               name
    0      9E  Endeavor Air Inc.
    """
    return read("airlines", columns)


def adult(*, columns: Iterable[str] | None = None, split: Literal["train", "test"] | None = None) -> pd.DataFrame:
    """Read 48,842 answers to the United States census of 1994, with the income to be predicted.

    Parameters
    ----------
    columns : iterable of str, optional
        Columns to read, in this order. Default: all 16.
    split : {"train", "test"}, optional
        Only the 32,561 rows published for training, or only the 16,281 published for testing. Default: both, with
        the column `split` to tell them apart.

    Returns
    -------
    pandas.DataFrame
        One row a person; `income` is ``"<=50K"`` or ``">50K"`` (US dollars a year). What was not answered is missing.

    Raises
    ------
    InputError
        Where a column or the split does not exist.
    MissingDataError
        Where the file is not there.

    Examples
    --------
    >>> adult(columns=["age", "sex", "income"], split="test").head(2)
       age   sex income
    0   25  Male  <=50K
    1   38  Male  <=50K
    """
    if split not in ("train", "test", None):
        raise InputError(f"split is {split!r}, and must be 'train', 'test' or None for both.")
    frame = read("adult", columns, filters=None if split is None else [("split", "==", split)])
    return frame.reset_index(drop=True)


def path(table: str) -> Path:
    """Return where the Parquet file of a shipped table is.

    Parameters
    ----------
    table : {"flights", "weather", "planes", "airports", "airlines", "adult"}
        Name of the table.

    Returns
    -------
    pathlib.Path
        A file that exists.

    Raises
    ------
    InputError
        Where there is no such table.
    MissingDataError
        Where the file is not there.

    Examples
    --------
    >>> path("flights").name
    'flights.parquet'
    """
    if table not in TABLES:
        meant = nearest(table, TABLES, count=1)
        hint = f" Did you mean {meant[0]!r}?" if meant else ""
        raise InputError(f"There is no table {table!r}.{hint} The tables are {', '.join(TABLES)}.")
    for folder in FOLDERS:
        file = folder / f"{table}.parquet"
        if file.is_file():
            return file
    raise MissingDataError(
        f"The file {table}.parquet is neither in {FOLDERS[0]} nor in {FOLDERS[1]}; "
        "rebuild it in a clone of the repository with: make data"
    )


def read(table: str, columns: Iterable[str] | None, filters: list[tuple] | None = None) -> pd.DataFrame:
    """Read a shipped table, or some of its columns."""
    import pandas as pd
    import pyarrow.parquet as pq

    file = path(table)
    if isinstance(columns, str):
        raise InputError(f"columns is the text {columns!r}, and must be a list of names; write columns=[{columns!r}].")
    wanted = None if columns is None else list(columns)
    if wanted is not None:
        known = pq.read_schema(file).names
        for name in wanted:
            if name not in known:
                meant = nearest(str(name), known)
                hint = f" The nearest: {', '.join(meant)}." if meant else ""
                raise InputError(f"{table} has no column {name!r}.{hint} Its columns are {shorten(known, 20)}.")
    frame = pd.read_parquet(file, columns=wanted, filters=filters)
    for name in frame.columns:
        if frame[name].dtype.name == "object":  # text in pandas 2, which leaves None in its gaps
            frame[name] = frame[name].where(frame[name].notna(), float("nan"))
    return frame
