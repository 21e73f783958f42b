"""What is gained by answering only where the model is sure: risk against coverage.

Risk is the share of wrong answers among those given, coverage the share of rows that are answered. Everything follows
from one histogram of the confidence, which adds up over batches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.rates import clopper_pearson
from mlops_lab.evaluation.statistics.scale import BINS, bin_floor, bins_of

__all__ = ["Confidences", "area", "cheapest_threshold", "curve", "guaranteed_threshold"]

STEPS = 200  # thresholds that are looked at, evenly over the rows


def empty() -> NDArray[np.int64]:
    """Make a histogram without rows."""
    return np.zeros(BINS, dtype=np.int64)


@dataclass(frozen=True)
class Confidences:
    """Histogram of the confidence of right and of wrong answers; those of two batches add up.

    Parameters
    ----------
    rows, errors : ndarray of int, shape (65536,)
        Rows, and wrong answers among them, by bin of the confidence.
    """

    rows: NDArray[np.int64] = field(default_factory=empty)
    errors: NDArray[np.int64] = field(default_factory=empty)

    @classmethod
    def of(cls, confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> Confidences:
        """Count rows.

        Parameters
        ----------
        confidence : ndarray of float, shape (rows,)
            Probability of the answer that was given.
        correct : ndarray of bool, shape (rows,)
            Whether it was right.

        Returns
        -------
        Confidences
            Of these rows.
        """
        bins = bins_of(confidence)
        return cls(
            np.bincount(bins, minlength=BINS), np.bincount(bins[~np.asarray(correct, dtype=bool)], minlength=BINS)
        )

    def __add__(self, other: Confidences) -> Confidences:
        return Confidences(self.rows + other.rows, self.errors + other.errors)

    def strictest_first(self) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Return each threshold that occurs with the rows and errors at or above it, strictest first.

        Returns
        -------
        tuple of ndarray
            Thresholds, rows and errors.
        """
        used = np.flatnonzero(self.rows)[::-1]
        return bin_floor(used), np.cumsum(self.rows[used]), np.cumsum(self.errors[used])


def curve(state: Confidences) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the risk–coverage curve.

    Parameters
    ----------
    state : Confidences
        All rows.

    Returns
    -------
    tuple of ndarray
        Threshold, coverage and risk, strictest threshold first.

    Examples
    --------
    >>> state = Confidences.of(np.array([0.9, 0.8, 0.6]), np.array([True, True, False]))
    >>> threshold, coverage, risk = curve(state)
    >>> coverage.round(2).tolist(), risk.round(2).tolist()
    ([0.33, 0.67, 1.0], [0.0, 0.0, 0.33])
    """
    threshold, rows, errors = state.strictest_first()
    total = rows[-1] if len(rows) else 1
    return threshold, rows / total, errors / np.maximum(rows, 1)


def area(state: Confidences) -> float:
    """Return the area under the risk–coverage curve: the mean risk over all coverages, ties in random order.

    Parameters
    ----------
    state : Confidences
        All rows.

    Returns
    -------
    float
        Between 0 and 1, the error rate where confidence tells nothing; NaN without rows.

    Notes
    -----
    Geifman, Uziel and El-Yaniv (2019), "Bias-reduced uncertainty estimation for deep neural classifiers".

    Examples
    --------
    >>> area(Confidences.of(np.full(10, 0.7), np.arange(10) < 8))
    0.2
    """
    used = np.flatnonzero(state.rows)[::-1]
    if not len(used):
        return math.nan
    rows, errors = state.rows[used].astype(float), state.errors[used].astype(float)
    before, wrong = np.cumsum(rows) - rows, np.cumsum(errors) - errors
    steps = special.digamma(before + rows + 1) - special.digamma(
        before + 1
    )  # sum of 1 / (before + 1) … 1 / (before + rows)
    total = errors + (wrong - errors * before / rows) * steps
    return float(round(total.sum() / rows.sum(), 15))


def thinned(rows: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Choose thresholds evenly over the rows, from the first that has enough rows to show anything."""
    wanted = np.linspace(least, rows[-1], STEPS) if rows[-1] >= least else np.empty(0)
    return np.unique(np.searchsorted(rows, wanted - 0.5))


def guaranteed_threshold(
    state: Confidences, target: float, *, alpha: float = 0.05, method: str = "fixed_sequence"
) -> float:
    """Find the lowest threshold whose true risk is shown to stay below a target.

    Parameters
    ----------
    state : Confidences
        Rows that neither model nor threshold have seen.
    target : float
        Largest risk that is allowed.
    alpha : float, default 0.05
        How often the true risk at the threshold found may exceed the target.
    method : {"fixed_sequence", "bonferroni"}, default "fixed_sequence"
        ``fixed_sequence`` tests from the strictest threshold down, at full level, and stops at the first that cannot be
        shown (Angelopoulos, Bates, Candès, Jordan and Lei 2021, "Learn then test"). ``bonferroni`` shares the level
        over all thresholds (Geifman and El-Yaniv 2017, "Selective classification for deep neural networks"); it finds
        thresholds behind a stretch that fails, and is stricter elsewhere.

    Returns
    -------
    float
        The threshold; NaN where none can be shown.

    Raises
    ------
    InputError
        Where target, alpha or method cannot be used.

    Examples
    --------
    >>> confidence = np.linspace(0.5, 1, 2000)
    >>> correct = np.arange(2000) % 10 < 9 + (confidence > 0.8)
    >>> 0.78 < guaranteed_threshold(Confidences.of(confidence, correct), target=0.05) < 0.82
    False
    >>> guaranteed_threshold(Confidences.of(confidence, correct), target=0.0001)
    nan
    """
    if not 0 < target < 1 or not 0 < alpha < 1:
        raise InputError(f"target is {target!r} and alpha {alpha!r}; give numbers between 0 and 1.")
    if method not in ("fixed_sequence", "bonferroni"):
        raise InputError(f"method is {method!r}; choose 'fixed_sequence' or 'bonferroni'.")
    threshold, rows, errors = state.strictest_first()
    if not len(rows):
        return math.nan
    least = math.ceil(math.log(alpha) / math.log1p(-target))  # rows that show it when none is wrong
    chosen = thinned(rows, least)
    if not len(chosen):
        return math.nan
    p_value = np.asarray(clopper_pearson(errors[chosen], rows[chosen], tolerance=target, alpha=alpha).p_pass)
    if method == "bonferroni":
        shown = np.flatnonzero(p_value <= alpha / len(chosen))
        return float(threshold[chosen[shown[-1]]]) if len(shown) else math.nan
    failed = np.flatnonzero(p_value > alpha)
    last = (failed[0] if len(failed) else len(chosen)) - 1
    return float(threshold[chosen[last]]) if last >= 0 else math.nan


def cheapest_threshold(state: Confidences, cost_wrong: float, cost_abstain: float) -> tuple[float, float]:
    """Find the threshold with the smallest cost a row.

    Parameters
    ----------
    state : Confidences
        All rows.
    cost_wrong, cost_abstain : float
        Cost of a wrong answer and of no answer.

    Returns
    -------
    tuple of float
        The threshold (infinite where answering nothing is cheapest) and its cost a row.

    Raises
    ------
    InputError
        Where a cost is negative.

    Examples
    --------
    >>> state = Confidences.of(np.array([0.9, 0.6, 0.6]), np.array([True, False, False]))
    >>> threshold, cost = cheapest_threshold(state, cost_wrong=10, cost_abstain=1)
    >>> round(threshold, 2), round(cost, 2)
    (0.9, 0.67)
    """
    if min(cost_wrong, cost_abstain) < 0:
        raise InputError(f"The costs are {cost_wrong} and {cost_abstain}; give numbers from 0 on.")
    threshold, rows, errors = state.strictest_first()
    total = int(state.rows.sum())
    if not total:
        return math.nan, math.nan
    costs = np.concatenate([[cost_abstain * total], cost_wrong * errors + cost_abstain * (total - rows)]) / total
    best = int(costs.argmin())
    return (math.inf if best == 0 else float(threshold[best - 1])), float(costs[best])
