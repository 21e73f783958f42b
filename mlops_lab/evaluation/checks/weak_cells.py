"""What a search for weak slices keeps of the rows, and the slices that its verdict is given on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mlops_lab.evaluation.lattice import Overlap
from mlops_lab.evaluation.statistics.interval import Interval, interval, normal_quantile

__all__ = ["Cells", "Judged", "plain_mean"]


@dataclass(frozen=True)
class Cells:
    """What is kept of a batch: rows and losses of every slice, on the half that searches and on the half that confirms.

    Parameters
    ----------
    rows : ndarray of int, shape (cells, 2)
        Rows on each half.
    losses, squares : ndarray of float, shape (cells, 2)
        Sum of the losses and of their squares.
    total : ndarray of float, shape (2, 3)
        Rows, losses and squares of each half.
    overlap : Overlap
        Some rows, to see which slices are the same.
    """

    rows: np.ndarray
    losses: np.ndarray
    squares: np.ndarray
    total: np.ndarray
    overlap: Overlap = field(default_factory=Overlap)

    def __add__(self, other: Cells) -> Cells:
        return Cells(
            self.rows + other.rows,
            self.losses + other.losses,
            self.squares + other.squares,
            self.total + other.total,
            self.overlap + other.overlap,
        )


@dataclass(frozen=True)
class Judged:
    """The slices that a verdict is given on.

    Parameters
    ----------
    cells, places : ndarray of int, shape (judged,)
        The slices, and their places among those that were searched.
    gaps : Interval
        Their gaps on all rows.
    smallest : int
        Rows of the smallest; 0 where no slice has enough rows to tell and all of them stand in.
    short : float
        How many times the rows of the largest slice would be enough to tell.
    """

    cells: np.ndarray
    places: np.ndarray
    gaps: Interval
    smallest: int
    short: float


def plain_mean(total: np.ndarray, squares: np.ndarray, rows: np.ndarray, alpha: float) -> Interval:
    """Estimate the means of many slices at once from their sums.

    Parameters
    ----------
    total, squares, rows : ndarray of float, shape (slices,)
        Sum of the losses, of their squares, and rows.
    alpha : float
        One minus the level.

    Returns
    -------
    Interval
        By the normal distribution.
    """
    mean = total / rows
    variance = np.maximum(0.0, squares / rows - mean**2) * rows / np.maximum(rows - 1, 1)
    reach = normal_quantile(alpha) * np.sqrt(variance / rows)
    return interval(mean, mean - reach, mean + reach, alpha=alpha, method="normal")
