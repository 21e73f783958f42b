"""The worst rows of a check: a state that keeps ten of them, whatever the number of batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import Batch

__all__ = ["KEPT", "Worst"]

KEPT = 10
PIECE = 128


@dataclass(frozen=True)
class Worst:
    """The rows with the largest size of trouble, and the row's position where sizes tie.

    Parameters
    ----------
    size : ndarray of float, shape (kept,)
        How bad each row is, largest first.
    position : ndarray of int, shape (kept,)
        Its position in the whole data.
    rows : DataFrame of shape (kept, columns)
        The rows.
    said : dict of str to ndarray of shape (kept,)
        What happened to them, shown beside them; apart, since putting columns into a frame takes longer than the rest.

    Examples
    --------
    >>> batch = Batch(pd.DataFrame({"age": [20, 30, 40]}), np.zeros(3), start=100)
    >>> worst = Worst.of(batch, np.array([0.1, 0.9, 0.0]), {"after": np.array([0.2, 0.5, 0.7])})
    >>> worst.frame()
         age  after  size
    row
    101   30    0.5   0.9
    100   20    0.2   0.1
    """

    size: np.ndarray = field(default_factory=lambda: np.empty(0))
    position: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    said: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, batch: Batch, size: np.ndarray, columns: Mapping[str, Any]) -> Worst:
        """Pick the worst rows of a batch.

        Parameters
        ----------
        batch : Batch
            The rows.
        size : ndarray of float, shape (rows,)
            How bad each row is; rows with 0 or less are not kept.
        columns : mapping of str to ndarray of shape (rows,)
            What happened to each row, shown beside it.

        Returns
        -------
        Worst
            At most ten rows.
        """
        least = at_least(size)
        bad = np.flatnonzero(size >= least if least > 0 else size > 0)
        chosen = bad[np.lexsort((bad, -size[bad]))][:KEPT]
        said = {name: np.asarray(values)[chosen] for name, values in columns.items()}
        return cls(size[chosen], batch.start + chosen, batch.frame.take(chosen), said)

    def __add__(self, other: Worst) -> Worst:
        if not len(self.size) or not len(other.size):
            return self if len(self.size) else other
        if min(len(self.size), len(other.size)) == KEPT:  # most often, once many rows were seen, one side wins whole
            if self.size[-1] > other.size[0]:
                return self
            if other.size[-1] > self.size[0]:
                return other
        size = np.concatenate([self.size, other.size])
        position = np.concatenate([self.position, other.position])
        chosen = np.lexsort((position, -size))[:KEPT]
        said = {name: np.concatenate([values, other.said[name]])[chosen] for name, values in self.said.items()}
        return Worst(size[chosen], position[chosen], pd.concat([self.rows, other.rows]).take(chosen), said)

    def frame(self) -> pd.DataFrame:
        """Return the rows as a table, worst first.

        Returns
        -------
        DataFrame
            One row each, indexed by position in the data.
        """
        index = pd.Index(self.position, name="row")
        said = pd.DataFrame(self.said | {"size": self.size}, index=index)
        own = self.rows.loc[:, ~self.rows.columns.isin(said.columns)]  # a column of the same name gives way
        return pd.concat([own.set_axis(index, axis=0), said], axis=1)


def at_least(size: np.ndarray) -> float:
    """Return a number that ten sizes reach, none or a few more: the tenth largest of the maxima of short pieces."""
    whole = len(size) // PIECE * PIECE
    if whole < KEPT * PIECE:
        return 0.0
    largest = size[:whole].reshape(-1, PIECE).max(axis=1)  # far sooner done than ordering the sizes themselves
    return float(np.partition(largest, len(largest) - KEPT)[len(largest) - KEPT])
