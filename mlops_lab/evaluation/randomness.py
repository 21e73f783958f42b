"""Random numbers that belong to a row: any split of the data into batches draws the same."""

from __future__ import annotations

import numpy as np

from mlops_lab.evaluation.statistics import random

__all__ = ["RowRandom"]


class RowRandom:
    """One random number a row, tied to the row's position in the whole data.

    It has the few methods of ``numpy.random.Generator`` that a change needs, so that a change can be tried with either.
    Each call draws afresh; the same sequence of calls gives the same numbers.

    Parameters
    ----------
    seed : int
        Of the suite.
    name : str
        Of the check; different names give unrelated numbers.
    start : int
        Position of the first row.
    rows : int
        Number of rows.

    Examples
    --------
    >>> whole = RowRandom(0, "noise", start=0, rows=5).random()
    >>> part = RowRandom(0, "noise", start=3, rows=2).random()
    >>> bool((whole[3:] == part).all())
    True
    """

    def __init__(self, seed: int, name: str, start: int, rows: int) -> None:
        self.seed, self.name, self.start, self.rows = seed, name, start, rows
        self.draws = 0

    def _next_key(self) -> int:
        self.draws += 1
        return random.key_of(self.seed, f"{self.name}/{self.draws}")

    def _check(self, size: int | None) -> None:
        if size not in (None, self.rows):
            raise ValueError(f"size is {size}; one number a row is drawn, so it must be {self.rows} or left out.")

    def random(self, size: int | None = None) -> np.ndarray:
        """Draw uniform numbers from [0, 1).

        Parameters
        ----------
        size : int, optional
            The number of rows, or nothing.

        Returns
        -------
        ndarray of float, shape (rows,)
            One a row.
        """
        self._check(size)
        return random.uniforms(self._next_key(), self.start, self.rows)

    def normal(self, loc: float = 0.0, scale: float = 1.0, size: int | None = None) -> np.ndarray:
        """Draw normal numbers.

        Parameters
        ----------
        loc, scale : float
            Mean and standard deviation.
        size : int, optional
            The number of rows, or nothing.

        Returns
        -------
        ndarray of float, shape (rows,)
            One a row.
        """
        self._check(size)
        return loc + scale * random.normals(self._next_key(), self.start, self.rows)

    def integers(self, low: int, high: int, size: int | None = None) -> np.ndarray:
        """Draw whole numbers from low to high − 1.

        Parameters
        ----------
        low, high : int
            Bounds, the upper one left out.
        size : int, optional
            The number of rows, or nothing.

        Returns
        -------
        ndarray of int, shape (rows,)
            One a row.
        """
        self._check(size)
        return random.integers(self._next_key(), self.start, self.rows, low, high)
