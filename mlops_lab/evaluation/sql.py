"""Rows from a database: what a query answers, as a frame in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from mlops_lab.errors import MissingExtraError, require
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.masking import mask

__all__ = ["read_sql"]


def read_sql(url: str, query: str) -> pd.DataFrame:
    """Read what a query answers.

    DuckDB is asked directly, every other database through SQLAlchemy. Nothing is written: a database that is a file is
    opened only where it exists, and no transaction is committed.

    Parameters
    ----------
    url : str
        Address as SQLAlchemy writes it, such as ``sqlite:///people.db`` or ``duckdb:///people.duckdb``; ``duckdb://``
        alone is an empty database in memory, in which ``select * from 'people.parquet'`` works.
    query : str
        What to ask.

    Returns
    -------
    DataFrame
        One row each.

    Raises
    ------
    EvaluationError
        Where the address or the query cannot be used; no password is in the sentence.
    MissingExtraError
        Where the extra ``sql`` or the driver of the database is not installed.

    Examples
    --------
    >>> read_sql("duckdb://", "select 31 as age, 'cook' as job")
       age   job
    0   31  cook
    """
    try:
        frame = from_duckdb(url, query) if url.startswith("duckdb:") else from_sqlalchemy(url, query)
    except (EvaluationError, MissingExtraError):
        raise
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"The database {mask(url)!r} needs the driver {error.name!r}; install it with pip."
        ) from None
    except Exception as error:  # each database has errors of its own
        said = " ".join(str(getattr(error, "orig", None) or error).split())[:300]
        raise EvaluationError(
            f"The database {mask(url)!r} did not answer the query ({mask(said)}); check the address and the query."
        ) from None  # the error behind it may hold the password
    if frame.empty:
        raise EvaluationError(f"The query returned no rows from {mask(url)!r}; ask for some.")
    return frame


def from_duckdb(url: str, query: str) -> pd.DataFrame:
    """Ask DuckDB, without the driver that SQLAlchemy would need."""
    duckdb: Any = require("duckdb", extra="sql")
    place = url.removeprefix("duckdb:").removeprefix("//").removeprefix("/").split("?")[0]
    if place in ("", ":memory:"):
        place = ":memory:"
    else:
        require_file(place, url)
    with duckdb.connect(place, read_only=place != ":memory:") as connection:
        frame: pd.DataFrame = connection.execute(query).df()
    return frame


def from_sqlalchemy(url: str, query: str) -> pd.DataFrame:
    """Ask any other database."""
    sqlalchemy: Any = require("sqlalchemy", extra="sql")
    try:
        engine = sqlalchemy.create_engine(url)
    except (sqlalchemy.exc.ArgumentError, sqlalchemy.exc.NoSuchModuleError):
        raise EvaluationError(
            f"The address {mask(url)!r} is none of a database; write it as SQLAlchemy does, such as sqlite:///people.db."
        ) from None
    if engine.dialect.name == "sqlite" and engine.url.database not in (None, "", ":memory:"):
        require_file(engine.url.database, url)
    try:
        with engine.connect() as connection:
            return pd.read_sql_query(sqlalchemy.text(query), connection)
    finally:
        engine.dispose()


def require_file(place: str, url: str) -> None:
    """Refuse a database file that is not there; opening it would make an empty one."""
    if not Path(place).is_file():
        raise EvaluationError(f"The database {mask(url)!r} is a file that does not exist; check its name and place.")
