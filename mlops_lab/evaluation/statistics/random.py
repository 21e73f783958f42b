"""Random numbers that belong to a row's position, not to the order in which rows are seen.

Philox (Salmon, Moraes, Dror and Shaw 2011) computes its n-th number directly, so any split of the rows into batches,
in any order and on any machine, draws the same numbers bit for bit. They are made from the raw 64-bit words, whose
stream numpy promises to keep, not by the methods of ``Generator``, whose streams may change between releases and
which cannot be entered in the middle where they use a varying number of words.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from mlops_lab.errors import InputError

__all__ = ["integers", "key_of", "normals", "uniforms", "uniforms_at"]

WORDS_PER_STEP = 4
CHUNK = 1 << 18


def key_of(seed: int, name: str) -> int:
    """Return the key of a stream from a seed and the name of what draws.

    Parameters
    ----------
    seed : int
        Of the suite.
    name : str
        Of the check, and of the draw within it.

    Returns
    -------
    int
        128 bits; different names give unrelated streams.

    Examples
    --------
    >>> key_of(0, "noise") == key_of(0, "noise"), key_of(0, "noise") == key_of(1, "noise")
    (True, False)
    """
    return int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=16).digest(), "little")


def words(key: int, start: int, count: int) -> NDArray[np.uint64]:
    """Return the raw 64-bit words of rows ``start`` to ``start + count − 1``.

    Parameters
    ----------
    key : int
        Of the stream, as from `key_of`.
    start : int
        Position of the first row among all rows.
    count : int
        Number of rows.

    Returns
    -------
    ndarray of uint64, shape (count,)
        One a row.

    Raises
    ------
    InputError
        Where the position or the count is negative.
    """
    if start < 0 or count < 0:
        raise InputError(
            f"Rows {start} to {start + count} were asked for; positions start at 0 and counts are not negative."
        )
    step, skipped = divmod(start, WORDS_PER_STEP)
    stream = np.random.Philox(key=key)
    stream.advance(step)
    return np.asarray(stream.random_raw(skipped + count)[skipped:], dtype=np.uint64)


def uniforms(key: int, start: int, count: int) -> NDArray[np.float64]:
    """Draw one uniform number in [0, 1) for each row.

    Parameters
    ----------
    key : int
        Of the stream, as from `key_of`.
    start : int
        Position of the first row among all rows.
    count : int
        Number of rows.

    Returns
    -------
    ndarray of float, shape (count,)
        Multiples of 2⁻⁵³.

    Examples
    --------
    >>> whole = uniforms(key_of(0, "demo"), 0, 10)
    >>> bool((whole[7:] == uniforms(key_of(0, "demo"), 7, 3)).all())
    True
    """
    return np.asarray((words(key, start, count) >> np.uint64(11)) * 2.0**-53, dtype=np.float64)


def normals(key: int, start: int, count: int) -> NDArray[np.float64]:
    """Draw one standard normal number for each row, by the normal quantile of a uniform number.

    Parameters
    ----------
    key, start, count : int
        As in `uniforms`.

    Returns
    -------
    ndarray of float, shape (count,)
        All finite, since the uniform numbers behind them are never 0 or 1.

    Examples
    --------
    >>> bool(abs(normals(key_of(0, "demo"), 0, 10_000).mean()) < 0.05)
    True
    """
    middles = (words(key, start, count) >> np.uint64(12)) * 2.0**-52 + 2.0**-53
    return np.asarray(special.ndtri(middles))


def integers(key: int, start: int, count: int, low: int, high: int) -> NDArray[np.int64]:
    """Draw one whole number from ``low`` to ``high − 1`` for each row.

    Parameters
    ----------
    key, start, count : int
        As in `uniforms`.
    low, high : int
        Bounds, the upper one left out.

    Returns
    -------
    ndarray of int, shape (count,)
        Each value equally likely to within (high − low) / 2⁵³.

    Raises
    ------
    InputError
        Where there is no whole number between the bounds.

    Examples
    --------
    >>> sorted(set(integers(key_of(0, "demo"), 0, 100, 3, 6).tolist()))
    [3, 4, 5]
    """
    if high <= low:
        raise InputError(f"There is no whole number from {low} to below {high}; give a larger upper bound.")
    return low + (uniforms(key, start, count) * (high - low)).astype(np.int64)


def uniforms_at(key: int, positions: ArrayLike) -> NDArray[np.float64]:
    """Draw the uniform numbers of single rows, the same that `uniforms` gives them.

    Parameters
    ----------
    key : int
        Of the stream.
    positions : array_like of int, shape (rows,)
        Positions among all rows, in any order. Only the stretches of 262,144 rows in which one lies are drawn.

    Returns
    -------
    ndarray of float, shape (rows,)
        In the order of the positions.

    Examples
    --------
    >>> bool((uniforms_at(3, [8, 2]) == uniforms(3, 0, 10)[[8, 2]]).all())
    True
    """
    wanted = np.asarray(positions, dtype=np.int64)
    drawn = np.empty(wanted.shape)
    chunk = wanted // CHUNK
    for part in np.unique(chunk):
        here = chunk == part
        first = int(wanted[here].min())
        drawn[here] = uniforms(key, first, int(wanted[here].max()) - first + 1)[wanted[here] - first]
    return drawn
