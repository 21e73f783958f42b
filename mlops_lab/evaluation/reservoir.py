"""A uniform draw of rows that is the same for any split into batches: the rows with the smallest random numbers."""

from __future__ import annotations

import numpy as np

__all__ = ["smallest"]


def smallest(priority: np.ndarray, kept: int) -> np.ndarray:
    """Return the places of the smallest numbers, in ascending order of these.

    Parameters
    ----------
    priority : ndarray of float, shape (rows,)
        One random number a row, tied to the row's position.
    kept : int
        How many places at most.

    Returns
    -------
    ndarray of int
        The rows that are drawn.

    Examples
    --------
    >>> smallest(np.array([0.9, 0.1, 0.5]), kept=2).tolist()
    [1, 2]
    """
    places = np.argpartition(priority, kept)[:kept] if len(priority) > kept else np.arange(len(priority))
    return places[np.argsort(priority[places], kind="stable")]
