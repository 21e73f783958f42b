"""All conjunctions of groups of a few columns, counted at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from mlops_lab.evaluation.grouping import Binning
from mlops_lab.evaluation.randomness import RowRandom
from mlops_lab.evaluation.reservoir import smallest

__all__ = ["Lattice", "Overlap", "jaccard"]

PART_ROWS = 1 << 15  # counted at a time
KEPT = 4000  # rows from which the overlap of two slices is estimated: to about one in a hundred


@dataclass(frozen=True)
class Lattice:
    """The slices of several columns, each a cell of one long table.

    Parameters
    ----------
    binnings : tuple of Binning
        One a column.
    depth : int
        How many columns a slice combines at most.

    Examples
    --------
    >>> sex, age = Binning("sex", ("f", "m"), levels=("f",)), Binning("age", ("young", "old"), edges=(30.0,))
    >>> lattice = Lattice((sex, age), depth=2)
    >>> lattice.cells, lattice.label(0), lattice.label(5)
    (8, 'f', 'f & old')
    """

    binnings: tuple[Binning, ...]
    depth: int

    @cached_property
    def combinations(self) -> list[tuple[int, ...]]:
        """Each combination of columns."""
        places = range(len(self.binnings))
        return [chosen for depth in range(1, self.depth + 1) for chosen in combinations(places, depth)]

    @cached_property
    def sizes(self) -> list[int]:
        """Groups of each column."""
        return [len(binning.labels) for binning in self.binnings]

    @cached_property
    def offsets(self) -> np.ndarray:
        """First cell of each combination, and the end."""
        cells = [math.prod(self.sizes[column] for column in chosen) for chosen in self.combinations]
        return np.concatenate([[0], np.cumsum(cells)]).astype(np.int64)

    @property
    def cells(self) -> int:
        """Number of slices."""
        return int(self.offsets[-1])

    def codes(self, frame: pd.DataFrame) -> list[np.ndarray]:
        """Return the group of each row in each column.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            The rows.

        Returns
        -------
        list of ndarray of int, shape (rows,)
            One a column.
        """
        return [binning.codes(frame).astype(np.int64) for binning in self.binnings]

    def places(
        self, codes: list[np.ndarray], inner: np.ndarray, ways: int
    ) -> Iterator[tuple[slice, slice, np.ndarray]]:
        """Yield every combination of columns with the place of each row in its part of the table.

        What two columns have in common is made once for all that stand before them, and rows are taken in parts that
        fit the processor's cache.

        Parameters
        ----------
        codes : list of ndarray of int, shape (rows,)
            From `codes`.
        inner : ndarray of int, shape (rows,)
            What the rows of a slice are counted by.
        ways : int
            How many values it has.

        Yields
        ------
        tuple of (slice, slice, ndarray of int)
            Some rows, the combination's part of a table of cells × ways, and the place of each row within that part.
        """
        parts = {
            chosen: slice(ways * first, ways * end)
            for chosen, (first, end) in zip(self.combinations, pairwise(self.offsets.tolist()), strict=True)
        }

        def extended(
            rows: slice, joint: np.ndarray, width: int, behind: tuple[int, ...]
        ) -> Iterator[tuple[slice, slice, np.ndarray]]:
            for column in range(behind[0] if behind else len(codes)):
                chosen, place = (column, *behind), codes[column][rows] * width + joint
                yield rows, parts[chosen], place
                if len(chosen) < self.depth:
                    yield from extended(rows, place, width * self.sizes[column], chosen)

        for start in range(0, len(inner), PART_ROWS):
            rows = slice(start, start + PART_ROWS)
            yield from extended(rows, inner[rows], ways, ())

    def count_wrong(
        self, codes: list[np.ndarray], half: np.ndarray, wrong: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Count rows and wrong decisions of every slice, in one counting of small numbers for each combination.

        Parameters
        ----------
        codes : list of ndarray of int
            From `codes`.
        half : ndarray of int, shape (rows,)
            0 or 1.
        wrong : ndarray of bool, shape (rows,)
            Whether a row was decided wrongly.

        Returns
        -------
        tuple of ndarray of int, each of shape (cells, 2)
            Rows and wrong decisions on each half.
        """
        counts = np.zeros(4 * self.cells, dtype=np.int64)
        for _rows, part, place in self.places(codes, 2 * half + wrong, ways=4):
            counts[part] += np.bincount(place, minlength=part.stop - part.start)
        table = counts.reshape(-1, 2, 2)
        return table.sum(axis=2), table[:, :, 1].copy()

    def sum_losses(
        self, codes: list[np.ndarray], half: np.ndarray, loss: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count rows and add up losses and their squares for every slice.

        Parameters
        ----------
        codes, half
            As in `count_wrong`.
        loss : ndarray of float, shape (rows,)
            Loss of each row.

        Returns
        -------
        tuple of ndarray, each of shape (cells, 2)
            Rows, losses and squares on each half.
        """
        tables = [np.zeros(2 * self.cells, dtype=kind) for kind in (np.int64, float, float)]
        weights = (None, loss, loss**2)
        for rows, part, place in self.places(codes, half, ways=2):
            for table, weight in zip(tables, weights, strict=True):
                some = None if weight is None else weight[rows]
                table[part] += np.bincount(place, weights=some, minlength=part.stop - part.start)
        counts, losses, squares = (table.reshape(-1, 2) for table in tables)
        return counts, losses, squares

    def conditions(self, cell: int) -> tuple[tuple[int, int], ...]:
        """Return the columns of a slice with their groups.

        Parameters
        ----------
        cell : int
            Which slice.

        Returns
        -------
        tuple of (int, int)
            Place of the column and of its group.
        """
        place = int(np.searchsorted(self.offsets, cell, side="right")) - 1
        chosen, rest = self.combinations[place], cell - int(self.offsets[place])
        groups = []
        for column in reversed(chosen):
            rest, group = divmod(rest, self.sizes[column])
            groups.append((column, group))
        return tuple(reversed(groups))

    def label(self, cell: int) -> str:
        """Describe a slice.

        Parameters
        ----------
        cell : int
            Which slice.

        Returns
        -------
        str
            Its conditions.
        """
        return " & ".join(self.binnings[column].labels[group] for column, group in self.conditions(cell))


@dataclass(frozen=True)
class Overlap:
    """Some rows with their groups, the same for any split into batches, to tell which slices hold the same rows.

    Parameters
    ----------
    priority : ndarray of float, shape (kept,)
        Random number of each row, smallest first.
    codes : ndarray of int, shape (kept, columns)
        Their groups.
    """

    priority: np.ndarray = field(default_factory=lambda: np.empty(0))
    codes: np.ndarray = field(default_factory=lambda: np.empty((0, 0), dtype=np.int16))

    @classmethod
    def of(cls, codes: list[np.ndarray], rng: RowRandom) -> Overlap:
        """Draw rows of a batch.

        Parameters
        ----------
        codes : list of ndarray of int
            Groups of each row, one array a column.
        rng : RowRandom
            One number a row.

        Returns
        -------
        Overlap
            At most 4,000 rows.
        """
        priority = rng.random()
        kept = smallest(priority, KEPT)
        return cls(priority[kept], np.column_stack([column[kept] for column in codes]).astype(np.int16))

    def __add__(self, other: Overlap) -> Overlap:
        if not len(self.priority) or not len(other.priority):
            return self if len(self.priority) else other
        priority = np.concatenate([self.priority, other.priority])
        kept = smallest(priority, KEPT)
        return Overlap(priority[kept], np.concatenate([self.codes, other.codes])[kept])

    def members(self, lattice: Lattice, cell: int) -> np.ndarray:
        """Tell which of the rows are in a slice."""
        return np.logical_and.reduce([self.codes[:, column] == group for column, group in lattice.conditions(cell)])


def jaccard(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Say what one set of rows has in common with each of several others.

    Parameters
    ----------
    one : ndarray of bool, shape (rows,)
        Which rows are in it.
    others : ndarray of bool, shape (sets, rows)
        Which rows are in each.

    Returns
    -------
    ndarray of float, shape (sets,)
        Rows in both over rows in either; 0 where there is none.

    Examples
    --------
    >>> jaccard(np.array([True, True, False]), np.array([[True, False, False], [False, False, True]])).tolist()
    [0.5, 0.0]
    """
    both = np.count_nonzero(others & one, axis=1)
    either = np.count_nonzero(others, axis=1) + np.count_nonzero(one) - both
    return both / np.maximum(either, 1)
