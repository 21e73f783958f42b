"""Where trouble sits: two conditions on the columns that hold most of the troubled rows."""

from __future__ import annotations

import math
import operator
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import Batch, column_kind
from mlops_lab.evaluation.numbers import exact, round_between
from mlops_lab.evaluation.profile import to_float
from mlops_lab.evaluation.randomness import RowRandom
from mlops_lab.evaluation.reservoir import smallest
from mlops_lab.i18n import gettext as _

__all__ = ["Drawn", "Region", "describe_region"]

KEPT = 1500  # rows of each kind: enough for two cuts, and small beside any batch
FEWEST = 10  # rows of a kind, below which nothing is said
CONDITIONS = 2
LEAST_DIFFERENCE = 0.1  # of the two shares: below this, it would not help to know the region
LEAST_GAIN = 0.02  # that the second condition must bring
CHANCE = 0.05  # of a first condition where there is nothing to find


@dataclass(frozen=True)
class Drawn:
    """A uniform draw of rows that is the same for any split into batches: those with the smallest random numbers.

    Parameters
    ----------
    priority : ndarray of float, shape (kept,)
        Random number of each row, smallest first.
    rows : DataFrame of shape (kept, columns)
        The rows.
    seen : int
        Rows that they were drawn from.
    """

    priority: np.ndarray = field(default_factory=lambda: np.empty(0))
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    seen: int = 0

    @classmethod
    def of(cls, batch: Batch, chosen: np.ndarray, rng: RowRandom) -> Drawn:
        """Draw from some rows of a batch.

        Parameters
        ----------
        batch : Batch
            The rows.
        chosen : ndarray of bool, shape (rows,)
            Which of them may be drawn.
        rng : RowRandom
            One number a row.

        Returns
        -------
        Drawn
            At most 1,500 rows.
        """
        places = np.flatnonzero(chosen)
        priority = rng.random()[places]
        kept = smallest(priority, KEPT)
        return cls(priority[kept], batch.frame.take(places[kept]), len(places))

    def __add__(self, other: Drawn) -> Drawn:
        if not self.seen or not other.seen:
            return self if self.seen else other
        priority = np.concatenate([self.priority, other.priority])
        kept = smallest(priority, KEPT)
        return Drawn(priority[kept], pd.concat([self.rows, other.rows]).take(kept), self.seen + other.seen)


@dataclass(frozen=True)
class Region:
    """Two conditions that hold for many of the troubled rows and for few of the others.

    Parameters
    ----------
    text : str
        The conditions, such as ``"age > 61 and hours <= 20"``.
    share_of_troubled, share_of_others : float
        Share of the troubled rows, and of the others, that fulfil them.
    rows : int
        Rows that the shares were counted on.
    """

    text: str
    share_of_troubled: float
    share_of_others: float
    rows: int


def describe_region(troubled: Drawn, others: Drawn) -> Region | None:
    """Find the two conditions that tell the troubled rows best from the others.

    The first condition is the one whose share differs most between the two kinds; for a number this is the largest
    distance between two distribution functions, the statistic of Kolmogorov and Smirnov. The second one is that which
    together with the first raises this difference most, by two hundredths at least.

    Parameters
    ----------
    troubled, others : Drawn
        Rows with and without trouble.

    Returns
    -------
    Region or None
        None where there are fewer than ten rows of a kind, or where no condition tells them apart: its shares differ
        by less than a tenth, or by no more than chance brings about in one search of twenty.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": np.arange(100), "job": ["cook", "nurse"] * 50})
    >>> batch, old = Batch(frame, np.zeros(100), 0), (frame["age"] > 79).to_numpy()
    >>> troubled, others = (Drawn.of(batch, rows, RowRandom(0, "demo", 0, 100)) for rows in (old, ~old))
    >>> describe_region(troubled, others).text
    'age > 79'
    """
    counts = len(troubled.priority), len(others.priority)
    if min(counts) < FEWEST:
        return None
    frame = pd.concat([troubled.rows, others.rows])
    columns = [column for name in frame.columns if (column := as_column(frame[name])) is not None]
    needed = max(LEAST_DIFFERENCE, difference_by_chance(counts, sum(column.searched for column in columns)))
    weights = np.repeat([1 / counts[0], -1 / counts[1]], counts)  # summed over some rows: how much the shares differ
    conditions, inside = [], np.ones(len(frame), dtype=bool)
    for _place in range(CONDITIONS):
        found = max((column.best(weights * inside) for column in columns), key=lambda one: one.difference, default=None)
        if found is None or found.difference < needed:
            break
        conditions.append(found)
        inside, needed = inside & found.holds, found.difference + LEAST_GAIN
    if not conditions:
        return None
    share_of_troubled, share_of_others = (float(part.mean()) for part in np.split(inside, [counts[0]]))
    return Region(in_words(conditions), share_of_troubled, share_of_others, len(frame))


def difference_by_chance(counts: tuple[int, int], searched: int) -> float:
    """Return a difference of shares that a search among rows of one kind seldom finds.

    The inequality of Dvoretzky, Kiefer and Wolfowitz with the constant of Massart (1990), for each of the two samples,
    with Bonferroni's correction over all that is searched.
    """
    return sum(math.sqrt(math.log(4 * max(1, searched) / CHANCE) / (2 * count)) for count in counts)


@dataclass(frozen=True)
class Condition:
    """One condition: by how much its shares differ, how it reads, the rows for which it holds, and a number's bound."""

    difference: float
    text: str
    holds: np.ndarray
    bound: tuple[Hashable, str, float] | None = None


def in_words(conditions: Sequence[Condition]) -> str:
    """Join conditions; two bounds of one number become a range."""
    bounds = [condition.bound for condition in conditions if condition.bound is not None]
    if len(bounds) == 2 and bounds[0][0] == bounds[1][0] and bounds[0][1] != bounds[1][1]:
        low, high = sorted(cut for _name, _sign, cut in bounds)
        return f"{exact(low)} < {bounds[0][0]} <= {exact(high)}"
    return _(" and ").join(condition.text for condition in conditions)


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, which is cut in two."""

    name: Hashable
    values: np.ndarray
    whole: bool = False
    searched: int = 2  # cuts, and whether it is missing

    @cached_property
    def order(self) -> np.ndarray:
        """Rows with a value, in ascending order of it."""
        return np.argsort(self.values)[: np.count_nonzero(~np.isnan(self.values))]  # NaN comes last

    @cached_property
    def last(self) -> np.ndarray:
        """Places in this order after which a larger value follows."""
        ordered = self.values[self.order]
        return np.flatnonzero(ordered[:-1] < ordered[1:])

    def best(self, weights: np.ndarray) -> Condition:
        """Return the condition whose rows have the largest sum of weights."""
        missing = np.isnan(self.values)
        best = Condition(float(weights[missing].sum()), _("{column} is missing").format(column=self.name), missing)
        if not len(self.last):
            return best
        sums = np.cumsum(weights[self.order])
        below = sums[self.last]
        above = sums[-1] - below
        for compare, sign, difference in ((operator.le, "<=", below), (operator.gt, ">", above)):
            place = int(difference.argmax())
            if difference[place] > best.difference:
                cut = self._cut(*self.values[self.order[self.last[place] + np.arange(2)]].tolist())
                text = f"{self.name} {sign} {exact(cut)}"
                best = Condition(float(difference[place]), text, compare(self.values, cut), (self.name, sign, cut))
        return best

    def _cut(self, low: float, high: float) -> float:
        """Cut between two neighbours, so that the text says neither more nor less than the condition."""
        return low if self.whole else round_between((low + high) / 2, low, high, digits=4)


@dataclass(frozen=True)
class Levels:
    """A column of levels, of which one is told from all others."""

    name: Hashable
    codes: np.ndarray
    levels: pd.Index

    @property
    def searched(self) -> int:
        """Conditions that are compared."""
        return len(self.levels) + 1

    def best(self, weights: np.ndarray) -> Condition:
        """Return the condition whose rows have the largest sum of weights."""
        sums = np.bincount(self.codes + 1, weights, minlength=len(self.levels) + 1)  # the first: rows without a level
        others = sums.sum() - sums
        place, absent = int(sums.argmax()), int(others.argmax())
        if others[absent] > sums[place] + 1e-12:  # of two levels one is the other's absence, and "is" reads better
            text = _("{column} is not {level}").format(column=self.name, level=self._level(absent))
            return Condition(others[absent], text, self.codes != absent - 1)
        text = _("{column} is {level}").format(column=self.name, level=self._level(place))
        return Condition(sums[place], text, self.codes == place - 1)

    def _level(self, place: int) -> object:
        return self.levels[place - 1] if place else _("missing")


def as_column(column: pd.Series) -> Numbers | Levels | None:
    """Make a column ready for the search; None where it is of dates or the like."""
    kind = column_kind(column.dtype)
    if kind in ("integer", "real"):
        return Numbers(column.name, to_float(column), whole=kind == "integer")
    if kind in ("text", "category", "boolean"):
        try:
            codes, levels = pd.factorize(column)
        except TypeError:  # of lists or the like
            return None
        return Levels(column.name, codes, pd.Index(levels))
    return None
