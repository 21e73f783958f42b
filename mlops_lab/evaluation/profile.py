"""What must be known of the columns before anything is changed: range, spread, levels, covariance.

Two passes with states that add up, so that a frame, a stream and a cluster agree: first `Extent` (range, levels,
moments), then `Histogram` of each numeric column over its exact range, from which the quantiles follow to 1/65,536 of
the range.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import Schema
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.runner import Runner, Step

__all__ = ["Needs", "NumericProfile", "Profile", "profile_frame", "profile_source", "to_float"]

BINS = 65_536
STRETCH = 256  # bins that are added up at once on the way to a quantile
MANY_TIMES = 5  # as many rows in the lowest bin as in the next one: they share one value
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

    @property
    def columns(self) -> list[str]:
        """All of these columns."""
        return sorted(self.numeric | self.levels | {name for names in self.together for name in names}, key=str)


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
    whole : bool, default False
        Whether all values are whole numbers, also in a column of floats.
    """

    low: float
    high: float
    rows: int
    missing: int
    mean: float
    variance: float
    counts: np.ndarray
    whole: bool = False

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
        position = share * self.rows
        stretch = int(np.searchsorted(self.cumulated, position, side="left"))
        start = stretch * STRETCH
        counts = self.counts[start : start + STRETCH]
        cumulated = np.cumsum(counts, dtype=float)  # as the positions that are looked up in it
        cumulated += self.cumulated[stretch - 1] if stretch else 0.0
        bin_ = int(np.searchsorted(cumulated, position, side="left"))
        inside = (position - (cumulated[bin_] - counts[bin_])) / max(1, counts[bin_])
        return float(self.low + (self.high - self.low) * (start + bin_ + inside) / BINS)

    @cached_property
    def cumulated(self) -> np.ndarray:
        """Rows up to the end of each stretch of bins: who looks for a few quantiles need not add up all bins."""
        return np.cumsum(self.counts.reshape(-1, STRETCH).sum(axis=1), dtype=float)

    @property
    def lowest_is_shared(self) -> bool:
        """Whether many rows have the lowest value: quantiles in its bin mean this value."""
        return bool(self.counts[0] > MANY_TIMES * self.counts[1])

    @cached_property
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


@dataclass(frozen=True)
class Products:
    """Rows, means and centred products of a group of columns; those of two batches add up."""

    rows: int
    mean: np.ndarray
    products: np.ndarray

    @classmethod
    def of(cls, block: np.ndarray) -> Products:
        """Reduce some rows without gaps."""
        if not len(block):
            return cls(0, np.zeros(block.shape[1]), np.zeros((block.shape[1],) * 2))
        mean = block.mean(axis=0)
        centred = block - mean
        return cls(len(block), mean, np.einsum("ij,ik->jk", centred, centred))  # BLAS starts threads, which cost more

    def __add__(self, other: Products) -> Products:
        if not self.rows or not other.rows:
            return self if self.rows else other
        rows, step = self.rows + other.rows, other.mean - self.mean
        products = self.products + other.products + np.outer(step, step) * other.rows * self.rows / rows
        return Products(rows, self.mean + step * other.rows / rows, products)

    @property
    def covariance(self) -> np.ndarray:
        """Covariance matrix."""
        return self.products / max(1, self.rows - 1)


@dataclass(frozen=True)
class Extent:
    """First pass: range, count, moments and levels of the columns; those of two batches add up."""

    low: dict[str, float]
    high: dict[str, float]
    whole: dict[str, bool]
    missing: Counter[str]
    levels: dict[str, Counter[Hashable]]
    products: dict[tuple[str, ...], Products]

    @classmethod
    def of(cls, frame: pd.DataFrame, _target: Any, start: int, *, needs: Needs) -> Extent:
        """Reduce the rows of one batch."""
        extent = cls({}, {}, {}, Counter(), {}, {})
        for name in needs.numeric:
            values = to_float(frame[name])
            known = known_of(values)
            low, high = float(known.min(initial=np.inf)), float(known.max(initial=-np.inf))
            if len(known) and not (np.isfinite(low) and np.isfinite(high)):
                row = start + int(np.flatnonzero(np.isinf(values))[0])
                raise EvaluationError(f"Column {name!r} is infinite in row {row}; drop or mend that row.")
            extent.missing[name], extent.low[name], extent.high[name] = len(values) - len(known), low, high
            extent.whole[name] = all_whole(known)
            extent.products[(name,)] = Products.of(known[:, None])
        for name in needs.levels:
            extent.levels[name] = Counter(count_levels(frame[name]))
        for names in needs.together:
            block = np.column_stack([to_float(frame[name]) for name in names])
            extent.products[names] = Products.of(block[~np.isnan(block).any(axis=1)])
        return extent

    def __add__(self, other: Extent) -> Extent:
        return Extent(
            {name: min(low, other.low[name]) for name, low in self.low.items()},
            {name: max(high, other.high[name]) for name, high in self.high.items()},
            {name: whole and other.whole[name] for name, whole in self.whole.items()},
            add_counts(self.missing, other.missing),
            {name: add_counts(counts, other.levels[name]) for name, counts in self.levels.items()},
            {names: products + other.products[names] for names, products in self.products.items()},
        )

    def require_values(self) -> None:
        """Refuse columns without any value."""
        empty = [name for name in self.low if not self.products[(name,)].rows]
        empty += [name for name, counts in self.levels.items() if not counts]
        for name in sorted(empty, key=str):
            raise EvaluationError(f"Column {name!r} is missing in every row; drop it, or leave it out of the check.")


def known_of(values: np.ndarray) -> np.ndarray:
    """Return the values without gaps, not copied where there are none."""
    gaps = np.isnan(values)
    return values[~gaps] if gaps.any() else values


def all_whole(values: np.ndarray) -> bool:
    """Tell whether all values are whole numbers; the first few tell it of most columns."""
    return all(bool((part == np.rint(part)).all()) for part in (values[:100], values[100:]))


def add_counts(first: Counter[Any], second: Counter[Any]) -> Counter[Any]:
    """Add counts and keep those of 0, which ``+`` would drop: a level that no row has is one all the same."""
    total = Counter(first)
    total.update(second)
    return total


@dataclass(frozen=True)
class Histograms:
    """Second pass: 65,536 equal bins over the range of each column; those of two batches add up."""

    counts: dict[str, np.ndarray]

    @classmethod
    def of(
        cls, frame: pd.DataFrame, _target: Any, _start: int, *, low: dict[str, float], high: dict[str, float]
    ) -> Histograms:
        """Count the rows of one batch, whose values are all in the range."""
        return cls({name: histogram(to_float(frame[name]), low[name], high[name]) for name in low})

    def __add__(self, other: Histograms) -> Histograms:
        return Histograms({name: counts + other.counts[name] for name, counts in self.counts.items()})


def count_levels(column: pd.Series) -> dict[Hashable, int]:
    """Count the rows of each level, or name the first value that cannot be one."""
    try:
        return column.value_counts(sort=False, dropna=True).to_dict()
    except TypeError as error:
        odd = next((value for value in column if not isinstance(value, Hashable)), None)
        raise EvaluationError(
            f"Column {column.name!r} holds values such as {odd!r} that are no levels ({type(odd).__name__}); leave the "
            "column out of the check, or turn it into text."
        ) from error


def histogram(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Count values in 65,536 equal bins over a range that holds them all."""
    values = known_of(values)
    if high == low:
        return np.bincount(np.zeros(len(values), dtype=np.intp), minlength=BINS)
    scaled = values - low
    scaled *= BINS / (high - low)
    bins = scaled.astype(np.intp)
    return np.bincount(np.minimum(bins, BINS - 1, out=bins), minlength=BINS)


def build_profile(sum_over: Callable[[Step[Any], Sequence[str]], Any], needs: Needs) -> Profile:
    """Make the profile from two passes over the data.

    Parameters
    ----------
    sum_over : callable
        Applies a step to some columns of every batch and adds up.
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
    extent: Extent = sum_over(partial(Extent.of, needs=needs), needs.columns)
    extent.require_values()
    counts, numeric = {}, {}
    if needs.numeric:
        histograms = partial(Histograms.of, low=extent.low, high=extent.high)
        counts = sum_over(histograms, sorted(needs.numeric, key=str)).counts
    for name in needs.numeric:
        products = extent.products[(name,)]
        numeric[name] = NumericProfile(
            extent.low[name],
            extent.high[name],
            products.rows,
            extent.missing[name],
            float(products.mean[0]),
            float(products.covariance[0, 0]),
            counts[name],
            extent.whole[name],
        )
    covariance = {names: extent.products[names].covariance for names in needs.together if extent.products[names].rows}
    return Profile(numeric, extent.levels, covariance)


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
    for name in needs.columns:
        schema.kind(name)
    return build_profile(lambda step, _columns: step(frame, np.empty(0), 0), needs)


def profile_source(runner: Runner, needs: Needs) -> Profile:
    """Make the profile of data wherever they are kept, reading only the columns that are needed.

    Parameters
    ----------
    runner : Runner
        Goes through the data.
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
    if not needs.columns:
        return Profile()
    return build_profile(lambda step, columns: runner.reduce(step, PART_ROWS, columns), needs)
