"""How much worse a group is than the whole it belongs to.

Group and whole share rows, so their difference is made from two parts that do not: with the group's share s of rows,
whole − group = (1 − s) × (rest − group). The interval of that difference comes from the two parts' own intervals by the
method of variance estimates recovery (Newcombe 1998 for rates; Zou and Donner 2008 in general), which needs no formula
for small counts beyond the one that each part already has.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.interval import Interval, interval, tails, unknown

__all__ = ["gap"]


def gap(
    group: Interval, rest: Interval, share: ArrayLike, *, tolerance: float = math.nan, alpha: float = 0.05
) -> Interval:
    """Estimate how much larger the loss of a group is than that of all rows.

    Parameters
    ----------
    group, rest : Interval
        Loss of the group's rows and of all other rows, each at level 1 − alpha; single ones, or arrays of many groups.
    share : float or array_like
        Share of the rows that belong to the group, which is taken as known; 0 compares the group with the rest itself.
    tolerance : float, optional
        Largest gap that is allowed.
    alpha : float, default 0.05
        One minus the level.

    Returns
    -------
    Interval
        Positive where the group is worse. Where one part cannot tell, neither can this.

    Raises
    ------
    InputError
        Where a share is not between 0 and 1.

    Examples
    --------
    >>> from mlops_lab.evaluation.statistics.rates import rate
    >>> minority = gap(rate(200, 1000), rate(180, 9000), share=0.1)
    >>> round(minority.estimate, 3), round(minority.low, 3), round(minority.high, 3)
    (0.162, 0.141, 0.185)
    """
    part = np.asarray(share, dtype=float)
    if ((part < 0) | (part > 1)).any():
        raise InputError(f"A group's share of the rows is {part.min():g} to {part.max():g}; it lies between 0 and 1.")
    note = group.note or rest.note
    if note:
        return unknown(-math.inf, math.inf, note, tolerance=tolerance, alpha=alpha)
    scale = 1 - part
    middle = scale * (group.estimate - rest.estimate)
    down = middle - scale * np.hypot(group.estimate - group.low, rest.high - rest.estimate)
    up = middle + scale * np.hypot(group.high - group.estimate, rest.estimate - rest.low)
    p_fail, p_pass = tails(middle, down, up, tolerance, alpha)
    return interval(middle, down, up, p_fail, p_pass, tolerance=tolerance, alpha=alpha, method="mover")
