"""Random numbers that belong to the position of a row.

A row's numbers depend on the seed, the table and the row's position alone. So any part of a table can be made without
the rest, and in any order. Of numpy's Philox generator (Salmon et al. 2011) only the raw 64-bit words are used, whose
stream numpy promises to keep, and whole numbers from there on: the same on every platform and with every version.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mlops_lab.errors import InputError

Whole = NDArray[np.int64]
Words = NDArray[np.uint32]

WORDS_A_STEP = 8  # one step of Philox's counter gives four words of 64 bits


def draws(seed: int, table: int, start: int, stop: int, count: int) -> Words:
    """Return `count` random 32-bit words for each of the rows `start` to `stop`, as one contiguous line a word."""
    steps = -(-count // WORDS_A_STEP)
    generator = np.random.Philox(key=np.array([seed, table], dtype=np.uint64)).advance(start * steps)
    raw = generator.random_raw((stop - start) * steps * WORDS_A_STEP // 2)
    words = raw.astype("<u8", copy=False).view("<u4").reshape(stop - start, steps * WORDS_A_STEP)
    return np.ascontiguousarray(words[:, :count].T)


def below(words: Words, limit: int) -> Whole:
    """Turn words into whole numbers from 0 to `limit` - 1, all equally likely."""
    return ((words.astype(np.uint64) * np.uint64(limit)) >> np.uint64(32)).astype(np.int64)


@lru_cache(maxsize=256)
def levels(shares: tuple[int, ...]) -> Whole:
    """Return as many copies of each level's number as it has shares."""
    return np.repeat(np.arange(len(shares)), shares)


def pick(words: Words, shares: Sequence[int]) -> Whole:
    """Pick a level for each word; level k is picked `shares[k]` times out of their sum."""
    table = levels(tuple(shares))
    return table[below(words, len(table))]


def pick_given(words: Words, given: Whole, shares: Sequence[Sequence[int]]) -> Whole:
    """Pick a level for each word where the shares, in per cent, depend on the level of another column."""
    table = np.concatenate([levels(tuple(each)) for each in shares])
    return table[given * 100 + below(words, 100)]


@lru_cache(maxsize=64)
def quantiles(knots: tuple[tuple[int, int], ...]) -> Whole:
    """Return 65,536 equally likely values that run through (per mille, value) knots in straight lines."""
    permille, values = np.array(knots).T
    position = np.arange(65_536) * 1000 + 500  # in units of 1 / 65,536 of a per mille
    left = np.searchsorted(permille * 65_536, position, side="right") - 1
    width = (permille[left + 1] - permille[left]) * 65_536
    return values[left] + (position - permille[left] * 65_536) * (values[left + 1] - values[left]) // width


def along(words: Words, knots: tuple[tuple[int, int], ...]) -> Whole:
    """Draw whole numbers whose distribution function runs through (per mille, value) knots in straight lines."""
    return quantiles(knots)[words >> 16]


def whole(name: str, value: object, least: int = 0) -> int:
    """Return a whole number that a user gave, or say what is wrong with it."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InputError(f"{name} is {value!r}, and must be a whole number of at least {least:,}.") from None
    if number < least:
        raise InputError(f"{name} is {number:,}, and must be at least {least:,}.")
    return number


def seeded(seed: object) -> int:
    """Return a seed that a user gave, or say what is wrong with it."""
    number = whole("seed", seed)
    if number >= 2**64:
        raise InputError("seed must be below 2**64.")
    return number
