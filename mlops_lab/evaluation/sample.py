"""A random sample of rows, wherever they are kept: the first rows of a sorted file would tell about nobody else."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import FrameSource, Source
from mlops_lab.evaluation.randomness import RowRandom
from mlops_lab.evaluation.reservoir import smallest

__all__ = ["sample"]

PART_ROWS = 100_000  # read at a time


def sample(source: Source, rows: int, seed: int) -> Source:
    """Draw rows at random, each with the same chance; the same seed draws the same rows.

    Parameters
    ----------
    source : Source
        All rows.
    rows : int
        How many to draw.
    seed : int
        Of the suite.

    Returns
    -------
    Source
        The drawn rows in memory, in their own order and with their own index; all of them where they are not more.

    Examples
    --------
    >>> people = FrameSource(pd.DataFrame({"age": range(100)}), np.zeros(100))
    >>> sample(people, 3, seed=0).rows
    3
    """
    if rows >= source.rows:
        return source
    kept = np.empty(0)
    for start in range(0, source.rows, PART_ROWS):
        kept = np.concatenate([kept, chances(seed, start, min(PART_ROWS, source.rows - start))])
        kept = kept[smallest(kept, rows)]
    highest = kept.max()
    frames, targets = [], []
    for frame, target, start in source.batches(PART_ROWS):
        chosen = np.flatnonzero(chances(seed, start, len(target)) <= highest)
        frames.append(frame.take(chosen))
        targets.append(target[chosen])
    return FrameSource(pd.concat(frames), np.concatenate(targets))


def chances(seed: int, start: int, rows: int) -> np.ndarray:
    """Return one random number a row, tied to its position; the rows with the smallest are drawn."""
    return RowRandom(seed, "sample of rows", start, rows).random()
