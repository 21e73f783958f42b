"""The fixed scale on which probabilities are counted, the same for every batch and every machine.

Bins of equal width in the logit are as fine near 0 and 1, where rare classes live, as in the middle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["BINS", "bin_floor", "bins_of"]

BINS = 65_536
LARGEST_LOGIT = 37.0  # of the largest float below 1


def bins_of(probability: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each probability.

    Parameters
    ----------
    probability : ndarray of float, shape (rows,)
        Between 0 and 1; what rounding put beyond is taken as the end.

    Returns
    -------
    ndarray of int, shape (rows,)
        From 0 to 65,535, rising with the probability.

    Examples
    --------
    >>> bins_of(np.array([0.0, 0.5, 1.0])).tolist()
    [0, 32768, 65535]
    """
    logit = np.clip(special.logit(np.clip(probability, 0.0, 1.0)), -LARGEST_LOGIT, LARGEST_LOGIT)
    return np.minimum(((logit + LARGEST_LOGIT) * (BINS / (2 * LARGEST_LOGIT))).astype(np.int64), BINS - 1)


def bin_floor(bins: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the smallest probability that falls into each bin.

    Parameters
    ----------
    bins : ndarray of int
        As from `bins_of`.

    Returns
    -------
    ndarray of float
        Of the same shape; 0 for the first bin.

    Examples
    --------
    >>> bin_floor(np.array([0, 32768])).tolist()
    [0.0, 0.5]
    """
    floor = special.expit(np.asarray(bins) * (2 * LARGEST_LOGIT / BINS) - LARGEST_LOGIT)
    return np.where(np.asarray(bins) <= 0, 0.0, floor)
