"""What really decides whether a ride comes late and what it costs.

Made of sums, products and tables of decimal numbers only: no exponential, whose last digit differs from one platform to
the next. Every later verdict can be checked against these two functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mlops_lab.datasets.rides.company import LEVELS
from mlops_lab.errors import InputError, nearest, shorten

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Direction = Literal["not_decrease", "not_increase"]


@dataclass(frozen=True, slots=True)
class Slope:
    """A numeric column's part in the score: so many points a unit between two values, and level beyond them."""

    points: float
    low: float
    high: float
    typical: float  #: stands in for a missing value

    def __call__(self, values: Floats) -> Floats:
        """Return the points of each value."""
        return self.points * np.clip(values, self.low, self.high)


LATE_SLOPES: Mapping[str, Slope] = MappingProxyType(
    {
        "distance_km": Slope(0.09, 0.0, 35.0, typical=4.5),
        "traffic": Slope(0.03, 0.0, 100.0, typical=40.0),
        "rain": Slope(0.2, 0.0, 6.0, typical=0.0),
        "temperature": Slope(-0.08, -12.0, 2.0, typical=11.0),
        "driver_experience": Slope(-0.015, 0.0, 60.0, typical=20.0),
        "driver_rating": Slope(-0.6, 1.0, 5.0, typical=4.5),
    }
)
LATE_LEVELS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "city": (0.2, 0.0, -0.2, 0.0),
        "district": (0.5, 0.8, 0.0, 1.0, -1.3, -1.0),
        "matching": (0.0, -0.4),
        "vehicle": (0.0, 0.1, 0.0, -0.2),
    }
)
LATE_START = -0.6
RUSH = (0.0,) * 7 + (0.5, 0.7, 0.4) + (0.0,) * 6 + (0.4, 0.6, 0.5) + (0.0,) * 5  # by hour, Monday to Friday

#: P(late) at scores -6, -5.5, … 6, straight between them: an S-shaped curve written down once and for all.
CHANCES = np.array(
    [
        0.0025, 0.0041, 0.0067, 0.011, 0.018, 0.0293, 0.0474, 0.0759, 0.1192, 0.1824, 0.2689, 0.3775, 0.5,
        0.6225, 0.7311, 0.8176, 0.8808, 0.9241, 0.9526, 0.9707, 0.982, 0.989, 0.9933, 0.9959, 0.9975,
    ]
)  # fmt: skip

FARE_START = (2.5, 2.8, 4.0, 6.0)  # EUR, by vehicle
FARE_A_KM = (1.2, 1.15, 1.6, 2.4)  # EUR/km, by vehicle

COMPLAINT_PERCENT = (3, 45)  # of the rides in time, of the late ones


@dataclass(frozen=True, slots=True)
class Truth:
    """What is planted in the rides, as data that a check can be held against.

    Attributes
    ----------
    late_directions, price_directions : mapping of str to {"not_decrease", "not_increase"}
        Where P(late) and the fare go when the column rises and all else stays.
    without_effect_on_late, without_effect_on_price : tuple of str
        Features that may hold anything.
    sensitive, proxy : str
        A column that has no say in the truth, and another without a say that tells it.
    known_afterwards : tuple of str
        Columns that are not known when a prediction is wanted.
    simpson : (str, str)
        One level of the first column is better in every level of the second, yet worse overall.
    unit_trap : (str, str, str)
        A column, the column that names its source, and the source that writes miles.
    km_a_mile : float
        Kilometres a mile.
    thin : (str, float, float)
        A column, and the range in which only one trip in 100 lies.
    complaint_rate : mapping of int to float
        How often a ride brings a complaint, by `late`.
    """

    late_directions: Mapping[str, Direction]
    price_directions: Mapping[str, Direction]
    without_effect_on_late: tuple[str, ...]
    without_effect_on_price: tuple[str, ...]
    sensitive: str
    proxy: str
    known_afterwards: tuple[str, ...]
    simpson: tuple[str, str]
    unit_trap: tuple[str, str, str]
    km_a_mile: float
    thin: tuple[str, float, float]
    complaint_rate: Mapping[int, float]


#: What is planted.
TRUTH = Truth(
    late_directions=MappingProxyType(
        {name: "not_decrease" if slope.points > 0 else "not_increase" for name, slope in LATE_SLOPES.items()}
    ),
    price_directions=MappingProxyType({"distance_km": "not_decrease", "surge": "not_decrease"}),
    without_effect_on_late=(
        "source", "distance_reported", "rider_age", "rider_sex", "rider_plan", "payment", "surge",
    ),
    without_effect_on_price=(
        "pickup_hour", "weekday", "city", "district", "source", "distance_reported", "matching", "driver_rating",
        "driver_experience", "rider_age", "rider_sex", "rider_plan", "payment", "traffic", "temperature", "rain",
    ),
    sensitive="rider_sex",
    proxy="rider_plan",
    known_afterwards=("complaint", "price", "late"),
    simpson=("matching", "district"),
    unit_trap=("distance_reported", "source", "partner"),
    km_a_mile=1.609344,
    thin=("distance_km", 22.0, 46.0),
    complaint_rate=MappingProxyType({late: percent / 100 for late, percent in enumerate(COMPLAINT_PERCENT)}),
)  # fmt: skip


def probability(frame: pd.DataFrame) -> Floats:
    """Return the exact probability that each ride comes late.

    Parameters
    ----------
    frame : pandas.DataFrame
        Trips, also changed ones, with at least the columns that have an effect: `distance_km`, `traffic`, `rain`,
        `temperature`, `driver_experience`, `driver_rating`, `city`, `district`, `matching`, `vehicle`, `weekday` and
        `pickup_hour`. A missing value counts as a typical one, an unknown level as one of no effect.

    Returns
    -------
    numpy.ndarray
        P(late = 1 | row), between 0.0025 and 0.9975, one a row.

    Raises
    ------
    InputError
        Where a column that is needed is not there.

    Examples
    --------
    >>> from mlops_lab.datasets import rides
    >>> trips = rides.trips(4, seed=0)
    >>> rides.probability(trips).round(3)
    array([0.077, 0.598, 0.166, 0.494])
    >>> bool((rides.probability(trips.assign(rain=6.0)) >= rides.probability(trips)).all())
    True
    """
    columns: dict[str, NDArray[Any]] = {
        name: numbers(frame, name, slope.typical) for name, slope in LATE_SLOPES.items()
    }
    columns |= {name: codes(frame, name) for name in (*LATE_LEVELS, "weekday")}
    columns["pickup_hour"] = numbers(frame, "pickup_hour", typical=0.0)
    return chance(columns)


def fare(frame: pd.DataFrame) -> Floats:
    """Return the exact expected price of each ride.

    Parameters
    ----------
    frame : pandas.DataFrame
        Trips, also changed ones, with at least `distance_km`, `surge` and `vehicle`. A missing value counts as a
        typical one, an unknown vehicle as a standard one.

    Returns
    -------
    numpy.ndarray
        E(price | row) in EUR, one a row; exact to 0.00001 EUR.

    Raises
    ------
    InputError
        Where a column that is needed is not there.

    Examples
    --------
    >>> from mlops_lab.datasets import rides
    >>> trips = rides.trips(4, seed=0)
    >>> rides.fare(trips).round(2)
    array([ 8.45, 17.58, 10.72,  7.86])
    """
    vehicle = np.maximum(codes(frame, "vehicle"), 0)
    return expected_price(numbers(frame, "distance_km", 4.5), numbers(frame, "surge", 1.0), vehicle)


def chance(columns: Mapping[str, NDArray[Any]]) -> Floats:
    """Return P(late) from columns whose categories are numbers of levels, -1 for an unknown one."""
    score = np.full(len(columns["distance_km"]), LATE_START)
    for name, slope in LATE_SLOPES.items():
        score += slope(columns[name])
    for name, points in LATE_LEVELS.items():
        score += np.array([*points, 0.0])[columns[name]]  # the last one is for -1
    hour = np.clip(columns["pickup_hour"], 0, 23).astype(np.int64)
    score += np.where(columns["weekday"] < 5, np.array(RUSH)[hour], 0.0)
    position = np.clip(score * 2.0 + 12.0, 0.0, 24.0)
    left = np.minimum(position.astype(np.int64), 23)
    return CHANCES[left] + (position - left) * (CHANCES[1:] - CHANCES[:-1])[left]


def expected_price(distance: Floats, surge: Floats, vehicle: NDArray[np.int64]) -> Floats:
    """Return E(price) from columns whose vehicle is the number of a level."""
    start, a_km = np.array(FARE_START)[vehicle], np.array(FARE_A_KM)[vehicle]
    return (start + a_km * np.maximum(distance, 0.0)) * np.maximum(surge, 1.0)


def numbers(frame: pd.DataFrame, name: str, typical: float) -> Floats:
    """Return a numeric column as floats without gaps."""
    values = column(frame, name).to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(values)
    return np.where(missing, typical, values) if missing.any() else values


def codes(frame: pd.DataFrame, name: str) -> NDArray[np.int64]:
    """Return a category as the numbers of its levels, -1 where it is missing or unknown."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = pa.array(column(frame, name), from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        values = pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
    found = pc.index_in(values, pa.array(LEVELS[name], values.type))
    return np.asarray(pc.fill_null(found, -1)).astype(np.int64)


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column, or say that it is needed."""
    if name not in frame:
        meant = nearest(name, map(str, frame.columns), count=1)
        hint = f"the nearest is {meant[0]!r}; " if meant else ""
        raise InputError(
            f"The truth of the rides needs the column {name!r}, which is not in the data; {hint}"
            f"the columns are {shorten(map(str, frame.columns))}."
        )
    return frame[name]
