"""The company itself: its cities, riders, drivers, vehicles and the weather above them. All times are in 2025."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from mlops_lab.datasets.rides.draws import Whole, along, below, draws, pick, pick_given

RIDERS, DRIVERS, VEHICLES = 20_000, 2_000, 1_600
DAYS, FIRST_WEEKDAY = 365, 2  # 1 January 2025 was a Wednesday
START = np.datetime64("2025-01-01T00:00", "us")

#: Every category's levels; the number of a level is its place here.
LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "city": ("Arden", "Brück", "Calder", "Dunmore"),
        "district": ("centre", "station", "harbour", "airport", "suburb", "hills"),
        "weekday": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        "source": ("app", "web", "partner"),
        "matching": ("nearest", "pooled"),
        "vehicle": ("standard", "electric", "van", "premium"),
        "rider_sex": ("female", "male"),
        "rider_plan": ("basic", "family", "business"),
        "payment": ("card", "cash", "wallet"),
    }
)
CITY_SHARES = (38, 27, 21, 14)
PLAN_SHARES = ((30, 60, 10), (32, 8, 60))  # by sex: the plan tells the sex in five of six cases where it is not basic
AGES = ((0, 16), (200, 24), (500, 34), (800, 50), (950, 66), (1000, 90))
EXPERIENCE = ((0, 0), (300, 8), (600, 26), (850, 60), (970, 120), (1000, 180))  # months
RATING_TENTHS = ((0, 30), (100, 38), (400, 44), (800, 48), (1000, 51))

UTC_OFFSETS = (0, 1, 1, 2)  # hours, by city; no daylight saving
CLIMATE = (0, -30, 20, -60)  # tenths of a degree by city
MONTHS = (-10, 10, 55, 100, 150, 190, 215, 210, 165, 110, 50, 5, -10)  # tenths of a degree at each month's start
HOURS = (-25, -30, -35, -38, -40, -40, -35, -25, -10, 5, 18, 28, 35, 40, 42, 40, 34, 25, 14, 4, -5, -12, -17, -21)
WETNESS_SHARES = (58, 22, 14, 6)
HOURS_WITH_RAIN = (0, 25, 55, 85)  # per cent, by the day's wetness
RAIN_TENTHS = ((0, 1), (500, 8), (800, 22), (950, 50), (1000, 120))

# Tables that draw random numbers, so that no two of them share any.
TRIPS, PEOPLE, FLEET, WEATHER_DAYS, WEATHER_HOURS, SENSORS, FORMS, EVENTS, VISITS, LOGS, STATION = range(11)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Drivers and vehicles as columns of whole numbers. Driver d works in city d // 500, vehicle v in city v // 400."""

    vehicle_of_driver: Whole
    experience: Whole
    rating_tenths: Whole
    vehicle: Whole
    seats: Whole
    built: Whole


def people(start: int, stop: int, seed: int) -> dict[str, Whole]:
    """Return the accounts `start` to `stop`; the first 20,000 became riders."""
    words = draws(seed, PEOPLE, start, stop, 8)
    sex = pick(words[0], (50, 50))
    inviter = below(words[5], 2**31)
    account = np.arange(start, stop)
    return {
        "city": pick(words[1], CITY_SHARES),
        "sex": sex,
        "age": along(words[2], AGES),
        "plan": pick_given(words[3], sex, PLAN_SHARES),
        "district": pick(words[4], (24, 16, 12, 3, 28, 17)),
        "birthday": below(words[6], DAYS),
        "invited_by": np.where((account > 0) & (words[7] >> 31 == 1), inviter % np.maximum(account, 1), -1),
        "joined": account % RIDERS * 5 * DAYS // RIDERS,  # days since 2020 began; who invites has joined before
    }


@lru_cache(maxsize=4)
def riders(seed: int) -> dict[str, Whole]:
    """Return the riders of a seed."""
    return people(0, RIDERS, seed)


@lru_cache(maxsize=4)
def fleet(seed: int) -> Fleet:
    """Return drivers and vehicles of a seed."""
    words = draws(seed, FLEET, 0, DRIVERS, 8)
    experience = along(words[1], EXPERIENCE)
    rating = along(words[2], RATING_TENTHS) + (experience > 24) * 1
    city_of_driver = np.arange(DRIVERS) // (DRIVERS // 4)
    vehicle = pick(words[3, :VEHICLES], (50, 26, 14, 10))
    return Fleet(
        vehicle_of_driver=city_of_driver * (VEHICLES // 4) + below(words[0], VEHICLES // 4),
        experience=experience,
        rating_tenths=np.minimum(rating, 50),
        vehicle=vehicle,
        seats=np.array([4, 4, 7, 4])[vehicle],
        built=2025 - along(words[4, :VEHICLES], ((0, 0), (700, 6), (1000, 15))),
    )


@lru_cache(maxsize=4)
def weather_grid(seed: int) -> tuple[Whole, Whole]:
    """Return temperature (tenths of °C) and rain (tenths of mm/h) as arrays of (city, observation).

    Observation k is made 7 minutes before hour k of the year and holds until the next one.
    """
    count = DAYS * 24 + 1
    days = draws(seed, WEATHER_DAYS, 0, 4 * (DAYS + 3), 2).reshape(2, 4, DAYS + 3)
    hours = draws(seed, WEATHER_HOURS, 0, 4 * count, 3).reshape(3, 4, count)
    step = np.arange(count)
    day, hour = np.minimum(step // 24, DAYS - 1), step % 24
    daily = below(days[0], 41) - 20
    spell = daily[:, :-3] + daily[:, 1:-2] + daily[:, 2:-1]  # three days' weather hangs together
    season = np.array(MONTHS)[day * 12 // DAYS]
    season = season + (np.array(MONTHS)[day * 12 // DAYS + 1] - season) * (day * 12 % DAYS) // DAYS
    wetness = pick(days[1], WETNESS_SHARES)[:, day]
    rains = below(hours[0], 100) < np.array(HOURS_WITH_RAIN)[wetness]
    temperature = season + np.array(HOURS)[hour] + np.array(CLIMATE)[:, None] + spell[:, day] + below(hours[1], 9) - 4
    return temperature, np.where(rains, along(hours[2], RAIN_TENTHS), 0)
