"""Changes of numeric columns: noise, rounding, shifts, wrong units, impossible values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from mlops_lab.errors import nearest
from mlops_lab.evaluation.changes.base import Change, Random, numbers, rebuild, rows_hit
from mlops_lab.evaluation.data import Column, Schema
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.parameters import check_amount, check_distinct, check_rate
from mlops_lab.evaluation.profile import Needs, Profile

__all__ = ["UNITS", "CorrelatedNoise", "Noise", "OutOfRange", "Rescale", "RoundOff", "Shift", "UnitError"]

UNITS: dict[str, tuple[float, float]] = {  # what was meant / what was written: factor and offset
    "miles/km": (1.609344, 0.0),
    "km/miles": (1 / 1.609344, 0.0),
    "celsius/fahrenheit": (1.8, 32.0),
    "fahrenheit/celsius": (1 / 1.8, -32.0 / 1.8),
    "dollars/cents": (100.0, 0.0),
    "cents/dollars": (0.01, 0.0),
    "kg/pounds": (1 / 0.45359237, 0.0),
    "pounds/kg": (0.45359237, 0.0),
    "hours/minutes": (60.0, 0.0),
    "minutes/hours": (1 / 60.0, 0.0),
}


@dataclass(frozen=True)
class OneNumericColumn(Change):
    """A change of one numeric column.

    Parameters
    ----------
    column : str or int
        Numeric column to change.
    """

    column: Column

    @property
    def targets(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def needs(self, schema: Schema) -> Needs:
        """Ask for range and spread of the column."""
        schema.require_numeric(self.column, self.kind)
        return Needs(numeric=frozenset({self.column}))

    def put(
        self, frame: pd.DataFrame, values: np.ndarray, rows: np.ndarray, profile: Profile, clip: bool
    ) -> dict[str, pd.Series]:
        """Put new numbers into the rows that are hit and have a value."""
        if clip:
            observed = profile.numeric[self.column]
            values = np.clip(values, observed.low, observed.high)
        known = ~np.isnan(numbers(frame, self.column))
        return {self.column: rebuild(frame[self.column], values, rows & known)}


@dataclass(frozen=True)
class Noise(OneNumericColumn):
    """Add Gaussian noise to one numeric column.

    Parameters
    ----------
    column : str or int
        Numeric column to change.
    sd : float
        Standard deviation in units of the column's robust spread (inter-quartile range / 1.349; the plain standard
        deviation where half of the rows share a value), so that one number fits every column.
    clip : bool, default True
        Keep the results in the observed range, since noise that leaves it tests something else: see `OutOfRange`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0]})
    >>> bool((Noise("age", sd=0.1).apply(frame, rng)["age"] != frame["age"]).any())
    True
    """

    kind: ClassVar[str] = "noise"
    strength: ClassVar[str | None] = "sd"
    sd: float
    clip: bool = True

    def __post_init__(self) -> None:
        check_amount(self.sd, "sd", least=0)

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Add the noise to every row that has a value."""
        scale = self.sd * profile.numeric[self.column].spread
        values = numbers(frame, self.column) + scale * np.asarray(rng.normal(size=len(frame)))
        return self.put(frame, values, np.ones(len(frame), dtype=bool), profile, self.clip)


@dataclass(frozen=True)
class RoundOff(OneNumericColumn):
    """Round one numeric column, as people do who answer "about forty".

    Parameters
    ----------
    column : str or int
        Numeric column to change.
    to : float
        The results are multiples of it, such as 10.
    clip : bool, default True
        Keep the results in the observed range.

    Examples
    --------
    >>> frame = pd.DataFrame({"hours": [38, 41, 55]})
    >>> RoundOff("hours", to=10).apply(frame, np.random.default_rng(0))["hours"].tolist()
    [40, 40, 55]
    """

    kind: ClassVar[str] = "round_off"
    strength: ClassVar[str | None] = "to"
    to: float
    clip: bool = True

    def __post_init__(self) -> None:
        check_amount(self.to, "to", least=1e-300)

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Round every row that has a value, half to even."""
        values = np.rint(numbers(frame, self.column) / self.to) * self.to
        return self.put(frame, values, np.ones(len(frame), dtype=bool), profile, self.clip)


@dataclass(frozen=True)
class Shift(OneNumericColumn):
    """Move one numeric column by a fixed amount, as a sensor does that was badly set.

    Parameters
    ----------
    column : str or int
        Numeric column to change.
    by : float
        Amount, in the column's own unit.
    clip : bool, default True
        Keep the results in the observed range.

    Examples
    --------
    >>> Shift("age", by=5).apply(pd.DataFrame({"age": [20, 30, 40]}), np.random.default_rng(0))["age"].tolist()
    [25, 35, 40]
    """

    kind: ClassVar[str] = "shift"
    strength: ClassVar[str | None] = "by"
    by: float
    clip: bool = True

    def __post_init__(self) -> None:
        check_amount(self.by, "by")

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Move every row that has a value."""
        return self.put(
            frame, numbers(frame, self.column) + self.by, np.ones(len(frame), dtype=bool), profile, self.clip
        )


@dataclass(frozen=True)
class Rescale(OneNumericColumn):
    """Multiply one numeric column in some rows, as where one source counts in another unit.

    Parameters
    ----------
    column : str or int
        Numeric column to change.
    factor : float
        What the values are multiplied by.
    rate : float, default 1.0
        Share of the rows that come from the wrong source.
    clip : bool, default False
        Keep the results in the observed range; not by default, since a wrong unit leaves it.

    Examples
    --------
    >>> frame = pd.DataFrame({"price": [1.5, 2.0]})
    >>> Rescale("price", factor=100).apply(frame, np.random.default_rng(0))["price"].tolist()
    [150.0, 200.0]
    """

    kind: ClassVar[str] = "rescale"
    strength: ClassVar[str | None] = "rate"
    factor: float
    rate: float = 1.0
    clip: bool = False

    def __post_init__(self) -> None:
        check_amount(self.factor, "factor")
        check_rate(self.rate, "rate")

    @property
    def idle(self) -> bool:
        """Whether no row is hit, or each is multiplied by 1."""
        return self.rate == 0 or self.factor == 1

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Multiply the rows that are hit."""
        return self.put(
            frame, numbers(frame, self.column) * self.factor, rows_hit(frame, self.rate, rng), profile, self.clip
        )


@dataclass(frozen=True)
class UnitError(OneNumericColumn):
    """Write one numeric column in the wrong unit in some rows.

    Parameters
    ----------
    column : str or int
        Numeric column to change.
    units : str
        Unit that the model expects and unit that is written, such as ``"miles/km"``: a distance of 1 mile arrives as
        1.609. Known are miles/km, celsius/fahrenheit, dollars/cents, kg/pounds, hours/minutes, and each the other way
        round.
    rate : float, default 1.0
        Share of the rows that come from the wrong source.

    Examples
    --------
    >>> frame = pd.DataFrame({"trip": [1.0, 10.0]})
    >>> UnitError("trip", "miles/km").apply(frame, np.random.default_rng(0))["trip"].round(3).tolist()
    [1.609, 16.093]
    """

    kind: ClassVar[str] = "unit_error"
    strength: ClassVar[str | None] = "rate"
    units: str
    rate: float = 1.0

    def __post_init__(self) -> None:
        if self.units not in UNITS:
            close = nearest(str(self.units), UNITS, count=1)
            hint = f" the nearest is {close[0]!r};" if close else ""
            raise EvaluationError(
                f"units is {self.units!r}, which is not known;{hint} choose one of {', '.join(UNITS)}, or use rescale."
            )
        check_rate(self.rate, "rate")

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Convert the rows that are hit."""
        factor, offset = UNITS[self.units]
        values = numbers(frame, self.column) * factor + offset
        return self.put(frame, values, rows_hit(frame, self.rate, rng), profile, clip=False)


@dataclass(frozen=True)
class OutOfRange(OneNumericColumn):
    """Put values into one numeric column that lie beyond all that were observed.

    Parameters
    ----------
    column : str or int
        Numeric column to change.
    beyond : float, default 0.5
        How far above the largest value, in widths of the observed range.
    rate : float, default 1.0
        Share of the rows that are hit.

    Examples
    --------
    >>> OutOfRange("age", beyond=1).apply(pd.DataFrame({"age": [20, 60]}), np.random.default_rng(0))["age"].tolist()
    [100, 100]
    """

    kind: ClassVar[str] = "out_of_range"
    strength: ClassVar[str | None] = "beyond"
    beyond: float = 0.5
    rate: float = 1.0

    def __post_init__(self) -> None:
        check_amount(self.beyond, "beyond")
        check_rate(self.rate, "rate")

    @property
    def idle(self) -> bool:
        """Whether no row is hit; 0 beyond the range is its end, which most rows are not at."""
        return self.rate == 0

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Replace the rows that are hit."""
        observed = profile.numeric[self.column]
        value = observed.high + self.beyond * (observed.high - observed.low)
        return self.put(frame, np.full(len(frame), value), rows_hit(frame, self.rate, rng), profile, clip=False)


@dataclass(frozen=True)
class CorrelatedNoise(Change):
    """Add noise to several numeric columns at once that goes together as the columns themselves do.

    Independent noise makes rows that never occur (a tall child of twenty kilograms); this noise has the covariance of
    the data.

    Parameters
    ----------
    names : sequence of str or int
        Numeric columns to change.
    sd : float
        Standard deviation in units of each column's own standard deviation.
    clip : bool, default True
        Keep the results in the observed ranges.

    Examples
    --------
    >>> frame = pd.DataFrame({"height": [1.2, 1.5, 1.8, 1.9], "weight": [30.0, 50.0, 70.0, 90.0]})
    >>> changed = CorrelatedNoise(["height", "weight"], sd=0.1).apply(frame, np.random.default_rng(0))
    >>> bool((changed != frame).any().all())
    True
    """

    kind: ClassVar[str] = "correlated_noise"
    strength: ClassVar[str | None] = "sd"
    names: tuple[Column, ...]
    sd: float
    clip: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.names, str) or len(set(self.names)) < 2:
            raise EvaluationError(
                f"correlated_noise was given {self.names!r}; pass at least two columns, or use noise for one."
            )
        object.__setattr__(self, "names", tuple(self.names))
        check_distinct(self.names, self.kind)
        check_amount(self.sd, "sd", least=0)

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns."""
        return self.names

    def needs(self, schema: Schema) -> Needs:
        """Ask for the covariance of the columns and their ranges."""
        for name in self.names:
            schema.require_numeric(name, self.kind)
        return Needs(numeric=frozenset(self.names), together=frozenset({self.names}))

    def columns(self, frame: pd.DataFrame, rng: Random, profile: Profile) -> Mapping[str, pd.Series]:
        """Add the noise to every row, in each column that has a value."""
        if self.names not in profile.covariance:
            raise EvaluationError(
                f"No row has a value in all of the columns {', '.join(map(str, self.names))}; leave one out."
            )
        eigenvalues, directions = np.linalg.eigh(profile.covariance[self.names])
        root = directions * np.sqrt(np.clip(eigenvalues, 0, None))  # works for columns that repeat each other, too
        draws = np.column_stack([np.asarray(rng.normal(size=len(frame))) for _ in self.names])
        noise = self.sd * draws @ root.T
        changed = {}
        for number, name in enumerate(self.names):
            values = numbers(frame, name) + noise[:, number]
            if self.clip:
                values = np.clip(values, profile.numeric[name].low, profile.numeric[name].high)
            changed[name] = rebuild(frame[name], values, ~np.isnan(values))
        return changed
