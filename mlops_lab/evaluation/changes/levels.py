"""Changes of levels and gaps: missing values, typing errors, levels never seen, swapped levels."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.changes.base import Change, Random, rebuild, rows_hit
from mlops_lab.evaluation.data import Column, Schema, column_kind
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.parameters import check_rate
from mlops_lab.evaluation.profile import Needs, Profile

__all__ = ["Miscode", "Missing", "Swap", "Typo", "Unseen", "replace_levels"]


def replace_levels(column: pd.Series, mapping: Mapping[Hashable, Hashable], rows: np.ndarray) -> pd.Series:
    """Replace levels in some rows of a column and keep its type; categories that are new are added.

    Parameters
    ----------
    column : Series of shape (rows,)
        The column as it was.
    mapping : mapping
        New level by old level.
    rows : ndarray of bool, shape (rows,)
        Where to replace.

    Returns
    -------
    Series of shape (rows,)
        The changed column.

    Examples
    --------
    >>> column = pd.Series(["a", "b"], dtype="category")
    >>> replace_levels(column, {"a": "b"}, np.array([True, True])).tolist()
    ['b', 'b']
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        given = column.array
        added = [level for level in dict.fromkeys(mapping.values()) if level not in given.categories]
        wider = given.add_categories(added) if added else given
        target = np.arange(len(wider.categories))
        for old, new in mapping.items():
            if old in given.categories:
                target[wider.categories.get_loc(old)] = wider.categories.get_loc(new)
        codes = wider.codes.copy()
        hit = rows & (codes >= 0)
        codes[hit] = target[codes[hit]]
        return pd.Series(pd.Categorical.from_codes(codes, dtype=wider.dtype), index=column.index, name=column.name)
    codes, levels = pd.factorize(column)
    target = np.array([mapping.get(level, level) for level in levels.tolist()], dtype=object)
    hit = rows & (codes >= 0)
    changed = column.copy()
    if hit.any():
        changed.iloc[np.flatnonzero(hit)] = pd.array(target[codes[hit]].tolist(), dtype=column.dtype)
    return changed


@dataclass(frozen=True)
class Missing(Change):
    """Make values of one column missing at random.

    Parameters
    ----------
    column : str or int
        Column of any kind.
    rate : float
        Share of the rows that lose their value.

    Examples
    --------
    >>> Missing("age", rate=1.0).apply(pd.DataFrame({"age": [20, 30]}), np.random.default_rng(0))["age"].isna().tolist()
    [True, True]
    """

    kind: ClassVar[str] = "missing"
    strength: ClassVar[str | None] = "rate"
    column: Column
    rate: float

    def __post_init__(self) -> None:
        check_rate(self.rate, "rate")

    @property
    def targets(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def needs(self, schema: Schema) -> Needs:
        """Ask for nothing but that the column is there and can have gaps."""
        schema.kind(self.column)
        if isinstance(schema.empty[self.column].dtype, pd.SparseDtype):
            raise EvaluationError(
                f"Column {self.column!r} is sparse ({schema.empty[self.column].dtype}), which cannot be given gaps; "
                "pass it dense: X[name].sparse.to_dense()."
            )
        return Needs()

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Empty the rows that are hit."""
        column = frame[self.column]
        rows = rows_hit(frame, self.rate, rng) & column.notna().to_numpy()
        if column_kind(column.dtype) in ("integer", "real", "boolean") and isinstance(column.dtype, np.dtype):
            return {self.column: rebuild(column, np.full(len(frame), np.nan), rows)}
        return {self.column: column.mask(rows)}


@dataclass(frozen=True)
class Levels(Change):
    """A change of one column of levels.

    Parameters
    ----------
    column : str or int
        Column of levels: text, category, boolean or integer.
    """

    column: Column

    @property
    def targets(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def needs(self, schema: Schema) -> Needs:
        """Ask for the levels of the column."""
        schema.require(self.column, ("text", "category"), self.kind)
        return Needs(levels=frozenset({self.column}))


def misspell(level: str, place: int) -> str:
    """Swap two neighbouring letters that differ, or double one where none do."""
    for step in range(len(level) - 1):
        at = (place + step) % (len(level) - 1)
        if level[at] != level[at + 1]:
            return level[:at] + level[at + 1] + level[at] + level[at + 2 :]
    return level + level[-1:]


@dataclass(frozen=True)
class Typo(Levels):
    """Misspell levels of one column in some rows, as people do who type: two neighbouring letters change places.

    Parameters
    ----------
    column : str or int
        Column of text or categories.
    rate : float
        Share of the rows that are hit.

    Examples
    --------
    >>> Typo("job", rate=1.0).apply(pd.DataFrame({"job": ["ab", "cd"]}), np.random.default_rng(0))["job"].tolist()
    ['ba', 'dc']
    """

    kind: ClassVar[str] = "typo"
    strength: ClassVar[str | None] = "rate"
    rate: float

    def __post_init__(self) -> None:
        check_rate(self.rate, "rate")

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Misspell the rows that are hit, each level at one of three places."""
        rows = rows_hit(frame, self.rate, rng)
        places = np.asarray(rng.integers(0, 3, size=len(frame)))
        column = frame[self.column]
        for place in range(3):
            mapping = {level: misspell(str(level), place) for level in profile.levels[self.column]}
            changed = replace_levels(column, mapping, rows & (places == place))
            column = changed
        return {self.column: column}


@dataclass(frozen=True)
class Miscode(Change):
    """Enter another of the column's own levels in some rows, as a slip in a list of choices does.

    The level is drawn as often as it occurs in the data, among those that the row does not have; no level is new, so
    every model can answer.

    Parameters
    ----------
    column : str or int
        Column of text, categories, booleans or whole numbers with at least two levels.
    rate : float
        Share of the rows that are hit.

    Examples
    --------
    >>> frame = pd.DataFrame({"sex": ["Male", "Female"]})
    >>> Miscode("sex", rate=1.0).apply(frame, np.random.default_rng(0))["sex"].tolist()
    ['Female', 'Male']
    """

    kind: ClassVar[str] = "miscode"
    strength: ClassVar[str | None] = "rate"
    column: Column
    rate: float

    def __post_init__(self) -> None:
        check_rate(self.rate, "rate")

    @property
    def targets(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def needs(self, schema: Schema) -> Needs:
        """Ask for the levels of the column."""
        schema.require(self.column, ("text", "category", "boolean", "integer"), self.kind)
        return Needs(levels=frozenset({self.column}))

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Put another level into the rows that are hit and have a value."""
        levels = sorted(profile.levels[self.column], key=str)
        if len(levels) < 2:
            raise EvaluationError(f"Column {self.column!r} has fewer than two levels; there is no other one to enter.")
        rows = rows_hit(frame, self.rate, rng)
        own = pd.Index(levels).get_indexer(pd.Index(frame[self.column]))
        rows &= own >= 0
        chosen = other_levels(own, profile.levels[self.column], levels, np.asarray(rng.random(len(frame))))
        changed = frame[self.column]
        for place, level in enumerate(levels):
            changed = replace_levels(changed, dict.fromkeys(levels, level), rows & (chosen == place))
        return {self.column: changed}


def other_levels(
    own: np.ndarray, counts: Mapping[Hashable, int], levels: list[Hashable], uniform: np.ndarray
) -> np.ndarray:
    """Draw for each row a level that is not its own, in proportion to the counts of the others."""
    weights = np.array([counts[level] for level in levels], dtype=float)
    ends = np.cumsum(weights)
    start, width = ends[own] - weights[own], weights[own]
    drawn = uniform * (ends[-1] - width)  # along the others' weights, laid end to end without the own one
    chosen = np.searchsorted(ends, np.where(drawn < start, drawn, drawn + width), side="right")
    return np.minimum(chosen, len(levels) - 1)


@dataclass(frozen=True)
class Unseen(Levels):
    """Put a level into one column that the model has never seen, as a new product or a new city is.

    Parameters
    ----------
    column : str or int
        Column of text or categories.
    rate : float
        Share of the rows that are hit.
    level : str, default "never seen"
        The new level.

    Examples
    --------
    >>> Unseen("job", rate=1.0).apply(pd.DataFrame({"job": ["cook", None]}), np.random.default_rng(0))["job"].tolist()
    ['never seen', nan]
    """

    kind: ClassVar[str] = "unseen"
    strength: ClassVar[str | None] = "rate"
    rate: float
    level: str = "never seen"

    def __post_init__(self) -> None:
        check_rate(self.rate, "rate")

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Replace the rows that are hit and have a value."""
        if self.level in profile.levels[self.column]:
            raise EvaluationError(
                f"The level {self.level!r} is in column {self.column!r}; pass level= with one that is not."
            )
        mapping = dict.fromkeys(profile.levels[self.column], self.level)
        return {self.column: replace_levels(frame[self.column], mapping, rows_hit(frame, self.rate, rng))}


@dataclass(frozen=True)
class Swap(Change):
    """Exchange levels of one column, as a code book does that was read the wrong way round.

    Parameters
    ----------
    column : str or int
        Column of any kind that has levels.
    levels : mapping
        New level by old level; where only one way is given, the other follows: ``{"Male": "Female"}`` exchanges the
        two.
    rate : float, default 1.0
        Share of the rows that are hit.

    Examples
    --------
    >>> frame = pd.DataFrame({"sex": ["Male", "Female"]})
    >>> Swap("sex", {"Male": "Female"}).apply(frame, np.random.default_rng(0))["sex"].tolist()
    ['Female', 'Male']
    """

    kind: ClassVar[str] = "swap"
    strength: ClassVar[str | None] = "rate"
    column: Column
    levels: Mapping[Hashable, Hashable]
    rate: float = 1.0

    def __post_init__(self) -> None:
        check_rate(self.rate, "rate")
        if not isinstance(self.levels, Mapping) or not self.levels:
            raise EvaluationError(
                f"levels is {self.levels!r}; pass a mapping from old to new levels, such as {{'Male': 'Female'}}."
            )

    @property
    def idle(self) -> bool:
        """Whether no row is hit, or each level is exchanged with itself."""
        return self.rate == 0 or all(old == new for old, new in self.levels.items())

    @property
    def both_ways(self) -> dict[Hashable, Hashable]:
        """The mapping with the way back added where it was not given."""
        return {**{new: old for old, new in self.levels.items() if new not in self.levels}, **self.levels}

    @property
    def targets(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def needs(self, schema: Schema) -> Needs:
        """Ask for the levels of the column."""
        schema.require(self.column, ("text", "category", "boolean", "integer"), self.kind)
        return Needs(levels=frozenset({self.column}))

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Exchange the levels in the rows that are hit."""
        known = profile.levels[self.column]
        for level in self.both_ways:
            if level not in known:
                raise EvaluationError(
                    f"The level {level!r} is not in column {self.column!r}; its levels are {shorten(map(str, known))}."
                )
        return {self.column: replace_levels(frame[self.column], self.both_ways, rows_hit(frame, self.rate, rng))}
