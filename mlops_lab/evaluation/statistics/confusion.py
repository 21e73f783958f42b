"""Accuracy, balanced accuracy and F1 from counts of (truth, prediction, prediction after the change).

The counts add up and are all that is kept. A metric that averages over classes gets its interval from those of the
classes, squared and added with their correlation (MOVER; Zou and Donner 2008): a class with few rows then keeps its
own wide and lopsided interval, which neither the delta method nor a bootstrap of the counts gives it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.paired import PairedCounts

__all__ = ["Confusion", "resample"]


@dataclass(frozen=True)
class Confusion:
    """Counts of the triples (truth, prediction, prediction after) that occurred; counts of two batches add up.

    Parameters
    ----------
    classes : int
        How many classes there are; their codes are 0 to classes − 1.
    cells : ndarray of int, shape (cells,)
        ``(truth × classes + prediction) × classes + prediction after``, rising.
    counts : ndarray of int, shape (cells,)
        Rows of each.

    Examples
    --------
    >>> counts = Confusion.of([0, 1, 1], [0, 1, 1], [0, 0, 1], classes=2)
    >>> counts.table()[1].tolist()
    [[0, 0], [1, 1]]
    """

    classes: int
    cells: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @classmethod
    def of(
        cls, truth: ArrayLike, predicted: ArrayLike, predicted_after: ArrayLike | None = None, *, classes: int
    ) -> Confusion:
        """Count the rows of a batch.

        Parameters
        ----------
        truth, predicted, predicted_after : array_like of int, shape (rows,)
            Codes of the classes. Without ``predicted_after`` nothing was changed.
        classes : int
            How many there are.

        Returns
        -------
        Confusion
            Of the batch.

        Raises
        ------
        InputError
            Where a code is not one of a class.
        """
        y, before = np.asarray(truth, dtype=np.int64), np.asarray(predicted, dtype=np.int64)
        after = before if predicted_after is None else np.asarray(predicted_after, dtype=np.int64)
        for codes in (y, before) if after is before else (y, before, after):
            if len(codes) and (codes.min() < 0 or codes.max() >= classes):
                raise InputError(
                    f"A class has the code {codes.min()} or {codes.max()}; codes run from 0 to {classes - 1}."
                )
        coded = (y * classes + before) * classes + after
        if classes**3 <= 1 << 20:
            counts = np.bincount(coded, minlength=1)
            cells = np.flatnonzero(counts)
            return cls(classes, cells, counts[cells].astype(np.int64))
        cells, counts = np.unique(coded, return_counts=True)
        return cls(classes, cells, counts.astype(np.int64))

    def __add__(self, other: Confusion) -> Confusion:
        if self.classes != other.classes:
            raise InputError(
                f"Counts of {self.classes} and of {other.classes} classes do not add up; name all classes."
            )
        cells, place = np.unique(np.concatenate([self.cells, other.cells]), return_inverse=True)
        counts = np.bincount(place, np.concatenate([self.counts, other.counts]), minlength=len(cells))
        return Confusion(self.classes, cells, counts.astype(np.int64))

    @property
    def rows(self) -> int:
        """All rows."""
        return int(self.counts.sum())

    def triples(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return truth, prediction and prediction after of each cell.

        Returns
        -------
        truth, predicted, predicted_after : ndarray of int, shape (cells,)
            Codes of the classes.
        """
        pair, after = np.divmod(self.cells, self.classes)
        truth, before = np.divmod(pair, self.classes)
        return truth, before, after

    def table(self) -> NDArray[np.int64]:
        """Return the counts as a full table.

        Returns
        -------
        ndarray of int, shape (classes, classes, classes)
            By truth, prediction, prediction after.
        """
        full = np.zeros(self.classes**3, dtype=np.int64)
        full[self.cells] = self.counts
        return full.reshape(self.classes, self.classes, self.classes)

    def paired(self) -> PairedCounts:
        """Return what the drop of accuracy needs.

        Returns
        -------
        PairedCounts
            Of all rows.
        """
        truth, before, after = self.triples()
        right, right_after = truth == before, truth == after
        lost, gained = (int(self.counts[cells].sum()) for cells in (right & ~right_after, ~right & right_after))
        return PairedCounts(lost, gained, self.rows)

    def of_class(self, code: int) -> Confusion:
        """Return the counts of the rows that truly are of one class.

        Parameters
        ----------
        code : int
            Of the class.

        Returns
        -------
        Confusion
            Of these rows.
        """
        here = self.triples()[0] == code
        return Confusion(self.classes, self.cells[here], self.counts[here])

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists.

        Returns
        -------
        dict
            By field; `from_dict` is the way back.
        """
        return {"classes": self.classes, "cells": self.cells.tolist(), "counts": self.counts.tolist()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Confusion:
        """Make counts from what `to_dict` returned.

        Parameters
        ----------
        values : dict
            By field.

        Returns
        -------
        Confusion
            The same.
        """
        return cls(values["classes"], *(np.array(values[name], dtype=np.int64) for name in ("cells", "counts")))


def resample(counts: ArrayLike, replicates: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw bootstrap replicates of cell counts: the bootstrap of the rows, at a cost that does not know their number.

    Parameters
    ----------
    counts : array_like of int, shape (cells,) or (groups, cells)
        Rows in each cell; each group keeps its number of rows.
    replicates : int
        How many.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int, shape (replicates, cells) or (replicates, groups, cells)
        Counts of each replicate.

    Raises
    ------
    InputError
        Where a count is negative.

    Examples
    --------
    >>> resample([[5, 0, 95], [10, 10, 0]], 1000, np.random.default_rng(0)).mean(axis=0).round().tolist()
    [[5.0, 0.0, 95.0], [10.0, 10.0, 0.0]]
    """
    given = np.asarray(counts, dtype=np.int64)
    if (given < 0).any():
        raise InputError(f"A count is {given.min()}; counts are not negative.")
    drawn = np.empty((*given.shape, replicates), dtype=np.int64)  # the replicates of a cell stand side by side
    for place in np.ndindex(given.shape[:-1]):
        draw_cells(given[place], rng, drawn[place])
    return np.moveaxis(drawn, -1, 0)


def draw_cells(counts: NDArray[np.int64], rng: np.random.Generator, drawn: NDArray[np.int64]) -> None:
    """Draw multinomial counts cell by cell, each from the rows that the cells before left; shape (cells, replicates).

    The first cell's distribution is the same in each replicate and set up once, unlike where replicate follows
    replicate.
    """
    left: int | NDArray[np.int64] = int(counts.sum())
    behind = int(counts.sum())
    for cell, count in enumerate(counts[:-1].tolist()):
        drawn[cell] = rng.binomial(left, count / behind if behind else 0.0, size=drawn.shape[1])
        left, behind = left - drawn[cell], behind - count
    drawn[-1] = left
