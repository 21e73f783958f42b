"""Groups of rows that share a value: levels of columns, bins of numbers, and conjunctions of both."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import Schema
from mlops_lab.evaluation.numbers import exact, round_between
from mlops_lab.evaluation.profile import BINS, Needs, NumericProfile, Profile, to_float
from mlops_lab.i18n import gettext as _

__all__ = ["Binning", "bin_column", "binning_needs", "conjunctions"]


@dataclass(frozen=True)
class Binning:
    """How one column is cut into groups.

    Parameters
    ----------
    column : str
        The column.
    labels : tuple of str
        One a group; the last one holds the rows without a value, and those with a level that was not known beforehand.
    levels : tuple, optional
        Level of each group but the last, for columns of levels.
    edges : tuple of float, optional
        Upper edges of the groups but the last two, for numbers.
    """

    column: str
    labels: tuple[str, ...]
    levels: tuple[Hashable, ...] = ()
    edges: tuple[float, ...] = ()

    def codes(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the group of each row.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            The rows.

        Returns
        -------
        ndarray of int, shape (rows,)
            Place among the labels.
        """
        other = len(self.labels) - 1
        if self.levels:
            codes = pd.Index(list(self.levels)).get_indexer(pd.Index(frame[self.column]))
            return np.where(codes < 0, other, codes)
        values = to_float(frame[self.column])
        group = np.zeros(len(values), dtype=np.intp)
        for edge in self.edges:  # a few comparisons of whole columns take less time than a search for each value
            group += values > edge
        group[np.isnan(values)] = other
        return group


def binning_needs(columns: Sequence[str], schema: Schema) -> Needs:
    """Say what must be known to cut columns into groups.

    Parameters
    ----------
    columns : sequence of str
        The columns.
    schema : Schema
        Their kinds.

    Returns
    -------
    Needs
        Quantiles of numbers, levels of all others.

    Raises
    ------
    EvaluationError
        Where a column is not there or has no groups, such as one of dates.
    """
    for name in columns:
        schema.require(name, ("integer", "real", "boolean", "category", "text"), _("a slice"))
    numeric = frozenset(name for name in columns if schema.kind(name) in ("integer", "real"))
    return Needs(numeric=numeric, levels=frozenset(columns) - numeric)


def bin_column(column: str, profile: Profile, bins: int, most_levels: int | None = None) -> Binning:
    """Cut one column into groups.

    Parameters
    ----------
    column : str
        The column.
    profile : Profile
        Its quantiles or levels.
    bins : int
        Groups of a number, each with about as many rows.
    most_levels : int, optional
        The rarest levels beyond this are put together with the missing values.

    Returns
    -------
    Binning
        The groups.
    """
    missing = _("{column} missing").format(column=column)
    if column in profile.levels:
        counts = profile.levels[column]
        common = sorted(counts, key=lambda level: (-counts[level], str(level)))
        levels = tuple(sorted(common[:most_levels], key=str))
        if most_levels is not None and len(common) > most_levels:
            missing = _("{column} missing or rare").format(column=column)
        return Binning(column, (*(f"{column} = {level}" for level in levels), missing), levels=levels)
    numbers = profile.numeric[column]
    edges = find_edges(numbers, bins)
    if not edges:
        return Binning(column, (_("{column} any").format(column=column), missing), edges=())
    texts = [exact(edge) for edge in edges]
    labels = [f"{column} <= {texts[0]}"]
    labels += [f"{low} < {column} <= {high}" for low, high in pairwise(texts)]
    return Binning(column, (*labels, f"{column} > {texts[-1]}", missing), edges=tuple(edges))


def find_edges(numbers: NumericProfile, bins: int) -> list[float]:
    """Find the cuts between groups with about as many rows each, in as few digits as keep those numbers about right.

    Whole numbers are cut at whole numbers. Where the lowest value is shared by many rows, it is a group of its own.
    """
    low, high, width = numbers.low, numbers.high, (numbers.high - numbers.low) / BINS
    if not width:
        return []
    shares = np.linspace(0, 1, bins + 1)[1:-1].tolist()
    found = {int((edge - low) / width): edge for edge in map(numbers.quantile, shares)}  # no finer than the histogram
    edges = set()
    if found.pop(0, None) is not None:
        edges.add(low if numbers.lowest_is_shared else low + width)
    places = [low, *sorted(found.values()), high]
    for before, edge, after in zip(places, places[1:], places[2:], strict=False):
        edges.add(round_between(edge, edge - (edge - before) / 10, edge + (after - edge) / 10))
    if numbers.whole:
        edges = {float(np.rint(edge)) for edge in edges}
    return sorted(edge for edge in edges if low <= edge < high)


def conjunctions(binnings: Sequence[Binning]) -> list[tuple[tuple[int, int], ...]]:
    """List the groups of several columns: each column's own, and each combination of all of them.

    Parameters
    ----------
    binnings : sequence of Binning
        One a column.

    Returns
    -------
    list of tuple of (int, int)
        Each group as pairs of a column's place and a group of it.

    Examples
    --------
    >>> sex, age = Binning("sex", ("f", "m"), levels=("f",)), Binning("age", ("young", "old"), edges=(30.0,))
    >>> len(conjunctions([sex, age])), len(conjunctions([sex]))
    (8, 2)
    """
    single: list[tuple[tuple[int, int], ...]] = [
        ((place, code),) for place, binning in enumerate(binnings) for code in range(len(binning.labels))
    ]
    if len(binnings) < 2:
        return single
    every = product(*(range(len(binning.labels)) for binning in binnings))
    return single + [tuple(enumerate(codes)) for codes in every]
