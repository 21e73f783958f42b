"""How many rows would tell: the number with which a verdict could be expected nine times out of ten."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.interval import normal_quantile
from mlops_lab.evaluation.statistics.rates import FEW

__all__ = ["POWER", "looks_factor", "rows_needed", "rows_needed_drop", "rows_needed_parts", "rows_needed_rate"]

POWER = 0.9
"""Chance of the verdict: nine times out of ten, as is usual for planning."""

PARTS = 32
"""Into which a search is cut at once: so many intervals in one call take hardly longer than one."""


def rows_needed(
    estimate: float, tolerance: float, error: float, rows: int, *, alpha: float = 0.05, power: float = POWER
) -> float:
    """Say how many rows an estimate needs whose error shrinks with the root of the rows.

    Parameters
    ----------
    estimate, tolerance : float
        Where the truth is taken to be, and what is allowed.
    error : float
        Standard error of the estimate, on ``rows`` rows.
    rows : int
        Rows that were seen.
    alpha : float, default 0.05
        One minus the level of the interval; for a failure that must survive k looks, give alpha / k.
    power : float, default 0.9
        Chance of the verdict.

    Returns
    -------
    float
        The smallest number of rows at which the interval lies wholly on the estimate's side of the tolerance with that
        chance; infinite where the estimate is at the tolerance, NaN where it or its error is not known.

    Raises
    ------
    InputError
        Where the power is not between 0.5 and 1, or alpha not between 0 and 1.

    Examples
    --------
    >>> rows_needed(0.03, 0.02, error=0.005, rows=1000)
    2627.0
    >>> rows_needed(0.02, 0.02, error=0.005, rows=1000)
    inf
    """
    distance = abs(estimate - tolerance)
    both = normal_quantile(alpha) + power_quantile(power)
    if math.isnan(distance) or math.isnan(error) or rows < 1:
        return math.nan
    if distance == 0:
        return math.inf
    return float(math.ceil(max(1.0, rows * (both * error / distance) ** 2 - 1e-9)))


def rows_needed_parts(
    estimates: ArrayLike,
    lows: ArrayLike,
    highs: ArrayLike,
    tolerance: float,
    rows: int,
    *,
    alpha: float = 0.05,
    looks: int = 1,
    power: float = POWER,
) -> float:
    """Say how many rows a check of several parts needs: all must pass, or one must fail.

    Parameters
    ----------
    estimates, lows, highs : array_like of float, shape (parts,)
        Of each part, with its interval at level 1 − alpha; larger is worse. The side that faces the tolerance gives the
        error.
    tolerance : float
        What is allowed.
    rows : int
        Rows that were seen.
    alpha : float, default 0.05
        One minus the level.
    looks : int, default 1
        Among how many looks a failure must survive Holm's correction.
    power : float, default 0.9
        As in `rows_needed`.

    Returns
    -------
    float
        Where a part is estimated beyond the tolerance, the rows with which the clearest of them fails; else those with
        which the least clear one passes. NaN where nothing is known of any part.

    Raises
    ------
    InputError
        As in `rows_needed`.

    Examples
    --------
    >>> rows_needed_parts([0.03, 0.01], [0.02, 0.0], [0.04, 0.02], tolerance=0.05, rows=1000)
    684.0
    >>> rows_needed_parts([0.06, 0.01], [0.04, 0.0], [0.08, 0.02], tolerance=0.05, rows=1000, looks=2)
    12924.0
    """
    middle, low, high = (np.atleast_1d(np.asarray(ends, dtype=float)) for ends in (estimates, lows, highs))
    worse = middle > tolerance
    reach = np.where(worse, middle - low, high - middle)
    known = np.isfinite(reach)
    if not known.any():
        return math.nan
    worse, middle, error = worse[known], middle[known], reach[known] / normal_quantile(alpha)
    clear = np.abs(middle - tolerance) / np.maximum(error, 1e-300)
    chosen = int(np.where(worse, clear, -1.0).argmax() if worse.any() else clear.argmin())
    level = alpha / looks if worse.any() else alpha
    return rows_needed(float(middle[chosen]), tolerance, float(error[chosen]), rows, alpha=level, power=power)


def looks_factor(looks: int, alpha: float = 0.05, power: float = POWER) -> float:
    """Say how many times the rows a failure needs that must survive Holm's correction.

    Parameters
    ----------
    looks : int
        Among how many.
    alpha, power : float
        As in `rows_needed`.

    Returns
    -------
    float
        At least 1.

    Raises
    ------
    InputError
        As in `rows_needed`.

    Examples
    --------
    >>> looks_factor(1), round(looks_factor(8), 2)
    (1.0, 1.53)
    """
    own, corrected = (normal_quantile(level) + power_quantile(power) for level in (alpha, alpha / looks))
    return (corrected / own) ** 2


def rows_needed_rate(estimate: float, tolerance: float, *, alpha: float = 0.05, power: float = POWER) -> float:
    """Say how many rows a rate needs, by inverting the interval that judges it.

    Parameters
    ----------
    estimate, tolerance : float
        Where the truth is taken to be, and what is allowed; both rates.
    alpha, power : float
        As in `rows_needed`.

    Returns
    -------
    float
        As in `rows_needed`; infinite also where no number of rows can put the interval on the estimate's side, as for
        an estimate of 0 and a tolerance of 0.

    Raises
    ------
    InputError
        As in `rows_needed`.

    Examples
    --------
    >>> rows_needed_rate(0.0, 0.05)
    72.0
    >>> rows_needed_rate(0.02, 0.01)
    1407.0
    """
    if math.isnan(estimate) or math.isnan(tolerance):
        return math.nan
    distance = abs(estimate - tolerance)
    at_tolerance = normal_quantile(alpha) * math.sqrt(tolerance * (1 - tolerance))
    at_estimate = power_quantile(power) * math.sqrt(estimate * (1 - estimate))
    if distance == 0:
        return math.inf
    close = math.ceil(((at_tolerance + at_estimate) / distance) ** 2)
    rarest = min(estimate, tolerance, 1 - estimate, 1 - tolerance) * close
    return float(max(1, close)) if rarest > FEW else exact_rows(estimate, tolerance, max(1, close), alpha, power)


def exact_rows(estimate: float, tolerance: float, start: int, alpha: float, power: float) -> float:
    """Search the smallest number of rows with which the very interval that judges a rate would tell."""
    few, many = 1, start
    while chance_of_verdict(estimate, tolerance, many, alpha) < power:
        few, many = many, 2 * many
    while many - few > max(1, many // 200):
        middle = (few + many) // 2
        few, many = (few, middle) if chance_of_verdict(estimate, tolerance, middle, alpha) >= power else (middle, many)
    return float(many)


def chance_of_verdict(truth: float, tolerance: float, rows: int, alpha: float) -> float:
    """Return the chance that so many rows put the interval on the truth's side of the tolerance.

    Parameters
    ----------
    truth, tolerance : float
        Rates.
    rows : int
        How many.
    alpha : float
        One minus the level.

    Returns
    -------
    float
        By the binomial distribution.

    Examples
    --------
    >>> round(chance_of_verdict(0.0, 0.1, 36, alpha=0.05), 3)
    1.0
    """
    low, high = -1, rows + 1
    reach = normal_quantile(alpha) * math.sqrt(rows * tolerance * (1 - tolerance))
    guess = round(rows * tolerance + (reach if truth > tolerance else -reach))
    events = np.arange(max(0, guess - PARTS // 2), min(rows, guess + PARTS // 2) + 1)
    while high - low > 1:  # the ends of the interval rise with the events, so the border is found by sections
        beyond = end_is_above(tolerance, events, rows, alpha, lower=truth > tolerance)
        first = int(beyond.argmax()) if beyond.any() else len(events)
        low, high = ([low, *events.tolist()][first], [*events.tolist(), high][first])
        events = np.unique(low + np.arange(1, PARTS) * (high - low) // PARTS).clip(0, rows)
    if truth > tolerance:
        return float(special.betainc(high, rows - high + 1, truth)) if 0 < high <= rows else float(high <= 0)
    return float(special.betaincc(low + 1, rows - low, truth)) if 0 <= low < rows else float(low >= rows)


def end_is_above(
    tolerance: float, events: NDArray[np.int64], rows: int, alpha: float, lower: bool
) -> NDArray[np.bool_]:
    """Tell where an end of the interval of a rate lies above a tolerance.

    It does where the tolerance is rejected by the test that the interval inverts, which is known sooner than the end.

    Parameters
    ----------
    tolerance : float
        A rate.
    events : ndarray of int, shape (samples,)
        How many rows had the event.
    rows : int
        Out of how many.
    alpha : float
        One minus the level.
    lower : bool
        Whether the lower end is asked for, or the upper one.

    Returns
    -------
    ndarray of bool, shape (samples,)
        As the ends of `rate` say.

    Examples
    --------
    >>> end_is_above(0.1, np.array([2, 9, 15]), 100, alpha=0.05, lower=False).tolist()
    [False, True, True]
    """
    rest = rows - events
    with np.errstate(divide="ignore", invalid="ignore"):
        score = (events - rows * tolerance) / np.sqrt(rows * tolerance * (1 - tolerance))
    reach = normal_quantile(alpha)
    if lower:
        chance = np.where(events > 0, special.betainc(np.maximum(events, 1), rest + 1, tolerance), 1.0)
        exact, by_score = chance < alpha / 2, score > reach
    else:
        chance = np.where(rest > 0, special.betaincc(events + 1, np.maximum(rest, 1), tolerance), tolerance < 1)
        exact, by_score = chance > alpha / 2, score > -reach
    return np.where(np.minimum(events, rest) <= FEW, exact, by_score)


def rows_needed_drop(
    lost: float, gained: float, tolerance: float, *, alpha: float = 0.05, power: float = POWER
) -> float:
    """Say how many rows a drop of accuracy needs.

    Parameters
    ----------
    lost, gained : float
        Shares of all rows that went from right to wrong, and from wrong to right.
    tolerance : float
        Largest drop that is allowed.
    alpha, power : float
        As in `rows_needed`.

    Returns
    -------
    float
        As in `rows_needed`.

    Raises
    ------
    InputError
        As in `rows_needed`.

    Examples
    --------
    >>> rows_needed_drop(0.05, 0.01, tolerance=0.02)
    1554.0
    """
    drop = lost - gained
    if math.isnan(drop) or math.isnan(tolerance):
        return math.nan
    if drop == tolerance:
        return math.inf
    if gained == 0 and 0 < tolerance < 1:
        return rows_needed_rate(lost, tolerance, alpha=alpha, power=power)
    # the shares that fit the tolerance best keep the sum of both changes and move their difference
    spread = max(lost + gained, abs(tolerance))
    at_tolerance = normal_quantile(alpha) * math.sqrt(max(0.0, spread - tolerance**2))
    at_estimate = power_quantile(power) * math.sqrt(max(0.0, lost + gained - drop**2))
    return float(max(1, math.ceil(((at_tolerance + at_estimate) / abs(drop - tolerance)) ** 2)))


def power_quantile(power: float) -> float:
    """Return the normal quantile of a power, refusing what cannot be planned for."""
    if not 0.5 <= power < 1:
        raise InputError(f"The power is {power!r}; give a chance from 0.5 to below 1, such as 0.9.")
    return float(special.ndtri(power))
