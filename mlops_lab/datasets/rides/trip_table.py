"""The trips: one row a ride."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from mlops_lab.datasets.rides import company, truth
from mlops_lab.datasets.rides.company import LEVELS
from mlops_lab.datasets.rides.draws import along, below, draws, pick, pick_given, seeded, whole
from mlops_lab.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, NDArray[Any]]

BLOCK = 16_384  # rows made at a time: all of their columns fit into a core's cache

DISTRICT_SHARES = (30, 20, 14, 10, 16, 10)
POOLED_PERCENT = (85, 85, 50, 90, 10, 10)  # by district: most where rides come late anyway
HOUR_SHARES = (  # per mille, by hour: Monday to Friday, then Saturday and Sunday
    (10, 6, 4, 4, 6, 14, 36, 72, 88, 62, 44, 42, 46, 44, 42, 46, 58, 82, 86, 66, 48, 40, 32, 22),
    (46, 36, 26, 16, 10, 8, 12, 20, 32, 44, 52, 56, 58, 56, 54, 52, 52, 54, 56, 58, 56, 52, 50, 44),
)
TRAFFIC = (  # by hour: Monday to Friday, then Saturday and Sunday
    (8, 6, 5, 5, 8, 18, 42, 68, 74, 58, 46, 44, 46, 46, 46, 50, 62, 78, 74, 56, 40, 30, 22, 14),
    (18, 14, 10, 8, 6, 6, 10, 14, 22, 32, 40, 44, 46, 46, 44, 42, 42, 44, 46, 44, 38, 34, 30, 24),
)
CITY_TRAFFIC = (8, 2, -2, -6)
DISTANCES = ((0, 50), (200, 200), (500, 450), (800, 900), (950, 1600), (994, 2200), (1000, 4000))  # hundredths of a km
AIRPORT_WAY = 600  # hundredths of a km more
MILES = 621_371  # millionths of a mile a km


@overload
def trips(rows: int, seed: int = ..., *, chunks: None = ...) -> pd.DataFrame: ...
@overload
def trips(rows: int, seed: int = ..., *, chunks: int) -> Iterator[pd.DataFrame]: ...
def trips(rows: int, seed: int = 0, *, chunks: int | None = None) -> pd.DataFrame | Iterator[pd.DataFrame]:
    """Make the trips of a ride-hailing company, whose truth is known.

    Each row is drawn independently of the others. A row depends on the seed and on its position only: the first rows of
    a larger table are the smaller table, and chunks of any size make up the whole, bit for bit, on every platform.

    Parameters
    ----------
    rows : int
        Number of trips, 0 or more.
    seed : int, default 0
        Another seed, another company: other riders, drivers, weather and trips under the same laws.
    chunks : int, optional
        Rows a frame: yields frames instead of returning one, with memory for one of them.

    Returns
    -------
    pandas.DataFrame or iterator of pandas.DataFrame
        * keys: `trip_id`, `rider_id`, `driver_id`, `vehicle_id` (join with :func:`internal_tables`)
        * when and where: `pickup_time` (local), `pickup_hour`, `weekday`, `city`, `district`
        * the trip: `source` of the order, `distance_km`, `distance_reported` (as the source wrote it: the partner's
          unit is the mile), `matching` (which of two systems chose the driver)
        * driver and vehicle: `driver_rating` (1 to 5), `driver_experience` (months), `vehicle`
        * rider: `rider_age` (years), `rider_sex`, `rider_plan`, `payment`
        * conditions: `traffic` (0 to 100), `temperature` (°C), `rain` (mm/h), `surge` (multiplies the price)
        * known only afterwards: `complaint` (0/1), `price` (EUR), `late` (0/1)

    Raises
    ------
    InputError
        Where a number is not whole, or is too small.

    Examples
    --------
    >>> from mlops_lab.datasets import rides
    >>> rides.trips(3, seed=0)[["city", "distance_km", "rain", "late"]]
          city  distance_km  rain  late
    0   Calder         1.90   0.0     0
    1  Dunmore         8.38   1.4     1
    2    Arden         3.59   0.5     1
    >>> sum(len(chunk) for chunk in rides.trips(1000, chunks=300))
    1000
    """
    rows, seed = whole("rows", rows), seeded(seed)
    if chunks is None:
        return made(0, rows, seed)
    size = whole("chunks", chunks, least=1)
    return (made(start, min(start + size, rows), seed) for start in range(0, rows, size))


def wide_trips(rows: int, columns: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Make trips with a column for each of the vehicle's many sensors.

    Parameters
    ----------
    rows : int
        Number of trips, 0 or more. A million of them at 1,000 columns needs 8 GB.
    columns : int, default 1000
        Columns in all: those of :func:`trips`, then `sensor_000`, `sensor_001`, … (0 to 100, two decimals).
    seed : int, default 0
        As in :func:`trips`; the same seed gives the same trips.

    Returns
    -------
    pandas.DataFrame
        `rows` × `columns`.

    Raises
    ------
    InputError
        Where a number is not whole, or is too small.

    Examples
    --------
    >>> from mlops_lab.datasets import rides
    >>> rides.wide_trips(5).shape
    (5, 1000)
    """
    import pandas as pd

    rows, seed = whole("rows", rows), seeded(seed)
    frame = made(0, rows, seed)
    count = whole("columns", columns) - frame.shape[1]
    if count < 0:
        raise InputError(f"columns is {columns}, and must be at least {frame.shape[1]}: the trips' own columns.")
    values = np.empty((count, rows))
    for start in range(0, rows, 1024):
        stop = min(start + 1024, rows)
        words = draws(seed, company.SENSORS, start, stop, count)
        values[:, start:stop] = below(words, 10_001) / 100.0
    digits = max(3, len(str(count - 1)))
    sensors = pd.DataFrame(values.T, columns=[f"sensor_{i:0{digits}}" for i in range(count)], copy=False)
    return pd.concat([frame, sensors], axis=1)


def made(start: int, stop: int, seed: int) -> pd.DataFrame:
    """Make the rows `start` to `stop`, block by block."""
    columns: Columns = {}
    for left in range(start, max(stop, start + 1), BLOCK):
        right = min(left + BLOCK, stop)
        for name, values in block(left, right, seed).items():
            if left == start:
                columns[name] = np.empty(stop - start, values.dtype)
            columns[name][left - start : right - start] = values
    return to_frame(columns)


def block(start: int, stop: int, seed: int) -> Columns:
    """Make the columns of a few rows, with categories as numbers of levels."""
    words = draws(seed, company.TRIPS, start, stop, 16)
    columns = {"trip_id": np.arange(start, stop), **who(words, seed), **where(words)}
    columns |= conditions(words, columns, seed)
    columns |= outcomes(words, columns)
    return {name: columns[name].astype(np.int8) if name in LEVELS else columns[name] for name in COLUMNS}


def who(words: NDArray[np.uint32], seed: int) -> Columns:
    """Draw rider, driver and vehicle, and look up what is known of them."""
    riders, fleet = company.riders(seed), company.fleet(seed)
    rider = below(words[0], company.RIDERS)
    city = riders["city"][rider]
    driver = city * (company.DRIVERS // 4) + below(words[1], company.DRIVERS // 4)
    vehicle = fleet.vehicle_of_driver[driver]
    return {
        "rider_id": rider,
        "driver_id": driver,
        "vehicle_id": vehicle,
        "city": city,
        "driver_rating": fleet.rating_tenths[driver] / 10.0,
        "driver_experience": fleet.experience[driver],
        "vehicle": fleet.vehicle[vehicle],
        "rider_age": riders["age"][rider],
        "rider_sex": riders["sex"][rider],
        "rider_plan": riders["plan"][rider],
        "payment": pick(words[2], (55, 20, 25)),
    }


def where(words: NDArray[np.uint32]) -> Columns:
    """Draw district, source, distance and the system that chose the driver."""
    district = pick(words[3], DISTRICT_SHARES)
    source = pick(words[5], (70, 18, 12))
    hundredths = along(words[6], DISTANCES) + (district == LEVELS["district"].index("airport")) * AIRPORT_WAY
    miles = (hundredths * MILES + 500_000) // 1_000_000
    return {
        "district": district,
        "matching": pick_given(words[4], district, [(100 - percent, percent) for percent in POOLED_PERCENT]),
        "source": source,
        "distance_km": hundredths / 100.0,
        "distance_reported": np.where(source == LEVELS["source"].index("partner"), miles, hundredths) / 100.0,
    }


def conditions(words: NDArray[np.uint32], columns: Columns, seed: int) -> Columns:
    """Draw the time, and what traffic and weather were like then."""
    minute_of_day_less = below(words[7], company.DAYS * 60)
    day, minute = minute_of_day_less // 60, minute_of_day_less % 60
    weekday = (day + company.FIRST_WEEKDAY) % 7
    weekend = (weekday >= 5).astype(np.int64)
    hour = HOUR_TABLE[weekend * 1000 + below(words[8], 1000)]
    city = columns["city"]
    noise = below(words[9], 25) - 12
    traffic = np.clip(TRAFFIC_TABLE[weekend * 24 + hour] + CITY_TRAFFIC_TABLE[city] + noise, 0, 100)
    minutes = (day * 24 + hour) * 60 + minute
    temperature, rain = company.weather_grid(seed)
    observation = (minutes + 7) // 60
    tenths_of_rain = rain[city, observation]
    demand = np.maximum(traffic - 55, 0) // 6 + np.minimum(tenths_of_rain, 60) // 12 + pick(words[10], (50, 30, 15, 5))
    return {
        "pickup_time": company.START + minutes * np.timedelta64(60_000_000, "us"),
        "pickup_hour": hour,
        "weekday": weekday,
        "traffic": traffic,
        "temperature": temperature[city, observation] / 10.0,
        "rain": tenths_of_rain / 10.0,
        "surge": (10 + demand) / 10.0,
    }


def outcomes(words: NDArray[np.uint32], columns: Columns) -> Columns:
    """Draw what happened from the truth."""
    late = (words[11] < truth.chance(columns) * 4294967296.0).astype(np.int64)
    cents = 100.0 * truth.expected_price(columns["distance_km"], columns["surge"], columns["vehicle"])
    halves = (words[12] >> 16).astype(np.int64) + (words[12] & 0xFFFF)  # 0 to 131,070 around 65,535
    swing = 1.0 + 0.15 * ((halves - 65_535) / 65_536.0)
    fraction = ((words[13] >> 16) + 0.5) / 65_536.0  # rounds to a cent without changing the mean
    return {
        "complaint": (below(words[14], 100) < np.array(truth.COMPLAINT_PERCENT)[late]).astype(np.int64),
        "price": np.floor(cents * swing + fraction) / 100.0,
        "late": late,
    }


def to_frame(columns: Columns) -> pd.DataFrame:
    """Write the levels out as text, in the type that this version of pandas has for it."""
    import pyarrow as pa

    arrays = {
        name: pa.DictionaryArray.from_arrays(values, pa.array(LEVELS[name])).dictionary_decode()
        if name in LEVELS
        else pa.array(values)
        for name, values in columns.items()
    }
    return pa.table(arrays).to_pandas()


HOUR_TABLE = np.concatenate([np.repeat(np.arange(24), shares) for shares in HOUR_SHARES])
TRAFFIC_TABLE = np.array(TRAFFIC).ravel()
CITY_TRAFFIC_TABLE = np.array(CITY_TRAFFIC)

KEYS = ("trip_id", "rider_id", "driver_id", "vehicle_id")
#: What is known when a ride begins, and could go into a model.
FEATURES = (
    "pickup_hour", "weekday", "city", "district", "source", "distance_km", "distance_reported", "matching",
    "driver_rating", "driver_experience", "vehicle", "rider_age", "rider_sex", "rider_plan", "payment",
    "traffic", "temperature", "rain", "surge",
)  # fmt: skip
COLUMNS = (*KEYS, "pickup_time", *FEATURES, *truth.TRUTH.known_afterwards)
