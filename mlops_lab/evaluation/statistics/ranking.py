"""The area under the ROC curve, and its paired drop, from histograms that add up.

The estimate comes from 65,536 bins of the logit score, the error from a joint histogram of 512 × 512 bins of both
scores: the placements of DeLong, DeLong and Clarke-Pearson (1988), whose covariance needs no pair of rows, as Sun and
Xu (2014) noted. Sorting would not add up over batches, and takes longer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.changes import changes_interval
from mlops_lab.evaluation.statistics.interval import Interval, interval, tails, unknown
from mlops_lab.evaluation.statistics.scale import BINS, bins_of
from mlops_lab.i18n import ngettext

__all__ = ["PairedScores", "auc", "auc_drop", "binning_error"]

COARSE = 512
FEWEST = 10  # rows of the rarer class, below which the placements say nothing of their own spread

Counts = NDArray[np.int64]


def empty_fine() -> Counts:
    """Make a histogram of both classes without rows."""
    return np.zeros((2, BINS), dtype=np.int64)


@dataclass(frozen=True)
class PairedScores:
    """Histograms of the scores of the same rows before and after a change; those of two batches add up.

    Parameters
    ----------
    before, after : ndarray of int, shape (2, 65536)
        Of the negative and of the positive class.
    joint : ndarray of int, shape (2, 512, 512)
        Of both scores at once.

    Examples
    --------
    >>> from scipy import special
    >>> rng = np.random.default_rng(0)
    >>> positive = rng.random(2000) < 0.3
    >>> score = special.expit(rng.normal(size=2000) + positive)
    >>> noisy = special.expit(special.logit(score) + rng.normal(size=2000))
    >>> drop = auc_drop(PairedScores.of(positive, score, noisy), tolerance=0.01)
    >>> drop.verdict()
    'fail'
    """

    before: Counts = field(default_factory=empty_fine)
    after: Counts = field(default_factory=empty_fine)
    joint: Counts = field(default_factory=lambda: np.zeros((2, COARSE, COARSE), dtype=np.int64))

    @classmethod
    def of(cls, positive: NDArray[np.bool_], before: NDArray[np.float64], after: NDArray[np.float64]) -> PairedScores:
        """Count rows.

        Parameters
        ----------
        positive : ndarray of bool, shape (rows,)
            Whether a row is of the positive class.
        before, after : ndarray of float, shape (rows,)
            Probability of the positive class.

        Returns
        -------
        PairedScores
            Of these rows.

        Raises
        ------
        InputError
            Where the arrays are not of one length.
        """
        if not len(positive) == len(before) == len(after):
            raise InputError(
                f"There are {len(positive)} labels, {len(before)} and {len(after)} scores; give one of each a row."
            )
        label = np.asarray(positive, dtype=np.int64)
        first, second = bins_of(before), bins_of(after)
        ratio = BINS // COARSE
        joint = (label * COARSE + first // ratio) * COARSE + second // ratio
        return cls(
            np.bincount(label * BINS + first, minlength=2 * BINS).reshape(2, BINS),
            np.bincount(label * BINS + second, minlength=2 * BINS).reshape(2, BINS),
            np.bincount(joint, minlength=2 * COARSE * COARSE).reshape(2, COARSE, COARSE),
        )

    def __add__(self, other: PairedScores) -> PairedScores:
        return PairedScores(self.before + other.before, self.after + other.after, self.joint + other.joint)

    @property
    def negatives(self) -> int:
        """Rows of the negative class."""
        return int(self.before[0].sum())

    @property
    def positives(self) -> int:
        """Rows of the positive class."""
        return int(self.before[1].sum())


def placements(counts: Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each bin, the share of negatives below it and of positives above it, ties counted half."""
    negatives, positives = counts
    below = (np.cumsum(negatives) - negatives / 2) / max(1, negatives.sum())
    above = 1 - (np.cumsum(positives) - positives / 2) / max(1, positives.sum())
    return below, above


def auc(counts: Counts) -> float:
    """Return the area under the ROC curve.

    Parameters
    ----------
    counts : ndarray of int, shape (2, bins)
        Histogram of the scores of the negative and of the positive class.

    Returns
    -------
    float
        Share of pairs that are in order, ties counted half; NaN where a class has no rows.

    Examples
    --------
    >>> auc(np.array([[1, 1, 0], [0, 1, 1]]))
    0.875
    """
    if not counts.sum(axis=1).all():
        return math.nan
    below, _ = placements(counts)
    return weighted_sum(counts[1], below) / float(counts[1].sum())


def binning_error(counts: Counts) -> float:
    """Return how far binning can have moved the area at most: half of the pairs that share a bin.

    Parameters
    ----------
    counts : ndarray of int, shape (2, bins)
        As in `auc`.

    Returns
    -------
    float
        The bound.

    Examples
    --------
    >>> binning_error(np.array([[2, 0], [0, 2]]))
    0.0
    """
    negatives, positives = counts.astype(float)
    pairs = float(negatives.sum() * positives.sum())
    return weighted_sum(negatives, positives) / pairs / 2 if pairs else math.nan


def auc_drop(scores: PairedScores, *, tolerance: float = math.nan, alpha: float = 0.05) -> Interval:
    """Return the drop of the area under the ROC curve with its interval.

    Parameters
    ----------
    scores : PairedScores
        Before and after.
    tolerance : float, optional
        Largest drop that is allowed.
    alpha : float, default 0.05
        One minus the level.

    Returns
    -------
    Interval
        Of the area before minus the area after: from the change of the placements within each class, corrected for
        their skewness and for what few changed rows allow, squared and added over both classes. The normal interval
        with the same variance passed up to 46 % of models at the tolerance where few rows changed.
    """
    smaller = min(scores.negatives, scores.positives)
    estimate = auc(scores.before) - auc(scores.after)
    if smaller < FEWEST:
        note = ngettext(
            "The rarer class has {rows} row; {needed} are needed to say how much the area under the curve varies.",
            "The rarer class has {rows} rows; {needed} are needed to say how much the area under the curve varies.",
            smaller,
        )
        note = note.format(rows=smaller, needed=FEWEST)
        return unknown(-1.0, 1.0, note, tolerance=tolerance, alpha=alpha, estimate=estimate)
    parts = class_parts(scores, alpha)
    low = max(-1.0, estimate - math.hypot(*(-float(part.low) for part in parts)))
    high = min(1.0, estimate + math.hypot(*(float(part.high) for part in parts)))
    p_fail, p_pass = tails(estimate, low, high, tolerance, alpha)
    return interval(estimate, low, high, p_fail, p_pass, tolerance=tolerance, alpha=alpha, method="delong")


def weighted_sum(weights: NDArray[Any], values: NDArray[Any]) -> float:
    """Add up without BLAS, whose sums of long arrays hang on the number of its threads in the last digits."""
    return float(np.einsum("i,i->", weights, values))


def class_parts(scores: PairedScores, alpha: float) -> list[Interval]:
    """Return, for the positive and the negative class, the interval of the mean change of its placements around 0."""
    joint = scores.joint
    before, after = joint.sum(axis=2), joint.sum(axis=1)
    below_before, above_before = placements(before)
    below_after, above_after = placements(after)
    parts = []
    for counts, first, second in ((joint[1], below_before, below_after), (joint[0], above_before, above_after)):
        at_first, at_second = np.nonzero(counts)
        weights, change = counts[at_first, at_second], first[at_first] - second[at_second]
        rows = int(weights.sum())
        centred = change - weighted_sum(weights, change) / rows
        variance = weighted_sum(weights, centred**2) / (rows - 1)
        skewness = weighted_sum(weights, centred**3) / rows / variance**1.5 if variance > 0 else 0.0
        moved = at_first != at_second
        rose, fell = moved & (change > 0), moved & (change < 0)
        parts.append(
            changes_interval(
                0.0,
                math.sqrt(variance / rows),
                skewness,
                rows,
                rose=(int(weights[rose].sum()), weighted_sum(weights[rose], change[rose]) / rows),
                fell=(int(weights[fell].sum()), -weighted_sum(weights[fell], change[fell]) / rows),
                reach=1.0,
                tolerance=math.nan,
                alpha=alpha,
            )
        )
    return parts
