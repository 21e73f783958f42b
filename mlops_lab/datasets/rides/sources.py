"""What the company's systems know: internal tables, behaviour events, system logs, and weather bought from outside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from mlops_lab.datasets.rides import company
from mlops_lab.datasets.rides.company import LEVELS, UTC_OFFSETS
from mlops_lab.datasets.rides.draws import Whole, along, below, draws, pick, seeded, whole
from mlops_lab.datasets.rides.trip_table import HOUR_TABLE

if TYPE_CHECKING:
    import pandas as pd

STATIONS = ("WX-104", "WX-221", "WX-307", "WX-412")  # by city
MINUTE, SECOND = np.timedelta64(60_000_000, "us"), np.timedelta64(1_000_000, "us")
STEPS = ("open_app", "search", "see_price")  # of each visit; the fourth is book_ride or leave
SERVICES = ("dispatch", "pricing", "payment")  # each writes one line a trip
DELIVERY = (
    (0, 0),
    (800, 3),
    (950, 30),
    (980, 600),
    (1000, 21_600),
)  # seconds; a phone without network keeps its events


def internal_tables(seed: int = 0) -> dict[str, pd.DataFrame]:
    """Make the company's own tables, which join with the trips of the same seed.

    Parameters
    ----------
    seed : int, default 0
        The company's seed, as in :func:`trips`.

    Returns
    -------
    dict of str to pandas.DataFrame
        * ``"cities"``: `city`, `utc_offset` (hours), `station` (joins with :func:`weather`)
        * ``"riders"``: `rider_id`, `city`, `district` (home), `rider_sex`, `birth_date`, `rider_plan`, `joined`,
          `invited_by` (the rider who invited her, missing where nobody did)
        * ``"drivers"``: `driver_id`, `city`, `vehicle_id`, `driver_experience` (months), `driver_rating`
        * ``"vehicles"``: `vehicle_id`, `city`, `vehicle`, `seats`, `built` (year); some serve no driver, some several

    Raises
    ------
    InputError
        Where the seed is not a whole number of at least 0.

    Examples
    --------
    >>> from mlops_lab.datasets import rides
    >>> {name: len(table) for name, table in rides.internal_tables().items()}
    {'cities': 4, 'riders': 20000, 'drivers': 2000, 'vehicles': 1600}
    """
    import pandas as pd

    seed = seeded(seed)
    riders, fleet = company.riders(seed), company.fleet(seed)
    driver, vehicle = np.arange(company.DRIVERS), np.arange(company.VEHICLES)
    return {
        "cities": pd.DataFrame({"city": LEVELS["city"], "utc_offset": UTC_OFFSETS, "station": STATIONS}),
        "riders": pd.DataFrame(
            {
                "rider_id": np.arange(company.RIDERS),
                "city": text("city", riders["city"]),
                "district": text("district", riders["district"]),
                "rider_sex": text("rider_sex", riders["sex"]),
                "birth_date": birth_dates(riders),
                "rider_plan": text("rider_plan", riders["plan"]),
                "joined": joined(riders),
                "invited_by": pd.array(riders["invited_by"], dtype="Int64"),
            }
        ).assign(invited_by=lambda frame: frame["invited_by"].where(frame["invited_by"] >= 0)),
        "drivers": pd.DataFrame(
            {
                "driver_id": driver,
                "city": text("city", driver // (company.DRIVERS // 4)),
                "vehicle_id": fleet.vehicle_of_driver,
                "driver_experience": fleet.experience,
                "driver_rating": fleet.rating_tenths / 10.0,
            }
        ),
        "vehicles": pd.DataFrame(
            {
                "vehicle_id": vehicle,
                "city": text("city", vehicle // (company.VEHICLES // 4)),
                "vehicle": text("vehicle", fleet.vehicle),
                "seats": fleet.seats,
                "built": fleet.built,
            }
        ),
    }


def weather(seed: int = 0) -> pd.DataFrame:
    """Make the weather observations that the company buys: right, but with gaps and by their own clock.

    A station observes seven minutes before each hour and writes the time in UTC; an observation holds until the next.
    A trip's `temperature` and `rain` are those of the last observation before `pickup_time`, which is local.

    Parameters
    ----------
    seed : int, default 0
        The company's seed, as in :func:`trips`.

    Returns
    -------
    pandas.DataFrame
        `station` (joins with ``internal_tables()["cities"]``), `observed_at` (UTC), `temperature` (°C), `rain` (mm/h).
        About one observation in fifty never came, each station was silent for 36 hours once, and one value of `rain`
        in a hundred is missing.

    Raises
    ------
    InputError
        Where the seed is not a whole number of at least 0.

    Examples
    --------
    >>> from mlops_lab.datasets import rides
    >>> rides.weather().head(2)
      station               observed_at  temperature  rain
    0  WX-104 2024-12-31 23:53:00+00:00         -3.2   0.0
    1  WX-104 2025-01-01 00:53:00+00:00         -3.7   0.0
    """
    import pandas as pd

    seed = seeded(seed)
    temperature, rain = company.weather_grid(seed)
    cities, count = temperature.shape
    words = draws(seed, company.STATION, 0, cities * count, 3).reshape(3, cities, count)
    step, offset = np.arange(count), np.array(UTC_OFFSETS)[:, None]
    silent_from = below(words[2, :, :1], count - 36)
    silent = (step >= silent_from) & (step < silent_from + 36)
    came = (~silent & (below(words[0], 50) > 0)).ravel()
    frame = pd.DataFrame(
        {
            "station": np.repeat(STATIONS, count),
            "observed_at": (company.START + ((step - offset) * 60 - 7) * MINUTE).ravel(),
            "temperature": temperature.ravel() / 10.0,
            "rain": np.where(below(words[1], 100) > 0, rain / 10.0, np.nan).ravel(),
        }
    )
    return frame[came].reset_index(drop=True).assign(observed_at=lambda each: each["observed_at"].dt.tz_localize("UTC"))


def behaviour_events(rows: int, seed: int = 0) -> pd.DataFrame:
    """Make what riders did in the app, in the order in which the servers heard of it.

    Parameters
    ----------
    rows : int
        Number of events, 0 or more. Four make a visit: open, search, see the price, then book or leave.
    seed : int, default 0
        The company's seed, as in :func:`trips`.

    Returns
    -------
    pandas.DataFrame
        `event_id` (in the order of happening within a visit), `session_id`, `rider_id`, `event`, `device`,
        `happened_at` and `received_at` (UTC). One in fifty was received more than ten minutes late.

    Raises
    ------
    InputError
        Where a number is not whole, or is below 0.

    Examples
    --------
    >>> from mlops_lab.datasets import rides
    >>> events = rides.behaviour_events(1000)
    >>> bool(events["received_at"].is_monotonic_increasing), bool(events["happened_at"].is_monotonic_increasing)
    (True, False)
    """
    import pandas as pd

    rows, seed = whole("rows", rows), seeded(seed)
    event = np.arange(rows)
    visit, step = event // 4, event % 4
    words = draws(seed, company.EVENTS, 0, rows, 4)
    visits = draws(seed, company.VISITS, 0, -(-rows // 4), 8)[:, visit]
    rider = below(visits[0], company.RIDERS)
    day, hour = below(visits[1], company.DAYS), HOUR_TABLE[below(visits[2], 1000)]
    offset = np.array(UTC_OFFSETS)[company.riders(seed)["city"][rider]]
    opened = company.START + ((day * 24 + hour - offset) * 60 + below(visits[3], 60)) * MINUTE
    happened = opened + (step * 15 + below(words[0], 15)) * SECOND
    names = np.array([*STEPS, "book_ride", "leave"], dtype=object)
    frame = pd.DataFrame(
        {
            "event_id": event,
            "session_id": visit,
            "rider_id": rider,
            "event": names[step + ((step == 3) & (below(visits[4], 100) >= 62))],
            "device": np.array(["android", "ios", "web"], dtype=object)[pick(visits[5], (48, 40, 12))],
            "happened_at": happened,
            "received_at": happened + along(words[1], DELIVERY) * SECOND,
        }
    ).astype({"event": "str", "device": "str"})
    ordered = frame.sort_values(["received_at", "event_id"], ignore_index=True)
    return ordered.assign(**{name: ordered[name].dt.tz_localize("UTC") for name in ("happened_at", "received_at")})


def system_logs(rows: int, seed: int = 0) -> str:
    """Make what the company's services logged, as JSON lines in three versions of the schema.

    Each trip leaves one line of each service: dispatch, pricing, payment. The services moved from version 1 to 2 and
    from 2 to 3 at different times, so that lines of two versions mix. Version 1 counts in seconds and does not
    say its time zone (UTC, as everywhere), version 2 counts in milliseconds, version 3 nests.

    Parameters
    ----------
    rows : int
        Number of lines, 0 or more.
    seed : int, default 0
        The company's seed, as in :func:`trips`; line i is about trip i // 3.

    Returns
    -------
    str
        One JSON object a line, each line ended.

    Raises
    ------
    InputError
        Where a number is not whole, or is below 0.

    Examples
    --------
    >>> from mlops_lab.datasets import rides
    >>> print(rides.system_logs(1), end="")
    {"time": "2025-01-01 00:00:03", "level": "INFO", "service": "dispatch", "trip": 0, "seconds": 0.133}
    """
    rows, seed = whole("rows", rows), seeded(seed)
    words = draws(seed, company.LOGS, 0, rows, 4)
    line = np.arange(rows)
    service = line % 3
    tenth = line * 10 // max(rows, 1)
    version = 1 + (tenth >= service + 2) + (tenth >= service + 6)
    level = np.array(["INFO", "WARNING", "ERROR"])[pick(words[0], (95, 4, 1))]
    milliseconds = along(words[1], ((0, 4), (500, 40), (950, 180), (990, 900), (1000, 8_000)))
    time = company.START + (line * 7 + below(words[2], 7)) * SECOND
    return "".join(
        json.dumps(log_line(*fields)) + "\n"
        for fields in zip(
            version.tolist(), np.datetime_as_string(time, unit="s").tolist(), level.tolist(), service.tolist(),
            (line // 3).tolist(), milliseconds.tolist(), below(words[3], 3).tolist(), strict=True,
        )
    )  # fmt: skip


def log_line(version: int, time: str, level: str, service: int, trip: int, milliseconds: int, host: int) -> dict:
    """Return one line of the log in its version of the schema."""
    name = SERVICES[service]
    if version == 1:
        seconds = milliseconds / 1000
        return {"time": time.replace("T", " "), "level": level, "service": name, "trip": trip, "seconds": seconds}
    head = {"version": version, "time": f"{time}Z", "level": level}
    if version == 2:
        return {**head, "service": name, "trip_id": trip, "duration_ms": milliseconds}
    queued = milliseconds // 4
    return {
        **head,
        "service": {"name": name, "host": f"{name}-{host}"},
        "trip_id": trip,
        "duration_ms": {"queued": queued, "worked": milliseconds - queued},
    }


def text(name: str, levels: Whole) -> pd.Series:
    """Write levels out."""
    import pandas as pd

    return pd.Series(np.array(LEVELS[name], dtype=object)[levels]).astype("str")


def birth_dates(people: dict[str, Whole]) -> np.ndarray:
    """Return when people were born, so that on 1 January 2025 they have the age that trips give them."""
    years = (2025 - 1970 - people["age"]).astype("datetime64[Y]")
    return (years.astype("datetime64[D]") - people["birthday"]).astype("datetime64[us]")


def joined(people: dict[str, Whole]) -> np.ndarray:
    """Return when people opened their accounts."""
    return (np.datetime64("2020-01-01", "D") + people["joined"]).astype("datetime64[us]")
