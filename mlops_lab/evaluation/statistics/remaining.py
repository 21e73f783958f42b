"""How much of the distance between two groups' means remains after something was changed in the same rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlops_lab.evaluation.statistics.groups import gap
from mlops_lab.evaluation.statistics.interval import Interval, interval, normal_quantile, unknown
from mlops_lab.evaluation.statistics.moments import Moments, mean_interval
from mlops_lab.i18n import gettext as _

__all__ = ["Remaining", "remaining"]


@dataclass(frozen=True, slots=True)
class Remaining:
    """Two distances between the same groups, and the second as a share of the first.

    Parameters
    ----------
    before, after : Interval
        First group's mean minus second group's.
    share : Interval
        After divided by before.
    """

    before: Interval
    after: Interval
    share: Interval


def remaining(first: Moments, second: Moments, *, alpha: float = 0.05) -> Remaining:
    """Compare two groups before and after.

    Parameters
    ----------
    first, second : Moments
        Of each group's rows: of two variables, before and after.
    alpha : float, default 0.05
        One minus the level.

    Returns
    -------
    Remaining
        The distances by the method of variance estimates recovery from Hall's intervals of the four means; the share
        by Fieller's theorem (1954), which knows that both distances vary together, and is unknown where the distance
        before could be 0.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> score = rng.normal(size=(500, 1))
    >>> half = Moments.of(np.hstack([score + 1, 0.5 * score + 0.5]))
    >>> found = remaining(half, Moments.of(np.hstack([score, 0.5 * score])))
    >>> round(found.before.estimate, 6), round(found.share.estimate, 6)
    (1.0, 0.5)
    """
    before, after = (
        gap(
            mean_interval(first, variable=at, alpha=alpha),
            mean_interval(second, variable=at, alpha=alpha),
            0,
            alpha=alpha,
        )
        for at in (0, 1)
    )
    return Remaining(before, after, share_of(first, second, alpha))


def share_of(first: Moments, second: Moments, alpha: float) -> Interval:
    """Return the ratio of the two distances by Fieller's theorem."""
    if min(first.rows, second.rows) < 2:
        return unknown(-math.inf, math.inf, _("There are too few rows to tell."), alpha=alpha)
    before, after = (first.mean - second.mean).tolist()
    spread = first.second / (first.rows - 1) / first.rows + second.second / (second.rows - 1) / second.rows
    of_before, together, of_after = float(spread[0, 0]), float(spread[0, 1]), float(spread[1, 1])
    share = after / before if before else math.nan
    square = normal_quantile(alpha) ** 2
    known = before**2 - square * of_before  # above 0 where the distance before is not 0
    if known <= 0:
        note = _("The distance before could be 0, and nothing can be a share of that.")
        return unknown(-math.inf, math.inf, note, alpha=alpha, estimate=share)
    middle = before * after - square * together
    root = math.sqrt(max(0.0, middle**2 - known * (after**2 - square * of_after)))
    low, high = (middle - root) / known, (middle + root) / known
    return interval(share, min(low, share), max(high, share), alpha=alpha, method="fieller")
