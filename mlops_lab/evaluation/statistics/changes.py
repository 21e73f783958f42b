"""The mean of changes where most rows do not change: drops of losses, of F1, of the area under a curve.

Up to 20 changed rows, no formula for many rows holds, and rows that change a lot may not have been seen at all. The
ends then rest on how many rows can have changed (Clopper and Pearson) times how much one row can change: wide, and
honest.
"""

from __future__ import annotations

from mlops_lab.evaluation.statistics.interval import Interval, interval
from mlops_lab.evaluation.statistics.moments import skewed_ends, skewed_tails
from mlops_lab.evaluation.statistics.rates import FEW, clopper_pearson

__all__ = ["changes_interval"]


def changes_interval(
    estimate: float,
    error: float,
    skewness: float,
    rows: int,
    *,
    rose: tuple[int, float],
    fell: tuple[int, float],
    reach: float,
    tolerance: float,
    alpha: float,
) -> Interval:
    """Estimate a mean of changes.

    Parameters
    ----------
    estimate, error, skewness : float
        The mean, its standard error, and the skewness of single rows.
    rows : int
        All rows.
    rose, fell : tuple of int and float
        How many rows changed up and down, and what they add to the mean and take from it, both positive.
    reach : float
        How much a single row can change at most, above 0.
    tolerance, alpha : float
        As in `Interval`.

    Returns
    -------
    Interval
        By Hall's transformation; up to 20 changed rows, at least as wide as the rows that can have changed allow.

    Examples
    --------
    >>> changes_interval(0, 0, 0, 1000, rose=(0, 0), fell=(0, 0), reach=1, tolerance=0.01, alpha=0.05).verdict()
    'pass'
    """
    changed = rose[0] + fell[0]
    low, high = (float(end) for end in skewed_ends(estimate, error, skewness, rows, alpha, changed))
    p_fail, p_pass = (float(p) for p in skewed_tails(estimate - tolerance, error, skewness, rows, changed))
    if changed > FEW:
        return interval(estimate, low, high, p_fail, p_pass, tolerance=tolerance, alpha=alpha, method="hall")
    up, down = (float(clopper_pearson(count, rows, alpha=alpha).high) for count in (rose[0], fell[0]))
    high = max(high, estimate + up * reach - rose[1])
    low = min(low, estimate - down * reach + fell[1])
    p_pass = max(p_pass, chance_of_so_few(rose[0], rows, (tolerance - estimate + rose[1]) / reach))
    p_fail = max(p_fail, chance_of_so_few(fell[0], rows, (estimate - tolerance + fell[1]) / reach))
    return interval(estimate, low, high, p_fail, p_pass, tolerance=tolerance, alpha=alpha, method="few changes")


def chance_of_so_few(count: int, rows: int, share: float) -> float:
    """Return the chance of at most so many rows where a share of all would have to change."""
    if share < 0:
        return 1.0
    return float(clopper_pearson(count, rows, tolerance=share).p_pass) if share <= 1 else 0.0
