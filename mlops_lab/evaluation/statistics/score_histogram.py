"""Scores and outcomes counted on a fixed scale, so that a frame, a stream and a cluster give the same numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.scale import BINS, bins_of

__all__ = ["Grouped", "ScoreHistogram"]

Array = NDArray[np.float64]


def no_counts() -> NDArray[np.int64]:
    """Return an empty histogram of counts."""
    return np.zeros(BINS, dtype=np.int64)


def no_sums() -> Array:
    """Return an empty histogram of sums."""
    return np.zeros(BINS)


NAMES = ("rows", "positives", "scores", "squares", "positive_scores")
"""What is kept of each bin."""


@dataclass(frozen=True)
class ScoreHistogram:
    """Counts and sums of scores in 65,536 fixed bins; those of two batches add up.

    Parameters
    ----------
    rows, positives : ndarray of int, shape (65536,)
        Rows, and rows whose outcome was positive.
    scores, squares, positive_scores : ndarray of float, shape (65536,)
        Sums of the score, of its square, and of the score of the positive rows.

    Examples
    --------
    >>> state = ScoreHistogram.of([True, False, True], [0.9, 0.2, 0.6])
    >>> int(state.rows.sum()), int(state.positives.sum()), round(float(state.scores.sum()), 3)
    (3, 2, 1.7)
    """

    rows: NDArray[np.int64] = field(default_factory=no_counts)
    positives: NDArray[np.int64] = field(default_factory=no_counts)
    scores: Array = field(default_factory=no_sums)
    squares: Array = field(default_factory=no_sums)
    positive_scores: Array = field(default_factory=no_sums)

    @classmethod
    def of(cls, positive: ArrayLike, score: ArrayLike) -> ScoreHistogram:
        """Reduce a batch.

        Parameters
        ----------
        positive : array_like of bool, shape (rows,)
            The outcome.
        score : array_like of float, shape (rows,)
            The probability that was given.

        Returns
        -------
        ScoreHistogram
            Of the batch.

        Raises
        ------
        InputError
            Where the lengths differ, or a score is missing or not between 0 and 1.
        """
        outcome, given = np.asarray(positive, dtype=bool), np.asarray(score, dtype=float)
        if outcome.shape != given.shape:
            raise InputError(f"There are {len(outcome)} outcomes and {len(given)} scores; give one of each a row.")
        if len(given) and not (given.min() >= 0 and given.max() <= 1):
            raise InputError(f"The scores run from {given.min():g} to {given.max():g}; give probabilities from 0 to 1.")
        place, true = bins_of(given), np.flatnonzero(outcome)
        return cls(
            rows=np.bincount(place, minlength=BINS).astype(np.int64, copy=False),
            positives=np.bincount(place[true], minlength=BINS).astype(np.int64, copy=False),
            scores=np.bincount(place, given, BINS).astype(np.float64, copy=False),
            squares=np.bincount(place, given**2, BINS).astype(np.float64, copy=False),
            positive_scores=np.bincount(place[true], given[true], BINS).astype(np.float64, copy=False),
        )

    def __add__(self, other: ScoreHistogram) -> ScoreHistogram:
        return ScoreHistogram(
            self.rows + other.rows,
            self.positives + other.positives,
            self.scores + other.scores,
            self.squares + other.squares,
            self.positive_scores + other.positive_scores,
        )

    @property
    def total(self) -> int:
        """All rows."""
        return int(self.rows.sum())

    def grouped(self, groups: int) -> Grouped:
        """Put neighbouring bins into groups of equal size, as far as ties allow.

        Parameters
        ----------
        groups : int
            How many at most; rows of one score stay together.

        Returns
        -------
        Grouped
            Only groups with rows.

        Raises
        ------
        InputError
            Where fewer than one group was asked for.
        """
        if groups < 1:
            raise InputError(f"{groups} groups were asked for; ask for at least 1.")
        rows = self.filled.rows
        if not len(rows):
            return self.filled
        middle = np.cumsum(rows) - rows / 2
        group = (middle * groups / self.total).astype(np.int64)
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        return Grouped(*(np.add.reduceat(getattr(self.filled, name), starts) for name in NAMES))

    @cached_property
    def filled(self) -> Grouped:
        """The bins with rows."""
        used = np.flatnonzero(self.rows)
        return Grouped(*(getattr(self, name)[used].astype(float) for name in NAMES))

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, of the bins with rows only.

        Returns
        -------
        dict
            By field, and the bins; `from_dict` is the way back.
        """
        used = np.flatnonzero(self.rows)
        return {"bins": used.tolist(), **{name: getattr(self, name)[used].tolist() for name in NAMES}}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ScoreHistogram:
        """Make the state from what `to_dict` returned.

        Parameters
        ----------
        values : dict
            By field.

        Returns
        -------
        ScoreHistogram
            The same.
        """
        state = cls()
        for name in NAMES:
            getattr(state, name)[values["bins"]] = values[name]
        return state


@dataclass(frozen=True)
class Grouped:
    """Groups of rows with neighbouring scores.

    Parameters
    ----------
    rows, positives, scores, squares, positive_scores : ndarray of float, shape (groups,)
        As in `ScoreHistogram`.
    """

    rows: Array
    positives: Array
    scores: Array
    squares: Array
    positive_scores: Array

    @property
    def mean_score(self) -> Array:
        """Mean score of each group."""
        return self.scores / self.rows

    @property
    def observed(self) -> Array:
        """Share of positive outcomes in each group."""
        return self.positives / self.rows

    @property
    def weight(self) -> Array:
        """Share of all rows in each group."""
        return self.rows / self.rows.sum()

    @property
    def gap(self) -> Array:
        """Observed share minus mean score."""
        return (self.positives - self.scores) / self.rows

    @property
    def squared_residuals(self) -> Array:
        """Sum of (outcome − score)² in each group."""
        return self.positives - 2 * self.positive_scores + self.squares
