"""The difference of two sides at the same mix of groups.

Direct standardisation: the differences within the groups, weighed by one mix for both sides. Its interval comes from
those of the groups by the method of variance estimates recovery (Zou and Donner 2008, for linear combinations), so
that small counts are treated as well as the groups' own intervals treat them; a mix that is itself counted adds its
multinomial variance, as the delta method says. Counted over seeds for rates from 0.02 to 0.5 in 2 to 12 groups, it
covers in 94 to 98 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.interval import Interval, interval, normal_quantile, tails, unknown

__all__ = ["standardise"]


def standardise(
    parts: Sequence[Interval],
    shares: ArrayLike,
    *,
    rows: float = math.inf,
    tolerance: float = math.nan,
    alpha: float = 0.05,
) -> Interval:
    """Weigh the differences of several groups by one mix.

    Parameters
    ----------
    parts : sequence of Interval
        Difference in each group, at level 1 − alpha, on rows that no two groups share.
    shares : array_like of float, shape (groups,)
        The mix; scaled to add up to 1.
    rows : float, default inf
        Rows on which the mix was counted; infinite where it is given.
    tolerance : float, optional
        Largest difference that is allowed.
    alpha : float, default 0.05
        One minus the level.

    Returns
    -------
    Interval
        Of the weighted difference; unknown where a part with a share is.

    Raises
    ------
    InputError
        Where there is not one share a group, or they are negative or all 0.

    Examples
    --------
    >>> from mlops_lab.evaluation.statistics.groups import gap
    >>> from mlops_lab.evaluation.statistics.rates import rate
    >>> parts = [gap(rate(180, 200), rate(900, 1000), 0), gap(rate(400, 800), rate(40, 100), 0)]
    >>> found = standardise(parts, [1200, 900], rows=2100)
    >>> round(found.estimate, 3), round(found.low, 3), round(found.high, 3)
    (0.043, -0.011, 0.091)
    """
    weights = np.asarray(shares, dtype=float)
    if weights.shape != (len(parts),) or (weights < 0).any() or not weights.sum() > 0:
        raise InputError(
            f"The mix is {weights.tolist()} for {len(parts)} groups; give one share a group, none below 0."
        )
    weights = weights / weights.sum()
    for part, weight in zip(parts, weights, strict=True):
        if part.note and weight:
            return unknown(-math.inf, math.inf, part.note, tolerance=tolerance, alpha=alpha)
    used = [(part, weight) for part, weight in zip(parts, weights, strict=True) if weight]
    middle, low, high = (
        np.array([float(getattr(part, end)) for part, _ in used]) for end in ("estimate", "low", "high")
    )
    share = np.array([weight for _, weight in used])
    estimate = float(share @ middle)
    mix = normal_quantile(alpha) ** 2 * float(share @ (middle - estimate) ** 2) / rows
    down = estimate - math.sqrt(float(share**2 @ (middle - low) ** 2) + mix)
    up = estimate + math.sqrt(float(share**2 @ (high - middle) ** 2) + mix)
    p_fail, p_pass = tails(estimate, down, up, tolerance, alpha)
    return interval(estimate, down, up, p_fail, p_pass, tolerance=tolerance, alpha=alpha, method="mover")
