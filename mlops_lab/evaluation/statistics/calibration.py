"""What is read from scores and outcomes on a fixed scale: the curve, the Brier score and its parts.

Whatever adapts to the data (groups of equal size, the isotonic curve) is made at the end from the same fine
histogram, so that a frame, a stream and a cluster give the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mlops_lab.evaluation.statistics.score_histogram import ScoreHistogram

__all__ = [
    "BrierParts",
    "binned_error",
    "brier_parts",
    "consistency_band",
    "squared_error",
]

Array = NDArray[np.float64]

USUAL_GROUPS = 15
"""Number of groups that most published figures use."""


def binned_error(state: ScoreHistogram, groups: int = USUAL_GROUPS) -> float:
    """Return the calibration error as it is usually computed: the mean absolute gap of groups of equal size.

    It is biased: a perfect model shows about 0.04 on 1,000 rows. `calibration_error` mends that.

    Parameters
    ----------
    state : ScoreHistogram
        Of all rows.
    groups : int, default 15
        How many.

    Returns
    -------
    float
        The error; NaN without rows.

    Examples
    --------
    >>> binned_error(ScoreHistogram.of([True, True, False, False], [0.9, 0.9, 0.3, 0.3]))
    0.2
    """
    parts = state.grouped(groups)
    return round(float(parts.weight @ np.abs(parts.gap)), 15) if len(parts.rows) else float("nan")


def squared_error(state: ScoreHistogram, groups: int = USUAL_GROUPS) -> float:
    """Return an unbiased estimate of the mean squared gap: what a perfect model shows on average is 0.

    From each squared gap its own variance is taken away (Bröcker 2012). A single estimate can be negative.

    Parameters
    ----------
    state : ScoreHistogram
        Of all rows.
    groups : int, default 15
        How many of equal size.

    Returns
    -------
    float
        The estimate; NaN without rows.

    Examples
    --------
    >>> score = np.random.default_rng(0).random(5000)
    >>> outcome = np.random.default_rng(1).random(5000) < score
    >>> bool(abs(squared_error(ScoreHistogram.of(outcome, score))) < 0.001)
    True
    """
    parts = state.grouped(groups)
    if not len(parts.rows):
        return float("nan")
    enough = parts.rows > 1  # one row says nothing of its own variance
    spread = np.maximum(0.0, parts.squared_residuals - parts.rows * parts.gap**2)
    error = np.where(enough, spread / np.maximum(1, parts.rows - 1) / parts.rows, parts.gap**2)
    return float(parts.weight @ (parts.gap**2 - error))


@dataclass(frozen=True, slots=True)
class BrierParts:
    """The Brier score and its parts: ``brier = miscalibration − discrimination + uncertainty``, exactly.

    Parameters
    ----------
    brier : float
        Mean squared difference of outcome and score.
    miscalibration : float
        What the best recalibration would gain; also called reliability.
    discrimination : float
        What the scores tell beyond the overall rate; also called resolution.
    uncertainty : float
        Brier score of the overall rate.
    """

    brier: float
    miscalibration: float
    discrimination: float
    uncertainty: float


def brier_parts(state: ScoreHistogram, groups: int | None = None) -> BrierParts:
    """Split the Brier score into miscalibration, discrimination and uncertainty.

    Parameters
    ----------
    state : ScoreHistogram
        Of all rows.
    groups : int, optional
        Recalibrate in so many groups of equal size (Murphy 1973; what a group hides is counted as discrimination, after
        Stephenson, Coelho and Jolliffe 2008). By default along the isotonic curve, which needs no such choice (CORP:
        Dimitriadis, Gneiting and Jordan, PNAS 2021).

    Returns
    -------
    BrierParts
        NaN without rows.

    Examples
    --------
    >>> parts = brier_parts(ScoreHistogram.of([True, False, True, False], [0.9, 0.2, 0.6, 0.7]))
    >>> round(parts.brier, 3) == round(parts.miscalibration - parts.discrimination + parts.uncertainty, 3)
    True
    """
    total = state.total
    if not total:
        return BrierParts(*[float("nan")] * 4)
    positives = float(state.positives.sum())
    brier = (positives - 2 * float(state.positive_scores.sum()) + float(state.squares.sum())) / total
    base = positives / total
    uncertainty = base * (1 - base)
    if groups is None:
        bins, (_score, fitted) = state.filled, isotonic_curve(state)
        recalibrated = float((bins.positives * (1 - 2 * fitted) + bins.rows * fitted**2).sum()) / total
        return BrierParts(brier, brier - recalibrated, uncertainty - recalibrated, uncertainty)
    parts = state.grouped(groups)
    reliability = float(parts.weight @ parts.gap**2)
    return BrierParts(brier, reliability, reliability + uncertainty - brier, uncertainty)


def isotonic_curve(state: ScoreHistogram) -> tuple[Array, Array]:
    """Return the calibration curve that rises and fits best.

    Parameters
    ----------
    state : ScoreHistogram
        Of all rows.

    Returns
    -------
    score, fitted : ndarray of float, shape (used bins,)
        Mean score of each bin with rows, and the share of positive outcomes along the curve.

    Examples
    --------
    >>> score, fitted = isotonic_curve(ScoreHistogram.of([False, True, False, True], [0.1, 0.3, 0.5, 0.9]))
    >>> fitted.tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    from scipy.optimize import isotonic_regression

    bins = state.filled
    if not len(bins.rows):
        return np.zeros(0), np.zeros(0)
    fitted = isotonic_regression(bins.observed, weights=bins.rows).x
    return bins.mean_score, np.asarray(fitted)


def consistency_band(state: ScoreHistogram, groups: int = USUAL_GROUPS, alpha: float = 0.05) -> tuple[Array, Array]:
    """Return where the observed share of each group would lie, were the model perfect.

    Parameters
    ----------
    state : ScoreHistogram
        Of all rows.
    groups : int, default 15
        How many of equal size.
    alpha : float, default 0.05
        Chance that a group of a perfect model lies outside, in all.

    Returns
    -------
    low, high : ndarray of float, shape (groups,)
        Quantiles of the binomial distribution around the mean score, divided by the rows.

    Examples
    --------
    >>> low, high = consistency_band(ScoreHistogram.of([True, False] * 500, [0.5] * 1000))
    >>> low.tolist(), high.tolist()
    ([0.469], [0.531])
    """
    parts = state.grouped(groups)
    mean = np.clip(parts.mean_score, 0.0, 1.0)
    low = binomial_quantile(alpha / 2, parts.rows, mean)
    high = binomial_quantile(1 - alpha / 2, parts.rows, mean)
    return low / parts.rows, high / parts.rows


def binomial_quantile(level: float, rows: Array, chance: Array) -> Array:
    """Return the smallest number of events whose distribution reaches a level, by halving."""
    below, reached = np.full(rows.shape, -1.0), rows.astype(float)
    while (reached - below > 1).any():
        middle = np.floor((below + reached) / 2)
        enough = (middle >= 0) & (special.bdtr(np.maximum(middle, 0), rows.astype(int), chance) >= level)
        below, reached = np.where(enough, below, middle), np.where(enough, middle, reached)
    return reached
