"""The other values that a sensitive column could have had: what an invariance check tries."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.changes.base import rebuild
from mlops_lab.evaluation.changes.levels import replace_levels
from mlops_lab.evaluation.data import Schema
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.profile import BINS, NumericProfile, Profile
from mlops_lab.evaluation.request import Request

__all__ = ["Alternatives", "find_alternatives"]

MOST_COMBINATIONS = 60  # each is one more prediction of every row


@dataclass(frozen=True)
class Alternatives:
    """The values to try, jointly for all columns of a check.

    Parameters
    ----------
    columns : tuple of str
        The sensitive columns.
    values : tuple of tuple
        One combination of values each; a level of a categorical column, a number of a numeric one.
    numeric : tuple of bool
        Which columns are numeric; their own values are none of the tried ones, so every row is tried with each.
    levels : mapping of str to tuple
        All levels of each categorical column.
    only : frozenset of tuple of int
        Pairs (from, to) of combinations that are tried; empty for all.
    """

    columns: tuple[str, ...]
    values: tuple[tuple[Hashable, ...], ...]
    numeric: tuple[bool, ...]
    levels: Mapping[str, tuple[Hashable, ...]]
    only: frozenset[tuple[int, int]] = frozenset()

    def label(self, number: int) -> str:
        """Name a combination for tables.

        Parameters
        ----------
        number : int
            Which.

        Returns
        -------
        str
            Its values.
        """
        return " & ".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in self.values[number])

    def own(self, frame: pd.DataFrame) -> np.ndarray:
        """Find which combination each row has.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            The rows.

        Returns
        -------
        ndarray of int, shape (rows,)
            Position among the values; −1 where a value is missing, or where columns are numeric.
        """
        if any(self.numeric):
            missing = frame[list(self.columns)].isna().any(axis=1).to_numpy()
            return np.where(missing, -1, len(self.values))
        places, shape = [], []
        for at, name in enumerate(self.columns):
            levels = pd.Index(list(dict.fromkeys(value[at] for value in self.values)))
            column = frame[name].array
            if isinstance(column, pd.Categorical):  # one look at each category instead of at each row
                places.append(np.append(levels.get_indexer(column.categories), -1)[column.codes])
            else:
                places.append(levels.get_indexer(pd.Index(column)))
            shape.append(len(levels))
        there = np.logical_and.reduce([place >= 0 for place in places])
        return np.where(there, np.ravel_multi_index(places, shape, mode="clip"), -1)  # in the order of a product

    def tried(self, own: np.ndarray, to: int) -> np.ndarray:
        """Find the rows that are tried with one combination.

        Parameters
        ----------
        own : ndarray of int, shape (rows,)
            What each row has, from `own`.
        to : int
            The combination.

        Returns
        -------
        ndarray of bool, shape (rows,)
            True where the row has another value and none is missing.
        """
        if not self.only:
            return (own >= 0) & (own != to)
        sources = [source for source, target in self.only if target == to]
        return np.isin(own, sources)

    def requests(self, frame: pd.DataFrame) -> Iterator[Request]:
        """Yield the rows with each combination put in.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            Unchanged rows.

        Yields
        ------
        Request
            For each combination, only rows that differ.
        """
        own = self.own(frame)
        if any(self.numeric):
            for number, combination in enumerate(self.values):
                yield self._request_of_numbers(frame, combination, self.tried(own, number))
            return
        levels = {
            name: array_like(frame[name], [value[at] for value in self.values]) for at, name in enumerate(self.columns)
        }
        for number in range(len(self.values)):
            rows = np.flatnonzero(self.tried(own, number))  # each holds another combination, so it differs
            yield Request(rows, {name: values.take(np.full(len(rows), number)) for name, values in levels.items()})

    def _request_of_numbers(self, frame: pd.DataFrame, combination: Sequence[Any], tried: np.ndarray) -> Request:
        """Put numbers in, maybe beside levels; a row may hold the number already."""
        changed = {}
        for name, value, numeric in zip(self.columns, combination, self.numeric, strict=True):
            if numeric:
                changed[name] = rebuild(frame[name], np.full(len(frame), value, dtype=float), tried)
            else:
                changed[name] = replace_levels(frame[name], dict.fromkeys(self.levels[name], value), tried)
        return Request.of(frame, changed)


def array_like(column: pd.Series, levels: Sequence[Hashable]) -> Any:
    """Return levels as an array of a column's own type; categories that are new to it are added."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        known = column.dtype.categories
        added = [level for level in dict.fromkeys(levels) if level not in known]
        return pd.Categorical(levels, dtype=column.array.add_categories(added).dtype if added else column.dtype)
    values = pd.array(list(levels), dtype=column.dtype)
    return values.to_numpy() if isinstance(column.dtype, np.dtype) else values


def find_alternatives(
    columns: Sequence[str],
    swap: Mapping[Hashable, Hashable] | None,
    quantiles: Sequence[float],
    schema: Schema,
    profile: Profile,
) -> Alternatives:
    """Find the values to try from what is known of the columns.

    Parameters
    ----------
    columns : sequence of str
        The sensitive columns.
    swap : mapping, optional
        The only exchange to try, in one column.
    quantiles : sequence of float
        Which quantiles of a numeric column to try.
    schema : Schema
        Kinds of the columns.
    profile : Profile
        Their levels and quantiles.

    Returns
    -------
    Alternatives
        All combinations, or the swap.

    Raises
    ------
    EvaluationError
        Where a column has one level only, a level of the swap is not there, or there are too many combinations.
    """
    if swap is not None:
        return swapped(columns[0], swap, profile)
    choices: list[list[Hashable]] = []
    for name in columns:
        if is_numeric(name, schema):
            choices.append(list(numbers_to_try(profile.numeric[name], quantiles)))
        else:
            choices.append(sorted(profile.levels[name], key=str))
        if len(choices[-1]) < 2:
            raise EvaluationError(
                f"Column {name!r} has only the value {choices[-1][0]!r}; there is nothing to exchange it with."
            )
    combinations = tuple(product(*choices))
    if len(combinations) > MOST_COMBINATIONS:
        raise EvaluationError(
            f"The columns {shorten(columns)} have {len(combinations)} combinations, each one more prediction a row; "
            f"pass swap=, or columns with at most {MOST_COMBINATIONS}."
        )
    numeric = tuple(is_numeric(name, schema) for name in columns)
    levels = {name: tuple(profile.levels[name]) for name in columns if name in profile.levels}
    return Alternatives(tuple(columns), combinations, numeric, levels)


def numbers_to_try(numbers: NumericProfile, quantiles: Sequence[float]) -> list[float]:
    """Return the quantiles, each once: whole where all values are, and no two of one bin, which are the same value."""
    width = (numbers.high - numbers.low) / BINS
    tried: list[float] = []
    for value in sorted(numbers.quantile(share) for share in quantiles):
        if numbers.whole:
            number = float(np.rint(value))
        else:
            number = numbers.low if value < numbers.low + width and numbers.lowest_is_shared else value
        if not tried or number - tried[-1] > width:
            tried.append(number)
    return tried


def is_numeric(name: str, schema: Schema) -> bool:
    """Whether a column is tried at quantiles, not at levels."""
    return schema.kind(name) in ("integer", "real")


def swapped(column: str, swap: Mapping[Hashable, Hashable], profile: Profile) -> Alternatives:
    """Make the alternatives of one exchange, with the way back where it was not given."""
    both = {**{new: old for old, new in swap.items() if new not in swap}, **swap}
    levels = sorted(profile.levels[column], key=str)
    for level in both:
        if level not in levels:
            raise EvaluationError(
                f"The level {level!r} is not in column {column!r}; its levels are {shorten(map(str, levels))}."
            )
    place = {level: number for number, level in enumerate(levels)}
    pairs = frozenset((place[old], place[new]) for old, new in both.items())
    return Alternatives((column,), tuple((level,) for level in levels), (False,), {column: tuple(levels)}, pairs)
