"""What must be known of the columns before anything is changed: range, spread, levels, covariance.

Two passes with states that add up, so that a frame, a stream and a cluster agree: first `Extent` (range, levels,
moments), then `Histogram` of each numeric column over its exact range, from which the quantiles follow to 1/65,536 of
the range.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import Schema, Source
from mlops_lab.evaluation.errors import EvaluationError

__all__ = ["Needs", "NumericProfile", "Profile", "profile_frame", "profile_source", "to_float"]

BINS = 65_536
PART_ROWS = 1_000_000  # read at a time


@dataclass(frozen=True)
class Needs:
    """Which columns a check must know beforehand.

    Parameters
    ----------
    numeric : frozenset of str
        Columns whose range, quantiles and moments are needed.
    levels : frozenset of str
        Columns whose levels are needed, with their counts.
    together : frozenset of tuple of str
        Groups of numeric columns whose covariance is needed.
    """

    numeric: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    together: frozenset[tuple[str, ...]] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        return Needs(self.numeric | other.numeric, self.levels | other.levels, self.together | other.together)


def to_float(values: pd.Series) -> np.ndarray:
    """Return a numeric column as floats, gaps as NaN.

    Parameters
    ----------
    values : Series of shape (rows,)
        Numeric column of any type, nullable and Arrow-backed ones too.

    Returns
    -------
    ndarray of float, shape (rows,)
        The values.

    Examples
    --------
    >>> to_float(pd.Series([1, None], dtype="Int64")).tolist()
    [1.0, nan]
    """
    if isinstance(values.dtype, np.dtype):
        return values.to_numpy(dtype=float)
    return values.to_numpy(dtype=float, na_value=np.nan)


@dataclass(frozen=True)
class NumericProfile:
    """Range, moments and quantiles of one numeric column.

    Parameters
    ----------
    low, high : float
        Smallest and largest value.
    rows, missing : int
        Rows with a value, and rows without.
    mean, variance : float
        Of the values.
    counts : ndarray of int, shape (65536,)
        Histogram over the range.
    """

    low: float
    high: float
    rows: int
    missing: int
    mean: float
    variance: float
    counts: np.ndarray

    def quantile(self, share: float) -> float:
        """Return the value below which a share of the rows lies.

        Parameters
        ----------
        share : float
            Between 0 and 1.

        Returns
        -------
        float
            Right to 1/65,536 of the column's range.
        """
        if self.high == self.low:
            return self.low
        cumulated = np.cumsum(self.counts)
        position = share * self.rows
        bin_ = int(np.searchsorted(cumulated, position, side="left"))
        before = cumulated[bin_ - 1] if bin_ else 0
        inside = (position - before) / max(1, self.counts[bin_])
        return float(self.low + (self.high - self.low) * (bin_ + inside) / BINS)

    @property
    def spread(self) -> float:
        """Inter-quartile range / 1.349; the plain standard deviation where half of the rows share a value."""
        robust = (self.quantile(0.75) - self.quantile(0.25)) / 1.349
        return robust if robust > (self.high - self.low) / BINS * 2 else float(np.sqrt(self.variance))


@dataclass(frozen=True)
class Profile:
    """All that the checks need to know of the columns beforehand.

    Parameters
    ----------
    numeric : dict of str to NumericProfile
        By column.
    levels : dict of str to Counter
        Rows of each level, by column; missing values are not a level.
    covariance : dict of tuple of str to ndarray
        Covariance matrix of each group of columns, over the rows without gaps.
    """

    numeric: dict[str, NumericProfile] = field(default_factory=dict)
    levels: dict[str, Counter[Hashable]] = field(default_factory=dict)
    covariance: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict)


@dataclass
class Extent:
    """First pass: range, count, moments and levels of the columns; adds up over batches."""

    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    missing: Counter[str] = field(default_factory=Counter)
    levels: dict[str, Counter[Hashable]] = field(default_factory=dict)
    products: dict[tuple[str, ...], tuple[int, np.ndarray, np.ndarray]] = field(default_factory=dict)

    def observe(self, frame: pd.DataFrame, needs: Needs, start: int) -> None:
        """Add the rows of one batch."""
        for name in needs.numeric:
            values = to_float(frame[name])
            known = values[~np.isnan(values)]
            if not np.isfinite(known).all():
                row = start + int(np.flatnonzero(np.isinf(values))[0])
                raise EvaluationError(f"Column {name!r} is infinite in row {row}; drop or mend that row.")
            self.missing[name] += len(values) - len(known)
            if len(known):
                self.low[name] = min(self.low.get(name, np.inf), float(known.min()))
                self.high[name] = max(self.high.get(name, -np.inf), float(known.max()))
            self._add_products((name,), known[:, None])
        for name in needs.levels:
            self.levels.setdefault(name, Counter()).update(frame[name].value_counts(sort=False, dropna=True).to_dict())
        for names in needs.together:
            block = np.column_stack([to_float(frame[name]) for name in names])
            self._add_products(names, block[~np.isnan(block).any(axis=1)])

    def _add_products(self, names: tuple[str, ...], block: np.ndarray) -> None:
        rows = len(block)
        if not rows:
            return
        mean = block.mean(axis=0)
        centred = block - mean
        products = centred.T @ centred
        if names in self.products:
            other_rows, other_mean, other_products = self.products[names]
            step = mean - other_mean
            products = products + other_products + np.outer(step, step) * rows * other_rows / (rows + other_rows)
            mean = other_mean + step * rows / (rows + other_rows)
            rows += other_rows
        self.products[names] = (rows, mean, products)


def histogram(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Count values in 65,536 equal bins over a range that holds them all."""
    values = values[~np.isnan(values)]
    if high == low:
        return np.bincount(np.zeros(len(values), dtype=np.intp), minlength=BINS)
    bins = np.minimum(((values - low) * (BINS / (high - low))).astype(np.intp), BINS - 1)
    return np.bincount(bins, minlength=BINS)


def build_profile(
    batches: Iterable[tuple[pd.DataFrame, int]], again: Iterable[tuple[pd.DataFrame, int]], needs: Needs
) -> Profile:
    """Make the profile from two passes over the data.

    Parameters
    ----------
    batches, again : iterable of (DataFrame, int)
        The same batches with the position of their first row, twice.
    needs : Needs
        What is to be known.

    Returns
    -------
    Profile
        Of the needed columns only.

    Raises
    ------
    EvaluationError
        Where a needed column has only gaps, or is infinite.
    """
    extent = Extent()
    for frame, start in batches:
        extent.observe(frame, needs, start)
    for name in sorted(needs.numeric):
        if name not in extent.low:
            raise EvaluationError(f"Column {name!r} is missing in every row; drop it, or leave it out of the check.")
    for name in sorted(needs.levels):
        if not extent.levels.get(name):
            raise EvaluationError(f"Column {name!r} is missing in every row; drop it, or leave it out of the check.")
    counts = {name: np.zeros(BINS, dtype=np.int64) for name in needs.numeric}
    if counts:
        for frame, _ in again:
            for name, total in counts.items():
                total += histogram(to_float(frame[name]), extent.low[name], extent.high[name])
    numeric = {}
    for name in needs.numeric:
        rows, mean, products = extent.products[(name,)]
        variance = float(products[0, 0] / max(1, rows - 1))
        numeric[name] = NumericProfile(
            extent.low[name], extent.high[name], rows, extent.missing[name], float(mean[0]), variance, counts[name]
        )
    covariance = {
        names: extent.products[names][2] / max(1, extent.products[names][0] - 1)
        for names in needs.together
        if names in extent.products
    }
    return Profile(numeric, {name: extent.levels[name] for name in needs.levels}, covariance)


def profile_frame(frame: pd.DataFrame, needs: Needs) -> Profile:
    """Make the profile of a frame in memory.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    needs : Needs
        What is to be known.

    Returns
    -------
    Profile
        Of the needed columns only.

    Raises
    ------
    EvaluationError
        Where a needed column is not there, has only gaps, or is infinite.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [20, 30, 40, 50], "job": ["a", "b", "a", None]})
    >>> profile = profile_frame(frame, Needs(numeric=frozenset({"age"}), levels=frozenset({"job"})))
    >>> profile.numeric["age"].low, dict(profile.levels["job"])
    (20.0, {'a': 2, 'b': 1})
    """
    schema = Schema(frame.iloc[:0])
    for name in sorted(needs.numeric | needs.levels | {name for names in needs.together for name in names}):
        schema.kind(name)
    return build_profile([(frame, 0)], [(frame, 0)], needs)


def profile_source(source: Source, needs: Needs) -> Profile:
    """Make the profile of data wherever they are kept, reading only the columns that are needed.

    Parameters
    ----------
    source : Source
        The data.
    needs : Needs
        What is to be known.

    Returns
    -------
    Profile
        Of the needed columns only.

    Raises
    ------
    EvaluationError
        Where a needed column has only gaps, or is infinite.
    """
    columns = sorted(needs.numeric | needs.levels | {name for names in needs.together for name in names})
    if not columns:
        return Profile()

    def parts() -> Iterator[tuple[pd.DataFrame, int]]:
        return ((frame, start) for frame, _target, start in source.batches(PART_ROWS, columns))

    return build_profile(parts(), parts(), needs)
