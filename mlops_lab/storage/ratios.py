"""A ratio of two paired series of measurements, with an interval that assumes nothing about their distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike

from mlops_lab.i18n import gettext as _

__all__ = ["Ratio", "median_interval"]


def median_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float, float]:
    """Return an interval for the median from order statistics.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        Measurements that are independent of each other.
    level : float, default 0.95
        How often such an interval shall contain the median, at least.

    Returns
    -------
    low, high : float
        The smallest symmetric pair of order statistics that reaches the level; the whole range where none does.
    reached : float
        The level that it really has: with five values the range reaches 0.9375.

    Notes
    -----
    The number of values below the median is binomial(n, 1/2), whatever the distribution [1]_.

    References
    ----------
    .. [1] H. A. David, H. N. Nagaraja, *Order Statistics*, 3rd edition, Wiley 2003, section 7.1.

    Examples
    --------
    >>> low, high, reached = median_interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    >>> low, high, round(reached, 3)
    (1.0, 6.0, 0.969)
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    count = len(ordered)
    below = list(accumulate(math.comb(count, fewer) / 2**count for fewer in range(count)))  # P(at most so many)
    outside = max((end for end, share in enumerate(below) if 2 * share <= 1 - level), default=0)
    reached = max(1 - 2 * below[outside], 0.0)
    return float(ordered[outside]), float(ordered[count - 1 - outside]), reached


class Ratio(float):
    """A measured ratio: a number that also knows its interval.

    Attributes
    ----------
    low, high : float
        The interval of the median ratio.
    level : float
        How often such an interval contains it.
    rounds : int
        How many pairs were measured.

    Examples
    --------
    >>> ratio = Ratio.paired([6.0, 12.0, 6.5], [1.0, 2.0, 1.0])
    >>> f"{ratio:.1f}", ratio.low, ratio.high
    ('6.0', 6.0, 6.5)
    """

    low: float
    high: float
    level: float
    rounds: int

    @classmethod
    def paired(cls, numerators: Sequence[float] | np.ndarray, denominators: Sequence[float] | np.ndarray) -> Ratio:
        """Take the median of the ratios of pairs that were measured together.

        Parameters
        ----------
        numerators, denominators : sequence of float, shape (rounds,)
            What was measured in each round; all above 0.

        Returns
        -------
        Ratio
            The median ratio with its interval.
        """
        ratios = np.asarray(numerators, dtype=float) / np.asarray(denominators, dtype=float)
        ratio = cls(np.median(ratios))
        ratio.low, ratio.high, ratio.level = median_interval(ratios)
        ratio.rounds = len(ratios)
        return ratio

    def in_words(self) -> str:
        """Return the ratio with its interval, as ``"6.5 (95 % interval 6.3 to 6.8, 6 rounds)"``."""
        ratio, low, high = (f"{value:.0f}" if value >= 10 else f"{value:.2g}" for value in (self, self.low, self.high))
        if self.low == self.high:
            return _("{ratio}, the same in {rounds} rounds").format(ratio=ratio, rounds=self.rounds)
        return _("{ratio} ({level:.0f} % interval {low} to {high}, {rounds} rounds)").format(
            ratio=ratio, level=100 * self.level, low=low, high=high, rounds=self.rounds
        )
