"""The one answer of every statistic: an estimate, its interval, and how strongly it speaks against a tolerance."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from mlops_lab.errors import InputError

__all__ = ["Interval", "Number", "Side", "check_alpha", "interval", "normal_quantile", "tails", "unknown"]

Number = float | NDArray[np.float64]
Side = Literal["pass", "fail", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its two-sided interval and the two one-sided p-values at a tolerance.

    The rule of all verdicts, where larger is worse: **pass** if ``high <= tolerance``, **fail** if ``low >
    tolerance``, else inconclusive. Each end is wrong with probability at most about alpha / 2. The p-values come from
    the same test as the ends, so that ``p_fail < alpha / 2`` exactly where ``low > tolerance`` and ``p_pass <= alpha
    / 2`` exactly where ``high <= tolerance``; correcting for several looks (`multiplicity.holm`) can take a verdict
    back, but never contradict the interval.

    Parameters
    ----------
    estimate, low, high : float or ndarray
        The number and the ends of its interval; arrays of one shape where many were asked for at once.
    p_fail : float or ndarray
        How often data at least this bad would come from a truth exactly at the tolerance; small values say that the
        truth is on the wrong side. NaN without a tolerance.
    p_pass : float or ndarray
        How often data at least this good would come from a truth exactly at the tolerance; small values say that the
        truth is on the right side.
    tolerance : float or ndarray, default nan
        Largest value (smallest, where larger is better) that is allowed.
    alpha : float, default 0.05
        One minus the level of the interval.
    method : str, default ""
        How the interval was made, such as ``"wilson"``.
    note : str, default ""
        Where nothing can be said, why: a whole sentence, translated. The interval then spans all possible values.
    larger_is_worse : bool, default True
        False where the tolerance is a floor.

    Examples
    --------
    >>> interval = Interval(0.02, 0.01, 0.03, p_fail=0.99, p_pass=0.0001, tolerance=0.05)
    >>> interval.verdict()
    'pass'
    >>> interval.rescaled(-1, shift=1)
    Interval(estimate=0.98, low=0.97, high=0.99, ..., tolerance=0.95, ..., larger_is_worse=False)
    """

    estimate: Number
    low: Number
    high: Number
    p_fail: Number = math.nan
    p_pass: Number = math.nan
    tolerance: Number = math.nan
    alpha: float = 0.05
    method: str = ""
    note: str = ""
    larger_is_worse: bool = True

    @property
    def can_tell(self) -> bool:
        """Whether the data allow any statement at all."""
        return not self.note

    def verdict(self) -> Side:
        """Judge a single interval against its tolerance, before any correction for several looks.

        Returns
        -------
        {"pass", "fail", "inconclusive"}
            By the rule above.

        Raises
        ------
        InputError
            Where the interval has no tolerance, or is many.
        """
        if np.ndim(self.low) or math.isnan(float(self.tolerance)):
            raise InputError(
                "A verdict needs one interval with a tolerance; pass tolerance=, and pick one of many with interval[i]."
            )
        worst, best = (self.high, self.low) if self.larger_is_worse else (-self.low, -self.high)
        limit = self.tolerance if self.larger_is_worse else -self.tolerance
        if worst <= limit:
            return "pass"
        return "fail" if best > limit else "inconclusive"

    def rescaled(self, scale: float, shift: float = 0.0) -> Interval:
        """Return the interval of ``shift + scale × truth``.

        A negative scale turns a loss into a gain and a ceiling into a floor.

        Parameters
        ----------
        scale, shift : float
            Slope, which must not be 0, and intercept.

        Returns
        -------
        Interval
            With the same p-values, since it judges the same truth.
        """
        ends = (self.estimate, self.low, self.high, self.tolerance)
        estimate, low, high, tolerance = (unwrap(shift + scale * np.asarray(end, dtype=float)) for end in ends)
        if scale < 0:
            low, high = high, low
        worse = self.larger_is_worse == (scale > 0)
        return Interval(
            estimate, low, high, self.p_fail, self.p_pass, tolerance, self.alpha, self.method, self.note, worse
        )

    def __getitem__(self, index: int) -> Interval:
        """Return one of many."""
        if not np.ndim(self.low):
            raise IndexError("this interval is a single one")
        numbers: dict[str, Any] = {}
        for name in ("estimate", "low", "high", "p_fail", "p_pass", "tolerance"):
            numbers[name] = float(np.asarray(getattr(self, name))[index])
        return replace(self, **numbers)

    def __len__(self) -> int:
        """Return how many there are."""
        if not np.ndim(self.low):
            raise TypeError("this interval is a single one")
        return len(np.asarray(self.low))

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, for JSON.

        Returns
        -------
        dict
            By field.
        """
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in asdict(self).items()
        }


def interval(
    estimate: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    p_fail: ArrayLike = math.nan,
    p_pass: ArrayLike = math.nan,
    *,
    tolerance: ArrayLike = math.nan,
    alpha: float = 0.05,
    method: str = "",
    note: str = "",
) -> Interval:
    """Make an interval whose p-values agree with its ends to the last bit.

    A p-value found by a series or a bisection may differ from the level by rounding where an end touches the
    tolerance; it is moved to the side on which the end lies.

    Parameters
    ----------
    estimate, low, high, p_fail, p_pass, tolerance, alpha, method, note
        As in `Interval`; arrays are broadcast.

    Returns
    -------
    Interval
        Of floats where everything was a float.

    Examples
    --------
    >>> interval(0.2, 0.1, 0.3, p_fail=0.024, p_pass=0.9, tolerance=0.15).p_fail
    0.025
    """
    given: tuple[Any, ...] = (estimate, low, high, p_fail, p_pass, tolerance)
    if all(isinstance(number, float) for number in given):
        return single_interval(*map(float, given), alpha=alpha, method=method, note=note)
    numbers = np.broadcast_arrays(*(np.asarray(number, float) for number in given))
    mid, down, up, worse, better, limit = numbers
    half = alpha / 2
    below, above = np.nextafter(half, 0.0), np.nextafter(half, 1.0)
    asked = ~np.isnan(limit)
    worse = np.where(down > limit, np.minimum(worse, below), np.maximum(worse, half))
    better = np.where(up <= limit, np.minimum(better, half), np.maximum(better, above))
    worse, better = (np.where(asked, p_value, math.nan) for p_value in (worse, better))
    return Interval(
        unwrap(mid),
        unwrap(down),
        unwrap(up),
        unwrap(worse),
        unwrap(better),
        unwrap(limit),
        alpha=alpha,
        method=method,
        note=note,
    )


def single_interval(
    mid: float,
    low: float,
    high: float,
    worse: float,
    better: float,
    limit: float,
    *,
    alpha: float,
    method: str,
    note: str,
) -> Interval:
    """Make one interval, as `interval` does, in a fifth of the time."""
    half = alpha / 2
    if math.isnan(limit):
        worse = better = math.nan
    else:
        worse = min(worse, math.nextafter(half, 0.0)) if low > limit else max(worse, half)
        better = min(better, half) if high <= limit else max(better, math.nextafter(half, 1.0))
    return Interval(mid, low, high, worse, better, limit, alpha=alpha, method=method, note=note)


def tails(
    estimate: ArrayLike, low: ArrayLike, high: ArrayLike, tolerance: ArrayLike, alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the p-values of an interval that has only ends: each side taken as normal, as wide as that end says.

    Parameters
    ----------
    estimate, low, high, tolerance, alpha
        As in `Interval`.

    Returns
    -------
    p_fail, p_pass : ndarray of float
        Exactly alpha / 2 where an end is at the tolerance.

    Examples
    --------
    >>> [round(float(p_value), 4) for p_value in tails(0.2, 0.1, 0.3, tolerance=0.1, alpha=0.05)]
    [0.025, 0.975]
    """
    mid, down, up, limit = (np.asarray(values, dtype=float) for values in (estimate, low, high, tolerance))
    width = np.where(limit < mid, mid - down, up - mid) / normal_quantile(alpha)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(mid == limit, 0.0, (mid - limit) / width)
    return special.ndtr(-score), special.ndtr(score)


def unwrap(number: NDArray[np.float64]) -> Number:
    """Return an array of no dimensions as a float, others as they are.

    Parameters
    ----------
    number : ndarray
        Any.

    Returns
    -------
    float or ndarray
        The same number.
    """
    return float(number) if number.ndim == 0 else number.copy()


def unknown(
    low: float, high: float, note: str, *, tolerance: float = math.nan, alpha: float = 0.05, estimate: float = math.nan
) -> Interval:
    """Make the interval of data that cannot tell: all possible values.

    Parameters
    ----------
    low, high : float
        The possible values.
    note : str
        Why, as a sentence.
    tolerance, alpha, estimate : float
        As in `Interval`.

    Returns
    -------
    Interval
        With both p-values 1.
    """
    return interval(estimate, low, high, 1.0, 1.0, tolerance=tolerance, alpha=alpha, method="none", note=note)


def normal_quantile(alpha: float) -> float:
    """Return the two-sided normal quantile, 1.96 at 0.05.

    Parameters
    ----------
    alpha : float
        One minus the level.

    Returns
    -------
    float
        The quantile at 1 − alpha / 2.

    Raises
    ------
    InputError
        Where alpha is not between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.05), 3)
    1.96
    """
    check_alpha(alpha)
    return float(-special.ndtri(alpha / 2))


def check_alpha(alpha: float) -> None:
    """Refuse a level outside of (0, 1).

    Parameters
    ----------
    alpha : float
        One minus the level.

    Raises
    ------
    InputError
        Where it is outside.
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha!r}; give a number between 0 and 1, such as 0.05 for 95 % intervals.")
