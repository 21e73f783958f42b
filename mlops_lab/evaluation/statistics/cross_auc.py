"""The area under the ROC curve of cross-fitted scores, and its interval.

Each fold's area is counted within the fold, whose rows its own model did not see, and the areas are averaged: scores
of different models are never ranked together, which would push the area of useless scores below one half. The error
comes from DeLong's placements (1988) within the folds: LeDell, Petersen and van der Laan (2015), "Computationally
efficient confidence intervals for cross-validated area under the ROC curve estimates".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.interval import Interval, interval, normal_quantile, tails
from mlops_lab.evaluation.statistics.ranking import auc, placements
from mlops_lab.evaluation.statistics.rates import clopper_pearson
from mlops_lab.evaluation.statistics.scale import BINS, bins_of

__all__ = ["CrossAuc", "cross_auc", "mean_auc"]


@dataclass(frozen=True, eq=False)
class CrossAuc:
    """An area with what each row contributes to its error.

    Parameters
    ----------
    estimate : float
        Mean over the folds.
    errors : ndarray of float, shape (rows,)
        Their squares add up to the variance; of several areas over the same rows they can be averaged first.
    rarer : int
        Rows of the rarer class.
    """

    estimate: float
    errors: NDArray[np.float64]
    rarer: int

    def interval(self, alpha: float = 0.05) -> Interval:
        """Return the interval, judged against one half.

        Parameters
        ----------
        alpha : float, default 0.05
            One minus the level.

        Returns
        -------
        Interval
            Normal on the logit scale, so that it stays below 1; where no row is out of order, as wide as the exact
            bound of a rate that was never seen. ``p_fail`` is small where the scores tell more than chance.
        """
        error = float(np.sqrt(self.errors @ self.errors))
        area = self.estimate
        if error == 0 or area in (0.0, 1.0):
            room = float(clopper_pearson(0, self.rarer, alpha=alpha).high)
            low, high = max(0.0, area - room), min(1.0, area + room)
        else:
            reach = normal_quantile(alpha) * error / (area * (1 - area))
            low, high = (float(special.expit(special.logit(area) + step)) for step in (-reach, reach))
        p_fail, p_pass = tails(area, low, high, 0.5, alpha)
        return interval(area, low, high, p_fail, p_pass, tolerance=0.5, alpha=alpha, method="delong")


def cross_auc(positive: NDArray[np.bool_], score: NDArray[np.float64], fold: NDArray[np.int64]) -> CrossAuc:
    """Count the area within each fold, and average.

    Parameters
    ----------
    positive : ndarray of bool, shape (rows,)
        Whether a row is of the positive class.
    score : ndarray of float, shape (rows,)
        Probability of it, from a model that did not see the row.
    fold : ndarray of int, shape (rows,)
        Which model that was.

    Returns
    -------
    CrossAuc
        With its error.

    Raises
    ------
    InputError
        Where a fold has fewer than two rows of a class.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> positive = rng.random(1000) < 0.5
    >>> found = cross_auc(positive, special.expit(rng.normal(size=1000) + positive), np.arange(1000) % 5)
    >>> ends = found.interval()
    >>> round(found.estimate, 2), round(ends.low, 2), round(ends.high, 2)
    (0.75, 0.71, 0.77)
    """
    bins, label = bins_of(score), np.asarray(positive, dtype=np.int64)
    errors, areas = np.zeros(len(label)), []
    folds = np.unique(fold)
    for one in folds:
        rows = np.flatnonzero(fold == one)
        counts = np.bincount(label[rows] * BINS + bins[rows], minlength=2 * BINS).reshape(2, BINS)
        if (counts.sum(axis=1) < 2).any():
            raise InputError(f"Fold {one} has fewer than two rows of a class; take fewer folds.")
        areas.append(auc(counts))
        below, above = placements(counts)
        placed = np.where(label[rows] == 1, below[bins[rows]], above[bins[rows]])
        size = counts.sum(axis=1)[label[rows]].astype(float)
        errors[rows] = (placed - areas[-1]) / np.sqrt(size * (size - 1)) / len(folds)
    return CrossAuc(float(np.mean(areas)), errors, int(min(label.sum(), len(label) - label.sum())))


def mean_auc(several: Sequence[CrossAuc]) -> CrossAuc:
    """Average areas over the same rows, such as of each level against the rest.

    Parameters
    ----------
    several : sequence of CrossAuc
        At least one.

    Returns
    -------
    CrossAuc
        Its error knows that the areas vary together.
    """
    errors = np.mean([one.errors for one in several], axis=0)
    return CrossAuc(float(np.mean([one.estimate for one in several])), errors, min(one.rarer for one in several))
