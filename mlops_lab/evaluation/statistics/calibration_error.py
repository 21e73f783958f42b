"""The calibration error E|P(y | s) − s| with an interval that keeps both errors at the tolerance.

The mean absolute gap of groups is too large for good models, since noise adds to every gap. How much depends on the
curve, which is not known; so each end of the interval rests on what is sure whatever the curve looks like:

* *upper end*: of all curves with a given error, the one whose gaps are everywhere the same multiple of their noise
shows
  the smallest mean absolute gap. A larger error than the end would hardly have shown so small a one.
* *lower end*: for any weights between −1 and 1 that do not know the outcomes, the mean of weight × (outcome − score)
never
  exceeds the error. The weights are the signs of the gaps, smoothed and learnt on other rows (five-fold).
* *few surprises*: where hardly a row had the less likely outcome, their number bounds the error (Clopper and Pearson).

The signed mean, which is such a weight, is the floor that is left where nothing else can be learnt. In simulations
with the truth at the tolerance both wrong verdicts stay below 5 % for shifted, over-confident, wavy and local errors,
rare outcomes and ties, from 200 rows on (``benchmarks/trust_statistics.py``); resampling the raw gaps passed 34 of 40
wrongly.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mlops_lab.evaluation.statistics.interval import Interval, check_alpha, interval, normal_quantile, unknown
from mlops_lab.evaluation.statistics.moments import FEWEST_ROWS
from mlops_lab.evaluation.statistics.rates import clopper_pearson
from mlops_lab.evaluation.statistics.score_histogram import Grouped, ScoreHistogram
from mlops_lab.i18n import ngettext

__all__ = ["calibration_error", "smooth_error"]

Array = NDArray[np.float64]

FOLDS = 5
CELLS = 100
"""Groups in which rows are dealt out to the folds and signs are smoothed: far narrower than the smoothing."""
DRAWS = 4000
"""Noise of the upper end: a chance of 2.5 % is met to ± 0.25 %."""


def calibration_error(
    state: ScoreHistogram, *, tolerance: float = math.nan, alpha: float = 0.05, seed: int = 0
) -> Interval:
    """Estimate the calibration error.

    Parameters
    ----------
    state : ScoreHistogram
        Of all rows.
    tolerance : float, optional
        Largest error that is allowed.
    alpha : float, default 0.05
        One minus the level.
    seed : int, default 0
        Of the folds and of the noise of the upper end.

    Returns
    -------
    Interval
        The estimate lies half-way between a learnt lower bound, which misses signs, and the error that fits the mean
        absolute gap if it is spread evenly, which is too large for local errors.

    Raises
    ------
    InputError
        Where alpha is not between 0 and 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> score = rng.random(5000)
    >>> perfect = ScoreHistogram.of(rng.random(5000) < score, score)
    >>> shifted = ScoreHistogram.of(rng.random(5000) < score * 0.8, score)
    >>> [calibration_error(state, tolerance=0.03).verdict() for state in (perfect, shifted)]
    ['pass', 'fail']
    """
    check_alpha(alpha)
    total = state.total
    if total < FEWEST_ROWS:
        note = ngettext(
            "There is {rows} row; {needed} are needed to say anything about calibration.",
            "There are {rows} rows; {needed} are needed to say anything about calibration.",
            total,
        )
        note = note.format(rows=total, needed=FEWEST_ROWS)
        return unknown(0.0, 1.0, note, tolerance=tolerance, alpha=alpha)
    rng = np.random.default_rng(seed)
    learnt, error = learnt_bound(state.grouped(CELLS), rng)
    spread = EvenGaps(state.grouped(group_count(total)), rng)
    estimate = (max(0.0, learnt) + spread.estimate()) / 2
    low = min(estimate, max(0.0, learnt - normal_quantile(alpha) * error))
    surprises, expected = surprise_counts(state)
    shown = clopper_pearson(surprises, total, tolerance=min(1.0, tolerance + expected / total), alpha=alpha)
    high = max(estimate, spread.upper_end(alpha / 2), float(shown.high) - expected / total)
    p_fail = float(special.ndtr((tolerance - learnt) / error))
    p_pass = max(spread.chance_of_so_small(tolerance), float(shown.p_pass))
    method = "cross-fitted signs, even gaps"
    return interval(estimate, low, high, p_fail, p_pass, tolerance=tolerance, alpha=alpha, method=method)


def group_count(rows: int) -> int:
    """Return the number of groups: few, so that noise is small, yet enough to see where errors change sign."""
    return int(np.clip(round(rows ** (1 / 3)), 5, 25))


def learnt_bound(cells: Grouped, rng: np.random.Generator) -> tuple[float, float]:
    """Return an estimate of a lower bound of the error, and its standard error.

    Its variance is that of the plain sum: the folds share rows, so that weights which follow noise move together.
    """
    total = cells.rows.sum()
    gain, loss = residual_sizes(cells)
    share = np.full(FOLDS, 1 / FOLDS)
    hits = rng.multinomial(cells.positives.astype(np.int64), np.broadcast_to(share, (len(gain), FOLDS)))
    misses = rng.multinomial((cells.rows - cells.positives).astype(np.int64), np.broadcast_to(share, hits.shape))
    sums = hits * gain[:, None] - misses * loss[:, None]
    squares = hits * gain[:, None] ** 2 + misses * loss[:, None] ** 2
    rank = (np.cumsum(cells.rows) - cells.rows / 2) / total
    width = 0.08 * (1000 / total) ** 0.2 if total > 1000 else 0.08
    kernel = np.exp(-0.5 * ((rank[:, None] - rank) / width) ** 2)
    others, noise = kernel @ (sums.sum(axis=1)[:, None] - sums), kernel**2 @ (squares.sum(axis=1)[:, None] - squares)
    sign = np.clip(others / np.sqrt(np.maximum(noise, 1e-300)), -1.0, 1.0)
    # where no surprise was seen yet, those that the scores themselves allow for still count
    expected = cells.scores * (1 - cells.mean_score)
    variance = max(float(np.maximum(squares.sum(axis=1), expected).sum()), 1e-300)
    return float((sign * sums).sum()) / total, math.sqrt(variance) / total


def surprise_counts(state: ScoreHistogram) -> tuple[int, float]:
    """Return how many rows had the less likely outcome, and how many were expected to.

    Where few had, the noise of the gaps is no longer normal, and their number itself is the better witness: a model
    that is sure and right on 40 rows may still be wrong in 8 of 100.
    """
    rows, positives, scores = state.filled.rows, state.filled.positives, state.filled.scores
    likely = scores >= rows / 2
    surprises = np.where(likely, rows - positives, positives).sum()
    return int(surprises), float(np.where(likely, rows - scores, scores).sum())


def residual_sizes(cells: Grouped) -> tuple[Array, Array]:
    """Return how far below 1 the positive rows of each cell are scored, and how far above 0 the negative ones."""
    negatives = cells.rows - cells.positives
    gain = 1 - np.divide(cells.positive_scores, cells.positives, out=np.ones(len(negatives)), where=cells.positives > 0)
    rest = cells.scores - cells.positive_scores
    loss = np.divide(rest, negatives, out=np.zeros(len(negatives)), where=negatives > 0)
    return np.clip(gain, 0.0, 1.0), np.clip(loss, 0.0, 1.0)


class EvenGaps:
    """The mean absolute gap under curves whose gaps are everywhere the same multiple of their noise.

    Parameters
    ----------
    groups : Grouped
        Of equal size.
    rng : numpy.random.Generator
        Source of the noise.
    """

    def __init__(self, groups: Grouped, rng: np.random.Generator) -> None:
        observed = (groups.positives + 0.5) / (groups.rows + 1)
        self.noise = groups.weight * np.sqrt(observed * (1 - observed) / groups.rows)
        self.seen = float(groups.weight @ np.abs(groups.gap))
        self.scale = float(self.noise.sum())
        self.draws = rng.standard_normal((DRAWS, len(self.noise)))
        self.moved = np.empty_like(self.draws)

    def chance_of_so_small(self, error: float) -> float:
        """Return how often so small a mean absolute gap comes from a curve with this error."""
        if math.isnan(error):
            return math.nan
        np.add(self.draws, error / self.scale, out=self.moved)
        gaps = np.abs(self.moved, out=self.moved) @ self.noise
        return float((1 + np.count_nonzero(gaps <= self.seen)) / (1 + DRAWS))

    def upper_end(self, level: float) -> float:
        """Return the error at which that chance falls to a level."""
        low, high = 0.0, self.seen + 6 * self.scale
        while high - low > 1e-3 * self.scale:
            middle = (low + high) / 2
            low, high = (middle, high) if self.chance_of_so_small(middle) > level else (low, middle)
        return min(1.0, high)

    def estimate(self) -> float:
        """Return the error at which the mean absolute gap is expected to be as seen."""
        wanted = self.seen / self.scale
        low, high = 0.0, wanted
        if wanted <= folded_mean(0.0):
            return 0.0
        while high - low > 1e-9 * wanted:
            middle = (low + high) / 2
            low, high = (middle, high) if folded_mean(middle) < wanted else (low, middle)
        return high * self.scale


def folded_mean(shift: float) -> float:
    """Return the mean of the absolute value of a normal number with this mean and variance 1."""
    density = math.exp(-(shift**2) / 2) / math.sqrt(2 * math.pi)
    return shift * (2 * float(special.ndtr(shift)) - 1) + 2 * density


def smooth_error(state: ScoreHistogram, steps: int = 1000) -> float:
    """Return the smooth calibration error of Błasiok and Nakkiran (2023): no bins, and no choice of a width.

    The residuals are smoothed along the score with a Gaussian kernel reflected at 0 and 1; the width is the one that
    equals the error it gives. It changes little when scores change little, which no binned error does. It is not
    debiased.

    Parameters
    ----------
    state : ScoreHistogram
        Of all rows.
    steps : int, default 1000
        Points of the scale from 0 to 1.

    Returns
    -------
    float
        The error; NaN without rows.

    Examples
    --------
    >>> state = ScoreHistogram.of(np.arange(1000) < 700, np.full(1000, 0.5))
    >>> round(smooth_error(state), 3)
    0.2
    """
    from scipy.fft import dct, idct

    bins = state.filled
    if not len(bins.rows):
        return math.nan
    place = np.minimum((bins.mean_score * steps).astype(np.int64), steps - 1)
    residuals = np.bincount(place, bins.positives - bins.scores, minlength=steps) / state.total
    waves = dct(residuals)  # whose cosines are reflected at both ends, as the kernel is to be

    def smoothed(width: float) -> float:
        return float(np.abs(idct(waves * gaussian_response(width * steps, steps))).sum())

    low = 1 / steps
    high = max(low, min(1.0, smoothed(low)))  # smoothing only takes away, so the width lies below the first error
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if smoothed(middle) > middle else (low, middle)
    return smoothed((low + high) / 2)


def gaussian_response(width: float, steps: int) -> Array:
    """Return what a Gaussian kernel, cut off at five widths, leaves of each cosine of so many steps."""
    reach = int(5 * width + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    folded = np.bincount(np.arange(-reach, reach + 1) % (2 * steps), kernel / kernel.sum(), minlength=2 * steps)
    return np.fft.rfft(folded).real[:steps]
