"""Correcting for several looks at one data set: a failure must survive the whole family."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlops_lab.errors import InputError

__all__ = ["holm", "survives", "worst_of"]


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Raise p-values so that comparing each with a level holds the chance of *any* wrong finding to that level.

    The step-down of Holm (1979): the smallest is multiplied by their number, the next by one less, and so on, none
    falling below the one before it. It needs no independence.

    Parameters
    ----------
    p_values : array_like of float, shape (looks,)
        One a look. NaN, where a look could not be made, counts as no look and stays.

    Returns
    -------
    ndarray of float, shape (looks,)
        In the same order, at most 1.

    Raises
    ------
    InputError
        Where a p-value lies outside of [0, 1].

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.atleast_1d(np.asarray(p_values, dtype=float))
    known = ~np.isnan(given)
    if ((given[known] < 0) | (given[known] > 1)).any():
        raise InputError(
            f"The p-values reach from {given[known].min():g} to {given[known].max():g}; they must lie between 0 and 1."
        )
    raised = np.full(given.shape, np.nan)
    looks = int(known.sum())
    order = np.flatnonzero(known)[np.argsort(given[known], kind="stable")]
    raised[order] = np.minimum(1.0, np.maximum.accumulate(given[order] * np.arange(looks, 0, -1)))
    return raised


def survives(p_values: ArrayLike, alpha: float = 0.05) -> NDArray[np.bool_]:
    """Say which failures survive the correction: those whose p-value, raised by `holm`, is below alpha / 2.

    Half of alpha, since the p-values are one-sided and the interval that is shown spends alpha / 2 on each side. A
    verdict *fail* needs both the whole interval on the wrong side and this; a suite *passes* when every check passes,
    which needs no correction (Berger 1982).

    Parameters
    ----------
    p_values : array_like of float, shape (looks,)
        ``Interval.p_fail`` of each look.
    alpha : float, default 0.05
        One minus the level of the intervals.

    Returns
    -------
    ndarray of bool, shape (looks,)
        False where a p-value is NaN.

    Examples
    --------
    >>> survives([0.001, 0.02, 0.9]).tolist()
    [True, False, False]
    """
    raised = holm(p_values)
    return np.where(np.isnan(raised), 1.0, raised) < alpha / 2


def worst_of(estimates: ArrayLike, replicates: ArrayLike, tolerance: float) -> NDArray[np.float64]:
    """Raise the p-values of several groups by what a bootstrap says of their correlation.

    The step-down of Romano and Wolf (2005) on studentised bootstrap replicates. It is sharper than `holm` where
    groups overlap, and for the worst of many groups it knows that the largest of many estimates is too large.

    Parameters
    ----------
    estimates : array_like of float, shape (groups,)
        What was seen, larger being worse.
    replicates : array_like of float, shape (replicates, groups)
        The same numbers on resampled data, all groups of one row from one resample.
    tolerance : float
        Largest value that is allowed.

    Returns
    -------
    ndarray of float, shape (groups,)
        Corrected one-sided p-values; a group whose replicates never vary cannot be judged and gets 1.

    Raises
    ------
    InputError
        Where the replicates do not have one column a group.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> worst_of([0.10, 0.01], rng.normal([0.10, 0.01], 0.01, size=(2000, 2)), tolerance=0.02).round(2).tolist()
    [0.0, 0.83]
    """
    seen, drawn = np.asarray(estimates, dtype=float), np.asarray(replicates, dtype=float)
    if drawn.ndim != 2 or drawn.shape[1] != len(seen):
        raise InputError(
            f"The replicates have shape {drawn.shape}; they need one column for each of the {len(seen)} groups."
        )
    spread = drawn.std(axis=0, ddof=1)
    judged = np.flatnonzero(spread > 0)
    raised = np.ones(len(seen))
    excess = (seen[judged] - tolerance) / spread[judged]
    order = np.argsort(-excess, kind="stable")
    noise = (drawn[:, judged] - seen[judged])[:, order] / spread[judged][order]
    largest = np.maximum.accumulate(noise[:, ::-1], axis=1)[:, ::-1]  # of the groups not yet judged
    beyond = (largest >= excess[order]).sum(axis=0)
    raised[judged[order]] = np.maximum.accumulate((1 + beyond) / (1 + len(drawn)))
    return raised
