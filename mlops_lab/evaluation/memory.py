"""The door of the functions beside the suite, which need all rows at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlops_lab.evaluation.data import FrameSource, as_source
from mlops_lab.evaluation.errors import EvaluationError

__all__ = ["in_memory"]


def in_memory(data: Any, target: Any) -> FrameSource:
    """Turn what the user passed as data into a frame with its target, or say that files must be read first.

    Parameters
    ----------
    data : DataFrame
        The rows.
    target : array-like or str
        What should have been predicted, or the name of the column that holds it.

    Returns
    -------
    FrameSource
        Rows and target, checked.

    Raises
    ------
    EvaluationError
        Where the data are not a frame in memory, or cannot be used.

    Examples
    --------
    >>> in_memory("trips.parquet", "late")
    Traceback (most recent call last):
    mlops_lab.evaluation.errors.EvaluationError: This needs all rows at once and was given 'trips.parquet'; read it
    first, with pandas.read_parquet and the columns that are needed.
    """
    if isinstance(data, (str, Path)):
        raise EvaluationError(
            f"This needs all rows at once and was given {str(data)!r}; read it first, with pandas.read_parquet and the "
            "columns that are needed."
        )
    source = as_source(data, target)
    if not isinstance(source, FrameSource):
        raise EvaluationError(f"This needs all rows at once and was given a {type(data).__name__}; pass a DataFrame.")
    return source
