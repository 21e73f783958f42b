"""Rows by their address: Parquet files, a table of commas or tabs, Feather, or a database with a query."""

from __future__ import annotations

import glob
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa

from mlops_lab.evaluation.data import Source, as_source
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.files import reason
from mlops_lab.evaluation.masking import mask
from mlops_lab.evaluation.sql import read_sql

__all__ = ["read_frame", "source_at"]

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{0,2}")
FAR = {"s3", "gs", "gcs", "abfs", "abfss", "az", "http", "https", "hdfs", "ftp"}
COMPRESSED = {".gz", ".bz2", ".xz", ".zip", ".zst"}
OTHER_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def source_at(address: str, target: str, query: str | None = None) -> Source:
    """Open the rows at an address.

    Parameters
    ----------
    address : str
        Parquet as a file, a folder or a pattern, which is read in parts and may be larger than memory; a ``.csv``,
        ``.tsv`` or ``.feather`` file, or the address of a database, which are read into memory.
    target : str
        Column that holds what should have been predicted.
    query : str, optional
        What to ask the database.

    Returns
    -------
    Source
        Rows and target, checked.

    Raises
    ------
    EvaluationError
        Where the rows cannot be read; the sentence says why.
    """
    frame = read_frame(address, query)
    return as_source(address if frame is None else frame, target)


def read_frame(address: str, query: str | None = None) -> pd.DataFrame | None:
    """Read the rows at an address into memory, unless they are Parquet.

    Parameters
    ----------
    address : str
        As for `source_at`.
    query : str, optional
        What to ask the database.

    Returns
    -------
    DataFrame or None
        None for Parquet, which is read in parts.

    Raises
    ------
    EvaluationError
        Where the rows cannot be read.
    """
    scheme = SCHEME.match(address)
    if scheme is not None and scheme[1].lower() in FAR:
        raise EvaluationError(f"The data {mask(address)!r} is not on this machine; copy it here, and name the copy.")
    if scheme is not None and not Path(address).exists():
        if query is None:
            raise EvaluationError(
                f"The data {mask(address)!r} is a database; say which rows with --query 'select … from …'."
            )
        return read_sql(address, query)
    if query is not None:
        raise EvaluationError(f"The data {address!r} is no database; leave the query out, or ask 'duckdb://' about it.")
    suffixes = [suffix.lower() for suffix in Path(address).suffixes]
    kind = next((suffix for suffix in reversed(suffixes) if suffix not in COMPRESSED), "")
    read = READERS.get(kind)
    if read is None or Path(address).is_dir():
        require_parquet(address)
        return None
    if glob.has_magic(address) and not Path(address).exists():
        raise EvaluationError(f"Several files, as in {address!r}, are read as Parquet only; name one {kind} file.")
    try:
        return read(address)
    except EvaluationError:
        raise
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{address!r} is no UTF-8 text; write it as UTF-8, or as Parquet.") from error
    except OSError as error:
        raise EvaluationError(f"{address!r} cannot be read ({reason(error)}); check its name and place.") from error
    except (ValueError, EOFError, pa.ArrowException) as error:
        said = " ".join(str(error).split())
        raise EvaluationError(f"{address!r} cannot be read as a {kind} file ({said}); write it again.") from error


def require_parquet(address: str) -> None:
    """Refuse a file that has neither the name nor the first letters of Parquet."""
    path = Path(address)
    if not path.is_file() or path.suffix.lower() in ("", ".parquet", ".pq"):
        return  # not there, or damaged: reading it says which
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
    except OSError as error:
        raise EvaluationError(f"{address!r} cannot be read ({reason(error)}); check its name and place.") from error
    if not parquet:
        raise EvaluationError(
            f"{address!r} is none of the files that hold data here; write them as .parquet, .csv, .tsv or .feather."
        )


def read_commas(address: str) -> pd.DataFrame:
    """Read a table whose fields are separated by commas."""
    return read_text_table(address, ",")


def read_tabs(address: str) -> pd.DataFrame:
    """Read a table whose fields are separated by tabs."""
    return read_text_table(address, "\t")


def read_text_table(address: str, delimiter: str) -> pd.DataFrame:
    """Read a table with one header, and refuse what would be read as something else than was meant."""
    head = pd.read_csv(address, sep=delimiter, header=None, nrows=1, dtype=str, encoding="utf-8-sig")
    names = head.iloc[0].tolist()
    other = next((one for one in OTHER_DELIMITERS if one != delimiter and one in str(names[0])), None)
    if len(names) == 1 and other is not None:
        raise EvaluationError(
            f"{address!r} has one column, {names[0][:60]!r}: its fields are separated by {OTHER_DELIMITERS[other]}; "
            "write it as .csv with commas, as .tsv with tabs, or as Parquet."
        )
    doubled = head.iloc[0][head.iloc[0].duplicated()]
    if len(doubled):
        raise EvaluationError(f"Column {doubled.iloc[0]!r} occurs more than once in {address!r}; rename one of them.")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # fields that would be lost
        try:
            return pd.read_csv(address, sep=delimiter, index_col=False, low_memory=False, encoding="utf-8-sig")
        except pd.errors.ParserWarning as error:
            raise EvaluationError(
                f"{address!r} has more fields in its rows than names in its header; give every column a name."
            ) from error


READERS: dict[str, Callable[[str], pd.DataFrame]] = {
    ".csv": read_commas,
    ".tsv": read_tabs,
    ".feather": pd.read_feather,
    ".arrow": pd.read_feather,
}
