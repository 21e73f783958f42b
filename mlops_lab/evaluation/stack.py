"""The rows of several requests behind each other, made part by part as the model is asked for them.

The whole is never copied: beside the changed columns, a stack holds only where each of its rows comes from. Parts of a
few megabytes are made in memory that the last part has just left, which costs half as much as memory that is new.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.request import Request, pick

__all__ = ["SAMPLED_ROWS", "Stack", "repeats", "repeats_often"]

SAMPLED_ROWS = 256  # from which it is told whether rows repeat, and whether the model reads the index


@dataclass(frozen=True)
class Stack:
    """Rows of a frame, some of them changed.

    Parameters
    ----------
    frame : DataFrame of shape (rows, columns)
        The unchanged rows.
    rows : ndarray of int, shape (stacked,)
        Which of them each row of the stack is a version of.
    columns : mapping of str to array, each of shape (stacked,)
        The columns that some request changes.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    columns: Mapping[str, Any]

    @classmethod
    def of(cls, frame: pd.DataFrame, requests: Sequence[Request], unchanged: bool, again: int = 0) -> Stack:
        """Put all changed rows behind each other.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            The unchanged rows.
        requests : sequence of Request
            The changes; those to one column are of one type.
        unchanged : bool
            Whether the unchanged rows stand before them.
        again : int, default 0
            So many of the first unchanged rows stand behind them once more.

        Returns
        -------
        Stack
            In the order of the requests.
        """
        offset = len(frame) if unchanged else 0
        rows = np.concatenate([np.arange(offset), *(request.rows for request in requests), np.arange(again)])
        columns = {}
        for name in dict.fromkeys(name for request in requests for name in request.columns):
            types = {request.columns[name].dtype for request in requests if name in request.columns}
            own = frame[name] if types == {frame[name].dtype} else frame[name].astype(types.pop())
            column, start = pick(own, rows), offset
            for request in requests:
                if name in request.columns:
                    column[start : start + len(request.rows)] = request.columns[name]
                start += len(request.rows)
            columns[name] = column
        return cls(frame, rows, columns)

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, places: np.ndarray) -> Stack:
        """Choose some rows.

        Parameters
        ----------
        places : ndarray of int, shape (chosen,)
            Which.

        Returns
        -------
        Stack
            These, in that order.
        """
        return Stack(
            self.frame, self.rows[places], {name: column.take(places) for name, column in self.columns.items()}
        )

    def part(self, rows: slice) -> pd.DataFrame:
        """Make a frame of some rows.

        Parameters
        ----------
        rows : slice
            Which.

        Returns
        -------
        DataFrame
            A copy, with the types, the order of the columns and the categories of the changed columns.
        """
        frame = self.frame.take(self.rows[rows])
        for name, column in self.columns.items():
            values, place = column[rows], frame.columns.get_loc(name)
            if (
                isinstance(values, np.ndarray)
                and values.dtype.kind in "fiub"
                and values.dtype == frame.dtypes.iloc[place]
            ):
                frame.iloc[:, place] = values  # in place: a model reads columns that lie apart at half the speed
            else:
                frame[name] = pd.Series(values, frame.index, dtype=values.dtype, copy=False)  # texts as objects stay so
        return frame


def repeats_often(stack: Stack, requests: Sequence[Request], unchanged: bool) -> bool:
    """Tell from a few rows, with all their changed versions, whether looking for repeated rows is worth its time.

    Parameters
    ----------
    stack : Stack
        All rows.
    requests : sequence of Request
        What it was made of.
    unchanged : bool
        Whether the unchanged rows stand before them.

    Returns
    -------
    bool
        True where one in twenty of the sampled rows repeats.
    """
    if len(stack) < 2 * SAMPLED_ROWS:
        return False
    frame = stack.frame
    chosen = np.arange(0, len(frame), max(1, len(frame) // SAMPLED_ROWS))
    shown, origin, offset = ([chosen], [chosen], len(frame)) if unchanged else ([], [], 0)
    for request in requests:
        places = np.searchsorted(request.rows, chosen)
        there = np.append(request.rows, -1)[places] == chosen
        shown.append(offset + places[there])
        origin.append(chosen[there])
        offset += len(request.rows)
    versions = np.concatenate(shown)
    sampled = stack.only(versions)
    if tell_apart(frame.take(chosen), sampled.columns):
        if len(requests) < 2:
            return False
        columns = [*sampled.columns.values(), np.concatenate(origin)]  # only versions of one row can be alike
    else:
        columns = [column.array for _name, column in sampled.part(slice(None)).items()]
    try:
        return count_different(columns) <= 0.95 * len(versions)
    except TypeError:  # a column of lists or the like cannot be told apart
        return False


def count_different(columns: Sequence[Any]) -> int:
    """Count the different rows of a few: in a quarter of the time of hashing them where columns are few."""
    row = np.zeros(len(columns[0]), dtype=np.int64)
    for values in columns:
        value = pd.factorize(values)[0] + 1  # a gap is 0
        row = pd.factorize(row * (int(value.max()) + 1) + value)[0]
    return int(row.max()) + 1


def tell_apart(rows: pd.DataFrame, changed: Container[str]) -> bool:
    """Tell whether one column, left as it is, holds hardly a value twice: then hardly two rows are alike."""
    numbers = (name for name in rows.columns if name not in changed and rows[name].dtype.kind in "iuf")
    return any(len(np.unique(rows[name].to_numpy())) > 0.95 * len(rows) for name in numbers)


def repeats(stacked: pd.DataFrame, with_index: bool) -> tuple[np.ndarray, np.ndarray]:
    """Find the rows that stand in a frame several times.

    Parameters
    ----------
    stacked : DataFrame of shape (rows, columns)
        The rows.
    with_index : bool
        Whether two rows of different names differ.

    Returns
    -------
    first : ndarray of int, shape (different,)
        Where each different row stands first.
    place : ndarray of int, shape (rows,)
        For each row which of them it is.
    """
    keys = pd.util.hash_pandas_object(stacked, index=with_index).to_numpy()
    places, _ = pd.factorize(keys)  # numbered as they first appear, without sorting them
    return np.flatnonzero(np.diff(np.maximum.accumulate(places), prepend=-1)), places
